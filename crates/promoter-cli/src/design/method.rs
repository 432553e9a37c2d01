//! How designs are searched for, as the command line has it.

use promoter::design::Method;

/// Reads `greedy`, `beam`, `beam:8`, and so on.
pub(super) fn parse(text: &str) -> Result<Method, String> {
    let (name, number) = match text.split_once(':') {
        None => (text, None),
        Some((name, number)) => {
            let expected = || format!("expected a whole number of at least 1 after {name}:, found {number:?}");
            (name, Some(number.parse().ok().filter(|&number: &usize| number >= 1).ok_or_else(expected)?))
        }
    };
    match name {
        "greedy" if number.is_none() => Ok(Method::Greedy),
        "greedy" => Err("greedy takes no number".to_owned()),
        "beam" => Ok(Method::Beam { width: number.unwrap_or(8) }),
        // From an edit that costs one unit to one that costs a hundredth.
        "annealing" => Ok(Method::Annealing { steps: number.unwrap_or(1000), chains: 8, hot: 1.0, cold: 0.01 }),
        "evolution" => Ok(Method::Evolution { population: 100, generations: number.unwrap_or(50) }),
        "gradient" => Ok(Method::Gradient { steps: number.unwrap_or(200), rate: 0.1 }),
        _ => Err("expected greedy, beam, annealing, evolution or gradient".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_have_a_number_where_they_need_one() {
        assert_eq!(parse("greedy"), Ok(Method::Greedy));
        assert_eq!(parse("beam:3"), Ok(Method::Beam { width: 3 }));
        assert_eq!(parse("gradient"), Ok(Method::Gradient { steps: 200, rate: 0.1 }));
        for wrong in ["greedy:2", "beam:0", "beam:x", "beam:", "climb"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}

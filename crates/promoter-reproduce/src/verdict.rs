//! What became of a team's claim, and a sentence that says why.

pub(crate) mod comparison;

use crate::Scale;
use crate::catalogue::reproduction::{Claim, Ours, Reported, Reproduction};
use crate::outcome::{Compared, Outcome, RunOutcome, Verdict};
use crate::value::Value;

/// The verdict on a reproduction whose runs, measures and comparisons are done. Where one part did not hold, the whole
/// did not; where one part is open, so is the whole.
pub(crate) fn verdict(one: &Reproduction, outcome: &Outcome) -> (Verdict, String) {
    let mut parts: Vec<(Verdict, String)> = Vec::new();
    for reported in &one.reported {
        parts.extend(number(one, reported, outcome));
    }
    let claimed = outcome.comparisons.iter().filter(|compared| compared.claim != Claim::None);
    parts.extend(claimed.map(|compared| (compared.verdict, sentence(compared))));
    for RunOutcome { name, seed, failure, .. } in &outcome.runs {
        if let Some(failure) = failure {
            parts.push((Verdict::NoClaim, format!("{name} with seed {seed} broke down: {failure}")));
        }
    }
    if let Some(needs) = one.needs.as_ref().filter(|_| outcome.scale != Scale::Full) {
        parts.push((Verdict::NeedsFullData, needs.clone()));
    }
    let has = |verdict: &Verdict| parts.iter().any(|(found, _)| found == verdict);
    let order = [Verdict::DidNotHold, Verdict::NeedsFullData, Verdict::NoDifference, Verdict::Held];
    let verdict = order.into_iter().find(has).unwrap_or(Verdict::NoClaim);
    let texts: Vec<&str> = parts.iter().map(|(_, text)| text.as_str()).filter(|text| !text.is_empty()).collect();
    (verdict, texts.join("; "))
}

/// A comparison in words.
fn sentence(compared: &Compared) -> String {
    let difference = match (compared.difference(), compared.interval) {
        (Some(difference), Some((low, high))) => format!("{difference:+.4} ({low:+.4} to {high:+.4})"),
        (Some(difference), None) => format!("{difference:+.4}, {}", compared.method),
        (None, _) => compared.method.clone(),
    };
    format!("{} against {}, {}: {difference}", compared.run, compared.with, compared.by.plain())
}

/// A reported number beside ours.
fn number(one: &Reproduction, reported: &Reported, outcome: &Outcome) -> Option<(Verdict, String)> {
    let asked = reported.ours.as_ref()?;
    let Some(ours) = outcome.ours(asked) else {
        return Some((Verdict::NeedsFullData, format!("{}: none at this scale", reported.what)));
    };
    // What depends on the rows can only be equal on all of them.
    let least = match asked {
        Ours::Run(..) => Scale::Full,
        Ours::Measure(name) => {
            one.measures.iter().find(|measure| measure.name == *name).map_or(Scale::Smoke, |m| m.least_scale())
        }
    };
    let text = format!("{}: reported {}, ours {ours}", reported.what, reported.value);
    if outcome.scale < least {
        return Some((Verdict::NeedsFullData, text));
    }
    let equal = match (&reported.value, &ours) {
        (Value::Number(a), Value::Number(b)) => (a - b).abs() <= reported.tolerance + 1e-9 * a.abs(),
        (a, b) => a == b,
    };
    Some((if equal { Verdict::Held } else { Verdict::DidNotHold }, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Measured;

    fn outcome(scale: Scale, ours: f64) -> Outcome {
        let measured = Measured { value: Value::Number(ours), detail: String::new() };
        Outcome {
            id: "E-1".into(),
            scale,
            key: String::new(),
            verdict: Verdict::NoClaim,
            because: String::new(),
            measures: [("count".to_owned(), measured)].into(),
            runs: Vec::new(),
            searches: Vec::new(),
            comparisons: Vec::new(),
        }
    }

    fn reproduction(more: &str) -> Reproduction {
        let head = "id = 'E-1'\nteam = 'a'\ntitle = 'b'\nsource = 'c'\nclaim = 'd'\n";
        let tail = "\n[[reported]]\nwhat = 'parameters'\nvalue = 3\nours = 'count'\n[[measure]]\nname = 'count'\n\
                    kind = 'trainable'\nnetwork = { name = 'auth' }\n";
        toml::from_str(&format!("{head}{more}{tail}")).unwrap()
    }

    /// A claim of scores does not hold because parameters were counted.
    #[test]
    fn equal_counts_alone_do_not_make_a_claim_hold_that_needs_all_rows() {
        let of = |more, scale, ours| verdict(&reproduction(more), &outcome(scale, ours));
        assert_eq!(of("", Scale::Small, 3.0).0, Verdict::Held);
        assert_eq!(of("", Scale::Small, 4.0).0, Verdict::DidNotHold);
        let (found, because) = of("needs = 'the scores are of 80 passes'", Scale::Small, 3.0);
        assert_eq!(found, Verdict::NeedsFullData);
        assert!(because.contains("the scores are of 80 passes"), "{because}");
        assert_eq!(of("needs = 'passes'", Scale::Full, 3.0).0, Verdict::Held);
    }
}

//! What became of a team's claim, and a sentence that says why.

use crate::outcome::{Outcome, RunOutcome, Verdict};
use crate::reproduction::{Claim, Reported, Reproduction, Value};
use crate::{Scale, measure};

/// The verdict on a reproduction whose runs, measures and comparisons are done.
pub fn verdict(one: &Reproduction, outcome: &Outcome) -> (Verdict, String) {
    let mut verdicts: Vec<(Verdict, String)> = Vec::new();
    for reported in &one.reported {
        verdicts.extend(number(one, reported, outcome));
    }
    for compared in outcome.comparisons.iter().filter(|compared| compared.claim != Claim::None) {
        let difference = match (compared.difference, compared.interval) {
            (Some(difference), Some((low, high))) => format!("{difference:+.4} ({low:+.4} to {high:+.4})"),
            (Some(difference), None) => format!("{difference:+.4}"),
            (None, _) => compared.method.clone(),
        };
        let text = format!("{} against {}, {}: {difference}", compared.run, compared.with, plain(&compared.by));
        verdicts.push((compared.verdict, text));
    }
    for RunOutcome { name, seed, failure, .. } in &outcome.runs {
        if let Some(failure) = failure {
            verdicts.push((Verdict::NoClaim, format!("{name} with seed {seed} broke down: {failure}")));
        }
    }
    let has = |verdict| verdicts.iter().any(|(found, _)| *found == verdict);
    let verdict = match () {
        () if has(Verdict::DidNotHold) => Verdict::DidNotHold,
        () if has(Verdict::Undecided) => Verdict::Undecided,
        () if has(Verdict::Held) => Verdict::Held,
        () => Verdict::NoClaim,
    };
    let texts: Vec<&str> = verdicts.iter().map(|(_, text)| text.as_str()).filter(|text| !text.is_empty()).collect();
    (verdict, texts.join("; "))
}

/// A reported number beside ours.
fn number(one: &Reproduction, reported: &Reported, outcome: &Outcome) -> Option<(Verdict, String)> {
    let name = reported.ours.as_ref()?;
    let measure = one.measures.iter().find(|measure| measure.name == *name);
    let Some(ours) = outcome.ours(name) else {
        return Some((Verdict::Undecided, format!("{}: none at this scale", reported.what)));
    };
    // What depends on the rows can only be equal on all of them.
    let comparable = match measure.map(|measure| &measure.kind) {
        None | Some(measure::Kind::Kept { .. }) => outcome.scale == Scale::Full,
        Some(measure::Kind::Share { .. } | measure::Kind::Ranks { .. } | measure::Kind::Averaged { .. }) => {
            outcome.scale != Scale::Smoke
        }
        Some(_) => true,
    };
    let text = format!("{}: reported {}, ours {}", reported.what, show(&reported.value), show(&ours));
    if !comparable {
        return Some((Verdict::Undecided, text));
    }
    let equal = match (&reported.value, &ours) {
        (Value::Number(a), Value::Number(b)) => (a - b).abs() <= reported.tolerance + 1e-9 * a.abs(),
        (a, b) => a == b,
    };
    Some((if equal { Verdict::Held } else { Verdict::DidNotHold }, text))
}

/// A number or word for people: whole numbers with commas, others with four digits that count.
pub fn show(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Number(number) => show_number(*number),
    }
}

/// A number for people.
pub fn show_number(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        let digits = format!("{:.0}", number.abs());
        let mut text = String::new();
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        return if number < 0.0 { format!("-{text}") } else { text };
    }
    match number.abs() {
        small if small < 0.001 => format!("{number:.3e}"),
        large if large >= 100.0 => format!("{number:.2}"),
        _ => format!("{number:.4}"),
    }
}

/// The name of a value for people.
pub fn plain(name: &str) -> String {
    let name = name.replace('_', " ");
    for (from, to) in [("pearson", "Pearson"), ("spearman", "Spearman"), ("mse", "MSE"), (" r2", " R²")] {
        if name.contains(from) {
            return name.replace(from, to);
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_for_people() {
        for (number, text) in [
            (1_007_169.0, "1,007,169"),
            (0.717, "0.7170"),
            (-15.883, "-15.8830"),
            (2e-8, "2.000e-8"),
            (0.0, "0"),
            (-1234.0, "-1,234"),
        ] {
            assert_eq!(show_number(number), text);
        }
        assert_eq!(plain("validation_pearson"), "validation Pearson");
    }
}

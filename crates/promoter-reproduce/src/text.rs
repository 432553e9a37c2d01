//! Numbers and names as people read them.

/// A number for people: whole numbers with commas, others with four digits that count.
pub(crate) fn number(number: f64) -> String {
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

/// A duration for people.
pub fn duration(seconds: f64) -> String {
    match seconds.max(0.0) {
        short if short < 90.0 => format!("{short:.0} s"),
        middle if middle < 5400.0 => format!("{:.0} min", middle / 60.0),
        long => format!("{:.1} h", long / 3600.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_for_people() {
        for (value, text) in [
            (1_007_169.0, "1,007,169"),
            (0.717, "0.7170"),
            (-15.883, "-15.8830"),
            (2e-8, "2.000e-8"),
            (0.0, "0"),
            (-1234.0, "-1,234"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!([10.0, 600.0, 7200.0].map(duration), ["10 s", "10 min", "2.0 h"]);
    }
}

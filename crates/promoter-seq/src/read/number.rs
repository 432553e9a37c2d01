//! Decimal numbers to `f32`.

/// 10^0 to 10^22: every one of them is an exact `f64`.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
];

/// The finite `f32` nearest to a decimal number, the same as `str::parse` gives; none for anything else.
pub(super) fn parse(text: &[u8]) -> Option<f32> {
    // Most labels of the challenge are integers below 18.
    match *text {
        [one @ b'0'..=b'9'] => return Some(f32::from(one - b'0')),
        [ten @ b'0'..=b'9', one @ b'0'..=b'9'] => return Some(f32::from(10 * (ten - b'0') + one - b'0')),
        _ => {}
    }
    short(text).or_else(|| std::str::from_utf8(text).ok()?.parse().ok()).filter(|number: &f32| number.is_finite())
}

/// Up to 15 digits with at most one point, where one division in `f64` is enough.
///
/// Numerator and power of ten are exact in `f64`, so their quotient is the `f64` nearest to the number. Rounding it
/// again to `f32` goes wrong only when it lies exactly between two `f32`: then `None` sends it to the slow way.
fn short(text: &[u8]) -> Option<f32> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.is_empty() || digits.len() > 16 {
        return None;
    }
    let (mut mantissa, mut count, mut point) = (0u64, 0, None);
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            mantissa = mantissa * 10 + u64::from(digit);
            count += 1;
        } else if byte == b'.' && point.is_none() {
            point = Some(count);
        } else {
            return None;
        }
    }
    if count == 0 || count > 15 {
        return None;
    }
    let number = mantissa as f64 / POWERS[point.map_or(0, |point| count - point)];
    const DROPPED: u64 = (1 << 29) - 1;
    if number.to_bits() & DROPPED == 1 << 28 {
        return None;
    }
    Some(if negative { -number as f32 } else { number as f32 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn standard(text: &str) -> Option<u32> {
        text.parse().ok().filter(|number: &f32| number.is_finite()).map(f32::to_bits)
    }

    #[test]
    fn odd_spellings_read_as_the_standard_library_reads_them() {
        for text in [
            "0",
            "7",
            "07",
            "17",
            "99",
            "1a",
            "a1",
            "-0",
            "11",
            "11.",
            ".5",
            "-.5",
            "+1.5",
            "1e1",
            "1E-3",
            "1e39",
            "-1e39",
            "nan",
            "NaN",
            "inf",
            "-inf",
            "infinity",
            "",
            ".",
            "-",
            "1.2.3",
            "1,5",
            " 1",
            "1 ",
            "0x10",
            "1_000",
            "9007199254740993",
            "16777217",
            "16777216.5",
            "16777219.0",
            "000000000000000000001",
            "1.17549435e-38",
            "10.2972729958744",
            "--1",
        ] {
            assert_eq!(parse(text.as_bytes()).map(f32::to_bits), standard(text), "{text}");
        }
        assert_eq!(parse(b"\xff1"), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn numbers_are_those_of_the_standard_library(text in "-?[0-9]{0,12}(\\.[0-9]{0,17})?(e-?[0-9]{1,2})?") {
            prop_assert_eq!(parse(text.as_bytes()).map(f32::to_bits), standard(&text));
        }

        #[test]
        fn numbers_between_two_floats_round_to_even(bits in 0x3f00_0000u32..0x4c00_0000) {
            let middle = (f64::from(f32::from_bits(bits)) + f64::from(f32::from_bits(bits + 1))) / 2.0;
            let text = middle.to_string();
            prop_assert_eq!(parse(text.as_bytes()).map(f32::to_bits), standard(&text));
        }
    }
}

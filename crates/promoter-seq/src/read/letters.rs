//! Letters to base codes under the policies of [`LetterPolicy`].

use promoter_encode::base;

use super::line::Fault;
use super::{Case, Iupac, LetterPolicy, Other, ReadReport};

/// Appends the codes of `letters` to `codes` and returns true; false when the row is to be skipped.
pub(super) fn encode(
    policy: &LetterPolicy,
    letters: &[u8],
    codes: &mut Vec<u8>,
    report: &mut ReadReport,
) -> Result<bool, Box<Fault>> {
    let start = codes.len();
    codes.resize(start + letters.len(), 0);
    if plain(letters, &mut codes[start..]) {
        return Ok(true);
    }
    codes.truncate(start);
    slow(policy, letters, codes, report)
}

/// Letters that are encoded at once: a vector register of most machines.
const LANES: usize = 32;

/// Codes of upper-case A, C, G, T and N; false when there is another byte.
#[multiversion::multiversion(targets("x86_64+avx512f+avx512bw+avx512vl", "x86_64+avx2", "aarch64+neon"))]
fn plain(letters: &[u8], codes: &mut [u8]) -> bool {
    let mut known = true;
    for (letters, codes) in letters.as_chunks::<LANES>().0.iter().zip(codes.as_chunks_mut::<LANES>().0) {
        known &= encode_lanes(letters, codes);
    }
    // The last letters once more in a full register are quicker than the rest of them one by one.
    if let (Some(letters), Some(codes)) = (letters.last_chunk::<LANES>(), codes.last_chunk_mut::<LANES>()) {
        return known & encode_lanes(letters, codes);
    }
    let (mut padded, mut encoded) = ([b'A'; LANES], [0; LANES]);
    padded[..letters.len()].copy_from_slice(letters);
    known &= encode_lanes(&padded, &mut encoded);
    codes.copy_from_slice(&encoded[..letters.len()]);
    known
}

/// Bits 1 and 2 of the letters tell A, C, T and G apart, in this order: no table is needed and the loop is vectorised.
#[inline(always)]
fn encode_lanes(letters: &[u8; LANES], codes: &mut [u8; LANES]) -> bool {
    let mut other = 0u8;
    for (code, &letter) in codes.iter_mut().zip(letters) {
        let bits = (letter >> 1) & 3;
        let any = letter == b'N';
        *code = if any { base::N } else { bits ^ (bits >> 1) };
        let known = any | (letter == b'A') | (letter == b'C') | (letter == b'G') | (letter == b'T');
        other |= u8::from(!known);
    }
    other == 0
}

fn slow(
    policy: &LetterPolicy,
    letters: &[u8],
    codes: &mut Vec<u8>,
    report: &mut ReadReport,
) -> Result<bool, Box<Fault>> {
    let start = codes.len();
    let (mut lower_case, mut iupac, mut replaced) = (false, false, false);
    let fault = |column, expected: &str, letter: u8| {
        Err(Box::new(Fault { column, expected: expected.into(), found: show(letter) }))
    };
    for (column, &letter) in letters.iter().enumerate() {
        let mut code = base::from_ascii(letter);
        let mut skip = false;
        // The letter of padding is a byte like any other in a file.
        if code == base::INVALID || code == base::PAD {
            match policy.other {
                Other::Error => return fault(column, "a letter of the IUPAC code for bases", letter),
                Other::AsN => (code, replaced) = (base::N, true),
                Other::Skip => skip = true,
            }
        } else {
            if letter.is_ascii_lowercase() {
                match policy.case {
                    Case::Fold => lower_case = true,
                    Case::Error => return fault(column, "an upper-case letter", letter),
                }
            }
            if code > base::N {
                match policy.iupac {
                    Iupac::Keep => iupac = true,
                    Iupac::AsN => (code, replaced) = (base::N, true),
                    Iupac::Skip => skip = true,
                    Iupac::Error => return fault(column, "A, C, G, T or N", letter),
                }
            }
        }
        if skip {
            codes.truncate(start);
            report.skipped_letters += 1;
            return Ok(false);
        }
        codes.push(code);
    }
    report.lower_case += u64::from(lower_case);
    report.iupac += u64::from(iupac);
    report.replaced += u64::from(replaced);
    Ok(true)
}

fn show(letter: u8) -> String {
    if letter.is_ascii_graphic() || letter == b' ' {
        format!("`{}`", letter as char)
    } else {
        format!("byte 0x{letter:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn encoded(policy: &LetterPolicy, letters: &[u8]) -> (Result<bool, Box<Fault>>, Vec<u8>, ReadReport) {
        let (mut codes, mut report) = (vec![9], ReadReport::default());
        let result = encode(policy, letters, &mut codes, &mut report);
        (result, codes, report)
    }

    #[test]
    fn policies_decide_and_are_counted() {
        let default = LetterPolicy::default();
        let (result, codes, report) = encoded(&default, b"acGTNr");
        assert!(result.unwrap());
        assert_eq!(codes, [9, 0, 1, 2, 3, 4, 5]);
        assert_eq!((report.lower_case, report.iupac, report.replaced), (1, 1, 0));

        let to_n = LetterPolicy { iupac: Iupac::AsN, other: Other::AsN, ..default };
        let (_, codes, report) = encoded(&to_n, b"AR-.");
        assert_eq!(codes, [9, 0, 4, 4, 4]);
        assert_eq!((report.iupac, report.replaced), (0, 1));

        for (policy, letters) in [
            (LetterPolicy { iupac: Iupac::Skip, ..default }, b"ACY"),
            (LetterPolicy { other: Other::Skip, ..default }, b"AC\0"),
        ] {
            let (result, codes, report) = encoded(&policy, letters);
            assert!(!result.unwrap());
            assert_eq!((codes, report.skipped_letters), (vec![9], 1));
        }
        for (policy, letters, found) in [
            (LetterPolicy { iupac: Iupac::Error, ..default }, b"ACY", "`Y`"),
            (LetterPolicy { case: Case::Error, ..default }, b"ACn", "`n`"),
            (default, b"AC\0", "byte 0x00"),
            (default, b"AC.", "`.`"),
        ] {
            let fault = encoded(&policy, letters).0.unwrap_err();
            assert_eq!((fault.column, fault.found.as_str()), (2, found));
        }
    }

    proptest! {
        #[test]
        fn fast_and_slow_ways_agree(
            letters in proptest::collection::vec(any::<u8>(), 0..20),
            plain in "[ACGTN]{0,200}",
        ) {
            for letters in [&letters[..], plain.as_bytes()] {
                let policy = LetterPolicy { other: Other::AsN, ..LetterPolicy::default() };
                let (mut codes, mut report) = (vec![9], ReadReport::default());
                prop_assert!(slow(&policy, letters, &mut codes, &mut report).is_ok_and(|kept| kept));
                let (result, fast, fast_report) = encoded(&policy, letters);
                prop_assert!(result.is_ok_and(|kept| kept));
                prop_assert_eq!(&fast, &codes);
                prop_assert_eq!(fast_report, report);
            }
        }
    }
}

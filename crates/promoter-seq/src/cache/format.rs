//! The bytes of a packed copy.
//!
//! | bytes | what |
//! |---|---|
//! | 16 | name and version of the format |
//! | 32 | fingerprint of the source |
//! | 32 | BLAKE3 of all that follows |
//! | 8 each | the numbers of the [`ReadReport`]; rows, bases, common length of the rows, stretches |
//! | 16 each | stretches of another code than A, C, G, T: start, length, code |
//! | 4 each | labels |
//! | 4 each | lengths, when the rows have none in common |
//! | 8, as many | length of the columns of text, and these |
//! | the rest | codes, two bits a base with A in the place of the stretches, or four bits when these would take more |
//!
//! Numbers are little-endian.

use promoter_encode::Codes;
use promoter_encode::pack::{four_bit, two_bit};

use rayon::prelude::*;

use crate::Table;
use crate::read::ReadReport;
use crate::table::Text;

const NAME: &[u8; 16] = b"promoter table 2";
const HASH: usize = 32;

/// Stands for rows of several lengths.
const MIXED: u64 = u64::MAX;

/// Stands for a file in which the codes take four bits.
const FOUR_BIT: u64 = u64::MAX;

/// Bases that are unpacked at once; a multiple of four, and small enough for the cache.
const BASES: usize = 1 << 16;

/// Chunks that are unpacked side by side.
const WAVE: usize = 16;

/// A stretch of one code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stretch {
    start: u64,
    length: u32,
    code: u32,
}

/// The packed form of a table.
pub(super) fn encode(table: &Table, report: &ReadReport, fingerprint: &[u8; HASH]) -> Vec<u8> {
    let (codes, ends) = (table.all_codes(), table.ends());
    let first = ends.first().copied().unwrap_or(0);
    let fixed = table.fixed(first as usize).is_some();
    let stretches = stretches(codes);
    let packed = match &stretches {
        Some(stretches) => {
            let mut bases = codes.to_vec();
            for stretch in stretches {
                bases[stretch.start as usize..][..stretch.length as usize].fill(0);
            }
            two_bit::pack(Codes(&bases))
        }
        None => four_bit::pack(Codes(codes)),
    };
    // A table holds codes only, so packing them cannot fail; an empty packing would not be decoded.
    let packed = packed.unwrap_or_default();

    let mut body = Vec::with_capacity(packed.len() + 8 * table.len() + 256);
    let mut number = |number: u64| body.extend_from_slice(&number.to_le_bytes());
    { *report }.counts_mut().into_iter().for_each(|count| number(*count));
    number(table.len() as u64);
    number(codes.len() as u64);
    number(if fixed { first } else { MIXED });
    number(stretches.as_ref().map_or(FOUR_BIT, |stretches| stretches.len() as u64));
    for stretch in stretches.iter().flatten() {
        body.extend_from_slice(&stretch.start.to_le_bytes());
        body.extend_from_slice(&stretch.length.to_le_bytes());
        body.extend_from_slice(&stretch.code.to_le_bytes());
    }
    table.labels().iter().for_each(|label| body.extend_from_slice(&label.to_le_bytes()));
    if !fixed {
        table.rows().for_each(|(codes, _)| body.extend_from_slice(&(codes.len() as u32).to_le_bytes()));
    }
    let text = table.text().to_bytes();
    body.extend_from_slice(&(text.len() as u64).to_le_bytes());
    body.extend_from_slice(&text);
    body.extend_from_slice(&packed);
    [&NAME[..], fingerprint, blake3::hash(&body).as_bytes(), &body].concat()
}

/// The table of a packed form; none unless it is whole and of this source.
pub(super) fn decode(bytes: &[u8], fingerprint: &[u8; HASH]) -> Option<(Table, ReadReport)> {
    let body = bytes.strip_prefix(NAME)?.strip_prefix(fingerprint)?;
    let (hash, mut body) = body.split_first_chunk::<HASH>()?;
    if blake3::hash(body) != *hash {
        return None;
    }
    let mut report = ReadReport::default();
    for count in report.counts_mut() {
        *count = number(&mut body)?;
    }
    let (rows, bases) = (number(&mut body)?, usize::try_from(number(&mut body)?).ok()?);
    let (length, stretch_count) = (number(&mut body)?, number(&mut body)?);
    let stretches: Vec<Stretch> = if stretch_count == FOUR_BIT {
        Vec::new()
    } else {
        let stretch = |bytes: &[u8; 16]| Stretch {
            start: u64::from_le_bytes(*bytes.first_chunk().unwrap_or(&[0; 8])),
            length: word(bytes, 8),
            code: word(bytes, 12),
        };
        take::<16>(&mut body, stretch_count)?.iter().map(stretch).collect()
    };
    let labels = take::<4>(&mut body, rows)?.iter().map(|&label| f32::from_le_bytes(label)).collect();
    let ends = if length == MIXED {
        let lengths = take::<4>(&mut body, rows)?.iter().map(|&length| u64::from(u32::from_le_bytes(length)));
        lengths.scan(0, |end, length| Some(std::mem::replace(end, *end + length) + length)).collect()
    } else {
        (1..=rows).map(|row| row.wrapping_mul(length)).collect()
    };
    let length = usize::try_from(number(&mut body)?).ok()?;
    let (text, rest) = body.split_at_checked(length)?;
    body = rest;
    let text = Text::from_bytes(text, rows)?;
    let (packed_bytes, unpack): (usize, Unpack) =
        if stretch_count == FOUR_BIT { (BASES / 2, four_bit::unpack) } else { (BASES / 4, two_bit::unpack) };
    let mut codes = Table::room(bases);
    for wave in body.chunks(WAVE * packed_bytes) {
        let left = bases.saturating_sub(codes.len());
        let parts = wave
            .par_chunks(packed_bytes)
            .enumerate()
            .map(|(index, packed)| unpack(packed, left.saturating_sub(index * BASES).min(BASES)).ok());
        parts.collect::<Option<Vec<_>>>()?.iter().for_each(|part| codes.extend_from_slice(part));
    }
    for stretch in stretches {
        codes.get_mut(stretch.start as usize..)?.get_mut(..stretch.length as usize)?.fill(stretch.code as u8);
    }
    Some((Table::from_parts(codes, ends, labels).ok()?.with_text(text), report))
}

type Unpack = fn(&[u8], usize) -> promoter_encode::Result<Vec<u8>>;

/// Stretches of other codes than A, C, G, T; none when they would take more room than a wider code.
fn stretches(codes: &[u8]) -> Option<Vec<Stretch>> {
    let most = codes.len() / 64;
    let mut stretches: Vec<Stretch> = Vec::new();
    let mut place = 0;
    for same in codes.chunk_by(|a, b| *a < 4 && *b < 4 || a == b) {
        if same[0] > 3 {
            if stretches.len() > most {
                return None;
            }
            let (length, code) = (u32::try_from(same.len()).ok()?, u32::from(same[0]));
            stretches.push(Stretch { start: place, length, code });
        }
        place += same.len() as u64;
    }
    Some(stretches)
}

fn number(body: &mut &[u8]) -> Option<u64> {
    let (number, rest) = body.split_first_chunk()?;
    *body = rest;
    Some(u64::from_le_bytes(*number))
}

fn word(bytes: &[u8; 16], place: usize) -> u32 {
    bytes[place..].first_chunk().map_or(0, |word| u32::from_le_bytes(*word))
}

/// The next `count` items of `SIZE` bytes.
fn take<'a, const SIZE: usize>(body: &mut &'a [u8], count: u64) -> Option<&'a [[u8; SIZE]]> {
    let (items, rest) = body.split_at_checked(usize::try_from(count).ok()?.checked_mul(SIZE)?)?;
    *body = rest;
    Some(items.as_chunks().0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const REPORT: ReadReport = ReadReport {
        lines: 1,
        rows: 2,
        crlf: 3,
        headers: 4,
        empty_lines: 5,
        comments: 6,
        lower_case: 7,
        iupac: 8,
        replaced: 9,
        skipped_letters: 10,
        skipped_long: 11,
        skipped_labels: 12,
    };

    fn table(rows: &[(Vec<u8>, f32)]) -> Table {
        let mut table = Table::default();
        rows.iter().for_each(|(codes, label)| table.push(codes, *label));
        table
    }

    proptest! {
        #[test]
        fn tables_round_trip_and_no_changed_byte_is_trusted(
            plain in proptest::collection::vec((proptest::collection::vec(0u8..4, 0..9), -9f32..9.0), 0..9),
            mixed in proptest::collection::vec((proptest::collection::vec(0u8..16, 0..90), -9f32..9.0), 0..9),
            (place, bit) in (any::<prop::sample::Index>(), 0..8),
        ) {
            for rows in [plain, mixed] {
                let table = table(&rows);
                let mut bytes = encode(&table, &REPORT, &[7; HASH]);
                prop_assert_eq!(decode(&bytes, &[7; HASH]), Some((table, REPORT)));
                prop_assert_eq!(decode(&bytes, &[8; HASH]), None);
                let place = place.index(bytes.len());
                prop_assert_eq!(decode(&bytes[..place], &[7; HASH]), None);
                bytes[place] ^= 1u8 << bit;
                prop_assert_eq!(decode(&bytes, &[7; HASH]), None);
            }
        }
    }

    #[test]
    fn rows_larger_than_a_chunk_round_trip_in_both_widths() {
        let rare: Vec<u8> =
            (0..3 * BASES + 5).map(|place| if place % 1000 == 0 { 4 } else { (place % 4) as u8 }).collect();
        let often: Vec<u8> = (0..3 * BASES + 5).map(|place| (place % 16) as u8).collect();
        let size = |codes: &Vec<u8>| {
            let table = table(&[(codes.clone(), f32::INFINITY), (codes[1..].to_vec(), 0.0)]);
            let bytes = encode(&table, &REPORT, &[7; HASH]);
            assert_eq!(decode(&bytes, &[7; HASH]), Some((table, REPORT)));
            bytes.len()
        };
        assert!(size(&rare) < 2 * BASES && size(&often) > 2 * BASES);
    }
}

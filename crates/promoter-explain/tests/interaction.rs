//! Predictors with one interaction: its constant and its rule of distances are found again.

#![allow(clippy::unwrap_used)] // tests

use promoter_encode::random::Stream;
use promoter_explain::{Ablation, Element, Entry, Epistasis, Failure, Marginal, Spacing, shuffled};
use promoter_motif::Strand;

const FIRST: [u8; 7] = [3, 2, 0, 1, 3, 1, 0]; // TGACTCA
const SECOND: [u8; 8] = [3, 3, 0, 1, 1, 1, 2, 2]; // TTACCCGG
const SECOND_TURNED: [u8; 8] = [1, 1, 2, 2, 2, 3, 0, 0];

fn starts<const WIDTH: usize>(codes: &[u8], site: [u8; WIDTH]) -> Vec<usize> {
    (0..=codes.len() - WIDTH).filter(|&start| codes[start..start + WIDTH] == site).collect()
}

/// 2 for the first site, 1 for the second, and 1.5 more where the second one lies downstream, on the forward strand,
/// with a multiple of 10 bases between the two.
fn value(codes: &[u8]) -> f32 {
    let (first, second) = (starts(codes, FIRST), starts(codes, SECOND));
    let turned = starts(codes, SECOND_TURNED);
    let together =
        first.iter().any(|a| second.iter().any(|b| *b >= a + FIRST.len() && (b - a - FIRST.len()).is_multiple_of(10)));
    let one = |sites: &[usize]| f32::from(!sites.is_empty());
    2.0 * one(&first) + one(&[second, turned].concat()) + 1.5 * f32::from(together)
}

fn predictor(sequences: &[Vec<u8>]) -> Result<Vec<f32>, Failure> {
    Ok(sequences.iter().map(|codes| value(codes)).collect())
}

fn backgrounds(count: usize, length: usize) -> Vec<Vec<u8>> {
    let mut stream = Stream::new(5, "test", 0);
    // Without C: neither site arises by chance, nor where one is put beside a background's bases.
    let base = |stream: &mut Stream| [0, 2, 3][stream.below(3) as usize];
    (0..count).map(|_| (0..length).map(|_| base(&mut stream)).collect()).collect()
}

fn words() -> (Element, Element) {
    (Element::word("TGACTCA").unwrap(), Element::word("TTACCCGG").unwrap())
}

#[test]
fn spacing_finds_the_rule_of_distances() {
    let (first, second) = words();
    let spacing = Spacing { first, second, start: 30, seed: 1 };
    let table = spacing.table(&mut predictor, &backgrounds(4, 80)).unwrap();
    // Every start from 0 to 72 that leaves 23 to 36 free, on two strands.
    assert_eq!(table.len(), 2 * (73 - 14));
    for row in table {
        let follows = row.strand == Strand::Forward && row.offset > 0 && row.gap.is_multiple_of(10);
        let expected = if follows { 1.5 } else { 0.0 };
        assert_eq!((row.interaction.mean, row.both.mean), (expected, 3.0 + expected), "{row:?}");
        let gap = if row.offset > 0 { row.offset - 7 } else { -row.offset - 8 };
        assert_eq!(row.gap as isize, gap);
    }
}

#[test]
fn nothing_does_nothing_at_any_distance() {
    let (first, _) = words();
    let nothing = Element::word("").unwrap();
    let spacing = Spacing { first: first.clone(), second: nothing.clone(), start: 30, seed: 1 };
    let table = spacing.table(&mut predictor, &backgrounds(2, 60)).unwrap();
    assert_eq!(table.len(), 2 * (61 - 6), "everywhere but within the first one");
    assert!(table.iter().all(|row| (row.both.mean, row.interaction.mean) == (2.0, 0.0)));
    let spacing = Spacing { first: nothing, second: first, start: 30, seed: 1 };
    let table = spacing.table(&mut predictor, &backgrounds(2, 60)).unwrap();
    assert!(table.iter().all(|row| row.interaction.mean == 0.0));
}

#[test]
fn pairs_of_sites_find_the_constant_of_the_interaction() {
    let mut codes = backgrounds(1, 80).remove(0);
    codes[20..27].copy_from_slice(&FIRST);
    codes[47..55].copy_from_slice(&SECOND);
    let regions = [20..27, 47..55, 60..70];
    let pairs = Ablation::default().pairs(&mut predictor, &codes, &regions).unwrap();
    let means = |index: usize| {
        let pair = &pairs[index];
        [pair.of_first.mean, pair.of_second.mean, pair.of_both.mean, pair.interaction.mean]
    };
    // Each alone takes the interaction with it.
    assert_eq!(means(0), [3.5, 2.5, 4.5, 1.5]);
    assert_eq!(means(1), [3.5, 0.0, 3.5, 0.0]);
    assert_eq!(means(2), [2.5, 0.0, 2.5, 0.0]);
}

#[test]
fn pairs_of_substitutions_find_the_constant_of_the_interaction() {
    // A at 3 and C at 5 bring 1 each and 0.75 more together.
    let mut predictor = |sequences: &[Vec<u8>]| -> Result<Vec<f32>, Failure> {
        let value = |codes: &Vec<u8>| {
            let (a, c) = (f32::from(codes[3] == 0), f32::from(codes[5] == 1));
            a + c + 0.75 * a * c
        };
        Ok(sequences.iter().map(value).collect())
    };
    let epistasis = Epistasis::of(&mut predictor, &[2; 9], 2..7).unwrap();
    let mut expected = [[0.0; 4]; 4];
    expected[0][1] = 0.75;
    assert_eq!(epistasis.pair(3, 5), Some(expected));
    expected[0][1] = 0.0;
    expected[1][0] = 0.75;
    assert_eq!(epistasis.pair(5, 3), Some(expected));
    for outside in [(1, 3), (3, 7), (4, 4)] {
        assert_eq!(epistasis.pair(outside.0, outside.1), None);
    }
    for (i, row) in epistasis.strengths().into_iter().enumerate() {
        for (j, strength) in row.into_iter().enumerate() {
            assert_eq!(strength, if [(1, 3), (3, 1)].contains(&(i, j)) { 0.75 / 9.0 } else { 0.0 });
        }
    }
}

#[test]
fn an_inserted_element_moves_what_follows() {
    let (_, second) = words();
    let mut codes = backgrounds(1, 60).remove(0);
    codes[20..27].copy_from_slice(&FIRST);
    let insert = |start| Marginal { entry: Entry::Insert, ..Marginal::new(second.clone(), start) };
    let written = insert(10).apply(&[&codes]).unwrap().remove(0);
    assert_eq!([&written[..10], &written[10..18], &written[18..]], [&codes[..10], &SECOND, &codes[10..52]]);
    // Into the first site it takes its effect away; 10 bases after it, it adds the interaction.
    let effect = |start| insert(start).effect(&mut predictor, &[&codes]).unwrap().mean;
    assert_eq!([effect(10), effect(23), effect(37), effect(52)], [1.0, -1.0, 2.5, 1.0]);
}

#[test]
fn backgrounds_are_shuffles_that_the_seed_decides() {
    let rows = backgrounds(3, 50);
    let (one, same, other) =
        (shuffled(&rows, 4, 1).unwrap(), shuffled(&rows, 4, 1).unwrap(), shuffled(&rows, 4, 2).unwrap());
    assert!(one == same && one != other && one.len() == 12);
    let pairs = |codes: &[u8]| {
        let mut pairs: Vec<[u8; 2]> = codes.windows(2).map(|pair| [pair[0], pair[1]]).collect();
        pairs.sort_unstable();
        pairs
    };
    for (index, codes) in one.iter().enumerate() {
        assert_eq!(pairs(codes), pairs(&rows[index / 4]));
    }
    assert_eq!(shuffled(&rows[..1], 4, 1).unwrap(), one[..4], "a sequence's shuffles do not depend on the others");
}

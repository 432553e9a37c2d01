//! Sequences in which nothing means anything: what elements are put into.

use promoter_encode::random::Stream;
use promoter_encode::shuffle;

use crate::Result;
use crate::error::check_sequences;

/// Dinucleotide shuffles of sequences: `count` of each, one sequence after the other. They keep the first and the last
/// base and the count of every pair of neighbours.
///
/// # Errors
/// [`Error::Empty`](crate::Error::Empty) for an empty list, [`Error::Code`](crate::Error::Code).
///
/// ```
/// let backgrounds = promoter_explain::shuffled(&[[2, 0, 3, 3, 0, 1, 0, 3, 2]], 5, 1)?;
/// assert_eq!(backgrounds.len(), 5);
/// assert!(backgrounds.iter().all(|codes| codes.iter().filter(|&&code| code == 3).count() == 3));
/// # Ok::<(), promoter_explain::Error>(())
/// ```
pub fn shuffled<R: AsRef<[u8]>>(sequences: &[R], count: usize, seed: u64) -> Result<Vec<Vec<u8>>> {
    check_sequences("sequences", sequences)?;
    let shuffles = |(row, codes): (usize, &R)| -> Vec<Vec<u8>> {
        let mut draws = Stream::new(seed, "explain background", row as u64);
        (0..count).map(|_| shuffle::dinucleotide(codes.as_ref(), &mut draws)).collect()
    };
    Ok(sequences.iter().enumerate().flat_map(shuffles).collect())
}

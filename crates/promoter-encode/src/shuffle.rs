//! Shuffled sequences, as a background that keeps what a model should not take for a signal.

use crate::random::Stream;

/// A sequence with the same letters in another order, every order equally likely.
///
/// ```
/// use promoter_encode::{random::Stream, shuffle};
/// let mut shuffled = shuffle::uniform(b"GATTACA", &mut Stream::new(1, "shuffle", 0));
/// shuffled.sort_unstable();
/// assert_eq!(shuffled, b"AAACGTT");
/// ```
pub fn uniform(symbols: &[u8], draws: &mut Stream) -> Vec<u8> {
    let mut shuffled = symbols.to_vec();
    draws.shuffle(&mut shuffled);
    shuffled
}

/// A sequence with the same first and last letter and the same count of every pair of neighbours, every such sequence
/// equally likely.
///
/// Letters or codes: any byte may occur. The pairs are the edges of a graph of which the sequence is an Eulerian walk;
/// a random tree towards the last letter says which edge is taken last from every other one, all other edges are
/// shuffled.
///
/// # Source
/// Altschul and Erickson, Molecular Biology and Evolution 1985; the random tree after Wilson, STOC 1996.
///
/// ```
/// use promoter_encode::{random::Stream, shuffle};
/// let shuffled = shuffle::dinucleotide(b"GATTACAGATTACA", &mut Stream::new(1, "shuffle", 0));
/// let pairs = |letters: &[u8]| {
///     let mut pairs: Vec<Vec<u8>> = letters.windows(2).map(Vec::from).collect();
///     pairs.sort_unstable();
///     pairs
/// };
/// assert_eq!(pairs(&shuffled), pairs(b"GATTACAGATTACA"));
/// ```
pub fn dinucleotide(symbols: &[u8], draws: &mut Stream) -> Vec<u8> {
    let (Some(&first), Some(&last)) = (symbols.first(), symbols.last()) else { return Vec::new() };
    let mut followers: Vec<Vec<u8>> = vec![Vec::new(); 256];
    for pair in symbols.windows(2) {
        followers[usize::from(pair[0])].push(pair[1]);
    }
    // Wilson's algorithm: from each symbol walk at random until the tree is met; the last way out of each symbol on the
    // walk is its edge of the tree.
    let mut in_tree = [false; 256];
    let mut way_out = [0; 256];
    in_tree[usize::from(last)] = true;
    for start in (0..256).filter(|&start| !followers[start].is_empty()) {
        let mut at = start;
        while !in_tree[at] {
            way_out[at] = draws.below(followers[at].len() as u64) as usize;
            at = usize::from(followers[at][way_out[at]]);
        }
        let mut at = start;
        while !in_tree[at] {
            in_tree[at] = true;
            at = usize::from(followers[at][way_out[at]]);
        }
    }
    for (symbol, followers) in followers.iter_mut().enumerate() {
        let mut free = followers.as_mut_slice();
        if symbol != usize::from(last) && !free.is_empty() {
            // Edges are taken from the back, so the one of the tree comes first.
            free.swap(0, way_out[symbol]);
            free = &mut free[1..];
        }
        draws.shuffle(free);
    }
    let mut shuffled = Vec::with_capacity(symbols.len());
    let mut at = first;
    shuffled.push(at);
    while let Some(next) = followers[usize::from(at)].pop() {
        shuffled.push(next);
        at = next;
    }
    shuffled
}

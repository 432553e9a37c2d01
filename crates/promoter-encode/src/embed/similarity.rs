//! Which words a set of vectors holds to be alike.

use super::{Error, Result, Vectors};
use crate::base;

/// Cosine of the angle between two vectors of one length, in `f64`; 0 where one of them is 0.
///
/// ```
/// use promoter_encode::embed::similarity::cosine;
/// assert_eq!(cosine(&[1.0, 0.0], &[2.0, 0.0]), 1.0);
/// assert_eq!(cosine(&[1.0, 0.0], &[0.0, 0.0]), 0.0);
/// ```
pub fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum::<f64>();
    let norms = (dot(a, a) * dot(b, b)).sqrt();
    if norms == 0.0 { 0.0 } else { dot(a, b) / norms }
}

impl Vectors {
    /// The `n` other words whose vectors point most nearly the same way, nearest first, with their cosines; words at
    /// the same cosine in row order.
    ///
    /// # Errors
    /// [`Error::UnknownWord`].
    pub fn nearest(&self, word: &str, n: usize) -> Result<Vec<(&str, f64)>> {
        let unknown = || Error::UnknownWord { word: word.to_string() };
        let query = self.get(word).ok_or_else(unknown)?;
        let others = self.iter().filter(|(other, _)| *other != word);
        let mut found: Vec<(&str, f64)> = others.map(|(other, vector)| (other, cosine(query, vector))).collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1));
        found.truncate(n);
        Ok(found)
    }
}

/// Mean and standard deviation, of the population.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Numbers that were averaged; with 0 of them mean and deviation are 0.
    pub n: usize,
    /// Mean.
    pub mean: f64,
    /// Standard deviation.
    pub deviation: f64,
}

impl Moments {
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let n = values.clone().count();
        let over = (n as f64).max(1.0);
        let mean = values.clone().sum::<f64>() / over;
        let deviation = (values.map(|x| (x - mean).powi(2)).sum::<f64>() / over).sqrt();
        Self { n, mean, deviation }
    }
}

/// Statistics of vectors of k-mers: do words that share bases lie near each other?
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// All numbers of all vectors.
    pub values: Moments,
    /// Lengths of the vectors.
    pub norms: Moments,
    /// Cosines of all pairs of different words.
    pub pairs: Moments,
    /// Cosines of pairs in which the second word is the first moved on by one base: they share k - 1 bases.
    pub successors: Moments,
    /// Cosines of pairs that differ in one letter.
    pub substitutions: Moments,
    /// Cosines of words with their reverse complements, where they are different words.
    pub complements: Moments,
}

impl Summary {
    /// Statistics of all pairs of words; time grows with the square of their number.
    ///
    /// ```
    /// use promoter_encode::embed::{Vectors, similarity::Summary};
    /// let words = ["AAC", "ACG", "TTT"].map(String::from).to_vec();
    /// let summary = Summary::of(&Vectors::new(words, 2, vec![1.0, 0.0, 1.0, 0.0, 0.0, 1.0])?);
    /// assert_eq!((summary.pairs.n, summary.pairs.mean), (3, 1.0 / 3.0));
    /// assert_eq!((summary.successors.n, summary.successors.mean), (1, 1.0));
    /// # Ok::<(), promoter_encode::embed::Error>(())
    /// ```
    pub fn of(vectors: &Vectors) -> Self {
        let rows: Vec<(&[u8], &[f32])> = vectors.iter().map(|(word, vector)| (word.as_bytes(), vector)).collect();
        let [mut pairs, mut successors, mut substitutions, mut complements] = [const { Vec::new() }; 4];
        for (i, (a, a_vector)) in rows.iter().enumerate() {
            for (b, b_vector) in &rows[i + 1..] {
                let cosine = cosine(a_vector, b_vector);
                pairs.push(cosine);
                // Both orders are pairs of their own: AC follows CA and CA follows AC.
                successors.extend([(a, b), (b, a)].iter().filter(|(a, b)| follows(a, b)).map(|_| cosine));
                if a.len() == b.len() && a.iter().zip(*b).filter(|(a, b)| a != b).count() == 1 {
                    substitutions.push(cosine);
                }
                if is_reverse_complement(a, b) {
                    complements.push(cosine);
                }
            }
        }
        let moments = |values: &[f64]| Moments::of(values.iter().copied());
        let norm = |vector: &[f32]| vector.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
        Self {
            values: Moments::of(vectors.data().iter().map(|&x| f64::from(x))),
            norms: Moments::of(rows.iter().map(|(_, vector)| norm(vector))),
            pairs: moments(&pairs),
            successors: moments(&successors),
            substitutions: moments(&substitutions),
            complements: moments(&complements),
        }
    }
}

/// Whether `b` is `a` without its first letter and with one more at its end.
fn follows(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a[1..] == b[..b.len() - 1]
}

fn is_reverse_complement(a: &[u8], b: &[u8]) -> bool {
    let complement = |letter: u8| {
        let code = base::from_ascii(letter);
        base::COMPLEMENT.get(usize::from(code)).map_or(base::INVALID, |&code| code)
    };
    a.len() == b.len() && a.iter().zip(b.iter().rev()).all(|(&a, &b)| base::from_ascii(a) == complement(b))
}

//! A motif: what the sites of a factor have in common.

mod consensus;

use std::ops::Range;

use promoter_encode::base;

use crate::{Background, Error, Result};

/// Columns that a motif may have.
pub const WIDEST: usize = 1000;

/// How often each base stands at each position of aligned sites.
///
/// Counts are kept, frequencies follow from them: a file of frequencies says on how many sites they rest.
///
/// ```
/// use promoter_motif::Motif;
/// let motif = Motif::from_probabilities("GCN4", &[[0.0, 0.1, 0.0, 0.9], [0.0, 0.0, 1.0, 0.0]], 20.0)?;
/// assert_eq!(motif.counts()[0], [0.0, 2.0, 0.0, 18.0]);
/// assert_eq!(motif.consensus(), "TG");
/// assert_eq!(motif.reverse_complement().consensus(), "CA");
/// # Ok::<(), promoter_motif::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "Record", into = "Record"))]
pub struct Motif {
    name: String,
    accession: Option<String>,
    counts: Vec<[f64; 4]>,
    background: Background,
    e_value: Option<f64>,
}

impl Motif {
    /// A motif from how often each base stands at each position. Columns may have different sums.
    ///
    /// # Shapes
    /// `counts` is `(width, 4)`: A, C, G, T; from 1 to 1000 columns.
    ///
    /// # Errors
    /// [`Error::Motif`] for a name that is empty or has blanks, no or too many columns, a count that is negative or not
    /// finite, and a column of zeros.
    pub fn from_counts(name: impl Into<String>, counts: Vec<[f64; 4]>) -> Result<Self> {
        let name = name.into();
        let refuse = |expected, found| Err(Error::Motif { motif: name.clone(), expected, found });
        if !is_word(&name) {
            return refuse("a name that is one word", format!("the name {name:?}"));
        }
        if counts.is_empty() || counts.len() > WIDEST {
            return refuse("from 1 to 1000 columns", format!("{} columns", counts.len()));
        }
        for (position, column) in counts.iter().enumerate() {
            let sum: f64 = column.iter().sum();
            if column.iter().any(|&count| count < 0.0) || !sum.is_finite() || sum <= 0.0 {
                return refuse("counts of at least 0, not all 0", format!("{column:?} in column {position}"));
            }
        }
        Ok(Self { name, accession: None, counts, background: Background::UNIFORM, e_value: None })
    }

    /// A motif from the frequency of each base at each position, which rest on `sites` sites. Each column is divided by
    /// its sum.
    ///
    /// # Shapes
    /// `probabilities` is `(width, 4)`.
    ///
    /// # Errors
    /// As [`Motif::from_counts`]; [`Error::Motif`] too unless `sites` is above 0.
    pub fn from_probabilities(name: impl Into<String>, probabilities: &[[f64; 4]], sites: f64) -> Result<Self> {
        let mut motif = Self::from_counts(name, probabilities.to_vec())?;
        if !(sites > 0.0 && sites.is_finite()) {
            return Err(Error::Motif {
                motif: motif.name,
                expected: "a finite number of sites above 0",
                found: format!("{sites} sites"),
            });
        }
        for column in &mut motif.counts {
            let sum: f64 = column.iter().sum();
            *column = column.map(|count| count / sum * sites);
        }
        Ok(motif)
    }

    /// A motif of 20 sites that allow, position by position, the bases of an IUPAC letter, each as often.
    ///
    /// # Errors
    /// As [`Motif::from_counts`]; [`Error::Motif`] too for another letter.
    pub fn from_consensus(name: impl Into<String>, letters: &str) -> Result<Self> {
        let name = name.into();
        let mut columns = Vec::with_capacity(letters.len());
        for (position, letter) in letters.chars().enumerate() {
            let code = u8::try_from(letter).map_or(base::INVALID, base::from_ascii);
            let possible = base::POSSIBLE.get(usize::from(code)).copied().unwrap_or(0);
            if possible == 0 {
                return Err(Error::Motif {
                    motif: name,
                    expected: "IUPAC letters",
                    found: format!("{letter:?} at position {position}"),
                });
            }
            columns.push(std::array::from_fn(|base| f64::from(possible >> base & 1)));
        }
        Self::from_probabilities(name, &columns, 20.0)
    }

    /// The same motif with an identifier of a collection, such as JASPAR's `MA0303.3`.
    ///
    /// # Errors
    /// [`Error::Motif`] unless it is one word.
    pub fn with_accession(self, accession: impl Into<String>) -> Result<Self> {
        let accession = accession.into();
        if !is_word(&accession) {
            return Err(Error::Motif {
                motif: self.name,
                expected: "an accession that is one word",
                found: format!("the accession {accession:?}"),
            });
        }
        Ok(Self { accession: Some(accession), ..self })
    }

    /// The same motif against another background.
    pub fn with_background(self, background: Background) -> Self {
        Self { background, ..self }
    }

    /// The same motif with the E-value of its discovery.
    pub fn with_e_value(self, e_value: f64) -> Self {
        Self { e_value: Some(e_value), ..self }
    }

    /// Its name, one word.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its identifier in a collection.
    pub fn accession(&self) -> Option<&str> {
        self.accession.as_deref()
    }

    /// How often each base stands at each position.
    ///
    /// # Shapes
    /// `(width, 4)`: A, C, G, T.
    pub fn counts(&self) -> &[[f64; 4]] {
        &self.counts
    }

    /// The frequency of each base at each position.
    ///
    /// # Shapes
    /// `(width, 4)`; rows sum to 1.
    pub fn probabilities(&self) -> Vec<[f64; 4]> {
        let scaled = |column: &[f64; 4]| {
            let sum: f64 = column.iter().sum();
            column.map(|count| count / sum)
        };
        self.counts.iter().map(scaled).collect()
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.counts.len()
    }

    /// Sites that the motif rests on: the largest sum of a column.
    pub fn sites(&self) -> f64 {
        self.counts.iter().map(|column| column.iter().sum()).fold(0.0, f64::max)
    }

    /// What it is compared with.
    pub fn background(&self) -> Background {
        self.background
    }

    /// E-value of its discovery, if its file gave one.
    pub fn e_value(&self) -> Option<f64> {
        self.e_value
    }

    /// The motif as it reads on the other strand.
    pub fn reverse_complement(&self) -> Self {
        let counts = self.counts.iter().rev().map(|&[a, c, g, t]| [t, g, c, a]).collect();
        Self { counts, background: self.background.complement(), ..self.clone() }
    }

    /// Information of each column about its base, in bits: the divergence of the column's frequencies from the
    /// background, 2 for a base that is always the same against a uniform one. Few sites make it too high; this is not
    /// corrected.
    pub fn information(&self) -> Vec<f64> {
        let background = self.background.frequencies();
        let bits = |p: f64, q: f64| if p > 0.0 { p * (p / q).log2() } else { 0.0 };
        let column = |column: [f64; 4]| -> f64 { column.iter().zip(background).map(|(&p, q)| bits(p, q)).sum() };
        self.probabilities().into_iter().map(column).collect()
    }

    /// The columns from the first to the last of at least `bits` of information; empty if all have less.
    pub fn core(&self, bits: f64) -> Range<usize> {
        let information = self.information();
        let first = information.iter().position(|&column| column >= bits);
        let last = information.iter().rposition(|&column| column >= bits);
        first.zip(last).map_or(0..0, |(first, last)| first..last + 1)
    }

    /// The motif without the columns of less than `bits` of information at its ends; `None` if all have less.
    ///
    /// ```
    /// use promoter_motif::Motif;
    /// let motif = Motif::from_consensus("REB1", "NNTTACCCGNN")?;
    /// assert_eq!(motif.trimmed(0.5).unwrap().consensus(), "TTACCCG");
    /// assert!(motif.trimmed(2.5).is_none());
    /// # Ok::<(), promoter_motif::Error>(())
    /// ```
    pub fn trimmed(&self, bits: f64) -> Option<Self> {
        let core = self.core(bits);
        (!core.is_empty()).then(|| Self { counts: self.counts[core].to_vec(), ..self.clone() })
    }
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c.is_control())
}

/// A motif as it is stored.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    name: String,
    #[serde(default)]
    accession: Option<String>,
    counts: Vec<[f64; 4]>,
    #[serde(default)]
    background: Background,
    #[serde(default)]
    e_value: Option<f64>,
}

#[cfg(feature = "serde")]
impl TryFrom<Record> for Motif {
    type Error = Error;

    fn try_from(record: Record) -> Result<Self> {
        let mut motif = Self::from_counts(record.name, record.counts)?.with_background(record.background);
        if let Some(accession) = record.accession {
            motif = motif.with_accession(accession)?;
        }
        Ok(Self { e_value: record.e_value, ..motif })
    }
}

#[cfg(feature = "serde")]
impl From<Motif> for Record {
    fn from(Motif { name, accession, counts, background, e_value }: Motif) -> Self {
        Self { name, accession, counts, background, e_value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn information_is_the_divergence_from_the_background() {
        let motif = Motif::from_counts("m", vec![[4.0, 0.0, 0.0, 0.0], [2.0, 2.0, 0.0, 0.0], [1.0; 4]]).unwrap();
        assert_eq!(motif.information(), [2.0, 1.0, 0.0]);
        let rich = motif.with_background(Background::new([0.5, 0.125, 0.125, 0.25]).unwrap());
        assert_eq!(rich.information()[0], 1.0);
        assert_eq!(rich.core(0.9), 0..2);
    }

    #[test]
    fn what_is_not_a_motif_is_refused() {
        let refused = |motif: Result<Motif>| matches!(motif, Err(Error::Motif { .. }));
        let column = [1.0, 0.0, 0.0, 0.0];
        for name in ["", "two words", "a\tb"] {
            assert!(refused(Motif::from_counts(name, vec![column])), "{name:?}");
            assert!(refused(Motif::from_counts("m", vec![column]).unwrap().with_accession(name)), "{name:?}");
        }
        for counts in [vec![], vec![column; 1001], vec![[0.0; 4]], vec![[2.0, -1.0, 0.0, 0.0]], vec![[f64::NAN; 4]]] {
            assert!(refused(Motif::from_counts("m", counts)));
        }
        for sites in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(refused(Motif::from_probabilities("m", &[column], sites)), "{sites}");
        }
        assert!(refused(Motif::from_consensus("m", "AC.")) && refused(Motif::from_consensus("m", "A-é")));
    }

    #[test]
    fn sites_are_the_largest_column() {
        assert_eq!(Motif::from_counts("m", vec![[1.0; 4], [2.0; 4]]).unwrap().sites(), 8.0);
    }
}

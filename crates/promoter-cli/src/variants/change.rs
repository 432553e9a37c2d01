//! A change of some bases, as a table or a VCF file lists it.

use anyhow::{Context as _, Result, bail};
use promoter::encode::base;

use crate::rows::{Row, codes};

/// A change of some bases to others; a line of VCF may list several.
pub(super) struct Change<'a> {
    row: &'a Row,
    /// The sequence that is changed.
    pub(super) sequence: &'a str,
    /// Its first base that is replaced, from 0.
    pub(super) start: u64,
    /// Base codes that are replaced.
    pub(super) replaced: Vec<u8>,
    position: &'a str,
    id: &'a str,
    reference: &'a str,
    alternatives: &'a str,
    /// Field of the reference bases.
    field: usize,
}

impl<'a> Change<'a> {
    /// The change of a row: sequence, position, reference, alternative; or VCF, which has more columns.
    pub(super) fn of(row: &'a Row) -> Result<Self> {
        let (sequence, position, id, reference, alternatives, field) = match row.fields()[..] {
            [sequence, position, reference, alternative] => (sequence, position, ".", reference, alternative, 2),
            [sequence, position, id, reference, alternatives, ..] => {
                (sequence, position, id, reference, alternatives, 3)
            }
            ref fields => bail!(
                "{row}: expected 4 columns (name, position, reference, alternative) or VCF, found {} columns",
                fields.len()
            ),
        };
        let first: u64 = position.parse().with_context(|| format!("{}: position {position}", row.at(1)))?;
        let Some(start) = first.checked_sub(1) else {
            bail!("{}: position 0: positions count from 1", row.at(1));
        };
        let replaced = codes(row, reference)?;
        Ok(Self { row, sequence, start, replaced, position, id, reference, alternatives, field })
    }

    /// One past the last base that is replaced, in a sequence of `bases` bases; refuses what is beyond it.
    pub(super) fn end(&self, bases: u64) -> Result<u64> {
        match self.start.checked_add(self.replaced.len() as u64).filter(|&end| end <= bases) {
            Some(end) => Ok(end),
            None => bail!(
                "{}: {} at position {} reaches beyond the end of {}, which has {bases} bases",
                self.row.at(1),
                self.reference,
                self.position,
                self.sequence
            ),
        }
    }

    /// Refuses other bases than those that are to be replaced.
    pub(super) fn check(&self, there: &[u8]) -> Result<()> {
        if there == self.replaced {
            return Ok(());
        }
        let letters: String = there.iter().map(|&code| char::from(base::to_ascii(code))).collect();
        let Self { row, sequence, position, reference, field, .. } = self;
        bail!("{}: the reference is {reference}, but {sequence} has {letters} at position {position}", row.at(*field))
    }

    /// Name and base codes of each alternative.
    pub(super) fn alternatives(&self) -> impl Iterator<Item = Result<(String, Vec<u8>)>> {
        self.alternatives.split(',').map(|alternative| {
            let name = match self.id {
                "." => format!("{}:{}:{}>{alternative}", self.sequence, self.position, self.reference),
                id if alternative == self.alternatives => id.to_owned(),
                id => format!("{id}:{alternative}"),
            };
            Ok((name, codes(self.row, alternative)?))
        })
    }
}

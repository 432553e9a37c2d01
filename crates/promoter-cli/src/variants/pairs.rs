//! Variants as pairs of sequences.

use std::path::Path;

use anyhow::{Result, bail};

use super::Variant;
use crate::rows::{self, codes};

/// The pairs of a table, with the columns `keep`; those without a name are numbered from 1.
pub(super) fn read(path: &Path, keep: &[String]) -> Result<impl Iterator<Item = Result<Variant>> + use<>> {
    let mut number = 0;
    let keep = keep.to_vec();
    Ok(rows::rows(path)?.map(move |row| {
        let row = row?;
        number += 1;
        let (name, reference, alternative) = match row.fields()[..] {
            _ if let (Some(reference), Some(alternative)) = (row.named("reference"), row.named("alternative")) => {
                (row.named("name").map_or_else(|| number.to_string(), str::to_owned), reference, alternative)
            }
            [reference, alternative] => (number.to_string(), reference, alternative),
            [name, reference, alternative] => (name.to_owned(), reference, alternative),
            ref fields => bail!(
                "{row}: expected 2 or 3 columns ([name,] reference sequence, alternative sequence), found {}; \
                 changes to the sequences of a file need --references",
                fields.len()
            ),
        };
        Ok(Variant {
            name,
            cells: row.kept(&keep)?,
            reference: codes(&row, reference)?,
            alternative: codes(&row, alternative)?,
        })
    }))
}

//! Variants as pairs of sequences.

use std::path::Path;

use anyhow::{Result, bail};

use super::Variant;
use crate::rows::{self, codes};

/// The pairs of a table; those without a name are numbered from 1.
pub(super) fn read(path: &Path) -> Result<impl Iterator<Item = Result<Variant>> + use<>> {
    let mut number = 0;
    Ok(rows::rows(path)?.map(move |row| {
        let row = row?;
        number += 1;
        let (name, reference, alternative) = match row.fields()[..] {
            [reference, alternative] => (number.to_string(), reference, alternative),
            [name, reference, alternative] => (name.to_owned(), reference, alternative),
            ref fields => bail!(
                "{row}: expected 2 or 3 columns ([name,] reference sequence, alternative sequence), found {}; \
                 changes to the sequences of a file need --references",
                fields.len()
            ),
        };
        Ok(Variant { name, reference: codes(&row, reference)?, alternative: codes(&row, alternative)? })
    }))
}

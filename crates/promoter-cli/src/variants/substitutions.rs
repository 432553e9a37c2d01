//! Variants as changes to given sequences.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use promoter::encode::base;
use promoter::seq::read::{Columns, Format, ReadOptions, Rows};

use super::Variant;
use crate::rows::{self, Row, codes};

/// Base codes of sequences by their names.
type References = BTreeMap<String, Vec<u8>>;

/// The variants of a table or VCF file; a line with several alternatives is several variants.
pub(super) fn read(path: &Path, references: &Path) -> Result<impl Iterator<Item = Result<Variant>> + use<>> {
    let references = read_references(references)?;
    Ok(rows::rows(path)?.flat_map(move |row| match row.and_then(|row| of_row(&row, &references)) {
        Ok(variants) => variants.into_iter().map(Ok).collect(),
        Err(error) => vec![Err(error)],
    }))
}

fn read_references(path: &Path) -> Result<References> {
    // Whatever its extension: only FASTA has the names that are needed here.
    let options = ReadOptions { columns: Columns::Sequence, format: Some(Format::Fasta), ..ReadOptions::default() };
    let mut references = References::new();
    for record in Rows::open(path, &options)? {
        let record = record?;
        let name = String::from_utf8_lossy(&record.name).into_owned();
        if references.contains_key(&name) {
            bail!("{}:{}: the name {name} is used twice", path.display(), record.line);
        }
        references.insert(name, record.codes);
    }
    Ok(references)
}

fn of_row(row: &Row, references: &References) -> Result<Vec<Variant>> {
    let (name, position, id, reference, alternatives) = match row.fields()[..] {
        [name, position, reference, alternative] => (name, position, ".", reference, alternative),
        [name, position, id, reference, alternatives, ..] => (name, position, id, reference, alternatives),
        ref fields => bail!(
            "{row}: expected 4 columns (name, position, reference, alternative) or VCF, found {} columns",
            fields.len()
        ),
    };
    let Some(sequence) = references.get(name) else {
        bail!("{row}: --references has no sequence {name}");
    };
    let first: usize = position.parse().with_context(|| format!("{row}: position {position}"))?;
    let Some(start) = first.checked_sub(1) else {
        bail!("{row}: position 0: positions count from 1");
    };
    let replaced = codes(row, reference)?;
    let Some(there) = sequence.get(start..start + replaced.len()) else {
        bail!(
            "{row}: {reference} at position {position} reaches beyond the end of {name}, which has {} bases",
            sequence.len()
        );
    };
    if there != replaced {
        let letters: String = there.iter().map(|&code| char::from(base::to_ascii(code))).collect();
        bail!("{row}: the reference is {reference}, but {name} has {letters} at position {position}");
    }
    let variant = |alternative: &str| {
        let name = match id {
            "." => format!("{name}:{position}:{reference}>{alternative}"),
            id if alternative == alternatives => id.to_owned(),
            id => format!("{id}:{alternative}"),
        };
        let bases = codes(row, alternative)?;
        let alternative = [&sequence[..start], &bases, &sequence[start + replaced.len()..]].concat();
        Ok(Variant { name, reference: sequence.clone(), alternative })
    };
    alternatives.split(',').map(variant).collect()
}

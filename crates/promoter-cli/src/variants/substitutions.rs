//! Variants as changes to given sequences.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Result, bail};
use promoter::seq::read::{Columns, Format, ReadOptions, Rows};

use super::Variant;
use super::change::Change;
use crate::rows::{self, Row};

/// Base codes of sequences by their names.
type References = BTreeMap<String, Vec<u8>>;

/// The variants of a table or VCF file; a line with several alternatives is several variants.
pub(super) fn read(
    path: &Path,
    references: &Path,
    keep: &[String],
) -> Result<impl Iterator<Item = Result<Variant>> + use<>> {
    let keep = keep.to_vec();
    let references = read_references(references)?;
    Ok(rows::rows(path)?.flat_map(move |row| match row.and_then(|row| of_row(&row, &references, &keep)) {
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

fn of_row(row: &Row, references: &References, keep: &[String]) -> Result<Vec<Variant>> {
    let change = Change::of(row)?;
    let Some(sequence) = references.get(change.sequence) else {
        bail!("{}: --references has no sequence {}", row.at(0), change.sequence);
    };
    let (start, end) = (change.start as usize, change.end(sequence.len() as u64)? as usize);
    change.check(&sequence[start..end])?;
    let cells = row.kept(keep)?;
    let variant = |alternative: Result<(String, Vec<u8>)>| {
        let (name, bases) = alternative?;
        let alternative = [&sequence[..start], &bases, &sequence[end..]].concat();
        Ok(Variant { name, cells: cells.clone(), reference: sequence.clone(), alternative })
    };
    change.alternatives().map(variant).collect()
}

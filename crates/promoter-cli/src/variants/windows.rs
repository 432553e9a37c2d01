//! Variants as changes to windows of a genome.

use std::path::Path;

use anyhow::{Result, bail};
use promoter::seq::Genome;

use super::Variant;
use super::change::Change;
use crate::rows::{self, Row};

/// The variants of a table or VCF file in windows of `width` bases, with the columns `keep`; a line with several
/// alternatives is several variants.
pub(super) fn read(
    path: &Path,
    genome: &Path,
    width: u64,
    keep: &[String],
) -> Result<impl Iterator<Item = Result<Variant>> + use<>> {
    let (keep, mut genome) = (keep.to_vec(), Genome::open(genome)?);
    Ok(rows::rows(path)?.flat_map(move |row| match row.and_then(|row| of_row(&row, &mut genome, width, &keep)) {
        Ok(variants) => variants.into_iter().map(Ok).collect(),
        Err(error) => vec![Err(error)],
    }))
}

/// The variants of a row. The window has its middle in the bases that are replaced, as far as the chromosome allows;
/// where an alternative is longer or shorter, its window ends earlier or later.
fn of_row(row: &Row, genome: &mut Genome, width: u64, keep: &[String]) -> Result<Vec<Variant>> {
    let change = Change::of(row)?;
    let Some(bases) = genome.bases(change.sequence) else {
        let some: Vec<&str> = genome.names().take(5).collect();
        let (path, some) = (genome.path().display(), some.join(", "));
        bail!(
            "{}: {path} has no chromosome {}; it has {some} and {} in all",
            row.at(0),
            change.sequence,
            genome.names().len()
        );
    };
    let (end, replaced) = (change.end(bases)?, change.replaced.len() as u64);
    if replaced > width {
        bail!("{}: the change replaces {replaced} bases, the window has {width}: set --width", row.at(1));
    }
    let first = change.start.saturating_sub((width - replaced) / 2).min(bases.saturating_sub(width));
    let last = (first + width).min(bases);
    let mut codes = Vec::new();
    genome.window(change.sequence, first..(last + replaced).min(bases), &mut codes)?;
    let [start, end] = [change.start, end].map(|base| (base - first) as usize);
    change.check(&codes[start..end])?;
    let cells = row.kept(keep)?;
    let variant = |alternative: Result<(String, Vec<u8>)>| {
        let (name, bases) = alternative?;
        let mut alternative = [&codes[..start], &bases, &codes[end..]].concat();
        alternative.truncate(width as usize);
        let reference = codes[..(last - first) as usize].to_vec();
        Ok(Variant { name, cells: cells.clone(), reference, alternative })
    };
    change.alternatives().map(variant).collect()
}

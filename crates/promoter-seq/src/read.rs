//! Files of sequences to tables of codes and labels.
//!
//! | extension | what is read |
//! |---|---|
//! | `.tsv`, `.txt`, `.csv` | rows of columns, with or without a header ([`Columns`]) |
//! | `.fa`, `.fasta`, `.fna` | FASTA, no labels |
//! | `.fq`, `.fastq` | FASTQ, no labels; the qualities are not read |
//! | any of them and `.gz`, `.zst` | the same, compressed; several gzip members or zstd frames in a row are one file |
//!
//! Regions of a genome, FASTA and BED, are rows too: [`Rows::regions`].
//!
//! Lines end in LF or CRLF, the last may lack it, and a byte order mark before the first is passed over. Fields may
//! stand in double quotes, but a quoted field ends on its line. What papers and tools silently differ in is a
//! policy in [`ReadOptions`], and everything that was folded, replaced or skipped is counted in the [`ReadReport`].

use std::path::Path;

use crate::filter::{Filter, FilterReport};
use crate::{Error, Result, Table};

mod blocks;
mod bulk;
mod delimited;
mod fastx;
mod input;
mod letters;
mod line;
mod lines;
mod number;
mod options;
mod regions;
mod report;
mod rows;

pub use lines::Lines;
pub use options::{
    Case, Columns, Compression, EmptyLines, Format, Iupac, LetterPolicy, MissingLabels, Other, ReadOptions, TooLong,
};
pub use report::ReadReport;
pub use rows::{Record, Rows};

/// Reads a whole file, with as many threads as the current rayon pool has; the table does not depend on their number.
///
/// # Errors
/// Every error of this crate that names a path. A file without a single row is [`Error::NoRows`].
///
/// ```
/// use promoter_seq::read::{self, Columns, ReadOptions};
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("promoters.csv");
/// # std::fs::write(&path, "id,sequence,expression\na,ACGT,11.5\nb,acgn,3\n").unwrap();
/// let columns = Columns::Named { sequence: "sequence".into(), label: Some("expression".into()) };
/// let (table, report) = read::read(&path, &ReadOptions { columns, ..ReadOptions::default() })?;
/// assert_eq!(table.labels(), [11.5, 3.0]);
/// assert_eq!((report.rows, report.lower_case), (2, 1));
/// # Ok::<(), promoter_seq::Error>(())
/// ```
pub fn read(path: impl AsRef<Path>, options: &ReadOptions) -> Result<(Table, ReadReport)> {
    let (table, report, _) = read_sequences(path.as_ref(), options, &Filter::default())?;
    Ok((table, report))
}

/// Reads a whole file and filters its rows on the way: the same as [`read`] and [`Filter::apply`], but rows that are
/// removed never take memory.
///
/// # Errors
/// Those of [`read`] and of [`Filter::apply`].
///
/// ```
/// use promoter_seq::Filter;
/// use promoter_seq::read::{self, ReadOptions};
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("promoters.tsv");
/// # std::fs::write(&path, "ACGT\t11\nACNT\t3\n").unwrap();
/// let filter = Filter { no_ambiguous: true, ..Filter::default() };
/// let (table, read, filtered) = read::read_filtered(&path, &ReadOptions::default(), &filter, 0)?;
/// assert_eq!((read.rows, filtered.ambiguous, table.len()), (2, 1, 1));
/// # Ok::<(), promoter_seq::Error>(())
/// ```
pub fn read_filtered(
    path: impl AsRef<Path>,
    options: &ReadOptions,
    filter: &Filter,
    seed: u64,
) -> Result<(Table, ReadReport, FilterReport)> {
    filter.check()?;
    let (table, report, filtered) = read_sequences(path.as_ref(), options, filter)?;
    let (table, filtered) = filter.finish(table, filtered, seed)?;
    Ok((table, report, filtered))
}

/// Reads a file and applies the rules of `filter` that look at one sequence by itself.
fn read_sequences(path: &Path, options: &ReadOptions, filter: &Filter) -> Result<(Table, ReadReport, FilterReport)> {
    let (table, report, filtered) = match options.format_of_file(path)? {
        Format::Tsv | Format::Csv => bulk::read(path, options, filter)?,
        Format::Fasta | Format::Fastq => {
            let mut rows = Rows::open(path, options)?;
            let (mut table, mut filtered) = (rows.table()?, FilterReport::default());
            table.retain(|_, codes, _| filter.keeps(codes, &mut filtered));
            (table, *rows.report(), filtered)
        }
    };
    if report.rows == 0 {
        return Err(Error::NoRows { path: path.to_owned(), lines: report.lines, what: report.to_string() });
    }
    Ok((table, report, filtered))
}

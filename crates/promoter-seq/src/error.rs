//! What can go wrong between a file and a table.

use std::path::PathBuf;

use crate::filter::FilterReport;

/// Result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong between a file and a table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file system refused.
    #[error("cannot {action} {path}")]
    Io {
        /// What was tried: `open`, `read`, `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A folder stands where a file was expected.
    #[error("{path} is a folder, expected a file of sequences")]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// The extension names no format and none was given.
    #[error("{path}: unknown extension, expected one of {expected}; or say the format")]
    Extension {
        /// The file.
        path: PathBuf,
        /// Extensions that are known.
        expected: &'static str,
    },
    /// The first bytes are not those of the compression that the extension or the options name.
    #[error("{path}: expected {expected}, found {found}; rename the file or say its compression")]
    Compression {
        /// The file.
        path: PathBuf,
        /// What the name of the file or the options promise.
        expected: &'static str,
        /// What the first bytes are.
        found: &'static str,
    },
    /// Compressed data ends early or is damaged.
    #[error("{path}: damaged or cut {compression} data after {bytes} decoded bytes")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// `gzip` or `zstd`.
        compression: &'static str,
        /// Bytes that were decoded before.
        bytes: u64,
        /// What the decoder said.
        source: std::io::Error,
    },
    /// A line is not what it should be.
    #[error("{path}:{line}:{column}: expected {expected}, found {found}")]
    Line {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: u64,
        /// Byte in the line, from 1.
        column: u64,
        /// What should stand there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// The header has no such column.
    #[error("{path}:{line}: no column `{column}`; the columns are {}", columns.join(", "))]
    Column {
        /// The file.
        path: PathBuf,
        /// Line of the header, from 1.
        line: u64,
        /// The column that was asked for.
        column: String,
        /// The columns that there are.
        columns: Vec<String>,
    },
    /// The table was read without a column that is asked for.
    #[error("the table has no column of text `{column}`; kept were: {}", columns.join(", "))]
    NotKept {
        /// The column that was asked for.
        column: String,
        /// The columns that were kept.
        columns: Vec<String>,
    },
    /// A cell of a column of text is not what it should be.
    #[error("line {line}, column `{column}`: expected {expected}, found `{found}`")]
    Cell {
        /// Line of the file, from 1; 0 for a row that comes from no file.
        line: u64,
        /// The column.
        column: String,
        /// What should stand there.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// A genome is compressed.
    #[error("{path} is compressed, and windows of a genome are read by seeking: unpack it first")]
    CompressedGenome {
        /// The file.
        path: PathBuf,
    },
    /// The index of a genome is that of another file.
    #[error(
        "{path}.fai does not fit {path} at {chromosome}: remove it, or write it again with `samtools faidx`",
        path = path.display()
    )]
    Index {
        /// The genome.
        path: PathBuf,
        /// The chromosome that is not where the index says.
        chromosome: String,
    },
    /// A window is not in the genome.
    #[error(
        "{path} has no bases {start}..{end} of {chromosome} to read at once{}",
        bases.map_or_else(String::new, |bases| format!(", which has {bases}"))
    )]
    Window {
        /// The genome.
        path: PathBuf,
        /// The chromosome.
        chromosome: String,
        /// First base, from 0.
        start: u64,
        /// One past the last base.
        end: u64,
        /// Bases of the chromosome, if it is known.
        bases: Option<u64>,
    },
    /// A genome has a byte that is not an IUPAC letter.
    #[error("{path}: expected a letter of the IUPAC code for bases at {chromosome}:{position}, found `{found}`")]
    GenomeLetter {
        /// The genome.
        path: PathBuf,
        /// The chromosome.
        chromosome: String,
        /// Position, from 1.
        position: u64,
        /// What stands there.
        found: String,
    },
    /// The file has no row of data.
    #[error("{path}: no row of data in {lines} lines ({what})")]
    NoRows {
        /// The file.
        path: PathBuf,
        /// Lines in all.
        lines: u64,
        /// What was there instead.
        what: String,
    },
    /// The filter removed every row.
    #[error("no row is left after filtering: {report}")]
    NothingLeft {
        /// How many rows each rule removed.
        report: FilterReport,
    },
    /// A value in the options or a configuration is out of its range.
    #[error("{name} is {value}, expected {expected}")]
    Setting {
        /// Name of the setting.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// Parts that make no table.
    #[error("{codes} codes, row ends up to {last_end}, {ends} row ends and {labels} labels make no table")]
    Parts {
        /// Number of codes.
        codes: usize,
        /// Largest row end.
        last_end: u64,
        /// Number of row ends.
        ends: usize,
        /// Number of labels.
        labels: usize,
    },
}

impl Error {
    /// An [`Error::Setting`].
    pub(crate) fn setting(name: &'static str, value: impl ToString, expected: &'static str) -> Self {
        Self::Setting { name, value: value.to_string(), expected }
    }
}

//! What a file is and how its doubtful places are read.

use std::path::Path;

use crate::{Error, Result};

/// What a file is and how its doubtful places are read.
///
/// The default reads the challenge's training file: a sequence, a tab and its expression, no header.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default, deny_unknown_fields, rename_all = "snake_case")
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReadOptions {
    /// Kind of file; by the extension when none is given.
    pub format: Option<Format>,
    /// Compression; by the extension when none is given.
    pub compression: Option<Compression>,
    /// Where the sequence and the label stand.
    pub columns: Columns,
    /// Columns of text that are kept with the rows, by their names in the header: ids, groups, parts, further labels.
    /// In FASTA and FASTQ the only one is `name`.
    pub keep: Vec<String>,
    /// What a missing label means.
    pub missing_labels: MissingLabels,
    /// Separates columns; by the format (tab or comma) when none is given.
    pub delimiter: Option<char>,
    /// Letters that are not A, C, G, T or N.
    pub letters: LetterPolicy,
    /// Length of the longest sequence that is read, in bases. Memory stays bounded by it: a line may have 64 KiB more,
    /// a record of FASTA or FASTQ takes at most four times as much.
    pub longest: u32,
    /// What a longer sequence means.
    pub too_long: TooLong,
    /// What an empty line means.
    pub empty_lines: EmptyLines,
    /// Lines that start with this character are skipped; none are when it is not given. Not for FASTA and FASTQ.
    pub comment: Option<char>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            format: None,
            compression: None,
            columns: Columns::default(),
            keep: Vec::new(),
            missing_labels: MissingLabels::default(),
            delimiter: None,
            letters: LetterPolicy::default(),
            longest: 1 << 16,
            too_long: TooLong::default(),
            empty_lines: EmptyLines::default(),
            comment: Some('#'),
        }
    }
}

/// Kind of file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Format {
    /// Columns separated by tabs.
    Tsv,
    /// Columns separated by commas.
    Csv,
    /// FASTA; a sequence may span lines.
    Fasta,
    /// FASTQ.
    Fastq,
}

/// Compression of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Compression {
    /// None.
    Plain,
    /// gzip, one member or several.
    Gzip,
    /// Zstandard, one frame or several.
    Zstd,
}

/// Where the sequence and the label stand in a row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(deny_unknown_fields, rename_all = "snake_case")
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Columns {
    /// No header and two columns: the sequence and its expression in sorting bins. The challenge's files.
    #[default]
    Challenge,
    /// No header; the sequence is the first column, any others are not read, and there is no label.
    Sequence,
    /// The first line names the columns.
    Named {
        /// Column of the sequence.
        sequence: String,
        /// Column of the label; rows have none when it is not given.
        label: Option<String>,
    },
}

/// What letters other than upper-case A, C, G, T and N mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default, deny_unknown_fields, rename_all = "snake_case")
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LetterPolicy {
    /// Lower-case letters.
    pub case: Case,
    /// The ambiguity codes of IUPAC other than `N`.
    pub iupac: Iupac,
    /// Bytes that are not IUPAC letters.
    pub other: Other,
}

/// What a lower-case letter means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Case {
    /// The same as its upper-case letter.
    #[default]
    Fold,
    /// An error.
    Error,
}

/// What an ambiguity code of IUPAC other than `N` (`R`, `Y`, ...) means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Iupac {
    /// It is kept; the encoding decides.
    #[default]
    Keep,
    /// `N`.
    AsN,
    /// The row is skipped.
    Skip,
    /// An error.
    Error,
}

/// What a byte that is not an IUPAC letter means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Other {
    /// An error.
    #[default]
    Error,
    /// `N`.
    AsN,
    /// The row is skipped.
    Skip,
}

/// What a sequence longer than [`ReadOptions::longest`] means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum TooLong {
    /// An error.
    #[default]
    Error,
    /// The row is skipped.
    Skip,
}

/// What a label means that is missing: an empty field, `NA` or `NaN`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum MissingLabels {
    /// An error.
    #[default]
    Error,
    /// The row is skipped.
    Skip,
}

/// What an empty line means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum EmptyLines {
    /// It is skipped.
    #[default]
    Skip,
    /// An error.
    Error,
}

const EXTENSIONS: &str = ".tsv, .txt, .csv, .fa, .fasta, .fna, .fq, .fastq, each also with .gz or .zst";

impl ReadOptions {
    /// The kind of the file at `path`.
    pub(crate) fn format_of(&self, path: &Path) -> Result<Format> {
        if let Some(format) = self.format {
            return Ok(format);
        }
        let by_extension = |path: &Path| match &*extension(path) {
            "tsv" | "txt" => Some(Format::Tsv),
            "csv" => Some(Format::Csv),
            "fa" | "fasta" | "fna" => Some(Format::Fasta),
            "fq" | "fastq" => Some(Format::Fastq),
            _ => None,
        };
        let inner = match Compression::of(path) {
            Compression::Plain => by_extension(path),
            Compression::Gzip | Compression::Zstd => by_extension(&path.with_extension("")),
        };
        inner.ok_or_else(|| Error::Extension { path: path.to_owned(), expected: EXTENSIONS })
    }

    /// [`format_of`](Self::format_of) a file that should be there.
    pub(crate) fn format_of_file(&self, path: &Path) -> Result<Format> {
        // A folder, or a file that is not there, is a plainer answer than its extension.
        self.format_of(path).map_err(|unknown| match path.metadata() {
            Ok(found) if found.is_dir() => Error::Folder { path: path.to_owned() },
            Ok(_) => unknown,
            Err(source) => Error::Io { action: "open", path: path.to_owned(), source },
        })
    }

    /// The byte between columns.
    pub(crate) fn delimiter_of(&self, format: Format) -> Result<u8> {
        let by_format = if format == Format::Csv { ',' } else { '\t' };
        let delimiter = ascii("delimiter", self.delimiter.unwrap_or(by_format))?;
        if matches!(delimiter, b'\n' | b'\r' | b'"') {
            return Err(Error::setting("delimiter", format!("{delimiter:?}"), "no quote and no end of line"));
        }
        Ok(delimiter)
    }

    /// The first byte of lines that are skipped.
    pub(crate) fn comment_byte(&self) -> Result<Option<u8>> {
        self.comment.map(|comment| ascii("comment", comment)).transpose()
    }
}

impl Compression {
    /// The compression that the extension of `path` names.
    pub(crate) fn of(path: &Path) -> Self {
        match &*extension(path) {
            "gz" => Self::Gzip,
            "zst" => Self::Zstd,
            _ => Self::Plain,
        }
    }
}

fn extension(path: &Path) -> String {
    path.extension().map(|extension| extension.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}

fn ascii(name: &'static str, character: char) -> Result<u8> {
    u8::try_from(character)
        .ok()
        .filter(u8::is_ascii)
        .ok_or_else(|| Error::setting(name, character, "an ASCII character"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_name_format_and_compression() {
        let options = ReadOptions::default();
        for (path, format, compression) in [
            ("a.tsv", Format::Tsv, Compression::Plain),
            ("a.b.TXT.gz", Format::Tsv, Compression::Gzip),
            ("a.csv.zst", Format::Csv, Compression::Zstd),
            ("dir.gz/a.fa", Format::Fasta, Compression::Plain),
            ("a.fastq.gz", Format::Fastq, Compression::Gzip),
        ] {
            assert_eq!(options.format_of(path.as_ref()).unwrap(), format);
            assert_eq!(Compression::of(path.as_ref()), compression);
        }
        for path in ["a", "a.gz", "a.parquet", "-"] {
            assert!(matches!(options.format_of(path.as_ref()), Err(Error::Extension { .. })), "{path}");
        }
        let csv = ReadOptions { format: Some(Format::Csv), ..options };
        assert_eq!(csv.format_of("a".as_ref()).unwrap(), Format::Csv);
    }

    #[test]
    fn delimiters_are_ascii() {
        let with = |delimiter| ReadOptions { delimiter: Some(delimiter), ..ReadOptions::default() };
        assert_eq!(with(';').delimiter_of(Format::Tsv).unwrap(), b';');
        assert!(matches!(with('→').delimiter_of(Format::Tsv), Err(Error::Setting { .. })));
        assert!(matches!(with('"').delimiter_of(Format::Csv), Err(Error::Setting { .. })));
        let options = ReadOptions { comment: Some('§'), ..ReadOptions::default() };
        assert!(matches!(options.comment_byte(), Err(Error::Setting { .. })));
    }
}

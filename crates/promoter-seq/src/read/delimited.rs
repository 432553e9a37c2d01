//! An open file of columns: its header is read, its rows come in blocks.

use std::path::PathBuf;

use super::blocks::{Block, Blocks};
use super::input::Input;
use super::line::{Fault, Fields, LineParser};
use super::{Columns, Format, ReadOptions, ReadReport};
use crate::{Error, Result};

/// Bytes that a line may have beside its sequence.
const OTHER_COLUMNS: usize = 1 << 16;

/// An open file of columns.
pub(super) struct Delimited {
    pub(super) parser: LineParser,
    pub(super) blocks: Blocks,
    /// What was met up to the end of the header.
    pub(super) report: ReadReport,
    /// The block that the header was in.
    first: Option<Block>,
    pub(super) place: Place,
}

/// Where faults are.
#[derive(Debug, Clone)]
pub(super) struct Place {
    path: PathBuf,
    positional: bool,
}

impl Place {
    /// A fault in line `line`, from 1.
    pub(super) fn error(&self, line: u64, fault: Fault) -> Error {
        let Fault { column, mut expected, found } = fault;
        if line == 1 && self.positional {
            expected.push_str(" (if this line is a header, name the columns)");
        }
        Error::Line { path: self.path.clone(), line, column: column as u64 + 1, expected, found }
    }
}

impl Delimited {
    /// Reads up to the end of the header, if the columns are named.
    pub(super) fn new(input: Input, format: Format, options: &ReadOptions) -> Result<Self> {
        let place =
            Place { path: input.path().to_owned(), positional: !matches!(options.columns, Columns::Named { .. }) };
        let mut file = Self {
            parser: LineParser::new(options, options.delimiter_of(format)?)?,
            blocks: Blocks::new(input, options.longest as usize + OTHER_COLUMNS),
            report: ReadReport::default(),
            first: None,
            place,
        };
        match &options.columns {
            Columns::Named { sequence, label } => file.read_header(sequence, label.as_deref(), &options.keep)?,
            _ if options.keep.is_empty() => {}
            _ => {
                return Err(Error::setting(
                    "keep",
                    options.keep.join(", "),
                    "nothing, as no header names columns: say the column of the sequences",
                ));
            }
        }
        Ok(file)
    }

    /// Replaces `block` by the next one; false at the end.
    pub(super) fn next(&mut self, block: &mut Block) -> Result<bool> {
        match self.first.take() {
            Some(first) => {
                *block = first;
                Ok(true)
            }
            None => self.blocks.next(block),
        }
    }

    fn read_header(&mut self, sequence: &str, label: Option<&str>, keep: &[String]) -> Result<()> {
        let mut block = Block::default();
        while self.blocks.next(&mut block)? {
            if block.cut {
                let faults = self.parser.parse_cut(block.lines(), &mut self.report);
                faults.map_err(|fault| self.place.error(self.report.lines, *fault))?;
                continue;
            }
            while let Some(line) = block.next_line() {
                let content = self.parser.content(line, &mut self.report);
                let names = match content {
                    Ok(None) => continue,
                    Ok(Some(header)) => self.parser.unquote(header),
                    Err(fault) => Err(fault),
                };
                let names: Vec<String> = match names {
                    Ok(fields) => {
                        fields.iter().map(|field| String::from_utf8_lossy(&field.text).trim().to_owned()).collect()
                    }
                    Err(fault) => return Err(self.place.error(self.report.lines, *fault)),
                };
                self.report.headers = 1;
                self.parser.fields = Fields {
                    sequence: self.find(&names, sequence)?,
                    label: label.map(|label| self.find(&names, label)).transpose()?,
                    kept: keep.iter().map(|column| self.find(&names, column)).collect::<Result<_>>()?,
                    count: Some(names.len()),
                };
                self.first = Some(block);
                return Ok(());
            }
        }
        Ok(())
    }

    fn find(&self, names: &[String], column: &str) -> Result<usize> {
        names.iter().position(|name| name == column).ok_or_else(|| Error::Column {
            path: self.place.path.clone(),
            line: self.report.lines,
            column: column.to_owned(),
            columns: names.iter().map(|name| name.escape_debug().take(80).collect()).collect(),
        })
    }
}

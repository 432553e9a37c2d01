//! FASTA and FASTQ.

use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use memchr::{memchr, memmem};
use needletail::FastxReader;
use needletail::errors::{ParseError, ParseErrorKind};
use needletail::parser::{FastaReader, FastqReader};

use super::input::Input;
use super::{Format, LetterPolicy, ReadOptions, ReadReport, Record, TooLong, letters};
use crate::{Error, Result};

/// An open FASTA or FASTQ file.
pub(super) struct Fastx {
    reader: Box<dyn FastxReader>,
    bounds: Arc<Mutex<Bounds>>,
    path: PathBuf,
    format: Format,
    letters: LetterPolicy,
    longest: usize,
    too_long: TooLong,
    keep_name: bool,
}

/// What the reader may still take for one record, and what stopped it.
struct Bounds {
    left: usize,
    failure: Option<Stop>,
}

/// Why a record was not read to its end.
enum Stop {
    /// It takes too much memory.
    TooLong,
    /// What the input says.
    Input(Error),
}

impl Fastx {
    /// Reads a file of this format.
    pub(super) fn new(input: Input, format: Format, options: &ReadOptions) -> Result<Self> {
        let path = input.path().to_owned();
        if let Some(other) = options.keep.iter().find(|column| *column != "name") {
            return Err(Error::setting("keep", other, "`name`, all that FASTA and FASTQ have"));
        }
        let bounds = Arc::new(Mutex::new(Bounds { left: 0, failure: None }));
        let bounded = Bounded { input, bounds: Arc::clone(&bounds) };
        let reader: Box<dyn FastxReader> = match format {
            Format::Fastq => Box::new(FastqReader::new(bounded)),
            _ => Box::new(FastaReader::new(bounded)),
        };
        let ReadOptions { letters, longest, too_long, .. } = *options;
        Ok(Self {
            reader,
            bounds,
            path,
            format,
            letters,
            longest: longest as usize,
            too_long,
            keep_name: !options.keep.is_empty(),
        })
    }

    /// Reads the next record; false at the end.
    pub(super) fn read(&mut self, report: &mut ReadReport, record: &mut Record) -> Result<bool> {
        loop {
            // A FASTQ record holds its sequence's length twice, and the reader doubles its buffer and reads it full.
            lock(&self.bounds).left = 4 * (self.longest + (1 << 16));
            let found = match self.reader.next() {
                None => return Ok(false),
                Some(Ok(found)) => found,
                Some(Err(error)) => return Err(self.failure(&error, report.lines)),
            };
            let line = found.start_line_number();
            let text = found.all();
            report.lines = line + memchr::memchr_iter(b'\n', text.trim_ascii_end()).count() as u64;
            report.crlf += memmem::find_iter(text, b"\r\n").count() as u64;
            record.name.clear();
            let id = found.id();
            record.name.extend_from_slice(&id[..memchr(b' ', id).unwrap_or(id.len())]);
            if self.keep_name {
                record.cells = vec![String::from_utf8_lossy(&record.name).into_owned()];
            }
            record.codes.clear();
            (record.label, record.line) = (f32::NAN, line);
            let error = |line, column, expected: String, found: String| {
                Err(Error::Line { path: self.path.clone(), line, column, expected, found })
            };
            let sequence = found.seq();
            if sequence.is_empty() {
                return error(line, 1, "a sequence".into(), "nothing".into());
            }
            if sequence.len() > self.longest {
                match self.too_long {
                    TooLong::Skip => report.skipped_long += 1,
                    TooLong::Error => {
                        let expected = format!("a sequence of at most {} letters", self.longest);
                        return error(line + 1, self.longest as u64 + 1, expected, sequence.len().to_string());
                    }
                }
                continue;
            }
            match letters::encode(&self.letters, &sequence, &mut record.codes, report) {
                Ok(true) => {
                    report.rows += 1;
                    return Ok(true);
                }
                Ok(false) => {}
                Err(fault) => {
                    let (lines, column) = place(found.raw_seq(), fault.column);
                    return error(line + 1 + lines, column, fault.expected, fault.found);
                }
            }
        }
    }
}

impl Fastx {
    /// Why the record after so many lines could not be read: what stopped the input, or what the parser found.
    fn failure(&self, error: &ParseError, lines: u64) -> Error {
        match lock(&self.bounds).failure.take() {
            None => syntax(&self.path, self.format, error.position.line.max(lines + 1), error),
            Some(Stop::Input(error)) => error,
            Some(Stop::TooLong) => Error::Line {
                path: self.path.clone(),
                line: lines + 1,
                column: 1,
                expected: format!("a record of at most {} letters", self.longest),
                found: "a longer one".into(),
            },
        }
    }
}

/// Line (from 0) and column (from 1) of a letter in a sequence that may span lines.
fn place(raw: &[u8], letter: usize) -> (u64, u64) {
    let mut left = letter;
    for (line, text) in raw.split(|&byte| byte == b'\n').enumerate() {
        let length = text.strip_suffix(b"\r").unwrap_or(text).len();
        if left < length {
            return (line as u64, left as u64 + 1);
        }
        left -= length;
    }
    (0, letter as u64 + 1)
}

fn syntax(path: &std::path::Path, format: Format, line: u64, error: &ParseError) -> Error {
    let start = if format == Format::Fastq { "`@`" } else { "`>`" };
    let found = error.msg.rsplit_once("found '").map_or("another character".into(), |(_, found)| format!("`{found}`"));
    let (expected, found) = match error.kind {
        ParseErrorKind::InvalidStart => (format!("{start} at the start of a record"), found),
        ParseErrorKind::InvalidSeparator => ("`+` between sequence and qualities".into(), found),
        ParseErrorKind::UnequalLengths => ("as many qualities as letters".into(), error.msg.to_lowercase()),
        ParseErrorKind::UnexpectedEnd => ("a whole record".into(), "the end of the file".into()),
        _ => (format!("a record that starts with {start}"), error.msg.to_lowercase()),
    };
    Error::Line { path: path.to_owned(), line, column: 1, expected, found }
}

fn lock(bounds: &Mutex<Bounds>) -> std::sync::MutexGuard<'_, Bounds> {
    bounds.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Input that stops when one record takes too much memory and that keeps the error which stopped it.
struct Bounded {
    input: Input,
    bounds: Arc<Mutex<Bounds>>,
}

impl Read for Bounded {
    fn read(&mut self, target: &mut [u8]) -> io::Result<usize> {
        let mut bounds = lock(&self.bounds);
        if bounds.left == 0 && !target.is_empty() {
            bounds.failure = Some(Stop::TooLong);
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        let limit = target.len().min(bounds.left);
        match self.input.fill(&mut target[..limit]) {
            Ok(read) => {
                bounds.left -= read;
                Ok(read)
            }
            Err(error) => {
                bounds.failure = Some(Stop::Input(error));
                Err(io::ErrorKind::InvalidData.into())
            }
        }
    }
}

//! One line of columns.

use std::borrow::Cow;

use memchr::memchr;

use super::{Columns, EmptyLines, LetterPolicy, MissingLabels, ReadOptions, ReadReport, TooLong, letters, number};
use crate::Result;

/// What is wrong with a line, before its path and number are known.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Byte in the line, from 0.
    pub(super) column: usize,
    pub(super) expected: String,
    pub(super) found: String,
}

impl Fault {
    fn new(column: usize, expected: impl Into<String>, found: impl Into<String>) -> Box<Self> {
        Box::new(Self { column, expected: expected.into(), found: found.into() })
    }
}

/// Which fields of a line are read; known once the header is.
#[derive(Debug, Clone)]
pub(super) struct Fields {
    pub(super) sequence: usize,
    pub(super) label: Option<usize>,
    /// Fields that are kept as text.
    pub(super) kept: Vec<usize>,
    /// Number of fields of every line; any when not given.
    pub(super) count: Option<usize>,
}

/// Parses lines of columns; the same for every block of a file.
#[derive(Clone)]
pub(super) struct LineParser {
    pub(super) fields: Fields,
    delimiter: u8,
    comment: Option<u8>,
    letters: LetterPolicy,
    longest: usize,
    too_long: TooLong,
    empty_lines: EmptyLines,
    missing_labels: MissingLabels,
}

/// Where a field lies in its line.
type Span = (usize, usize);

impl LineParser {
    /// A parser of headerless lines; [`fields`](Self::fields) changes when a header is read.
    pub(super) fn new(options: &ReadOptions, delimiter: u8) -> Result<Self> {
        let fields = match options.columns {
            Columns::Challenge => Fields { sequence: 0, label: Some(1), kept: Vec::new(), count: Some(2) },
            Columns::Sequence | Columns::Named { .. } => {
                Fields { sequence: 0, label: None, kept: Vec::new(), count: None }
            }
        };
        Ok(Self {
            fields,
            delimiter,
            comment: options.comment_byte()?,
            letters: options.letters,
            longest: options.longest as usize,
            too_long: options.too_long,
            empty_lines: options.empty_lines,
            missing_labels: options.missing_labels,
        })
    }

    /// The line without a carriage return at its end; none when it is empty or a comment. Counts what it met.
    pub(super) fn content<'a>(
        &self,
        mut line: &'a [u8],
        report: &mut ReadReport,
    ) -> Result<Option<&'a [u8]>, Box<Fault>> {
        report.lines += 1;
        if let [start @ .., b'\r'] = line {
            report.crlf += 1;
            line = start;
        }
        if line.is_empty() {
            report.empty_lines += 1;
            return match self.empty_lines {
                EmptyLines::Skip => Ok(None),
                EmptyLines::Error => Err(Fault::new(0, "a row", "an empty line")),
            };
        }
        if self.comment == Some(line[0]) {
            report.comments += 1;
            return Ok(None);
        }
        Ok(Some(line))
    }

    /// Appends the codes of a row to `codes`, replaces `cells` by its kept fields and returns its label, NaN when the
    /// file has none; none when the line is not a row or the row is skipped.
    pub(super) fn parse(
        &self,
        line: &[u8],
        codes: &mut Vec<u8>,
        cells: &mut Vec<String>,
        report: &mut ReadReport,
    ) -> Result<Option<f32>, Box<Fault>> {
        let Some(line) = self.content(line, report)? else { return Ok(None) };
        if !self.fields.kept.is_empty() {
            let label = self.quoted(line, codes, cells, report)?;
            report.rows += u64::from(label.is_some());
            return Ok(label);
        }
        let start = codes.len();
        let plain = self.spans(line).and_then(|(sequence, label)| {
            self.row(&line[sequence.0..sequence.1], label.map(|(a, b)| &line[a..b]), codes, report)
                .map_err(|fault| at(fault, sequence.0, label))
        });
        let label = match plain {
            // Quotes are rare: only a line that fails without them is looked through for them.
            Err(_) if memchr(b'"', line).is_some() => {
                codes.truncate(start);
                self.quoted(line, codes, cells, report)?
            }
            other => other?,
        };
        report.rows += u64::from(label.is_some());
        Ok(label)
    }

    /// What a line that was cut for its length means.
    pub(super) fn parse_cut(&self, line: &[u8], report: &mut ReadReport) -> Result<(), Box<Fault>> {
        match self.content(line, report)? {
            None => Ok(()),
            Some(_) => self.long("a longer line", report),
        }
    }

    /// Whether a line that was cut for its length is an error.
    pub(super) fn refuses_cut(&self, line: &[u8]) -> bool {
        self.too_long == TooLong::Error && line.first().copied() != self.comment
    }

    fn long(&self, found: impl Into<String>, report: &mut ReadReport) -> Result<(), Box<Fault>> {
        match self.too_long {
            TooLong::Error => {
                Err(Fault::new(self.longest, format!("a sequence of at most {} letters", self.longest), found))
            }
            TooLong::Skip => {
                report.skipped_long += 1;
                Ok(())
            }
        }
    }

    fn spans(&self, line: &[u8]) -> Result<(Span, Option<Span>), Box<Fault>> {
        let (mut start, mut count, mut sequence, mut label) = (0, 0, None, None);
        loop {
            let rest = &line[start..];
            let end = start + memchr(self.delimiter, rest).unwrap_or(rest.len());
            if count == self.fields.sequence {
                sequence = Some((start, end));
            }
            if Some(count) == self.fields.label {
                label = Some((start, end));
            }
            count += 1;
            if end == line.len() {
                break;
            }
            start = end + 1;
        }
        match sequence {
            Some(sequence)
                if self.fields.count.is_none_or(|fields| fields == count)
                    && label.is_some() == self.fields.label.is_some() =>
            {
                Ok((sequence, label))
            }
            _ => Err(self.wrong_count(line.len(), count)),
        }
    }

    fn wrong_count(&self, length: usize, found: usize) -> Box<Fault> {
        let wanted = self.fields.count.unwrap_or(1);
        let delimiter = match self.delimiter {
            b'\t' => "a tab".into(),
            other => format!("`{}`", other as char),
        };
        let s = if wanted == 1 { "" } else { "s" };
        Fault::new(length, format!("{wanted} column{s} separated by {delimiter}"), format!("{found}"))
    }

    fn row(
        &self,
        sequence: &[u8],
        label: Option<&[u8]>,
        codes: &mut Vec<u8>,
        report: &mut ReadReport,
    ) -> Result<Option<f32>, (Part, Box<Fault>)> {
        if sequence.is_empty() {
            return Err((Part::Sequence, Fault::new(0, "a sequence", "nothing")));
        }
        let label = match label {
            None => f32::NAN,
            Some(text) if self.missing_labels == MissingLabels::Skip && is_missing(text) => {
                report.skipped_labels += 1;
                return Ok(None);
            }
            Some(text) => number::parse(text)
                .ok_or_else(|| (Part::Label, Fault::new(0, "a finite number as label", excerpt(text))))?,
        };
        if sequence.len() > self.longest {
            self.long(format!("{}", sequence.len()), report).map_err(|fault| (Part::Sequence, fault))?;
            return Ok(None);
        }
        let kept = letters::encode(&self.letters, sequence, codes, report).map_err(|fault| (Part::Sequence, fault))?;
        Ok(kept.then_some(label))
    }

    fn quoted(
        &self,
        line: &[u8],
        codes: &mut Vec<u8>,
        cells: &mut Vec<String>,
        report: &mut ReadReport,
    ) -> Result<Option<f32>, Box<Fault>> {
        let fields = self.unquote(line)?;
        cells.clear();
        for field in self.fields.kept.iter().filter_map(|&field| fields.get(field)) {
            match str::from_utf8(&field.text) {
                Ok(text) => cells.push(text.to_owned()),
                Err(error) => return Err(Fault::new(field.start + error.valid_up_to(), "UTF-8 text", "other bytes")),
            }
        }
        let (sequence, label) = (fields.get(self.fields.sequence), self.fields.label.map(|label| fields.get(label)));
        let wrong_count = self.fields.count.is_some_and(|count| count != fields.len());
        match (sequence, label) {
            (Some(sequence), None) if !wrong_count => {
                self.row(&sequence.text, None, codes, report).map_err(|fault| at(fault, sequence.start, None))
            }
            (Some(sequence), Some(Some(label))) if !wrong_count => self
                .row(&sequence.text, Some(&label.text), codes, report)
                .map_err(|fault| at(fault, sequence.start, Some((label.start, 0)))),
            _ => Err(self.wrong_count(line.len(), fields.len())),
        }
    }

    /// The fields of a line, out of their quotes.
    pub(super) fn unquote<'a>(&self, line: &'a [u8]) -> Result<Vec<Field<'a>>, Box<Fault>> {
        let mut fields = Vec::new();
        let mut start = 0;
        loop {
            let rest = &line[start..];
            let (field, length) = if rest.first() == Some(&b'"') {
                let (text, length) =
                    closed(&rest[1..]).ok_or_else(|| Fault::new(start, "a closing quote on the same line", "none"))?;
                (Field { start: start + 1, text: text.into() }, length + 1)
            } else {
                let length = memchr(self.delimiter, rest).unwrap_or(rest.len());
                (Field { start, text: rest[..length].into() }, length)
            };
            fields.push(field);
            start += length;
            match line.get(start) {
                None => return Ok(fields),
                Some(&byte) if byte == self.delimiter => start += 1,
                Some(_) => return Err(Fault::new(start, "the end of the column after its quote", "more")),
            }
        }
    }
}

/// A field and where it starts in its line.
pub(super) struct Field<'a> {
    start: usize,
    pub(super) text: Cow<'a, [u8]>,
}

/// Text up to the closing quote, two quotes read as one, and the number of bytes including that quote.
fn closed(text: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut inner = Vec::new();
    let mut place = 0;
    loop {
        let quote = place + memchr(b'"', &text[place..])?;
        inner.extend_from_slice(&text[place..quote]);
        if text.get(quote + 1) != Some(&b'"') {
            return Some((inner, quote + 1));
        }
        inner.push(b'"');
        place = quote + 2;
    }
}

/// Which field a fault is in.
enum Part {
    Sequence,
    Label,
}

/// The fault with its place in the line instead of in the field.
fn at((part, mut fault): (Part, Box<Fault>), sequence: usize, label: Option<Span>) -> Box<Fault> {
    fault.column += match part {
        Part::Sequence => sequence,
        Part::Label => label.map_or(0, |(start, _)| start),
    };
    fault
}

/// Whether a label is one of the ways to say that there is none.
fn is_missing(label: &[u8]) -> bool {
    let label = label.trim_ascii();
    label.is_empty() || label == b"NA" || label.eq_ignore_ascii_case(b"nan")
}

/// The start of a field for an error.
fn excerpt(text: &[u8]) -> String {
    const SHOWN: usize = 40;
    if text.is_empty() {
        return "nothing".into();
    }
    let start = text[..text.len().min(SHOWN)].escape_ascii();
    format!("`{start}{}`", if text.len() > SHOWN { "..." } else { "" })
}

//! Lines of a text with their places.

use super::LONGEST_LINE;
use crate::{Error, Result};

/// What is quoted of a line that is wrong.
const QUOTED: usize = 40;

/// The lines of a text, one after the other.
pub(super) struct Lines<'a> {
    rest: &'a [u8],
    /// Number of the last line that was given; 0 before the first.
    number: usize,
}

/// One line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) number: usize,
    pub(super) text: &'a str,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { rest: text, number: 0 }
    }

    /// The next line; `None` at the end. Lines end with a line feed, before which a carriage return may stand.
    pub(super) fn next(&mut self) -> Result<Option<Line<'a>>> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        self.number += 1;
        let end = self.rest.iter().position(|&byte| byte == b'\n').unwrap_or(self.rest.len());
        let bytes = &self.rest[..end];
        self.rest = self.rest.get(end + 1..).unwrap_or_default();
        let wrong = |column, expected: &str, found: String| Error::Syntax {
            line: self.number,
            column,
            expected: expected.to_owned(),
            found,
        };
        if bytes.len() > LONGEST_LINE {
            return Err(wrong(LONGEST_LINE + 1, "a line of at most 65536 bytes", format!("{} bytes", bytes.len())));
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| wrong(error.valid_up_to() + 1, "text in UTF-8", "other bytes".to_owned()))?;
        Ok(Some(Line { number: self.number, text: text.strip_suffix('\r').unwrap_or(text) }))
    }

    /// The error of a text that ends too early.
    pub(super) fn end(&self, expected: impl Into<String>) -> Error {
        Error::Syntax {
            line: self.number + 1,
            column: 1,
            expected: expected.into(),
            found: "the end of the text".to_owned(),
        }
    }
}

impl<'a> Line<'a> {
    /// The error of this line, from byte `at` on.
    pub(super) fn wrong(&self, at: usize, expected: impl Into<String>) -> Error {
        let rest = self.text.get(at..).unwrap_or_default().trim_end();
        let quoted: String = rest.chars().take(QUOTED).collect();
        let found = if quoted.is_empty() { "the end of the line".to_owned() } else { format!("{quoted:?}") };
        Error::Syntax { line: self.number, column: at + 1, expected: expected.into(), found }
    }

    /// The words between blanks, each with its first byte.
    pub(super) fn words(&self) -> impl Iterator<Item = (usize, &'a str)> + use<'a> {
        let text = self.text;
        text.split_whitespace().map(move |word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
    }

    /// The first word that begins at byte `from` or later, or goes on there.
    pub(super) fn word_from(&self, from: usize) -> Option<(usize, &'a str)> {
        let word = self.text.get(from..)?.split_whitespace().next()?;
        Some((word.as_ptr() as usize - self.text.as_ptr() as usize, word))
    }

    /// A word that is a finite figure of at least 0.
    pub(super) fn figure(&self, at: usize, word: &str) -> Result<f64> {
        match word.parse::<f64>() {
            Ok(figure) if figure.is_finite() && figure >= 0.0 => Ok(figure),
            _ => Err(self.wrong(at, "a finite figure of at least 0")),
        }
    }
}

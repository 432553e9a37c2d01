//! Tables of results, row by row in constant memory.

mod parquet;

use std::borrow::Cow;
use std::io::Write as _;

use anyhow::Result;

use crate::form::{Form, Sink};
use crate::npz::{self, Array};
use crate::output::Output;

/// A value of a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'a> {
    Text(&'a str),
    Whole(u64),
    Real(f32),
}

/// What the values of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Whole,
    Real,
}

/// A table on its way into a file.
pub(crate) struct Table {
    names: Vec<String>,
    writer: Writer,
}

enum Writer {
    Delimited(Delimited),
    Json(Output),
    Parquet(Box<parquet::Writer>),
    Npz(Output, Vec<Array>),
}

/// A file of columns, with the line of names until the first row is written: what fails before it leaves nothing on
/// standard output.
struct Delimited {
    out: Output,
    delimiter: char,
    names: Option<String>,
}

/// Whether a TSV file begins with the names of its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Header {
    Yes,
    No,
}

impl Table {
    /// Begins a table with these columns. A CSV file always begins with their names.
    pub(crate) fn create(sink: Sink, header: Header, columns: &[(&str, Kind)]) -> Result<Self> {
        let names: Vec<String> = columns.iter().map(|column| column.0.to_owned()).collect();
        let out = sink.out;
        let writer = match sink.form {
            Form::Tsv => Writer::Delimited(Delimited::new(out, '\t', (header == Header::Yes).then_some(&names))),
            Form::Csv => Writer::Delimited(Delimited::new(out, ',', Some(&names))),
            Form::Json => Writer::Json(out),
            Form::Parquet => Writer::Parquet(Box::new(parquet::Writer::create(out, columns)?)),
            Form::Npz => {
                let array = |&(name, kind): &(&str, Kind)| match kind {
                    Kind::Text => Array::text(name),
                    Kind::Whole => Array::numbers(name, "<u8", &[]),
                    Kind::Real => Array::numbers(name, "<f4", &[]),
                };
                Writer::Npz(out, columns.iter().map(array).collect::<Result<_>>()?)
            }
        };
        Ok(Self { names, writer })
    }

    /// Begins with the first row: what it is joined to has the names of the columns.
    pub(crate) fn leave_names_out(&mut self) {
        if let Writer::Delimited(file) = &mut self.writer {
            file.names = None;
        }
    }

    /// Adds a row, which has a value for each column.
    pub(crate) fn row(&mut self, values: &[Value<'_>]) -> Result<()> {
        match &mut self.writer {
            Writer::Delimited(file) => file.row(values)?,
            Writer::Json(out) => {
                for (i, (name, value)) in self.names.iter().zip(values).enumerate() {
                    write!(out, "{}", if i == 0 { "{" } else { ", " })?;
                    serde_json::to_writer(&mut *out, name)?;
                    write!(out, ": ")?;
                    match value {
                        Value::Text(text) => serde_json::to_writer(&mut *out, text)?,
                        Value::Whole(number) => write!(out, "{number}")?,
                        Value::Real(number) => serde_json::to_writer(&mut *out, number)?,
                    }
                }
                writeln!(out, "}}")?;
            }
            Writer::Parquet(writer) => writer.row(values)?,
            Writer::Npz(_, arrays) => {
                for (array, value) in arrays.iter_mut().zip(values) {
                    match value {
                        Value::Text(text) => array.push_text(text)?,
                        Value::Whole(number) => array.push(&number.to_le_bytes())?,
                        Value::Real(number) => array.push(&number.to_le_bytes())?,
                    }
                }
            }
        }
        Ok(())
    }

    /// Everything is written: a file gets its name.
    pub(crate) fn finish(self) -> Result<()> {
        match self.writer {
            Writer::Delimited(mut file) => {
                // A table without rows has columns nevertheless.
                file.header()?;
                file.out.finish()
            }
            Writer::Json(out) => out.finish(),
            Writer::Parquet(writer) => writer.finish(),
            Writer::Npz(out, arrays) => npz::write(arrays, out),
        }
    }
}

impl Delimited {
    fn new(out: Output, delimiter: char, names: Option<&Vec<String>>) -> Self {
        let line = |names: &Vec<String>| {
            let names: Vec<_> = names.iter().map(|name| quoted(name, delimiter)).collect();
            names.join(&delimiter.to_string())
        };
        Self { out, delimiter, names: names.map(line) }
    }

    fn header(&mut self) -> Result<()> {
        if let Some(names) = self.names.take() {
            writeln!(self.out, "{names}")?;
        }
        Ok(())
    }

    fn row(&mut self, values: &[Value<'_>]) -> Result<()> {
        self.header()?;
        let Self { out, delimiter, .. } = self;
        for (i, value) in values.iter().enumerate() {
            if i > 0 {
                write!(out, "{delimiter}")?;
            }
            match value {
                Value::Text(text) => write!(out, "{}", quoted(text, *delimiter))?,
                Value::Whole(number) => write!(out, "{number}")?,
                Value::Real(number) => write!(out, "{number}")?,
            }
        }
        Ok(writeln!(out)?)
    }
}

/// A field as it stands in a file: in double quotes if it would be read as something else.
fn quoted(text: &str, delimiter: char) -> Cow<'_, str> {
    let quotes = if delimiter == ',' { text.contains('"') } else { text.starts_with('"') };
    match quotes || text.contains([delimiter, '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")).into(),
        false => text.into(),
    }
}

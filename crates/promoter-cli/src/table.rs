//! Tables of results, row by row in constant memory.

mod parquet;

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
    columns: Vec<(&'static str, Kind)>,
    writer: Writer,
}

enum Writer {
    /// With the line of names, until the first row is written: what fails before it leaves nothing on standard output.
    Tsv(Output, Option<String>),
    Json(Output),
    Parquet(Box<parquet::Writer>),
    Npz(Output, Vec<Array>),
}

/// Whether a TSV file begins with the names of its columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Header {
    Yes,
    No,
}

impl Table {
    /// Begins a table with these columns.
    pub(crate) fn create(sink: Sink, header: Header, columns: &[(&'static str, Kind)]) -> Result<Self> {
        let out = sink.out;
        let writer = match sink.form {
            Form::Tsv => {
                let names: Vec<&str> = columns.iter().map(|column| column.0).collect();
                Writer::Tsv(out, (header == Header::Yes).then(|| names.join("\t")))
            }
            Form::Json => Writer::Json(out),
            Form::Parquet => Writer::Parquet(Box::new(parquet::Writer::create(out, columns)?)),
            Form::Npz => {
                let array = |&(name, kind): &(&'static str, Kind)| match kind {
                    Kind::Text => Array::text(name),
                    Kind::Whole => Array::numbers(name, "<u8", &[]),
                    Kind::Real => Array::numbers(name, "<f4", &[]),
                };
                Writer::Npz(out, columns.iter().map(array).collect::<Result<_>>()?)
            }
        };
        Ok(Self { columns: columns.to_vec(), writer })
    }

    /// Adds a row, which has a value for each column.
    pub(crate) fn row(&mut self, values: &[Value<'_>]) -> Result<()> {
        match &mut self.writer {
            Writer::Tsv(out, names) => {
                if let Some(names) = names.take() {
                    writeln!(out, "{names}")?;
                }
                for (i, value) in values.iter().enumerate() {
                    let tab = if i == 0 { "" } else { "\t" };
                    match value {
                        Value::Text(text) => write!(out, "{tab}{text}")?,
                        Value::Whole(number) => write!(out, "{tab}{number}")?,
                        Value::Real(number) => write!(out, "{tab}{number}")?,
                    }
                }
                writeln!(out)?;
            }
            Writer::Json(out) => {
                for (i, ((name, _), value)) in self.columns.iter().zip(values).enumerate() {
                    write!(out, "{}\"{name}\": ", if i == 0 { "{" } else { ", " })?;
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
            Writer::Tsv(mut out, names) => {
                // A table without rows has columns nevertheless.
                if let Some(names) = names {
                    writeln!(out, "{names}")?;
                }
                out.finish()
            }
            Writer::Json(out) => out.finish(),
            Writer::Parquet(writer) => writer.finish(),
            Writer::Npz(out, arrays) => npz::write(arrays, out),
        }
    }
}

//! Columns of the input that go into the output.

use anyhow::{Result, bail};
use clap::Args;

use crate::form::Sink;
use crate::table::{Header, Kind, Table, Value};

/// Columns of the input that go into the output.
#[derive(Debug, Args)]
pub(crate) struct Keep {
    /// Copy this column of the input into the output, before all others; can be repeated. FASTA and FASTQ have `name`,
    /// BED chrom, start, end, name, score and strand, a table what its header names
    #[arg(long = "keep", value_name = "COLUMN")]
    columns: Vec<String>,
}

impl Keep {
    pub(crate) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Begins a table of the kept columns and `columns`. It has a header where columns are kept, whatever `header`
    /// says.
    ///
    /// # Errors
    /// A name that is used twice.
    pub(crate) fn begin(&self, sink: Sink, header: Header, columns: &[(&str, Kind)]) -> Result<Table> {
        let kept = self.columns.iter().map(|name| (name.as_str(), Kind::Text));
        let all: Vec<(&str, Kind)> = kept.chain(columns.iter().copied()).collect();
        self.check(&columns.iter().map(|column| column.0).collect::<Vec<_>>())?;
        Table::create(sink, if self.columns.is_empty() { header } else { Header::Yes }, &all)
    }

    /// Refuses a kept column that is named twice, or as one of the output's own columns.
    pub(crate) fn check(&self, columns: &[&str]) -> Result<()> {
        for (i, name) in self.columns.iter().enumerate() {
            if columns.contains(&name.as_str()) || self.columns[..i].contains(name) {
                bail!("--keep {name}: the output has a column `{name}` already: rename the one of the input");
            }
        }
        Ok(())
    }
}

/// The values of a row: its kept cells, and then its own.
pub(crate) fn row<'a, 'b: 'a>(cells: impl IntoIterator<Item = &'b str>, values: &[Value<'a>]) -> Vec<Value<'a>> {
    let mut row = Vec::new();
    for cell in cells {
        row.push(Value::Text(cell));
    }
    row.extend_from_slice(values);
    row
}

//! Some sequences with their names.

use anyhow::Result;
use promoter::Error;
use promoter::predictor::Ensemble;
use promoter::seq::Table;
use promoter::seq::read::{Record, Rows};

/// Some sequences with their names.
#[derive(Default)]
pub(crate) struct Chunk {
    pub(crate) names: Vec<String>,
    pub(crate) table: Table,
}

impl Chunk {
    /// Reads the next sequences, at most `most`; false when there are no more. Those without a name are numbered from
    /// 1; `before` came before them.
    pub(crate) fn read(&mut self, rows: &mut Rows, most: usize, before: usize) -> Result<bool> {
        self.names.clear();
        self.table.clear();
        if self.table.columns() != rows.keep() {
            self.table = Table::with_columns(rows.keep());
        }
        let mut record = Record::default();
        while self.names.len() < most && rows.read(&mut record)? {
            let number = before + self.names.len() + 1;
            self.names.push(match &record.name[..] {
                b"" => number.to_string(),
                name => String::from_utf8_lossy(name).into_owned(),
            });
            self.table.push_row(&record.codes, f32::NAN, record.line, &record.cells);
        }
        Ok(!self.names.is_empty())
    }

    /// The base codes of each sequence.
    pub(crate) fn codes(&self) -> Vec<&[u8]> {
        self.table.rows().map(|(codes, _)| codes).collect()
    }

    /// Refuses a sequence that the policies of a model refuse, by its name.
    pub(crate) fn check(&self, ensemble: &Ensemble) -> Result<()> {
        match ensemble.check(self.codes()) {
            Err(Error::Row { row, source }) => {
                let name = &self.names[row as usize - 1];
                Err(anyhow::Error::from(source).context(format!("sequence {name} does not fit the model")))
            }
            other => Ok(other?),
        }
    }
}

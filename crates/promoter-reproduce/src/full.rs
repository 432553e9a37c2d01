//! The full scale: is it the challenge's file, and what will it take?

use std::path::Path;

use promoter_seq::Filter;
use promoter_seq::read::{self, ReadOptions};
use serde::{Deserialize, Serialize};

use crate::plan::Planned;
use crate::{Error, outcome};

/// What a training file must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// Rows.
    pub rows: u64,
    /// Rows of length 110 without N.
    pub kept: u64,
}

/// The challenge's training file.
pub const CHALLENGE: Expected = Expected { rows: 6_739_258, kept: 5_511_002 };

/// A file that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// Hash of its contents.
    pub hash: String,
    /// Rows.
    pub rows: u64,
    /// Rows of length 110 without N.
    pub kept: u64,
}

/// Checks a training file whose contents hash to `hash`. On first use its rows are counted and its hash is recorded in
/// `record`; later the hash must be the same.
///
/// # Errors
/// [`Error::Data`] when it is another file, [`Error::Sequences`] when it cannot be read.
pub fn check(path: &Path, hash: &str, expected: Expected, record: &Path) -> Result<Known, Error> {
    let refuse = |reason: String| Err(Error::Data { path: path.to_owned(), reason });
    if let Some(known) = outcome::read::<Known>(record)? {
        if known.hash == hash {
            return Ok(known);
        }
        return refuse(format!(
            "its contents are not those of the file that the results in {} were made with (hash {}, now {hash}): take \
             that file, or take {} away to begin anew",
            record.parent().unwrap_or(record).display(),
            known.hash,
            record.display()
        ));
    }
    let (table, _) = read::read(path, &ReadOptions::default())?;
    let rows = table.len() as u64;
    let kept = Filter::exact_110().apply(table, 0)?.0.len() as u64;
    if (Expected { rows, kept }) != expected {
        return refuse(format!(
            "it has {rows} rows, {kept} of length 110 without N; the challenge's training file has {} and {}",
            expected.rows, expected.kept
        ));
    }
    let known = Known { hash: hash.to_owned(), rows, kept };
    outcome::write(record, &known)?;
    Ok(known)
}

/// What full runs will take, for people.
pub fn estimate(runs: &[Planned], rows: u64, milliseconds_per_row: impl Fn(&Planned) -> f64) -> String {
    let mut text = format!("{:<36} {:>8} {:>16}\n", "run", "epochs", "hours, 2 cores");
    let mut total = 0.0;
    for planned in runs {
        let training = &planned.experiment.training;
        let items = (rows * training.epochs) as f64 * planned.experiment.augment.copies() as f64;
        let items = planned.steps.map_or(items, |steps| items.min((steps * training.batch_size) as f64));
        let hours = items * milliseconds_per_row(planned) / 3.6e6;
        total += hours;
        text += &format!("{:<36} {:>8} {hours:>16.0}\n", format!("{}, {}", planned.id, planned.name), training.epochs);
    }
    // A byte for each base code on the host and one on the device, 12 bytes for label and offsets.
    let memory = rows as f64 * (2.0 * 110.0 + 12.0) * 1.5 / 1e9;
    text + &format!(
        "{:<36} {:>8} {total:>16.0}\n\nmemory: about {memory:.1} GB for the rows, and the network's own\n\
         a data-centre GPU trains these networks 50 to 200 times as fast as two cores\n",
        "all", ""
    )
}

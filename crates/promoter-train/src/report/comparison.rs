//! Several runs beside each other.

use std::path::Path;

use minijinja::context;

use super::plot::curves;
use super::{fixed, render};
use crate::record::EpochRecord;
use crate::run::{Folder, Summary};
use crate::{Error, Scores};

/// A finished run.
struct Finished {
    name: String,
    summary: Summary,
    records: Vec<EpochRecord>,
    config: String,
}

impl Finished {
    fn read(folder: &Path) -> Result<Self, Error> {
        let run = Folder::open(folder)?;
        let name = folder.display().to_string();
        Ok(Self { name, summary: run.summary()?, records: run.records()?, config: run.experiment()?.to_toml() })
    }
}

/// A page with the scores and curves of several runs, in the order of their folders. It needs nothing from outside
/// itself.
///
/// # Errors
/// [`Error::NoRun`], [`Error::Unfinished`], [`Error::Io`], [`Error::Plot`], [`Error::Page`].
pub fn compare(folders: &[impl AsRef<Path>]) -> Result<String, Error> {
    let runs = folders.iter().map(|folder| Finished::read(folder.as_ref())).collect::<Result<Vec<_>, _>>()?;
    let rows: Vec<_> = runs.iter().map(row).collect();
    let of = |value: fn(&EpochRecord) -> f64| -> Vec<Vec<f64>> {
        runs.iter().map(|run| run.records.iter().map(value).collect()).collect()
    };
    let plot = |title: &str, values: &[Vec<f64>]| {
        let named: Vec<(&str, &[f64])> =
            runs.iter().map(|run| run.name.as_str()).zip(values.iter().map(Vec::as_slice)).collect();
        curves(title, &named)
    };
    let page = context! {
        rows,
        loss => plot("Loss of the validation rows", &of(|record| record.validation_loss))?,
        pearson => plot("Pearson's r of the validation rows", &of(|record| record.validation.pearson))?,
        differences => differences(&runs),
    };
    render(include_str!("comparison.html"), page)
}

fn row(run: &Finished) -> minijinja::Value {
    let (name, summary) = (&run.name, &run.summary);
    let scores = summary.validation();
    let score = |of: fn(&Scores) -> f64| scores.map_or_else(|| "-".to_owned(), |scores| fixed(of(scores)));
    context! {
        name, title => &summary.title, parameters => summary.parameters, epochs => run.records.len(),
        best_epoch => summary.best_epoch + 1, rows => summary.validation_rows,
        rows_per_second => format!("{:.0}", summary.rows_per_second),
        pearson => score(|s| s.pearson), spearman => score(|s| s.spearman),
        r2 => score(|s| s.r2), mse => score(|s| s.mse),
        noise_ceiling => summary.noise_ceiling.map_or_else(String::new, |ceiling| format!("{ceiling:.4}")),
    }
}

/// Lines of the configurations that are not in all of them, by run.
fn differences(runs: &[Finished]) -> Vec<Vec<String>> {
    let keys: Vec<Vec<String>> = runs.iter().map(|run| flat(&run.config)).collect();
    let common = |line: &String| keys.iter().all(|lines| lines.contains(line));
    keys.iter().map(|lines| lines.iter().filter(|line| !common(line)).cloned().collect()).collect()
}

/// Each value of a configuration with its whole key.
fn flat(text: &str) -> Vec<String> {
    let mut table = "";
    let mut lines = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(name) => table = name,
            None if table.is_empty() => lines.push(line.to_owned()),
            None => lines.push(format!("{table}.{line}")),
        }
    }
    lines
}

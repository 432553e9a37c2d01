//! Several runs beside each other.

use std::path::Path;

use minijinja::context;

use super::plot::curves;
use super::summary::Finished;
use super::{fixed, render};
use crate::record::EpochRecord;
use crate::{Error, Scores};

/// A page with the scores and curves of several runs, in the order of their folders. It needs nothing from outside
/// itself.
///
/// # Errors
/// [`Error::NoRun`], [`Error::Unfinished`], [`Error::Io`], [`Error::Report`].
pub fn compare(folders: &[impl AsRef<Path>]) -> Result<String, Error> {
    let runs = folders.iter().map(|folder| Finished::read(folder.as_ref())).collect::<Result<Vec<_>, _>>()?;
    let names: Vec<String> = runs.iter().map(|run| run.path.display().to_string()).collect();
    let rows: Vec<_> = runs.iter().zip(&names).map(|(run, name)| row(run, name)).collect();
    let of = |value: fn(&EpochRecord) -> f64| -> Vec<Vec<f64>> {
        runs.iter().map(|run| run.records.iter().map(value).collect()).collect()
    };
    let plot = |title: &str, values: &[Vec<f64>]| {
        let named: Vec<(&str, &[f64])> =
            names.iter().map(String::as_str).zip(values.iter().map(Vec::as_slice)).collect();
        curves(title, &named)
    };
    let page = context! {
        rows,
        loss => plot("Loss of the validation rows", &of(|record| record.validation_loss))?,
        pearson => plot("Pearson's r of the validation rows", &of(|record| record.validation.pearson))?,
        differences => differences(&runs)?,
    };
    render(include_str!("comparison.html"), page)
}

fn row(run: &Finished, name: &str) -> minijinja::Value {
    let summary = &run.summary;
    // The kept network on the validation rows comes second, after that on the training rows.
    let scores = summary.lines.get(1).map(|line| line.scores);
    let score = |of: fn(&Scores) -> f64| scores.as_ref().map_or_else(|| "-".to_owned(), |scores| fixed(of(scores)));
    context! {
        name, title => &summary.title, parameters => summary.parameters, epochs => run.records.len(),
        best_epoch => summary.best_epoch + 1, rows => summary.validation_rows,
        rows_per_second => format!("{:.0}", summary.rows_per_second),
        pearson => score(|s| s.pearson), spearman => score(|s| s.spearman), r2 => score(|s| s.r2), mse => score(|s| s.mse),
        noise_ceiling => summary.noise_ceiling.map_or_else(String::new, |ceiling| format!("{ceiling:.4}")),
    }
}

/// Lines of the configurations that are not in all of them, by run.
fn differences(runs: &[Finished]) -> Result<Vec<Vec<String>>, Error> {
    let keys = runs.iter().map(|run| Ok(flat(&run.text("config.toml")?))).collect::<Result<Vec<_>, Error>>()?;
    let common = |line: &String| keys.iter().all(|lines| lines.contains(line));
    Ok(keys.iter().map(|lines| lines.iter().filter(|line| !common(line)).cloned().collect()).collect())
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

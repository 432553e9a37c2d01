//! The pages that runs are looked at: scores, curves, predicted against measured. They need nothing from outside
//! themselves.

mod comparison;
mod plot;
mod summary;

use std::path::Path;

use minijinja::{Environment as Templates, context};
use promoter_torch::file::write_whole;
use serde::{Deserialize, Serialize};

pub use self::comparison::compare;
use self::plot::{curves, scatter};
use self::summary::{Finished, Summary};
use crate::{EpochRecord, Error, Outcome, Prepared, Run, Scores};

/// A row of the page's table: something that predicts, and how well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// What predicts, on which rows.
    pub what: String,
    /// How well.
    pub scores: Scores,
}

/// Writes `report.html` into the run's folder, and `summary.json`, from which it can be written again. The first two
/// lines are the kept network on training and on validation rows; there is none when it learnt masked k-mers.
///
/// # Errors
/// [`Error::Report`] when a plot cannot be drawn, [`Error::Io`].
pub fn write(run: &Run, title: &str, lines: &[Line], prepared: &Prepared, outcome: &Outcome) -> Result<(), Error> {
    let summary = Summary::of(title, lines, prepared, outcome);
    let json = serde_json::to_vec_pretty(&summary).map_err(|error| Error::Report(error.to_string()))?;
    run.write(Summary::FILE, &json)?;
    rewrite(run.path())
}

/// Writes `report.html` of a finished run again, from the other files of its folder.
///
/// # Errors
/// [`Error::NoRun`], [`Error::Unfinished`], [`Error::Report`], [`Error::Io`].
pub fn rewrite(folder: &Path) -> Result<(), Error> {
    let html = page(&Finished::read(folder)?)?;
    let path = folder.join("report.html");
    write_whole(&path, html.as_bytes()).map_err(|source| Error::Io { path, source })
}

fn page(run: &Finished) -> Result<String, Error> {
    let Finished { summary, records, .. } = run;
    let rows: Vec<_> = summary
        .lines
        .iter()
        .map(|Line { what, scores }| {
            context! {
                what, n => scores.n, pearson => fixed(scores.pearson), spearman => fixed(scores.spearman),
                r2 => fixed(scores.r2), mse => fixed(scores.mse), mae => fixed(scores.mae),
            }
        })
        .collect();
    let train: Vec<f64> = records.iter().map(|record| record.train_loss).collect();
    let validation: Vec<f64> = records.iter().map(|record| record.validation_loss).collect();
    let pearson = |of: fn(&EpochRecord) -> f64| records.iter().map(of).collect::<Vec<_>>();
    let (measured, predicted) = run.predictions()?;
    let accuracy: Vec<f64> = records.iter().map(|record| record.chosen_by).collect();
    let page = context! {
        title => &summary.title, rows,
        noise_ceiling => summary.noise_ceiling.map(|ceiling| format!("{ceiling:.4}")),
        filter => &summary.filter, train_rows => summary.train_rows, validation_rows => summary.validation_rows,
        parameters => summary.parameters, rows_per_second => format!("{:.0}", summary.rows_per_second),
        best_epoch => summary.best_epoch + 1, epochs => records.len(),
        loss => curves("Loss", &[("training", &train), ("validation", &validation)])?,
        agreement => match summary.lines.is_empty() {
            true => curves("Accuracy of masked k-mers", &[("validation", &accuracy)])?,
            false => curves("Pearson's r", &[
                ("training", &pearson(|record| record.train_pearson)),
                ("validation", &pearson(|record| record.validation.pearson)),
            ])?,
        },
        scatter => scatter(&measured, &predicted)?,
        config => run.text("config.toml")?, environment => run.text("env.json")?,
    };
    render(include_str!("report/page.html"), page)
}

fn render(template: &str, page: minijinja::Value) -> Result<String, Error> {
    let mut templates = Templates::new();
    templates.set_auto_escape_callback(|_| minijinja::AutoEscape::Html);
    templates.render_str(template, page).map_err(|error| Error::Report(error.to_string()))
}

/// A score that may not exist.
fn fixed(value: f64) -> String {
    if value.is_nan() { "-".to_owned() } else { format!("{value:.4}") }
}

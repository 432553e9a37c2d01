//! The pages that runs are looked at: scores, curves, predicted against measured. They need nothing from outside
//! themselves.

mod comparison;
mod plot;

use minijinja::{Environment as Templates, context};
use promoter_encode::file::write_whole;
use promoter_metrics::Ridge;

pub use self::comparison::compare;
use self::plot::{curves, scatter};
use crate::prepared::Part;
use crate::run::{Folder, Line};
use crate::{EpochRecord, Error, Outcome, Prepared, Scores};

/// The kept network on each part of the rows, and ridge regression on k-mer counts beside it; `joined` where ridge
/// regression is part of the network's predictions too.
pub(crate) fn lines(prepared: &Prepared, outcome: &Outcome, joined: bool) -> Result<Vec<Line>, Error> {
    let sequences = |part: &Part| -> Vec<Vec<u8>> { part.rows().map(|(codes, _)| codes.to_vec()).collect() };
    let failed = |source| Error::Metric { what: "ridge regression", source };
    let ridge = Ridge::fit(&sequences(&prepared.train), prepared.train.labels()).map_err(failed)?;
    let predicted = ridge.predict(&sequences(&prepared.validation));
    let line = |what: &str, scores| Line { what: what.to_owned(), scores };
    let network = if joined { "network with ridge" } else { "network" };
    let of_network = |rows: &str, scores| Line { what: format!("{network}, {rows}"), scores };
    let mut lines = vec![
        of_network("training rows", outcome.train),
        of_network("validation rows", outcome.validation),
        line("ridge on 2..6-mers, validation", Scores::of(prepared.validation.labels(), &predicted)?),
    ];
    if let Some(test) = outcome.test {
        let predicted = ridge.predict(&sequences(&prepared.test));
        lines.push(of_network("held-out test rows", test));
        lines.push(line("ridge on 2..6-mers, test", Scores::of(prepared.test.labels(), &predicted)?));
    }
    Ok(lines)
}

/// Writes `report.html` of a finished run from the other files of its folder.
///
/// # Errors
/// [`Error::Unfinished`], [`Error::Plot`], [`Error::Page`], [`Error::Io`], [`Error::Json`].
pub fn write(run: &Folder) -> Result<(), Error> {
    let html = page(run)?;
    let path = run.report_path();
    write_whole(&path, html.as_bytes()).map_err(|source| Error::Io { path, source })
}

fn page(run: &Folder) -> Result<String, Error> {
    let (summary, records) = (run.summary()?, run.records()?);
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
    let predictions = if summary.lines.is_empty() { Vec::new() } else { run.predictions()? };
    let (measured, predicted): (Vec<f32>, Vec<f32>) =
        predictions.iter().map(|row| (row.measured, row.predicted)).unzip();
    let accuracy: Vec<f64> = records.iter().map(|record| record.chosen_by).collect();
    let page = context! {
        title => &summary.title, rows, warning => summary.warning(),
        noise_ceiling => summary.noise_ceiling.map(|ceiling| format!("{ceiling:.4}")),
        filter => &summary.filter, train_rows => summary.train_rows, validation_rows => summary.validation_rows,
        test_rows => summary.test_rows,
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
        config => run.experiment()?.to_toml(),
        environment => serde_json::to_string(&run.environment()?).unwrap_or_default(),
    };
    render(include_str!("report/page.html"), page)
}

fn render(template: &str, page: minijinja::Value) -> Result<String, Error> {
    let mut templates = Templates::new();
    templates.set_auto_escape_callback(|_| minijinja::AutoEscape::Html);
    Ok(templates.render_str(template, page)?)
}

/// A score that may not exist.
fn fixed(value: f64) -> String {
    if value.is_nan() { "-".to_owned() } else { format!("{value:.4}") }
}

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

/// The kept network, which is called `network`, on each part of the rows, and ridge regression on k-mer counts beside
/// it. Of several labels, which `names` has, the means come first.
pub(crate) fn lines(
    prepared: &Prepared,
    outcome: &Outcome,
    network: &str,
    names: &[String],
) -> Result<Vec<Line>, Error> {
    let [train, validation, test] = &outcome.of_labels;
    let mut of_labels = Vec::new();
    for label in 0..prepared.labels.len() {
        let scores = (train[label], validation[label], test.get(label).copied());
        of_labels.push(of_label(prepared, label, scores, network)?);
    }
    if let ([lines], []) = (&of_labels[..], names) {
        return Ok(lines.clone());
    }
    let mean = |place: usize, line: &Line| {
        let scores: Vec<Scores> = of_labels.iter().map(|lines| lines[place].scores).collect();
        Line { what: format!("mean: {}", line.what), scores: Scores::mean(&scores) }
    };
    let means = of_labels.first().into_iter().flatten().enumerate().map(|(place, line)| mean(place, line));
    let named = of_labels.iter().zip(names).flat_map(|(lines, name)| {
        lines.iter().map(move |line| Line { what: format!("{name}: {}", line.what), scores: line.scores })
    });
    Ok(means.chain(named).collect())
}

/// The lines of a label, counted from 0.
fn of_label(
    prepared: &Prepared,
    label: usize,
    (train, validation, test): (Scores, Scores, Option<Scores>),
    network: &str,
) -> Result<Vec<Line>, Error> {
    let failed = |source| Error::Metric { what: "ridge regression", source };
    let (rows, labels) = prepared.train.labelled(label);
    let ridge = Ridge::fit(&rows, &labels).map_err(failed)?;
    let floor = |part: &Part| {
        let (rows, labels) = part.labelled(label);
        Scores::of(&labels, &ridge.predict(&rows))
    };
    let line = |what: &str, scores| Line { what: what.to_owned(), scores };
    let of_network = |rows: &str, scores| Line { what: format!("{network}, {rows}"), scores };
    let mut lines = vec![
        of_network("training rows", train),
        of_network("validation rows", validation),
        line("ridge on 2..6-mers, validation", floor(&prepared.validation)?),
    ];
    if let Some(test) = test {
        lines.push(of_network("held-out test rows", test));
        lines.push(line("ridge on 2..6-mers, test", floor(&prepared.test)?));
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
        predictions.iter().filter(|row| !row.measured.is_nan()).map(|row| (row.measured, row.predicted)).unzip();
    let accuracy: Vec<f64> = records.iter().map(|record| record.chosen_by).collect();
    let page = context! {
        title => &summary.title, rows, warnings => summary.warnings(&measured),
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

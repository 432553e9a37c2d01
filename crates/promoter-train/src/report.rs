//! The page that a run is looked at: scores, curves, predicted against measured. It needs nothing from outside itself.

use minijinja::{Environment as Templates, context};
use plotters::coord::Shift;
use plotters::prelude::*;

use crate::{EpochRecord, Error, Outcome, Prepared, Run, Scores};

/// A row of the page's table: something that predicts, and how well.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// What predicts, on which rows.
    pub what: String,
    /// How well.
    pub scores: Scores,
}

/// Points of the scatter plot at most; more would only be darker.
const POINTS: usize = 3000;

/// Writes `report.html` into the run's folder.
///
/// # Errors
/// [`Error::Report`] when a plot cannot be drawn, [`Error::Io`].
pub fn write(run: &Run, title: &str, lines: &[Line], prepared: &Prepared, outcome: &Outcome) -> Result<(), Error> {
    let records = run.records()?;
    let read = |name: &str| {
        let path = run.path().join(name);
        std::fs::read_to_string(&path).map_err(|source| Error::Io { path, source })
    };
    let rows: Vec<_> = lines
        .iter()
        .map(|Line { what, scores }| {
            let fixed = |value: f64| if value.is_nan() { "-".to_owned() } else { format!("{value:.4}") };
            context! {
                what, n => scores.n, pearson => fixed(scores.pearson), spearman => fixed(scores.spearman),
                r2 => fixed(scores.r2), mse => fixed(scores.mse), mae => fixed(scores.mae),
            }
        })
        .collect();
    let train: Vec<f64> = records.iter().map(|record| record.train_loss).collect();
    let validation: Vec<f64> = records.iter().map(|record| record.validation_loss).collect();
    let pearson = |of: fn(&EpochRecord) -> f64| records.iter().map(of).collect::<Vec<_>>();
    let page = context! {
        title, rows,
        noise_ceiling => prepared.noise_ceiling.map(|ceiling| format!("{ceiling:.4}")),
        filter => prepared.filter.to_string(),
        train_rows => prepared.train.len(), validation_rows => prepared.validation.len(),
        parameters => outcome.parameters, rows_per_second => format!("{:.0}", outcome.rows_per_second),
        best_epoch => outcome.best_epoch + 1, epochs => records.len(),
        loss => curves("Loss", &[("training", &train), ("validation", &validation)])?,
        pearson => curves("Pearson's r", &[
            ("training", &pearson(|record| record.train_pearson)),
            ("validation", &pearson(|record| record.validation.pearson)),
        ])?,
        scatter => scatter(prepared.validation.labels(), &outcome.predictions)?,
        config => read("config.toml")?, environment => read("env.json")?,
    };
    let mut templates = Templates::new();
    templates.set_auto_escape_callback(|_| minijinja::AutoEscape::Html);
    let html =
        templates.render_str(include_str!("report/page.html"), page).map_err(|e| Error::Report(e.to_string()))?;
    run.write("report.html", html.as_bytes())
}

/// Blue and orange that colour-blind people tell apart, in print too.
const COLOURS: [RGBColor; 2] = [RGBColor(0, 90, 160), RGBColor(220, 110, 0)];

/// Curves over the epochs, as SVG; values that do not exist are left out.
fn curves(title: &str, curves: &[(&str, &[f64])]) -> Result<String, Error> {
    let finite = || curves.iter().flat_map(|(_, values)| values.iter().copied()).filter(|v| v.is_finite());
    let (low, high) = padded_range(finite());
    let epochs = curves.iter().map(|(_, values)| values.len()).max().unwrap_or(0).max(2);
    draw((460, 300), |area| {
        let mut chart = ChartBuilder::on(area)
            .caption(title, ("sans-serif", 16))
            .margin(8)
            .x_label_area_size(32)
            .y_label_area_size(52)
            .build_cartesian_2d(1.0..epochs as f64, low..high)?;
        chart.configure_mesh().light_line_style(TRANSPARENT).x_desc("epoch").draw()?;
        for ((name, values), colour) in curves.iter().zip(COLOURS) {
            let points = || values.iter().enumerate().filter(|(_, v)| v.is_finite()).map(|(i, &v)| (i as f64 + 1.0, v));
            chart
                .draw_series(LineSeries::new(points(), colour.stroke_width(2)))?
                .label(*name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
            chart.draw_series(points().map(|point| Circle::new(point, 2, colour.filled())))?;
        }
        chart.configure_series_labels().background_style(WHITE.mix(0.8)).border_style(BLACK.mix(0.3)).draw()?;
        Ok(())
    })
}

/// Predicted against measured, as SVG, with the line on which they are equal.
fn scatter(measured: &[f32], predicted: &[f32]) -> Result<String, Error> {
    let step = measured.len().div_ceil(POINTS).max(1);
    let points: Vec<(f64, f64)> =
        measured.iter().zip(predicted).step_by(step).map(|(&m, &p)| (f64::from(m), f64::from(p))).collect();
    let (x0, x1) = padded_range(points.iter().map(|point| point.0));
    let (y0, y1) = padded_range(points.iter().map(|point| point.1));
    draw((460, 420), |area| {
        let mut chart = ChartBuilder::on(area)
            .caption("Validation rows", ("sans-serif", 16))
            .margin(8)
            .x_label_area_size(36)
            .y_label_area_size(52)
            .build_cartesian_2d(x0..x1, y0..y1)?;
        chart.configure_mesh().light_line_style(TRANSPARENT).x_desc("measured").y_desc("predicted").draw()?;
        chart.draw_series(points.iter().map(|&point| Circle::new(point, 1, COLOURS[0].mix(0.35).filled())))?;
        let (from, to) = (x0.max(y0), x1.min(y1));
        if from < to {
            chart.draw_series(LineSeries::new([(from, from), (to, to)], BLACK.mix(0.5)))?;
        }
        Ok(())
    })
}

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

fn draw(
    size: (u32, u32),
    plot: impl FnOnce(&Area<'_>) -> Result<(), Box<dyn std::error::Error>>,
) -> Result<String, Error> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let fill = area.fill(&WHITE).map_err(|e| Error::Report(e.to_string()));
        fill.and_then(|()| plot(&area).map_err(|e| Error::Report(e.to_string())))?;
        area.present().map_err(|e| Error::Report(e.to_string()))?;
    }
    Ok(svg)
}

/// Smallest to largest value with room on either side; -1..1 without a value.
fn padded_range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    if low > high {
        return (-1.0, 1.0);
    }
    let room = ((high - low) * 0.05).max(1e-6 * high.abs()).max(1e-9);
    (low - room, high + room)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plots_are_whole_svg_even_without_a_value() {
        for svg in [
            curves("Loss", &[("training", &[3.0, f64::NAN, 1.0]), ("validation", &[])]).unwrap(),
            curves("Loss", &[("training", &[])]).unwrap(),
            scatter(&[1.0, 2.0], &[1.0, 1.0]).unwrap(),
            scatter(&[], &[]).unwrap(),
        ] {
            assert!(svg.trim_start().starts_with("<svg") && svg.trim_end().ends_with("</svg>"), "{svg}");
        }
    }
}

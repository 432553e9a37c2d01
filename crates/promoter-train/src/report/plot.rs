//! Plots of a report, as SVG.

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::Error;

/// Colours that colour-blind people tell apart, the first two in print too; more curves take them again.
const COLOURS: [RGBColor; 8] = [
    RGBColor(0, 90, 160),
    RGBColor(220, 110, 0),
    RGBColor(0, 140, 100),
    RGBColor(200, 60, 130),
    RGBColor(90, 90, 90),
    RGBColor(80, 180, 230),
    RGBColor(150, 100, 40),
    RGBColor(120, 80, 180),
];

/// Points of the scatter plot at most; more would only be darker.
const POINTS: usize = 3000;

/// Curves over the epochs, as SVG; values that do not exist are left out.
pub(super) fn curves(title: &str, curves: &[(&str, &[f64])]) -> Result<String, Error> {
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
        for ((name, values), colour) in curves.iter().zip(COLOURS.into_iter().cycle()) {
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
pub(super) fn scatter(measured: &[f32], predicted: &[f32]) -> Result<String, Error> {
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
        area.fill(&WHITE).map_err(Box::from).and_then(|()| plot(&area)).map_err(failed)?;
        area.present().map_err(|error| failed(Box::new(error)))?;
    }
    Ok(svg)
}

/// The cause as text: plotters' errors hold the plot.
fn failed(error: Box<dyn std::error::Error>) -> Error {
    Error::Plot(error.to_string().into())
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

//! Curves, as SVG.

use plotters::prelude::*;

use crate::Error;

/// A curve: its name, its points, and whose it is.
pub(super) struct Curve {
    pub(super) name: String,
    pub(super) points: Vec<(f64, f64)>,
    pub(super) kind: Kind,
}

/// Whose a curve is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of a run.
    Ours,
    /// Of a report.
    Reported,
    /// What every network must pass.
    Floor,
}

/// Colours that colour-blind people tell apart, in print too (Okabe and Ito, darker); reported ones grey and dark.
const OURS: [RGBColor; 9] = [
    RGBColor(0, 90, 160),
    RGBColor(220, 110, 0),
    RGBColor(0, 130, 90),
    RGBColor(190, 90, 140),
    RGBColor(70, 160, 210),
    RGBColor(200, 160, 0),
    RGBColor(110, 60, 20),
    RGBColor(120, 120, 220),
    RGBColor(160, 30, 30),
];
const REPORTED: [RGBColor; 2] = [RGBColor(120, 120, 120), RGBColor(30, 30, 30)];

/// Draws curves; ours are lines, reported ones points with thin lines.
pub(super) fn curves(title: &str, x: &str, y: &str, curves: &[Curve]) -> Result<String, Error> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (560, 360)).into_drawing_area();
        let draw = || -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
            area.fill(&WHITE)?;
            let all = || curves.iter().flat_map(|curve| curve.points.iter().copied());
            let (x0, x1) = range(all().map(|point| point.0));
            let (y0, y1) = range(all().map(|point| point.1));
            let mut chart = ChartBuilder::on(&area)
                .caption(title, ("sans-serif", 16))
                .margin(8)
                .x_label_area_size(36)
                .y_label_area_size(58)
                .build_cartesian_2d(x0..x1, y0..y1)?;
            chart.configure_mesh().light_line_style(TRANSPARENT).x_desc(x).y_desc(y).draw()?;
            let (mut ours, mut reported) = (OURS.iter().cycle(), REPORTED.iter().cycle());
            for curve in curves {
                let colour = match curve.kind {
                    Kind::Ours => *ours.next().unwrap_or(&BLACK),
                    Kind::Reported => *reported.next().unwrap_or(&BLACK),
                    Kind::Floor => BLACK,
                };
                let (width, size) = if curve.kind == Kind::Reported { (1, 4) } else { (2, 2) };
                chart
                    .draw_series(LineSeries::new(curve.points.iter().copied(), colour.stroke_width(width)))?
                    .label(&curve.name)
                    .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(width + 1)));
                chart.draw_series(curve.points.iter().map(|&point| Circle::new(point, size, colour.filled())))?;
            }
            chart
                .configure_series_labels()
                .background_style(WHITE.mix(0.85))
                .border_style(BLACK.mix(0.3))
                .position(SeriesLabelPosition::UpperRight)
                .draw()?;
            area.present()?;
            Ok(())
        };
        draw().map_err(|source| Error::Figure { title: title.to_owned(), source })?;
    }
    Ok(svg)
}

/// Smallest to largest with room on either side; -1..1 without a value.
fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
    if low > high {
        return (-1.0, 1.0);
    }
    let room = ((high - low) * 0.06).max(1e-3 * high.abs()).max(1e-9);
    (low - room, high + room)
}

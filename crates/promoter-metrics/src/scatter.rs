//! Predicted against measured values, as SVG.

use std::fmt::Write as _;

/// Side of a panel's square in pixels, and cells along it.
const SIDE: usize = 240;
const CELLS: usize = 60;
/// Room around each panel for its title and the ends of its axes.
const MARGIN: usize = 40;
const PANELS_PER_LINE: usize = 3;

/// One panel of a picture.
#[derive(Debug, Clone)]
pub struct Panel<'a> {
    /// What stands above it.
    pub title: String,
    /// What is measured, for the axis, such as `expression`.
    pub what: &'a str,
    /// Measured values, finite.
    pub measured: &'a [f64],
    /// Predicted values in the same order, finite.
    pub predicted: &'a [f64],
}

/// A picture with three panels in a line. Rows are counted in cells, darker with the logarithm of the count, so that
/// its size does not grow with them.
///
/// ```
/// use promoter_metrics::scatter::{Panel, svg};
/// let (measured, predicted) = (&[1.0, 2.0, 3.0][..], &[1.5, 2.0, 2.5][..]);
/// let picture = svg(&[Panel { title: "three rows".into(), what: "expression", measured, predicted }]);
/// assert!(picture.contains("three rows"));
/// ```
pub fn svg(panels: &[Panel<'_>]) -> String {
    let pitch = SIDE + 2 * MARGIN;
    let lines = panels.len().div_ceil(PANELS_PER_LINE);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" \
         font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"{w}\" height=\"{h}\" fill=\"white\"/>\n",
        w = pitch * panels.len().min(PANELS_PER_LINE),
        h = pitch * lines,
    );
    for (i, panel) in panels.iter().enumerate() {
        let (x, y) = (i % PANELS_PER_LINE * pitch + MARGIN, i / PANELS_PER_LINE * pitch + MARGIN);
        // Titles may hold names of groups, which are anybody's text.
        let title = panel.title.replace('&', "&amp;").replace('<', "&lt;");
        let _ = writeln!(svg, "<g transform=\"translate({x} {y})\">\n<text y=\"-10\" font-size=\"12\">{title}</text>");
        draw(&mut svg, panel);
        svg += "</g>\n";
    }
    svg += "</svg>\n";
    svg
}

/// Writes to a `String` do not fail, hence the `let _`.
fn draw(svg: &mut String, panel: &Panel<'_>) {
    let &Panel { measured, predicted, what, .. } = panel;
    let (x, y) = (Axis::of(measured), Axis::of(predicted));
    let mut counts = vec![0_u32; CELLS * CELLS];
    for (&t, &p) in measured.iter().zip(predicted) {
        counts[y.cell(p) * CELLS + x.cell(t)] += 1;
    }
    let darkest = f64::from(counts.iter().copied().max().unwrap_or(0)).ln_1p();
    let size = SIDE / CELLS;
    for (i, &count) in counts.iter().enumerate().filter(|&(_, &count)| count > 0) {
        let (left, top) = (i % CELLS * size, SIDE - size - i / CELLS * size);
        let opacity = 0.15 + 0.85 * f64::from(count).ln_1p() / darkest;
        let _ = writeln!(
            svg,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{size}\" height=\"{size}\" \
             fill=\"#1f4e79\" fill-opacity=\"{opacity:.2}\"/>"
        );
    }
    let (below, middle) = (SIDE + 14, SIDE / 2);
    let _ = writeln!(
        svg,
        "<rect width=\"{SIDE}\" height=\"{SIDE}\" fill=\"none\" stroke=\"#888\"/>\n\
         <text y=\"{below}\">{:.2}</text><text x=\"{SIDE}\" y=\"{below}\" text-anchor=\"end\">{:.2}</text>\n\
         <text x=\"{middle}\" y=\"{below}\" text-anchor=\"middle\">measured {what}</text>\n\
         <g transform=\"translate(-5 {SIDE}) rotate(-90)\"><text>{:.2}</text>\
         <text x=\"{SIDE}\" text-anchor=\"end\">{:.2}</text>\
         <text x=\"{middle}\" text-anchor=\"middle\">predicted</text></g>",
        x.low, x.high, y.low, y.high
    );
}

/// Range of a column.
struct Axis {
    low: f64,
    high: f64,
}

impl Axis {
    fn of(values: &[f64]) -> Self {
        values.iter().fold(Self { low: f64::INFINITY, high: f64::NEG_INFINITY }, |range, &value| Self {
            low: range.low.min(value),
            high: range.high.max(value),
        })
    }

    fn cell(&self, value: f64) -> usize {
        // A float that is cast saturates, so the last value is the only one to be brought back.
        (((value - self.low) / (self.high - self.low) * CELLS as f64) as usize).min(CELLS - 1)
    }
}

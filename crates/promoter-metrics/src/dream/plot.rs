//! Predicted against measured, a panel per subset, as SVG.

use std::fmt::Write as _;

use super::{Error, Selection, Subset};

/// Side of a panel's square in pixels, and cells along it.
const SIDE: usize = 240;
const CELLS: usize = 60;
/// Room around each panel for its title and the ends of its axes.
const MARGIN: usize = 40;
const PANELS_PER_LINE: usize = 3;

impl Selection {
    /// A picture of predicted against measured expression (or differences), one panel per subset with its n, r and rho.
    /// Rows are counted in cells, darker with the logarithm of the count, so that its size does not grow with them.
    ///
    /// # Errors
    /// As [`score`](Self::score).
    pub fn plot(&self) -> Result<String, Error> {
        let score = self.score()?;
        let pitch = SIDE + 2 * MARGIN;
        let lines = Subset::ALL.len().div_ceil(PANELS_PER_LINE);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w}\" height=\"{h}\" viewBox=\"0 0 {w} {h}\" \
             font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"{w}\" height=\"{h}\" fill=\"white\"/>\n",
            w = pitch * PANELS_PER_LINE,
            h = pitch * lines,
        );
        for (i, (subset, c)) in score.subsets.iter().enumerate() {
            let (x, y) = (i % PANELS_PER_LINE * pitch + MARGIN, i / PANELS_PER_LINE * pitch + MARGIN);
            let title = format!("{subset}: n {}, r {:.3}, \u{3c1} {:.3}", c.n, c.pearson, c.spearman);
            let _ =
                writeln!(svg, "<g transform=\"translate({x} {y})\">\n<text y=\"-10\" font-size=\"12\">{title}</text>");
            panel(&mut svg, self.truth(*subset), self.prediction(*subset), subset.is_pairs());
            svg += "</g>\n";
        }
        svg += "</svg>\n";
        Ok(svg)
    }
}

/// Writes to a `String` do not fail, hence the `let _`.
fn panel(svg: &mut String, truth: &[f64], prediction: &[f64], differences: bool) {
    let (x, y) = (Axis::of(truth), Axis::of(prediction));
    let mut counts = vec![0_u32; CELLS * CELLS];
    for (&t, &p) in truth.iter().zip(prediction) {
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
    let what = if differences { "difference" } else { "expression" };
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

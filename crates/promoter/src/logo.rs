//! Pictures of sequences whose letters are as high as they matter.

use std::fmt::Write as _;

/// A sequence with a height for each letter, and stretches that are marked below it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Logo {
    /// What stands above it.
    pub title: String,
    /// Letters.
    pub letters: Vec<u8>,
    /// Height of each letter, any scale; letters of negative height hang below the axis.
    pub heights: Vec<f32>,
    /// Marked stretches.
    pub marks: Vec<Mark>,
}

/// A stretch of a sequence that is marked below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// First letter, from 0.
    pub start: usize,
    /// Letters.
    pub length: usize,
    /// What stands beside the mark.
    pub name: String,
}

/// Width of a letter, pixels.
const LETTER: f64 = 12.0;
/// Height of the axis' range, pixels.
const RANGE: f64 = 110.0;
/// Room on the left for the scale, pixels.
const LEFT: f64 = 52.0;
/// Room above the letters for the title, pixels.
const TOP: f64 = 26.0;
/// Height of a line of marks, pixels.
const LINE: f64 = 14.0;

/// Outlines of the letters in a box of 1 by 1, and colours that colour-blind people tell apart.
const GLYPHS: [(&str, &str, &str); 5] = [
    ("A", "M0 1 L.38 0 H.62 L1 1 H.77 L.69 .77 H.31 L.23 1 Z M.5 .22 L.63 .6 H.37 Z", "#109648"),
    (
        "C",
        "M1 .66 C.96 .88 .78 1 .53 1 C.2 1 0 .8 0 .5 C0 .2 .2 0 .53 0 C.78 0 .96 .12 1 .34 H.76 C.72 .23 .64 .18 \
         .53 .18 C.34 .18 .23 .3 .23 .5 C.23 .7 .34 .82 .53 .82 C.64 .82 .72 .77 .76 .66 Z",
        "#255c99",
    ),
    (
        "G",
        "M1 .46 V.86 C.88 .95 .72 1 .55 1 C.2 1 0 .8 0 .5 C0 .2 .21 0 .54 0 C.79 0 .95 .11 .99 .31 H.76 C.72 .22 \
         .65 .18 .54 .18 C.34 .18 .23 .3 .23 .5 C.23 .7 .34 .82 .56 .82 C.64 .82 .72 .8 .78 .76 V.62 H.55 V.46 Z",
        "#f0a202",
    ),
    ("T", "M0 0 H1 V.18 H.61 V1 H.39 V.18 H0 Z", "#d62839"),
    ("N", "M0 1 V0 H.25 L.77 .7 V0 H1 V1 H.75 L.23 .3 V1 Z", "#888888"),
];

impl Logo {
    /// Draws logos below each other as one SVG picture that needs nothing from outside itself. Letters other than A, C,
    /// G and T are drawn as N; a height that is not finite as 0.
    ///
    /// ```
    /// use promoter::logo::Logo;
    /// let (letters, heights) = (b"ACG".to_vec(), vec![0.5, -0.2, 1.0]);
    /// let logo = Logo { title: "first".into(), letters, heights, marks: vec![] };
    /// assert!(Logo::svg(&[logo]).starts_with("<svg"));
    /// ```
    pub fn svg(logos: &[Self]) -> String {
        let longest = logos.iter().map(|logo| logo.letters.len()).max().unwrap_or(0);
        let width = LEFT + LETTER * longest as f64 + 12.0;
        let height: f64 = logos.iter().map(Self::height).sum();
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} \
             {height}\" font-family=\"sans-serif\" font-size=\"10\">\n<rect width=\"100%\" height=\"100%\" \
             fill=\"white\"/>\n<defs>"
        );
        for (name, path, colour) in GLYPHS {
            let _ = write!(svg, "<path id=\"{name}\" d=\"{path}\" fill=\"{colour}\" fill-rule=\"evenodd\"/>");
        }
        svg += "</defs>\n";
        let mut top = 0.0;
        for logo in logos {
            logo.draw(&mut svg, top);
            top += logo.height();
        }
        svg + "</svg>\n"
    }

    /// Pixels from the title to the last mark.
    fn height(&self) -> f64 {
        TOP + RANGE + 18.0 + LINE * self.lines().iter().max().map_or(0, |line| line + 1) as f64 + 10.0
    }

    /// The line of each mark: the first one in which it does not touch another.
    fn lines(&self) -> Vec<usize> {
        let mut ends: Vec<f64> = Vec::new();
        let line = |mark: &Mark| {
            let start = mark.start as f64;
            // The name stands behind the mark.
            let end = start + mark.length as f64 + (mark.name.len() as f64 * 6.0 + 8.0) / LETTER;
            match ends.iter().position(|&taken| taken <= start) {
                Some(line) => {
                    ends[line] = end;
                    line
                }
                None => {
                    ends.push(end);
                    ends.len() - 1
                }
            }
        };
        self.marks.iter().map(line).collect()
    }

    /// Writes every tenth position below the letters.
    fn number(&self, svg: &mut String, y: f64) {
        for position in (0..self.letters.len()).filter(|i| (i + 1) % 10 == 0) {
            let x = LEFT + LETTER * (position as f64 + 0.5);
            let number = position + 1;
            // Writing into a string cannot fail.
            let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y:.1}\" text-anchor=\"middle\" fill=\"#666\">{number}</text>");
        }
    }

    fn draw(&self, svg: &mut String, top: f64) {
        let heights = || self.heights.iter().map(|&height| if height.is_finite() { f64::from(height) } else { 0.0 });
        let (low, high) = heights().fold((0.0f64, 0.0f64), |(low, high), height| (low.min(height), high.max(height)));
        let scale = if high > low { RANGE / (high - low) } else { 0.0 };
        let axis = top + TOP + high * scale;
        let right = LEFT + LETTER * self.letters.len() as f64;
        // Writing into a string cannot fail.
        let _ =
            writeln!(svg, "<text x=\"{LEFT}\" y=\"{}\" font-size=\"12\">{}</text>", top + 14.0, escape(&self.title));
        for (value, y) in [(high, top + TOP), (low, top + TOP + RANGE)] {
            if value != 0.0 {
                let _ = writeln!(
                    svg,
                    "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value:.2}</text>",
                    LEFT - 6.0,
                    y + 3.0
                );
            }
        }
        let _ = writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{right}\" y1=\"{axis:.2}\" y2=\"{axis:.2}\" stroke=\"#999\" \
             stroke-width=\"0.5\"/>"
        );
        for (i, (&letter, height)) in self.letters.iter().zip(heights()).enumerate() {
            let glyph = match letter.to_ascii_uppercase() {
                letter @ (b'A' | b'C' | b'G' | b'T') => char::from(letter),
                _ => 'N',
            };
            let (x, size) = (LEFT + LETTER * i as f64, (height * scale).abs());
            // Thinner than this nobody sees it.
            if size >= 0.05 {
                let y = if height > 0.0 { axis - size } else { axis };
                let _ = writeln!(
                    svg,
                    "<use href=\"#{glyph}\" transform=\"translate({:.1} {y:.2}) scale({:.1} {size:.2})\"/>",
                    x + 0.5,
                    LETTER - 1.0
                );
            }
        }
        let below = top + TOP + RANGE + 12.0;
        self.number(svg, below);
        for (mark, line) in self.marks.iter().zip(self.lines()) {
            let (x, y) = (LEFT + LETTER * mark.start as f64, below + 6.0 + LINE * line as f64);
            let width = LETTER * mark.length as f64;
            let _ = writeln!(
                svg,
                "<rect x=\"{x}\" y=\"{y:.1}\" width=\"{width}\" height=\"4\" fill=\"#555\"/>\
                 <text x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                x + width + 3.0,
                y + 6.0,
                escape(&mark.name)
            );
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logo(heights: &[f32]) -> Logo {
        Logo {
            title: "a <b>".into(),
            letters: b"ACGTR"[..heights.len()].to_vec(),
            heights: heights.to_vec(),
            marks: vec![],
        }
    }

    #[test]
    fn letters_are_as_high_as_they_matter() {
        let svg = Logo::svg(&[logo(&[1.0, -0.5, 0.25, 0.0, f32::NAN])]);
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n") && svg.contains("a &lt;b&gt;"));
        assert_eq!(svg.matches("<use ").count(), 3);
        let of = |letter: &str| {
            let line = svg.lines().find(|line| line.contains(&format!("#{letter}\" transform"))).unwrap();
            let numbers = line.split(['(', ')', ' ', '"']).filter_map(|word| word.parse::<f64>().ok());
            numbers.collect::<Vec<_>>()
        };
        let (a, c, g) = (of("A"), of("C"), of("G"));
        assert!((a[3] - 2.0 * c[3]).abs() < 0.02 && (a[3] - 4.0 * g[3]).abs() < 0.04, "{a:?} {c:?} {g:?}");
        // A stands on the axis that C hangs from.
        assert!((a[1] + a[3] - c[1]).abs() < 0.02);
        assert!(!svg.contains("http://") || svg.matches("http://").count() == 1, "only the name space");
    }

    #[test]
    fn marks_that_touch_are_on_different_lines() {
        let mark = |start, length| Mark { start, length, name: "X".into() };
        let logo = Logo { marks: vec![mark(0, 3), mark(2, 2), mark(9, 1)], ..logo(&[1.0]) };
        assert_eq!(logo.lines(), [0, 1, 0]);
        assert!(Logo::svg(&[]).ends_with("</svg>\n"));
        assert!(Logo::svg(&[Logo::default()]).ends_with("</svg>\n"));
    }
}

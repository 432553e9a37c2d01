//! Effects as heat maps: a cell for every base at every position.

use std::fmt::Write as _;

use promoter::encode::base;
use promoter::explain::Effects;

/// Pixels of a cell.
const CELL: (usize, usize) = (12, 14);
const LEFT: usize = 40;
/// Pixels from the top of a map to its cells, and from its cells to the next map.
const TOP: usize = 24;
const BELOW: usize = 26;

/// The effects of one sequence.
pub(super) struct HeatMap {
    pub(super) name: String,
    pub(super) codes: Vec<u8>,
    pub(super) effects: Effects,
}

/// The largest effect of all maps, either way: they have one scale.
pub(super) fn largest(maps: &[HeatMap]) -> f32 {
    let effects = maps.iter().flat_map(|map| map.effects.changes.as_flattened());
    effects.fold(0.0, |largest, effect| largest.max(effect.abs()))
}

/// Draws heat maps below each other as one SVG picture that needs nothing from outside itself.
pub(super) fn svg(maps: &[HeatMap]) -> String {
    let longest = maps.iter().map(|map| map.codes.len()).max().unwrap_or(0);
    let (width, height) = (LEFT + longest * CELL.0 + 12, maps.len() * (TOP + 4 * CELL.1 + BELOW));
    // Writing into a string cannot fail: results are passed over here.
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} \
         {height}\" font-family=\"sans-serif\" font-size=\"10\">\n<rect width=\"100%\" height=\"100%\" \
         fill=\"white\"/>\n"
    );
    let scale = largest(maps);
    for (number, map) in maps.iter().enumerate() {
        map.draw(&mut svg, number * (TOP + 4 * CELL.1 + BELOW), scale);
    }
    svg + "</svg>\n"
}

impl HeatMap {
    fn draw(&self, svg: &mut String, top: usize, scale: f32) {
        let (name, prediction) = (escape(&self.name), self.effects.prediction);
        let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"{}\" font-size=\"12\">{name}: {prediction:.2}</text>", top + 14);
        for (row, letter) in base::LETTERS[..4].iter().map(|&letter| char::from(letter)).enumerate() {
            let y = top + TOP + row * CELL.1 + 11;
            let _ = writeln!(svg, "<text x=\"{}\" y=\"{y}\" text-anchor=\"end\">{letter}</text>", LEFT - 6);
        }
        for (position, (&code, changes)) in self.codes.iter().zip(&self.effects.changes).enumerate() {
            let x = LEFT + position * CELL.0;
            for (row, &effect) in changes.iter().enumerate() {
                let y = top + TOP + row * CELL.1;
                if usize::from(code) == row {
                    let (x, y) = (x + CELL.0 / 2, y + CELL.1 / 2);
                    let _ = writeln!(svg, "<circle cx=\"{x}\" cy=\"{y}\" r=\"2\" fill=\"#555\"/>");
                } else {
                    let fill = colour(if scale > 0.0 { effect / scale } else { 0.0 });
                    let (width, height) = CELL;
                    let _ = writeln!(
                        svg,
                        "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"{fill}\"><title>{} \
                         {}: {effect:+.3}</title></rect>",
                        position + 1,
                        char::from(base::to_ascii(row as u8)),
                    );
                }
            }
            if (position + 1) % 10 == 0 {
                let (x, y) = (x + CELL.0 / 2, top + TOP + 4 * CELL.1 + 12);
                let number = position + 1;
                let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\" fill=\"#666\">{number}</text>");
            }
        }
    }
}

/// Blue for -1 through white for 0 to red for 1.
fn colour(value: f32) -> String {
    let ends: [f32; 3] = if value < 0.0 { [33.0, 102.0, 172.0] } else { [178.0, 24.0, 43.0] };
    let share = value.abs().min(1.0);
    let [red, green, blue] = ends.map(|end| (255.0 + share * (end - 255.0)).round() as u8);
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_as_dark_as_their_effects() {
        assert_eq!([0.0, 1.0, -1.0, -7.0].map(colour), ["#ffffff", "#b2182b", "#2166ac", "#2166ac"]);
        let codes = vec![1, 4];
        let changes = vec![[0.5, 0.0, -1.0, 0.0], [0.0, 0.25, 0.0, 0.0]];
        let map = HeatMap { name: "a <b>".into(), codes, effects: Effects { prediction: 2.0, changes } };
        let svg = svg(&[map]);
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n") && svg.contains("a &lt;b&gt;: 2.00"));
        assert_eq!((svg.matches("<circle").count(), svg.matches("<title>").count()), (1, 7));
        assert!(svg.contains("fill=\"#2166ac\"><title>1 G: -1.000<") && svg.contains("<title>2 C: +0.250<"));
    }
}

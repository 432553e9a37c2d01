//! Networks drawn from their layer tables, as SVG: a box for each stage, as high as its share of the parameters allows.

use promoter_zoo::info::{Info, Layer};
use promoter_zoo::registry::NetworkConfig;

use crate::Error;
use crate::text::number;

/// A drawn network: its numbers and the drawing.
pub(super) struct Diagram {
    pub(super) name: String,
    pub(super) parameters: String,
    pub(super) trainable: String,
    pub(super) multiply_adds: String,
    pub(super) input: String,
    pub(super) stages: Vec<Stage>,
    pub(super) svg: String,
}

/// Layers that share the start of their names.
pub(super) struct Stage {
    pub(super) name: String,
    pub(super) layers: usize,
    pub(super) kinds: String,
    pub(super) output: String,
    pub(super) parameters: String,
    count: usize,
}

/// Draws a network.
pub(super) fn diagram(preset: &str) -> Result<Diagram, Error> {
    let info = Info::of(&NetworkConfig::by_name(preset)?)?;
    let stages = stages(&info.layers);
    let input = info.input.map(|n| n.to_string()).join(" x ");
    let svg = draw(&input, &stages);
    Ok(Diagram {
        name: preset.to_owned(),
        parameters: number(info.parameters as f64),
        trainable: number(info.trainable_parameters as f64),
        multiply_adds: number(info.multiply_adds as f64),
        input,
        stages,
        svg,
    })
}

/// Neighbouring layers whose names begin alike: `tower.0.conv` and `tower.0.norm` are of `tower.0`.
fn stages(layers: &[Layer]) -> Vec<Stage> {
    let mut stages: Vec<Stage> = Vec::new();
    let mut kinds: Vec<&str> = Vec::new();
    for layer in layers {
        let name = stage(&layer.name);
        let output = layer.output.iter().map(i64::to_string).collect::<Vec<_>>().join(" x ");
        if stages.last().is_none_or(|last| last.name != name) {
            kinds.clear();
            stages.push(Stage {
                name: name.to_owned(),
                layers: 0,
                kinds: String::new(),
                output: String::new(),
                parameters: String::new(),
                count: 0,
            });
        }
        if !kinds.contains(&layer.kind) {
            kinds.push(layer.kind);
        }
        if let Some(last) = stages.last_mut() {
            last.layers += 1;
            last.kinds = kinds.join(", ");
            last.output = output;
            last.count += layer.parameters;
            last.parameters = number(last.count as f64);
        }
    }
    stages
}

/// The first part of a layer's name, with its number where it has one.
fn stage(name: &str) -> &str {
    let name_or = |end: Option<usize>| end.map_or(name, |end| &name[..end]);
    // autosome.org's names have a prefix that says nothing.
    let skip = if name.starts_with("net.seqextractor.") { "net.seqextractor.".len() } else { 0 };
    let Some(first) = name[skip..].find('.').map(|at| at + skip) else { return name };
    let rest = &name[first + 1..];
    let has_number = rest.split('.').next().is_some_and(|part| part.parse::<u32>().is_ok());
    // NAD's blocks have numbered layers; a stage of them is a whole block.
    let is_block = skip > 0 || (name.starts_with('c') && first == 2);
    if has_number && !is_block { name_or(rest.find('.').map(|at| first + 1 + at)) } else { &name[..first] }
}

fn draw(input: &str, stages: &[Stage]) -> String {
    const WIDTH: usize = 420;
    let text = |x: usize, y: usize, class: &str, words: &str| {
        format!("<text x='{x}' y='{y}' class='{class}'>{}</text>", escape(words))
    };
    let most = stages.iter().map(|stage| stage.count).max().unwrap_or(1).max(1);
    let mut body = text(WIDTH / 2, 16, "mid", &format!("input {input}"));
    let mut y = 24;
    for stage in stages {
        let height = 30;
        body += &format!("<path d='M{0} {y}v8m-3 -4l3 4l3 -4' class='arrow'/>", WIDTH / 2);
        y += 9;
        // The darker part is the stage's share of the parameters of the largest.
        let share = (stage.count as f64 / most as f64 * (WIDTH - 2) as f64).round();
        body += &format!("<rect x='1' y='{y}' width='{}' height='{height}' class='box'/>", WIDTH - 2);
        body += &format!("<rect x='1' y='{y}' width='{share}' height='{height}' class='share'/>");
        body += &text(8, y + 13, "name", &stage.name);
        body += &text(8, y + 25, "kind", &shorten(&stage.kinds));
        body += &text(WIDTH - 8, y + 13, "end", &stage.output);
        body += &text(WIDTH - 8, y + 25, "endkind", &format!("{} parameters", stage.parameters));
        y += height;
    }
    format!(
        "<svg viewBox='0 0 {WIDTH} {0}' width='{WIDTH}' height='{0}' xmlns='http://www.w3.org/2000/svg' \
         role='img'>{body}</svg>",
        y + 4
    )
}

fn shorten(words: &str) -> String {
    if words.chars().count() <= 44 { words.to_owned() } else { words.chars().take(42).chain(['…']).collect() }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_gathered_into_stages() {
        for (layer, name) in [
            ("tower.0.conv_block.norm", "tower.0"),
            ("stem.conv", "stem"),
            ("head", "head"),
            ("c1.3.conv1", "c1"),
            ("net.seqextractor.inv_res_blc0.6.fc.0", "net.seqextractor.inv_res_blc0"),
            ("head.dense.0", "head"),
        ] {
            assert_eq!(stage(layer), name);
        }
    }

    #[test]
    fn a_stage_has_the_parameters_of_its_layers() {
        let peppa = diagram("peppa").unwrap();
        assert_eq!(peppa.parameters, "1,995,617");
        let transformer: usize =
            peppa.stages.iter().filter(|stage| stage.name.starts_with("transformer")).map(|stage| stage.count).sum();
        assert_eq!(transformer, 4 * 432_640);
        assert!(peppa.svg.starts_with("<svg") && peppa.svg.ends_with("</svg>"));
    }
}

//! Effects as a picture.

use std::path::Path;

use anyhow::{Result, bail};
use promoter::encode::base;
use promoter::logo::{Logo, Mark};

use super::heat_map::{self, HeatMap};
use crate::attribution::Explained;

/// What a picture is written as.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    Svg,
    Html,
}

impl Form {
    /// The form that a file's name says; `option` names the file.
    pub(super) fn of(option: &str, path: &Path) -> Result<Self> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("svg") => Ok(Self::Svg),
            Some("html") => Ok(Self::Html),
            _ => bail!("{option} {}: expected the extension .svg or .html", path.display()),
        }
    }
}

pub(super) fn logo(name: &str, codes: &[u8], found: &Explained, marks: Vec<Mark>) -> Logo {
    Logo {
        title: format!("{name}: {:.2}", found.effects.prediction),
        letters: codes.iter().map(|&code| base::to_ascii(code)).collect(),
        heights: found.heights(codes),
        marks,
    }
}

pub(super) fn draw(form: Form, logos: &[Logo]) -> String {
    let explanation = "The height of a letter is the average drop of the prediction when another base takes its place; \
         letters below the axis lower the prediction. The number after each name is the prediction. Bars mark known \
         binding sites.";
    page(form, &Logo::svg(logos), "What each base contributes", explanation)
}

pub(super) fn draw_maps(form: Form, maps: &[HeatMap]) -> String {
    let explanation = format!(
        "Each cell is the change of the prediction when this base takes the place of the one that is there, which is a \
         dot. Red raises it, blue lowers it; the darkest are {:.3}. The number after each name is the prediction.",
        heat_map::largest(maps)
    );
    page(form, &heat_map::svg(maps), "What each change does", &explanation)
}

/// The picture, on a page if that was asked for.
fn page(form: Form, svg: &str, title: &str, explanation: &str) -> String {
    match form {
        Form::Svg => svg.to_owned(),
        Form::Html => format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\n\
             <style>body {{ font-family: sans-serif; max-width: 90em; margin: 1em auto; padding: 0 1em }} \
             div {{ overflow-x: auto }}</style></head>\n\
             <body><h1>{title}</h1>\n<p>{explanation}</p>\n<div>{svg}</div>\n</body></html>\n"
        ),
    }
}

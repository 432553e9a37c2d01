//! Effects as a picture.

use std::path::Path;

use anyhow::{Result, bail};
use promoter::encode::base;
use promoter::explain::Effects;
use promoter::logo::{Logo, Mark};

/// What a picture is written as.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    Svg,
    Html,
}

impl Form {
    pub(super) fn of(path: &Path) -> Result<Self> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("svg") => Ok(Self::Svg),
            Some("html") => Ok(Self::Html),
            _ => bail!("--logo {}: expected the extension .svg or .html", path.display()),
        }
    }
}

pub(super) fn logo(name: &str, codes: &[u8], effects: &Effects, marks: Vec<Mark>) -> Logo {
    Logo {
        title: format!("{name}: {:.2}", effects.prediction),
        letters: codes.iter().map(|&code| base::to_ascii(code)).collect(),
        heights: effects.contributions(codes),
        marks,
    }
}

pub(super) fn draw(form: Form, logos: &[Logo]) -> String {
    let svg = Logo::svg(logos);
    match form {
        Form::Svg => svg,
        Form::Html => format!(
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <title>What each base contributes</title>\n\
             <style>body {{ font-family: sans-serif; max-width: 90em; margin: 1em auto; padding: 0 1em }} \
             div {{ overflow-x: auto }}</style></head>\n\
             <body><h1>What each base contributes</h1>\n\
             <p>The height of a letter is the average drop of the prediction when another base takes its place; \
             letters below the axis lower the prediction. The number after each name is the prediction. Bars mark \
             known binding sites.</p>\n<div>{svg}</div>\n</body></html>\n"
        ),
    }
}

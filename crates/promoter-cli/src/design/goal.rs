//! Where predictions should go.

use clap::Args;
use promoter::design::Target;

/// Where predictions should go.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct Goal {
    /// Bring the prediction to this value
    #[arg(long, value_name = "VALUE", allow_negative_numbers = true, value_parser = finite)]
    target: Option<f64>,
    /// Make the prediction as high as possible
    #[arg(long, alias = "maximize")]
    maximise: bool,
    /// Make the prediction as low as possible
    #[arg(long, alias = "minimize")]
    minimise: bool,
}

impl Goal {
    /// The command line has exactly one.
    pub(super) fn target(&self) -> Target {
        match self.target {
            Some(value) => Target::Value(value),
            None if self.minimise => Target::Minimize,
            None => Target::Maximize,
        }
    }
}

fn finite(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => Err("expected a finite number".to_owned()),
    }
}

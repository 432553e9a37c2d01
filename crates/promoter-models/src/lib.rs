//! Trained models that are part of the program, each with its card.
//!
//! ```
//! use promoter_models::Model;
//! use promoter::seq::Table;
//! use tch::Device;
//!
//! let yeast = Model::named("yeast").ok_or("no such model")?.predictor(Device::Cpu)?;
//! let mut promoters = Table::default();
//! promoters.push(&[0, 3, 0, 3, 2, 2, 1, 0].repeat(10), 0.0);
//! let expression = yeast.predict_table(&promoters, None)?;
//! assert!(expression[0].is_finite());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::path::Path;

use promoter::{Error, Predictor};
use tch::Device;

/// A trained model that is part of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Model {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it predicts, in one line.
    pub about: &'static str,
    /// Data, licence, scores with intervals, and what it is not for, in Markdown.
    pub card: &'static str,
    bytes: &'static [u8],
}

/// All models.
pub const MODELS: &[Model] = &[Model {
    name: "yeast",
    about: "expression of 80-base yeast promoters in the construct of the Random Promoter DREAM Challenge 2022",
    card: include_str!("../models/yeast.md"),
    bytes: include_bytes!("../models/yeast.safetensors"),
}];

impl Model {
    /// The model of this name.
    pub fn named(name: &str) -> Option<Self> {
        MODELS.iter().copied().find(|model| model.name == name)
    }

    /// The predictor.
    ///
    /// # Errors
    /// As [`Predictor::from_bytes`].
    pub fn predictor(&self, device: Device) -> Result<Predictor, Error> {
        Predictor::from_bytes(self.bytes, self.name.as_ref(), device)
    }

    /// Size of its file, in bytes.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }
}

/// The predictor of a file, of the run in a folder, or of a model of this program by its name, where there is neither a
/// file nor a folder of that name.
///
/// # Errors
/// As [`Predictor::open`] and [`Model::predictor`].
pub fn open(path: &Path, device: Device) -> Result<Predictor, Error> {
    match path.to_str().and_then(Model::named) {
        Some(model) if !path.exists() => model.predictor(device),
        _ => Predictor::open(path, device),
    }
}

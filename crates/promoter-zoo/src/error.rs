//! What can go wrong with a network.

use promoter_torch::error::brief;
use tch::TchError;

/// An error in a network's configuration, input or arithmetic.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A field of a configuration has a value that the network cannot have.
    #[error("`{field}` is {value}, expected {expected}")]
    Config {
        /// Field.
        field: &'static str,
        /// Value found.
        value: String,
        /// Values it may have.
        expected: &'static str,
    },
    /// The input has another shape or kind than the network takes.
    #[error("input: expected {expected}, found {found}")]
    Input {
        /// What the network takes.
        expected: String,
        /// What it was given.
        found: String,
    },
    /// LibTorch refused the arithmetic of a layer.
    #[error("layer `{layer}` failed")]
    Layer {
        /// Layer.
        layer: String,
        /// Cause.
        source: TchError,
    },
    /// A layer's tensors could not be made or loaded.
    #[error(transparent)]
    Params(#[from] promoter_torch::Error),
    /// An unknown name of a network.
    #[error("unknown network `{name}`: known are {}", known.join(", "))]
    UnknownNetwork {
        /// Name asked for.
        name: String,
        /// Names that there are.
        known: Vec<&'static str>,
    },
}

/// Names the layer in LibTorch's error.
pub(crate) trait InLayer<T> {
    fn in_layer(self, layer: &str) -> Result<T, Error>;
}

impl<T> InLayer<T> for Result<T, TchError> {
    fn in_layer(self, layer: &str) -> Result<T, Error> {
        self.map_err(|source| Error::Layer { layer: layer.to_owned(), source: brief(source) })
    }
}

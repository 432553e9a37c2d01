//! The two hidden layers and the output unit that Keras networks here end with.

use promoter_torch::{Init, Scope};
use tch::Tensor;

use super::{Linear, dropout, secant};
use crate::error::InLayer;
use crate::{Error, Mode};

/// Two dense layers with ReLU and dropout, then linear units; (B, in) to (B, out). Biases start at zero.
#[derive(Debug)]
pub struct DenseHead {
    first: Linear,
    second: Linear,
    output: Linear,
    dropout: f64,
}

impl DenseHead {
    /// One output unit. `init` makes the initial kernels from the numbers of inputs and outputs; `dropout` follows each
    /// of the two hidden layers.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn new(
        scope: Scope<'_>,
        input: i64,
        units: i64,
        init: fn(i64, i64) -> Init,
        dropout: f64,
    ) -> Result<Self, Error> {
        Self::with_outputs(scope, input, units, 1, init, dropout)
    }

    /// The same with several output units.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn with_outputs(
        mut scope: Scope<'_>,
        input: i64,
        units: i64,
        outputs: i64,
        init: fn(i64, i64) -> Init,
        dropout: f64,
    ) -> Result<Self, Error> {
        let mut dense = |name, from, to| Linear::keras(scope.sub(name), from, to, init(from, to), true);
        Ok(Self {
            first: dense("dense.0", input, units)?,
            second: dense("dense.1", units, units)?,
            output: dense("output", units, outputs)?,
            dropout,
        })
    }

    /// # Shapes
    /// (B, in) to (B, out).
    ///
    /// # Errors
    /// [`Error::Layer`].
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let activate = |x: Tensor| dropout(&secant::relu(&x)?, self.dropout, mode);
        let x = activate(self.first.forward(x)?).in_layer("dense.0")?;
        let x = activate(self.second.forward(&x)?).in_layer("dense.1")?;
        self.output.forward(&x)
    }
}

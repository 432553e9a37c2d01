//! Convolutions of several widths side by side.
//!
//! # Source
//! First block of team BHI's network, as the Prix Fixe framework has it.

use promoter_torch::{Init, Scope};
use tch::Tensor;

use crate::error::InLayer;
use crate::layers::conv::Shape;
use crate::layers::{Conv1d, concatenate, dropout, secant};
use crate::{Error, Mode};

/// Positions that the two convolutions see.
const WIDTHS: [i64; 2] = [9, 15];

/// Two convolutions of half the channels each, ReLU, dropout; joined. (B, C, L) to (B, out, L).
#[derive(Debug)]
pub struct ParallelConv {
    layer: String,
    convs: Vec<Conv1d>,
    dropout: f64,
}

impl ParallelConv {
    /// With PyTorch's default start.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn new(mut scope: Scope<'_>, input: i64, output: i64, dropout: f64) -> Result<Self, Error> {
        let convs = WIDTHS
            .iter()
            .enumerate()
            .map(|(i, &width)| {
                let shape = Shape::same(input, output / 2, width);
                let init = Init::torch(shape.fan_in());
                Conv1d::torch(scope.sub(format_args!("conv_list.{i}.conv")), shape, init, Some(init))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { layer: scope.layer().to_owned(), convs, dropout })
    }

    /// # Shapes
    /// (B, in, L) to (B, out, L).
    ///
    /// # Errors
    /// [`Error::Layer`].
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let branches = self.convs.iter().map(|conv| {
            let y = conv.forward(x)?;
            secant::relu(&y).and_then(|y| dropout(&y, self.dropout, mode)).in_layer(&self.layer)
        });
        let branches = branches.collect::<Result<Vec<_>, Error>>()?;
        concatenate(&branches.iter().collect::<Vec<_>>()).in_layer(&self.layer)
    }
}

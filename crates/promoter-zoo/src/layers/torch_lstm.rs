//! PyTorch's LSTM, which has two biases per direction.

use promoter_torch::{Init, Scope};
use tch::{TchError, Tensor};

use crate::error::InLayer;
use crate::trace::record;
use crate::{Error, Mode};

/// One bidirectional LSTM layer, (B, L, C) to (B, L, 2 units), with the names of PyTorch's `nn.LSTM`.
#[derive(Debug)]
pub struct TorchBiLstm {
    layer: String,
    /// Per direction: input weights, recurrent weights, input bias, recurrent bias.
    weights: Vec<Tensor>,
    units: i64,
}

impl TorchBiLstm {
    /// With PyTorch's start: all uniform with bound 1/sqrt(units).
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn new(mut scope: Scope<'_>, input: i64, units: i64) -> Result<Self, Error> {
        let init = Init::torch(units);
        let mut weights = Vec::with_capacity(8);
        for direction in ["", "_reverse"] {
            let mut make = |name: &str, shape: &[i64]| scope.parameter(&format!("{name}{direction}"), shape, init);
            weights.push(make("weight_ih_l0", &[4 * units, input])?);
            weights.push(make("weight_hh_l0", &[4 * units, units])?);
            weights.push(make("bias_ih_l0", &[4 * units])?);
            weights.push(make("bias_hh_l0", &[4 * units])?);
        }
        Ok(Self { layer: scope.layer().to_owned(), weights, units })
    }

    /// # Shapes
    /// (B, L, C) to (B, L, 2 units): forward states, then backward ones.
    ///
    /// # Errors
    /// [`Error::Layer`].
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let y = self.run(x, mode).in_layer(&self.layer)?;
        record(&self.layer, "bidirectional LSTM", &y, || {
            let matrices = self.weights.iter().filter(|w| w.dim() == 2);
            x.size()[0] * x.size()[1] * matrices.map(|w| w.numel() as i64).sum::<i64>()
        });
        Ok(y)
    }

    fn run(&self, x: &Tensor, mode: Mode) -> Result<Tensor, TchError> {
        let start = Tensor::f_zeros([2, x.size()[0], self.units], (x.kind(), x.device()))?;
        let states = [&start, &start];
        let weights: Vec<&Tensor> = self.weights.iter().collect();
        Ok(x.f_lstm(&states, &weights, true, 1, 0.0, mode.is_train(), true, true)?.0)
    }
}

//! Bidirectional long short-term memory, as Keras and PyTorch have it.

use promoter_torch::{Init, Scope};
use serde::{Deserialize, Serialize};
use tch::{TchError, Tensor};

use crate::error::InLayer;
use crate::layers::{secant, without_autocast};
use crate::trace::record;
use crate::{Error, Mode};

/// The function on the cell's candidate and on its output; the gates are sigmoids in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum CellActivation {
    /// The usual one. The state stays bounded, and LibTorch has the whole layer as one operation.
    Tanh,
    /// x sigmoid(x). The state is unbounded: it can grow from step to step.
    Swish,
}

/// An LSTM that reads the sequence in both directions; the forward one's outputs come first.
///
/// Gates lie in the order input, forget, candidate, output (Keras' i, f, c, o and PyTorch's i, f, g, o).
#[derive(Debug)]
pub struct BiLstm {
    layer: String,
    units: i64,
    activation: CellActivation,
    forward: Direction,
    backward: Direction,
}

#[derive(Debug)]
struct Direction {
    /// (4u, in).
    input: Tensor,
    /// (4u, u).
    recurrent: Tensor,
    /// (4u).
    bias: Tensor,
    /// (4u); Keras has no second bias, there it is zero and not trained.
    recurrent_bias: Tensor,
}

impl Direction {
    fn keras(mut scope: Scope<'_>, channels: i64, units: i64, kernel: Init) -> Result<Self, Error> {
        let input = scope.reversed_parameter("weight", &[4 * units, channels], kernel)?;
        let recurrent = scope.reversed_parameter("recurrent", &[4 * units, units], Init::Orthogonal)?;
        let bias = scope.parameter("bias", &[4 * units], Init::ZEROS)?;
        let recurrent_bias = bias.f_zeros_like().in_layer(scope.layer())?.detach();
        let _guard = tch::no_grad_guard();
        // What a cell holds is kept from the start.
        let _ = bias.f_narrow(0, units, units).and_then(|mut forget| forget.f_fill_(1.0)).in_layer(scope.layer())?;
        Ok(Self { input, recurrent, bias, recurrent_bias })
    }

    fn torch(scope: &mut Scope<'_>, channels: i64, units: i64, suffix: &str) -> Result<Self, Error> {
        let init = Init::torch(units);
        Ok(Self {
            input: scope.parameter(&format!("weight_ih_l0{suffix}"), &[4 * units, channels], init)?,
            recurrent: scope.parameter(&format!("weight_hh_l0{suffix}"), &[4 * units, units], init)?,
            bias: scope.parameter(&format!("bias_ih_l0{suffix}"), &[4 * units], init)?,
            recurrent_bias: scope.parameter(&format!("bias_hh_l0{suffix}"), &[4 * units], init)?,
        })
    }
}

/// What an LSTM puts out.
struct Outputs {
    /// (B, L, 2u).
    steps: Tensor,
    /// (2, B, u): the state after the last position, and after the first one for the direction that ends there.
    last: Tensor,
}

impl BiLstm {
    /// Keras': one bias, its forget quarter starting at 1; recurrent weights orthogonal. `kernel` is for the weights of
    /// the input, stored as (in, 4 units).
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn keras(
        mut scope: Scope<'_>,
        channels: i64,
        units: i64,
        kernel: Init,
        activation: CellActivation,
    ) -> Result<Self, Error> {
        let forward = Direction::keras(scope.sub("forward"), channels, units, kernel)?;
        let backward = Direction::keras(scope.sub("backward"), channels, units, kernel)?;
        Self::of(&scope, units, activation, forward, backward)
    }

    /// PyTorch's: two biases, all uniform with bound 1/sqrt(units), tanh.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn torch(mut scope: Scope<'_>, channels: i64, units: i64) -> Result<Self, Error> {
        let forward = Direction::torch(&mut scope, channels, units, "")?;
        let backward = Direction::torch(&mut scope, channels, units, "_reverse")?;
        Self::of(&scope, units, CellActivation::Tanh, forward, backward)
    }

    fn of(
        scope: &Scope<'_>,
        units: i64,
        activation: CellActivation,
        forward: Direction,
        backward: Direction,
    ) -> Result<Self, Error> {
        let this = Self { layer: scope.layer().to_owned(), units, activation, forward, backward };
        if scope.device().is_cuda() && activation == CellActivation::Tanh {
            this.flatten().in_layer(&this.layer)?;
        }
        Ok(this)
    }

    /// Puts all weights into one piece of memory, as cuDNN wants them; it would copy them at every call otherwise.
    fn flatten(&self) -> Result<(), TchError> {
        /// cuDNN's number of an LSTM.
        const LSTM: i64 = 2;
        let _guard = tch::no_grad_guard();
        let (weights, channels) = (self.weights(), self.forward.input.size()[1]);
        let _whole =
            Tensor::f_internal_cudnn_rnn_flatten_weight(&weights, 4, channels, LSTM, self.units, 0, 1, true, true)?;
        Ok(())
    }

    fn weights(&self) -> [&Tensor; 8] {
        let Self { forward: f, backward: b, .. } = self;
        [&f.input, &f.recurrent, &f.bias, &f.recurrent_bias, &b.input, &b.recurrent, &b.bias, &b.recurrent_bias]
    }

    /// The outputs at all positions.
    ///
    /// # Shapes
    /// (B, L, in) to (B, L, 2 units).
    ///
    /// # Errors
    /// [`Error::Layer`].
    pub fn all_steps(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let y = self.run(x, mode).in_layer(&self.layer)?.steps;
        self.record(x, &y);
        Ok(y)
    }

    /// The output where each direction ends: at the last position, and at the first.
    ///
    /// # Shapes
    /// (B, L, in) to (B, 2 units).
    ///
    /// # Errors
    /// [`Error::Layer`].
    pub fn last_states(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let last = |x| self.run(x, mode)?.last.f_transpose(0, 1)?.f_flatten(1, 2);
        let y = last(x).in_layer(&self.layer)?;
        self.record(x, &y);
        Ok(y)
    }

    fn record(&self, x: &Tensor, y: &Tensor) {
        record(&self.layer, "bidirectional LSTM", y, || {
            let size = x.size();
            size[0] * size[1] * 2 * 4 * self.units * (size[2] + self.units)
        });
    }

    fn run(&self, x: &Tensor, mode: Mode) -> Result<Outputs, TchError> {
        // oneDNN's LSTM does not look: it would read past the end.
        let (size, channels) = (x.size(), self.forward.input.size()[1]);
        if size.len() != 3 || size[2] != channels {
            return Err(TchError::Shape(format!("expected (batch, positions, {channels}), found {size:?}")));
        }
        if secant::is_paired() {
            return self.unrolled(&self.project(x)?);
        }
        match self.activation {
            CellActivation::Tanh => self.fused(x, mode),
            // The state is unbounded and wants all of f32.
            CellActivation::Swish => {
                let projected = self.project(x)?.f_to_kind(self.forward.bias.kind())?;
                without_autocast(x.device(), || self.recur(&projected))
            }
        }
    }

    fn fused(&self, x: &Tensor, mode: Mode) -> Result<Outputs, TchError> {
        let batch = x.size()[0];
        let state = Tensor::f_zeros([2, batch, self.units], (x.kind(), x.device()))?;
        // LibTorch can go backward only through a forward pass that it ran as training, which without dropout gives
        // the same numbers. A view has a gradient only while gradients are recorded.
        let train = mode.is_train() || self.forward.bias.f_view([-1])?.requires_grad() || x.requires_grad();
        let (steps, last, _) = x.f_lstm(&[&state, &state], &self.weights(), true, 1, 0.0, train, true, true)?;
        Ok(Outputs { steps, last })
    }

    /// The input's part of all gates at all steps, in one product for each direction; the backward one's steps are
    /// already in the order in which it takes them.
    ///
    /// # Shapes
    /// (B, L, in) to (L, 2, B, 4u).
    fn project(&self, x: &Tensor) -> Result<Tensor, TchError> {
        let x = x.f_transpose(0, 1)?;
        let project = |x: &Tensor, d: &Direction| x.f_linear(&d.input, Some(&d.bias.f_add(&d.recurrent_bias)?));
        Tensor::f_stack(&[project(&x, &self.forward)?, project(&x, &self.backward)?.f_flip([0])?], 1)
    }

    /// Both directions, step by step, with the slopes of [`secant`] and the batch as the first axis.
    ///
    /// # Shapes
    /// (L, 2, B, 4u) of [`project`](Self::project).
    fn unrolled(&self, projected: &Tensor) -> Result<Outputs, TchError> {
        let (length, batch, u) = (projected.size()[0], projected.size()[2], self.units);
        let recurrent = Tensor::f_stack(&[&self.forward.recurrent, &self.backward.recurrent], 0)?.f_transpose(1, 2)?;
        let activate = match self.activation {
            CellActivation::Tanh => secant::tanh,
            CellActivation::Swish => secant::silu,
        };
        let mut hidden = Tensor::f_zeros([batch, 2, u], (projected.kind(), projected.device()))?;
        let mut cell = hidden.f_zeros_like()?;
        let mut steps = Vec::with_capacity(length as usize);
        for gates in projected.f_transpose(1, 2)?.f_unbind(0)? {
            let gates = gates.f_add(&hidden.f_transpose(0, 1)?.f_matmul(&recurrent)?.f_transpose(0, 1)?)?;
            let gate = |i: i64| gates.f_narrow(2, i * u, u);
            let (input, forget, output) =
                (secant::sigmoid(&gate(0)?)?, secant::sigmoid(&gate(1)?)?, secant::sigmoid(&gate(3)?)?);
            let kept = secant::multiply(&forget, &cell)?;
            cell = secant::add_product(&kept, &input, &activate(&gate(2)?)?)?;
            hidden = secant::multiply(&output, &activate(&cell)?)?;
            steps.push(hidden.shallow_clone());
        }
        let steps = Tensor::f_stack(&steps, 0)?;
        let (forward, backward) = (steps.f_select(2, 0)?, steps.f_select(2, 1)?.f_flip([0])?);
        let steps = Tensor::f_cat(&[forward, backward], 2)?.f_transpose(0, 1)?;
        Ok(Outputs { steps, last: hidden.f_transpose(0, 1)? })
    }

    /// Both directions, step by step.
    ///
    /// # Shapes
    /// (L, 2, B, 4u) of [`project`](Self::project).
    fn recur(&self, projected: &Tensor) -> Result<Outputs, TchError> {
        let (length, batch, u) = (projected.size()[0], projected.size()[2], self.units);
        let recurrent = Tensor::f_stack(&[&self.forward.recurrent, &self.backward.recurrent], 0)?.f_transpose(1, 2)?;
        let mut hidden = Tensor::f_zeros([2, batch, u], (projected.kind(), projected.device()))?;
        let mut cell = hidden.f_zeros_like()?;
        let mut steps = Vec::with_capacity(length as usize);
        for gates in projected.f_unbind(0)? {
            let gates = gates.f_baddbmm(&hidden, &recurrent, 1.0, 1.0)?;
            let [input_forget, candidate, output] = &gates.f_split_with_sizes([2 * u, u, u], 2)?[..] else {
                return Err(TchError::Shape("an LSTM has four gates".into()));
            };
            let [input, forget] = &input_forget.f_sigmoid()?.f_split_with_sizes([u, u], 2)?[..] else {
                return Err(TchError::Shape("an LSTM has an input and a forget gate".into()));
            };
            cell = forget.f_mul(&cell)?.f_addcmul(input, &candidate.f_silu()?)?;
            hidden = output.f_sigmoid()?.f_mul(&cell.f_silu()?)?;
            steps.push(hidden.shallow_clone());
        }
        let steps = Tensor::f_stack(&steps, 0)?;
        let (forward, backward) = (steps.f_select(1, 0)?, steps.f_select(1, 1)?.f_flip([0])?);
        Ok(Outputs { steps: Tensor::f_cat(&[forward, backward], 2)?.f_transpose(0, 1)?, last: hidden })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use promoter_torch::Params;
    use tch::{Device, Kind};

    #[test]
    fn the_forget_bias_starts_at_one_and_one_bias_is_counted() {
        let mut params = Params::new(Device::Cpu, 1);
        let kernel = Init::he_normal(5);
        BiLstm::keras(params.root().sub("lstm"), 5, 2, kernel, CellActivation::Tanh).unwrap();
        let bias = Vec::<f32>::try_from(params.get("lstm.backward.bias").unwrap()).unwrap();
        assert_eq!(bias, [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(params.trainable_count(), 2 * 4 * (5 * 2 + 2 * 2 + 2));
        let recurrent = params.get("lstm.forward.recurrent").unwrap();
        let gram = recurrent.transpose(0, 1).matmul(recurrent);
        assert!((gram - Tensor::eye(2, (Kind::Float, Device::Cpu))).abs().max().double_value(&[]) < 1e-6);
    }

    #[test]
    fn pytorch_has_two_biases_with_its_names() {
        let mut params = Params::new(Device::Cpu, 1);
        let lstm = BiLstm::torch(params.root().sub("lstm"), 3, 2).unwrap();
        assert_eq!(params.entries()[7].name, "lstm.bias_hh_l0_reverse");
        assert_eq!(params.trainable_count(), 2 * 4 * (3 * 2 + 2 * 2 + 2 * 2));
        let x = Tensor::ones([4, 6, 3], (Kind::Float, Device::Cpu));
        assert_eq!(lstm.all_steps(&x, Mode::Train).unwrap().size(), [4, 6, 4]);
    }

    #[test]
    fn another_number_of_channels_names_the_layer() {
        for activation in [CellActivation::Tanh, CellActivation::Swish] {
            let mut params = Params::new(Device::Cpu, 1);
            let lstm = BiLstm::keras(params.root().sub("lstm"), 3, 2, Init::ONES, activation).unwrap();
            let x = Tensor::ones([4, 6, 5], (Kind::Float, Device::Cpu));
            let error = lstm.all_steps(&x, Mode::Train).unwrap_err();
            assert!(matches!(&error, Error::Layer { layer, .. } if layer == "lstm"), "{error}");
            let cause = std::error::Error::source(&error).unwrap().to_string();
            assert!(cause.contains("expected (batch, positions, 3), found [4, 6, 5]"), "{cause}");
        }
    }
}

//! Optimisers whose state can be saved: lists of tensors beside the parameters.

use promoter_torch::{Params, group};
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::Error;
use crate::error::{Doing, experiment};

/// Which optimiser, with its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum OptimiserConfig {
    /// Stochastic gradient descent: `v = momentum v + g`, then `w -= lr v`. Sonnet's and PyTorch's.
    Sgd {
        /// Learning rate.
        lr: f64,
        /// Share of the velocity that is kept.
        momentum: f64,
    },
}

impl OptimiserConfig {
    /// Learning rate before the schedule.
    pub fn lr(&self) -> f64 {
        match *self {
            Self::Sgd { lr, .. } => lr,
        }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let Self::Sgd { lr, momentum } = *self;
        if !(lr > 0.0 && lr.is_finite()) {
            return Err(experiment("optimiser.lr", lr, "a positive number"));
        }
        if !(0.0..1.0).contains(&momentum) {
            return Err(experiment("optimiser.momentum", momentum, "0 to below 1"));
        }
        Ok(())
    }

    /// The optimiser of a network's trained parameters, its state at zero.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn build(&self, params: &Params) -> Result<Optimiser, Error> {
        let names: Vec<String> = params.trainable().map(|entry| entry.name.clone()).collect();
        let weights: Vec<Tensor> = params.trainable().map(|entry| entry.tensor.shallow_clone()).collect();
        let state = match self {
            Self::Sgd { .. } => vec![("velocity", zeros_like(&weights)?)],
        };
        Ok(Optimiser { config: *self, names, weights, state })
    }
}

fn zeros_like(weights: &[Tensor]) -> Result<Vec<Tensor>, Error> {
    let _guard = tch::no_grad_guard();
    weights.iter().map(|w| w.f_zeros_like().and_then(|z| z.f_set_requires_grad(false)).doing("optimiser")).collect()
}

/// An optimiser at work.
#[derive(Debug)]
pub struct Optimiser {
    config: OptimiserConfig,
    names: Vec<String>,
    weights: Vec<Tensor>,
    state: Vec<(&'static str, Vec<Tensor>)>,
}

impl Optimiser {
    /// Gradients of the loss for all trained parameters, in their order. Nothing accumulates: there is nothing to zero.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn gradients(&self, loss: &Tensor) -> Result<Vec<Tensor>, Error> {
        Tensor::f_run_backward(&[loss], &self.weights, false, false).doing("backward pass")
    }

    /// Changes the parameters along the gradients, with the learning rate times `factor`.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn step(&mut self, gradients: &[Tensor], factor: f64) -> Result<(), Error> {
        match (self.config, self.state.as_slice()) {
            (OptimiserConfig::Sgd { lr, momentum }, [(_, velocity)]) => {
                group::sgd_(&self.weights, gradients, velocity, 0.0, momentum, lr * factor)?;
            }
            // `build` made the state that the variant needs.
            (OptimiserConfig::Sgd { .. }, _) => {}
        }
        Ok(())
    }

    /// State tensors with their names in checkpoints.
    pub fn state(&self) -> impl Iterator<Item = (String, &Tensor)> {
        self.state.iter().flat_map(|(kind, tensors)| {
            self.names.iter().zip(tensors).map(move |(name, tensor)| (format!("optimiser.{kind}.{name}"), tensor))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use promoter_torch::Init;
    use tch::{Device, Kind};

    /// Sonnet's momentum on the gradient (0.5 w0 + 1, 2 w1).
    #[test]
    fn momentum_follows_sonnets_trajectory() {
        let mut params = Params::new(Device::Cpu, 0);
        let w = params.root().parameter("w", &[2], Init::ZEROS).unwrap();
        tch::no_grad(|| w.shallow_clone().copy_(&Tensor::from_slice(&[1.0f32, -2.0])));
        let mut optimiser = OptimiserConfig::Sgd { lr: 0.01, momentum: 0.9 }.build(&params).unwrap();
        for expected in
            [[0.985, -1.96], [0.956_575, -1.884_8], [0.916_209_6, -1.779_424_1], [0.865_299_8, -1.648_997_2]]
        {
            let (w0, w1) = (w.select(0, 0), w.select(0, 1));
            let loss: Tensor = w0.square() * 0.25 + &w0 + w1.square();
            let gradients = optimiser.gradients(&loss).unwrap();
            optimiser.step(&gradients, 1.0).unwrap();
            let error = (w.to_kind(Kind::Double) - Tensor::from_slice(&expected)).abs().max().double_value(&[]);
            assert!(error < 1e-6, "{w}");
        }
    }

    #[test]
    fn impossible_numbers_are_named() {
        let error = OptimiserConfig::Sgd { lr: -1.0, momentum: 0.9 }.check().unwrap_err().to_string();
        assert_eq!(error, "`optimiser.lr` is -1, expected a positive number");
        assert!(OptimiserConfig::Sgd { lr: 1.0, momentum: 1.0 }.check().is_err());
    }
}

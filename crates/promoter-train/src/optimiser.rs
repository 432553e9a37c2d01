//! Optimisers whose state can be saved: lists of tensors beside the parameters, and the number of steps.

use promoter_torch::{Params, group};
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::Error;
use crate::error::{Doing, experiment};

/// Which optimiser, with its numbers. Those that are not given have the default of the framework.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum OptimiserConfig {
    /// Stochastic gradient descent: `v = momentum v + g`, then `w -= lr v`. Sonnet's, Keras' and PyTorch's.
    Sgd {
        /// Learning rate.
        lr: f64,
        /// Share of the velocity that is kept.
        #[serde(default)]
        momentum: f64,
    },
    /// PyTorch's Adam; eps is added to the root of the corrected second moment.
    Adam {
        /// Learning rate.
        lr: f64,
        /// Decays of the two moments.
        #[serde(default = "betas")]
        betas: [f64; 2],
        /// Keeps the division finite.
        #[serde(default = "torch_eps")]
        eps: f64,
    },
    /// Keras' Adam up to 2.10; eps is added before the correction is folded in ("epsilon-hat").
    ///
    /// # Source
    /// Challenge reports of auth (lr 0.001) and Noisy Chardonnay (0.003), 2022.
    KerasAdam {
        /// Learning rate.
        lr: f64,
        /// Decays of the two moments.
        #[serde(default = "betas")]
        betas: [f64; 2],
        /// Keeps the division finite.
        #[serde(default = "keras_eps")]
        eps: f64,
    },
    /// PyTorch's AdamW: Adam, and every weight shrinks by `lr weight_decay` of itself.
    AdamW {
        /// Learning rate.
        lr: f64,
        /// Decays of the two moments.
        #[serde(default = "betas")]
        betas: [f64; 2],
        /// Keeps the division finite.
        #[serde(default = "torch_eps")]
        eps: f64,
        /// Weight decay, on all parameters.
        #[serde(default = "decay")]
        weight_decay: f64,
    },
    /// `v = rho v + (1 - rho) g^2`, then `w -= lr g / (sqrt(v) + eps)`. Keras' up to 2.10 and PyTorch's, whose default
    /// for rho is 0.99.
    ///
    /// # Source
    /// Challenge report of MadLab, 2022: lr 0.0001.
    RmsProp {
        /// Learning rate.
        lr: f64,
        /// Decay of the second moment.
        #[serde(default = "rho")]
        rho: f64,
        /// Keeps the division finite.
        #[serde(default = "keras_eps")]
        eps: f64,
    },
    /// The sign of an average of gradients: Chen et al. 2023, <https://arxiv.org/abs/2302.06675>.
    Lion {
        /// Learning rate.
        lr: f64,
        /// Weights of the past in the step and in the average.
        #[serde(default = "lion_betas")]
        betas: [f64; 2],
        /// Weight decay, on all parameters.
        #[serde(default)]
        weight_decay: f64,
    },
}

fn betas() -> [f64; 2] {
    [0.9, 0.999]
}
fn lion_betas() -> [f64; 2] {
    [0.9, 0.99]
}
fn torch_eps() -> f64 {
    1e-8
}
fn keras_eps() -> f64 {
    1e-7
}
fn decay() -> f64 {
    0.01
}
fn rho() -> f64 {
    0.9
}

impl OptimiserConfig {
    /// Learning rate before the schedule.
    pub fn lr(&self) -> f64 {
        match *self {
            Self::Sgd { lr, .. }
            | Self::Adam { lr, .. }
            | Self::KerasAdam { lr, .. }
            | Self::AdamW { lr, .. }
            | Self::RmsProp { lr, .. }
            | Self::Lion { lr, .. } => lr,
        }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let share = |key, value: f64| match value {
            v if (0.0..1.0).contains(&v) => Ok(()),
            v => Err(experiment(key, v, "0 to below 1")),
        };
        let positive = |key, value: f64| match value {
            v if v > 0.0 && v.is_finite() => Ok(()),
            v => Err(experiment(key, v, "a positive number")),
        };
        positive("optimiser.lr", self.lr())?;
        match *self {
            Self::Sgd { momentum, .. } => share("optimiser.momentum", momentum),
            Self::RmsProp { rho, eps, .. } => {
                share("optimiser.rho", rho)?;
                positive("optimiser.eps", eps)
            }
            Self::Adam { betas, eps, .. } | Self::KerasAdam { betas, eps, .. } | Self::AdamW { betas, eps, .. } => {
                betas.iter().try_for_each(|&beta| share("optimiser.betas", beta))?;
                positive("optimiser.eps", eps)
            }
            Self::Lion { betas, .. } => betas.iter().try_for_each(|&beta| share("optimiser.betas", beta)),
        }?;
        match *self {
            Self::AdamW { weight_decay, .. } | Self::Lion { weight_decay, .. }
                if weight_decay.is_nan() || weight_decay < 0.0 =>
            {
                Err(experiment("optimiser.weight_decay", weight_decay, "0 or more"))
            }
            _ => Ok(()),
        }
    }

    /// The configuration with another momentum; RMSprop has none to replace.
    fn with_momentum(mut self, replaced: Option<f64>) -> Self {
        if let Some(replaced) = replaced {
            match &mut self {
                Self::Sgd { momentum, .. } => *momentum = replaced,
                Self::Adam { betas, .. }
                | Self::KerasAdam { betas, .. }
                | Self::AdamW { betas, .. }
                | Self::Lion { betas, .. } => betas[0] = replaced,
                Self::RmsProp { .. } => {}
            }
        }
        self
    }

    /// Names of the state tensors that each parameter has.
    fn state(&self) -> &'static [&'static str] {
        match self {
            Self::Sgd { .. } => &["velocity"],
            Self::Lion { .. } => &["average"],
            _ => &["first_moment", "second_moment"],
        }
    }

    /// The optimiser of a network's trained parameters, its state at zero.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn build(&self, params: &Params) -> Result<Optimiser, Error> {
        let names: Vec<String> = params.trainable().map(|entry| entry.name.clone()).collect();
        let weights: Vec<Tensor> = params.trainable().map(|entry| entry.tensor.shallow_clone()).collect();
        let state = self.state().iter().map(|_| zeros_like(&weights)).collect::<Result<_, _>>()?;
        let steps = Tensor::f_zeros([0i64; 0], (tch::Kind::Float, params.device())).doing("optimiser")?;
        Ok(Optimiser { config: *self, names, weights, state, steps })
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
    /// One list for each name of [`OptimiserConfig::state`].
    state: Vec<Vec<Tensor>>,
    /// Steps done.
    steps: Tensor,
}

impl Optimiser {
    /// Gradients of the loss for all trained parameters, in their order. Nothing accumulates: there is nothing to zero.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn gradients(&self, loss: &Tensor) -> Result<Vec<Tensor>, Error> {
        Tensor::f_run_backward(&[loss], &self.weights, false, false).doing("backward pass")
    }

    /// The parameters, in the order of the gradients.
    pub fn weights(&self) -> &[Tensor] {
        &self.weights
    }

    /// Changes the parameters along the gradients. `step` counts from 1 over the whole run; the learning rate is the
    /// configuration's times `factor`; `momentum` stands in for SGD's momentum and for the first of `betas` where a
    /// schedule changes them.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn step(&mut self, gradients: &[Tensor], step: u64, factor: f64, momentum: Option<f64>) -> Result<(), Error> {
        let lr = self.config.lr() * factor;
        // Share of the second moment that the steps so far have filled.
        let filled = |beta: f64| (1.0 - beta.powf(step as f64)).sqrt();
        match self.config.with_momentum(momentum) {
            OptimiserConfig::Sgd { momentum, .. } => {
                group::sgd_(&self.weights, gradients, &self.state[0], 0.0, momentum, lr)?;
            }
            OptimiserConfig::Adam { betas, eps, .. } => self.adam(gradients, step, lr, betas, eps, 0.0)?,
            OptimiserConfig::AdamW { betas, eps, weight_decay, .. } => {
                self.adam(gradients, step, lr, betas, eps, weight_decay)?;
            }
            OptimiserConfig::KerasAdam { betas, eps, .. } => {
                // lr c m / (sqrt(v) + eps) is lr m / (sqrt(v) / c + eps / c): PyTorch's with another eps each step.
                self.adam(gradients, step, lr, betas, eps / filled(betas[1]), 0.0)?;
            }
            OptimiserConfig::RmsProp { rho, eps, .. } => {
                // Adam without a first moment, its correction of the second undone.
                let c = filled(rho);
                self.adam(gradients, step, lr / c, [0.0, rho], eps / c, 0.0)?;
            }
            OptimiserConfig::Lion { betas, weight_decay, .. } => {
                self.lion(gradients, lr, betas, weight_decay).doing("Lion step")?;
            }
        }
        Ok(())
    }

    fn adam(
        &mut self,
        gradients: &[Tensor],
        step: u64,
        lr: f64,
        [beta1, beta2]: [f64; 2],
        eps: f64,
        decay: f64,
    ) -> Result<(), Error> {
        // The fused step takes one counter for each parameter; all stand at the same.
        let _ = self.steps.f_fill_(step as f64).doing("optimiser")?;
        let steps: Vec<Tensor> = self.weights.iter().map(|_| self.steps.shallow_clone()).collect();
        let with = group::Adam { lr, beta1, beta2, eps, decay, decoupled: decay > 0.0 };
        Ok(group::adam_(&self.weights, gradients, &self.state[0], &self.state[1], &steps, with)?)
    }

    fn lion(&self, gradients: &[Tensor], lr: f64, betas: [f64; 2], decay: f64) -> Result<(), tch::TchError> {
        let _guard = tch::no_grad_guard();
        for ((weight, gradient), average) in self.weights.iter().zip(gradients).zip(&self.state[0]) {
            let direction = gradient.f_lerp(average, betas[0])?.f_sign()?;
            let mut weight = weight.shallow_clone();
            let _ = weight.f_mul_scalar_(1.0 - lr * decay)?;
            let _ = weight.f_sub_(&direction.f_mul_scalar(lr)?)?;
            let _ = average.shallow_clone().f_lerp_(gradient, 1.0 - betas[1])?;
        }
        Ok(())
    }

    /// State tensors with their names in checkpoints.
    pub fn state(&self) -> impl Iterator<Item = (String, &Tensor)> {
        self.config.state().iter().zip(&self.state).flat_map(|(kind, tensors)| {
            self.names.iter().zip(tensors).map(move |(name, tensor)| (format!("optimiser.{kind}.{name}"), tensor))
        })
    }
}

//! No network: what an experiment names where ridge regression on k-mer counts is to predict by itself.
//!
//! It has no parameters and gives 0 for every sequence, so that all that a predictor holds is ridge regression.
//!
//! # Source
//! This project: the floor that networks are shown beside, `promoter_metrics::ridge`.

use promoter_torch::Params;
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use crate::architecture::Preset;
use crate::check;
use crate::error::InLayer;
use crate::network::check_input;
use crate::{Architecture, Error, Input, Mode, Network};

/// Shape of the input, and the number of labels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// Positions of the input; ridge regression sees whole sequences.
    pub length: i64,
    /// Numbers per position.
    pub input_channels: i64,
    /// Labels that are predicted, as many as `label.columns` of the experiment; 1 if omitted.
    #[serde(skip_serializing_if = "crate::network::is_one")]
    #[cfg_attr(feature = "schema", schemars(!skip_serializing_if))]
    pub labels: i64,
}

impl Default for Config {
    fn default() -> Self {
        Self { length: 110, input_channels: 4, labels: 1 }
    }
}

impl Architecture for Config {
    type Network = Nothing;

    const NAME: &'static str = "ridge";
    const SOURCE: &'static str = "this project: ridge regression on k-mer counts, without a network";
    const PRESETS: &'static [Preset<Self>] = &[("ridge", Self::default)];

    fn input(&self) -> Input {
        Input { length: self.length, channels: self.input_channels }
    }

    fn resized(self, input: Input) -> Self {
        Self { length: input.length, input_channels: input.channels, ..self }
    }

    fn check(&self) -> Result<(), Error> {
        check::size("length", self.length)?;
        check::size("input_channels", self.input_channels)?;
        check::require(self.labels >= 1, "labels", self.labels, "at least 1")?;
        check::blocks("labels", self.labels)
    }

    fn make(&self, _params: &mut Params) -> Result<Nothing, Error> {
        Ok(Nothing { input: self.input(), labels: self.labels })
    }
}

/// What has no parameters and gives 0.
///
/// ```
/// use promoter_torch::Params;
/// use promoter_zoo::{Architecture, Mode, Network, ridge};
/// use tch::{Device, Kind, Tensor};
///
/// let mut params = Params::new(Device::Cpu, 1);
/// let nothing = ridge::Config::default().build(&mut params)?;
/// let output = nothing.forward(&Tensor::ones([2, 110, 4], (Kind::Float, Device::Cpu)), Mode::Evaluate)?;
/// assert_eq!((Vec::<f32>::try_from(output.view(-1)).unwrap(), params.parameter_count()), (vec![0.0; 2], 0));
/// # Ok::<(), promoter_zoo::Error>(())
/// ```
#[derive(Debug)]
pub struct Nothing {
    input: Input,
    labels: i64,
}

impl Network for Nothing {
    fn input(&self) -> Input {
        self.input
    }

    fn outputs(&self) -> i64 {
        self.labels
    }

    fn labels(&self) -> i64 {
        self.labels
    }

    /// (B, L, C) to (B, labels).
    fn forward(&self, x: &Tensor, _mode: Mode) -> Result<Tensor, Error> {
        check_input(x, self.input)?;
        // Of the input, so that it has a gradient, which is 0.
        let zero = || x.f_flatten(1, 2)?.f_mean_dim(1, true, None::<Kind>)?.f_mul_scalar(0.0);
        zero().and_then(|zero| zero.f_repeat([1, self.labels])).in_layer("output")
    }
}

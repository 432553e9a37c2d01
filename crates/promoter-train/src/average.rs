//! An average of the weights over the steps, which is evaluated and kept instead of the last weights.

use promoter_torch::{Params, group};
use serde::{Deserialize, Serialize};
use tch::{TchError, Tensor};

use crate::Error;
use crate::error::{Doing, experiment};

/// How fast the average forgets.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Average {
    /// Share of the average that a step keeps. In step t it is `(1 + t) / (10 + t)` as long as that is smaller, so that
    /// the initial weights are forgotten soon.
    pub decay: f64,
}

impl Average {
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.decay {
            decay if (0.0..1.0).contains(&decay) => Ok(()),
            decay => Err(experiment("training.average.decay", decay, "0 to below 1")),
        }
    }

    /// Share that step `step`, counted from 0, keeps.
    fn kept(&self, step: u64) -> f64 {
        self.decay.min((1.0 + step as f64) / (10.0 + step as f64))
    }
}

/// Averages beside the weights and buffers of a network, in their order.
#[derive(Debug)]
pub(crate) struct Averages {
    average: Average,
    names: Vec<String>,
    network: Vec<Tensor>,
    averages: Vec<Tensor>,
}

impl Averages {
    /// Averages that stand at the network's numbers. Counters, which are not averages, are left out.
    pub(crate) fn new(average: Average, params: &Params) -> Result<Self, Error> {
        let _guard = tch::no_grad_guard();
        let entries = || params.entries().iter().filter(|entry| entry.tensor.is_floating_point());
        Ok(Self {
            average,
            names: entries().map(|entry| entry.name.clone()).collect(),
            network: entries().map(|entry| entry.tensor.shallow_clone()).collect(),
            averages: entries().map(|entry| copy(&entry.tensor)).collect::<Result<_, _>>().doing("weight average")?,
        })
    }

    /// Moves the averages towards the network after step `step`, counted from 0.
    pub(crate) fn step(&self, step: u64) -> Result<(), Error> {
        Ok(group::lerp_(&self.averages, &self.network, 1.0 - self.average.kept(step))?)
    }

    /// Exchanges network and averages; a second time puts both back, to the last bit.
    pub(crate) fn swap(&self) -> Result<(), Error> {
        let _guard = tch::no_grad_guard();
        for (network, average) in self.network.iter().zip(&self.averages) {
            let exchange = || {
                let before = copy(network)?;
                network.shallow_clone().f_copy_(average)?;
                average.shallow_clone().f_copy_(&before)
            };
            exchange().doing("weight average")?;
        }
        Ok(())
    }

    /// The averages with their names in checkpoints.
    pub(crate) fn state(&self) -> impl Iterator<Item = (String, &Tensor)> {
        self.names.iter().map(|name| format!("average.{name}")).zip(&self.averages)
    }
}

fn copy(tensor: &Tensor) -> Result<Tensor, TchError> {
    let mut copy = tensor.f_empty_like()?.f_set_requires_grad(false)?;
    copy.f_copy_(tensor)?;
    Ok(copy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use promoter_torch::Init;
    use tch::Device;

    #[test]
    fn it_follows_the_weights_and_swaps_to_the_last_bit() {
        let mut params = Params::new(Device::Cpu, 1);
        let mut weight = params.root().parameter("w", &[3], Init::Constant(0.0)).unwrap();
        let averages = Averages::new(Average { decay: 0.5 }, &params).unwrap();
        let values = |tensor: &Tensor| Vec::<f32>::try_from(tensor).unwrap();
        let mut expected = 0.0f32;
        for step in 0..20u64 {
            let _ = tch::no_grad(|| weight.fill_(step as f64));
            averages.step(step).unwrap();
            let kept = 0.5f32.min((1.0 + step as f32) / (10.0 + step as f32));
            expected = expected * kept + (1.0 - kept) * step as f32;
        }
        averages.swap().unwrap();
        values(&weight).iter().for_each(|value| assert!((value - expected).abs() < 1e-4, "{value} for {expected}"));
        averages.swap().unwrap();
        assert_eq!(values(&weight), [19.0; 3]);
    }
}

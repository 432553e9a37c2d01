//! In which kind of numbers the network computes.

use promoter_torch::{backend, group};
use promoter_zoo::Mode;
use serde::{Deserialize, Serialize};
use tch::{Device, Kind, Tensor};

use crate::Error;
use crate::error::Doing;

/// Kind of the numbers in matrix products and convolutions. Weights, norms, losses and optimisers stay f32.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Precision {
    /// f32.
    #[default]
    F32,
    /// bf16, which has the range of f32.
    Bf16,
    /// f16; gradients are computed of a scaled loss ([`Scaler`]).
    ///
    /// # Source
    /// Challenge report of NAD, 2022.
    Fp16,
    /// bf16 on a processor that has instructions for it, f32 elsewhere. A run's `config.toml` has the one that was
    /// taken.
    Auto,
}

impl Precision {
    /// The name in experiment files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::Fp16 => "fp16",
            Self::Auto => "auto",
        }
    }

    /// The precision that is taken on a device: [`Auto`](Self::Auto) decides, the others stay.
    pub fn resolve(self, device: Device) -> Self {
        match self {
            Self::Auto if device == Device::Cpu && has_bf16() => Self::Bf16,
            Self::Auto => Self::F32,
            other => other,
        }
    }

    /// The precision of a pass: f32 outside training, so that a predictor predicts what was evaluated.
    pub(crate) fn during(self, mode: Mode) -> Self {
        if mode.is_train() { self } else { Self::F32 }
    }

    /// Whether a device emulates the precision, which is an order of magnitude slower than f32.
    pub fn is_emulated(self, device: Device) -> bool {
        self == Self::Bf16 && device == Device::Cpu && !has_bf16()
    }

    /// Runs `forward` so that LibTorch computes in this precision.
    ///
    /// # Errors
    /// [`Error::Params`], and what `forward` returns.
    pub fn within<T>(self, device: Device, forward: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        let kind = match self {
            // `Auto` has been resolved by whoever knows the device; without that it is f32.
            Self::F32 | Self::Auto => return forward(),
            Self::Bf16 => Kind::BFloat16,
            Self::Fp16 => Kind::Half,
        };
        backend::autocast(device, Some(kind), forward)?
    }
}

/// Whether the processor multiplies in bf16.
fn has_bf16() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx512bf16");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// The factor of the loss in f16, where small gradients would become 0: it halves when a gradient overflows, and
/// doubles after 2,000 steps without overflow.
///
/// # Source
/// PyTorch's `GradScaler` with its defaults.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scaler {
    scale: f64,
    steps: u32,
}

/// Steps without overflow after which the factor doubles.
const GROWTH: u32 = 2000;

impl Default for Scaler {
    fn default() -> Self {
        Self { scale: 65536.0, steps: 0 }
    }
}

impl Scaler {
    /// The factor now.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Whether overflow goes on although the factor has become tiny: the gradients are not finite.
    pub(crate) fn is_lost(&self) -> bool {
        self.scale < 1e-6
    }

    /// Divides gradients by the factor; false when one of them has overflowed. Waits for the device.
    ///
    /// # Errors
    /// [`Error::Params`], [`Error::Torch`].
    pub fn unscale(&self, gradients: &[Tensor]) -> Result<bool, Error> {
        group::mul_(gradients, 1.0 / self.scale)?;
        Ok(group::norm(gradients)?.f_double_value(&[]).doing("looking for overflow")?.is_finite())
    }

    /// Moves the factor after a step.
    pub fn update(&mut self, overflowed: bool) {
        if overflowed {
            *self = Self { scale: self.scale / 2.0, steps: 0 };
        } else if self.steps + 1 == GROWTH {
            *self = Self { scale: self.scale * 2.0, steps: 0 };
        } else {
            self.steps += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_halves_and_doubles() {
        let mut scaler = Scaler::default();
        scaler.update(true);
        assert_eq!(scaler.scale(), 32768.0);
        (0..1999).for_each(|_| scaler.update(false));
        assert_eq!(scaler.scale(), 32768.0);
        scaler.update(false);
        assert_eq!(scaler.scale(), 65536.0);
    }

    #[test]
    fn overflow_is_seen_and_gradients_are_divided() {
        let scaler = Scaler::default();
        let gradients = [Tensor::from_slice(&[65536.0f32, -131_072.0])];
        assert!(scaler.unscale(&gradients).unwrap());
        assert_eq!(Vec::<f32>::try_from(&gradients[0]).unwrap(), [1.0, -2.0]);
        assert!(!scaler.unscale(&[Tensor::from_slice(&[f32::INFINITY])]).unwrap());
        assert!(!scaler.unscale(&[Tensor::from_slice(&[f32::NAN])]).unwrap());
    }

    #[test]
    fn products_are_in_the_kind_and_f32_is_left_alone() {
        let a = Tensor::ones([4, 4], (Kind::Float, Device::Cpu));
        for (precision, kind) in
            [(Precision::F32, Kind::Float), (Precision::Bf16, Kind::BFloat16), (Precision::Fp16, Kind::Half)]
        {
            let product = precision.within(Device::Cpu, || a.f_matmul(&a).doing("test")).unwrap();
            assert_eq!(product.kind(), kind);
        }
    }
}

//! Over what a prediction is averaged.

use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::{Encoder, View};
use crate::Error;
use crate::encoding::Encoding;
use crate::error::{Doing, experiment};

/// Over what a prediction is averaged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Averaging {
    /// Both strands: the window and its reverse complement.
    pub strands: bool,
    /// Windows moved by up to so many bases to either side.
    pub shift: usize,
}

impl Averaging {
    /// Strand - whether it is the reverse one - and shift of each pass; the sequence as it is comes first.
    pub fn passes(&self) -> Vec<(bool, i64)> {
        let shifts = || std::iter::once(0).chain((1..=self.shift as i64).flat_map(|shift| [-shift, shift]));
        let strands = if self.strands { &[false, true][..] } else { &[false] };
        strands.iter().flat_map(|&reverse| shifts().map(move |shift| (reverse, shift))).collect()
    }

    /// Checks the values against an encoding.
    ///
    /// # Errors
    /// [`Error::Experiment`].
    pub fn check(&self, encoding: &Encoding) -> Result<(), Error> {
        let room = encoding.room();
        if self.shift > room {
            return Err(experiment("evaluation.shift", self.shift, format_args!("at most {room} beyond the window")));
        }
        Ok(())
    }

    /// The mean of what `values` makes of an encoded batch, over all passes; summed in f64.
    ///
    /// # Shapes
    /// That of `values`.
    ///
    /// # Errors
    /// [`Error::Torch`], and what `values` returns.
    pub fn mean<E: From<Error>>(
        &self,
        codes: &Tensor,
        encoder: &Encoder,
        mut values: impl FnMut(&Tensor) -> Result<Tensor, E>,
    ) -> Result<Tensor, E> {
        let (passes, rows) = (self.passes(), codes.size()[0]);
        let mut sum = Tensor::f_zeros([0i64; 0], (Kind::Double, codes.device())).doing("averaging predictions")?;
        for &(reverse, shift) in &passes {
            let view = View::of_all(reverse, shift, rows, codes.device())?;
            let values = values(&encoder.encode(codes, &view)?)?.f_to_kind(Kind::Double);
            sum = values.and_then(|values| sum.f_add(&values)).doing("averaging predictions")?;
        }
        let mean = sum.f_div_scalar(passes.len() as f64).and_then(|mean| mean.f_to_kind(Kind::Float));
        Ok(mean.doing("averaging predictions")?)
    }
}

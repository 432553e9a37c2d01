//! Stages of inverted residual blocks with squeeze-excite, whose output joins their input.
//!
//! # Source
//! Report and code of team autosome.org (LegNet), Random Promoter DREAM Challenge 2022, whose names the tensors have.

use promoter_torch::Scope;
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::error::InLayer;
use crate::layers::conv::Shape;
use crate::layers::squeeze_excite::SqueezeExciteKind;
use crate::layers::{ConvBlock, SqueezeExcite, concatenate};
use crate::{Error, Mode};

/// Positions that the convolutions see, except those of width 1.
pub const WIDTH: i64 = 7;

/// Which of a stage's channels the inverted residual block has four times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Inner {
    /// Those before the stage.
    Input,
    /// Those after it.
    Output,
}

/// In what the stages of LegNet's versions differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// Which of a stage's channels the inverted residual block has four times.
    pub inner: Inner,
    /// Channels of a group in the grouped convolution of each block.
    pub group: i64,
    /// How the gates of the blocks are computed.
    pub squeeze_excite: SqueezeExciteKind,
    /// Whether a stage appends its input to the block's output, rather than the output to the input.
    pub block_first: bool,
}

impl Form {
    /// As the Prix Fixe framework has it.
    pub const PRIX_FIXE: Self =
        Self { inner: Inner::Output, group: 2, squeeze_excite: SqueezeExciteKind::Simple, block_first: false };
}

/// An inverted residual block whose output joins its input, then a convolution to the stage's channels.
#[derive(Debug)]
struct Stage {
    expand: ConvBlock,
    grouped: ConvBlock,
    gate: SqueezeExcite,
    contract: ConvBlock,
    resize: ConvBlock,
    block_first: bool,
}

impl Stage {
    fn new(scope: &mut Scope<'_>, i: usize, form: Form, input: i64, output: i64) -> Result<Self, Error> {
        let inner = 4 * match form.inner {
            Inner::Input => input,
            Inner::Output => output,
        };
        let mut block = scope.sub(format_args!("inv_res_blc{i}"));
        let grouped = Shape { groups: inner / form.group, ..Shape::same(inner, inner, WIDTH) };
        Ok(Self {
            expand: ConvBlock::new(&mut block, 0, Shape::same(input, inner, 1))?,
            grouped: ConvBlock::new(&mut block, 3, grouped)?,
            gate: SqueezeExcite::new(block.sub(6), form.squeeze_excite, inner, input / 4)?,
            contract: ConvBlock::new(&mut block, 7, Shape::same(inner, input, 1))?,
            resize: ConvBlock::new(
                &mut scope.sub(format_args!("resize_blc{i}")),
                0,
                Shape::same(2 * input, output, WIDTH),
            )?,
            block_first: form.block_first,
        })
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let block = self.grouped.forward(&self.expand.forward(x, mode)?, mode)?;
        let block = self.contract.forward(&self.gate.forward(&block)?, mode)?;
        let joined = if self.block_first { [&block, x] } else { [x, &block] };
        self.resize.forward(&concatenate(&joined).in_layer("concatenation")?, mode)
    }
}

/// Stages one after the other, (B, first, L) to (B, last, L).
#[derive(Debug)]
pub struct InvertedResiduals(Vec<Stage>);

impl InvertedResiduals {
    /// From the first of `channels` to the second, and on to the last.
    ///
    /// # Errors
    /// [`Error::Params`].
    pub fn new(mut scope: Scope<'_>, channels: &[i64], form: Form) -> Result<Self, Error> {
        let pairs = channels.windows(2).enumerate();
        Ok(Self(pairs.map(|(i, pair)| Stage::new(&mut scope, i, form, pair[0], pair[1])).collect::<Result<_, _>>()?))
    }

    /// # Shapes
    /// (B, first, L) to (B, last, L).
    ///
    /// # Errors
    /// [`Error::Layer`].
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let mut x = x.shallow_clone();
        for stage in &self.0 {
            x = stage.forward(&x, mode)?;
        }
        Ok(x)
    }
}

//! DREAM-Attn of the Prix Fixe framework: 4,539,410 parameters.
//!
//! LegNet's first convolution, learned positions, four conformer blocks, one logit per sorting bin.
//!
//! # Source
//! Rafi et al. 2024, <https://doi.org/10.1038/s41587-024-02414-w>.

use promoter_torch::{Init, Params, Scope};
use serde::{Deserialize, Serialize};
use tch::Tensor;

use crate::architecture::Preset;
use crate::check;
use crate::error::InLayer;
use crate::layers::bins::{BINS, expectation};
use crate::layers::conv::Shape;
use crate::layers::{BinHead, Conformer, ConvBlock, inverted_residual};
use crate::network::check_input;
use crate::trace::record;
use crate::{Architecture, Error, Input, Mode, Network};

const WIDTH: i64 = 256;

/// Sizes and dropout.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Config {
    /// Positions: the construct behind plasmid, 150.
    pub length: i64,
    /// Numbers per position: 6 with strand and singleton channels, 4 for bases only.
    pub input_channels: i64,
    /// Conformer blocks.
    pub blocks: i64,
    /// Attention heads, a divisor of 256. The published code asks for 8 and always uses 4.
    pub heads: i64,
    /// Dropout in the conformer blocks.
    pub dropout: f64,
}

impl Config {
    /// The published network.
    pub fn published() -> Self {
        Self { length: 150, input_channels: 6, blocks: 4, heads: 4, dropout: 0.1 }
    }
}

impl Architecture for Config {
    type Network = DreamAttn;

    const NAME: &'static str = "dream-attn";
    const SOURCE: &'static str = "Rafi et al. 2024, https://doi.org/10.1038/s41587-024-02414-w";
    const PRESETS: &'static [Preset<Self>] = &[("dream-attn", Self::published)];
    const RENAMED: &'static [(&'static str, &'static str)] = &[("channels", "input_channels")];

    fn input(&self) -> Input {
        Input { length: self.length, channels: self.input_channels }
    }

    fn resized(self, input: Input) -> Self {
        Self { length: input.length, input_channels: input.channels, ..self }
    }

    fn check(&self) -> Result<(), Error> {
        check::size("length", self.length)?;
        check::size("input_channels", self.input_channels)?;
        check::rate("dropout", self.dropout)?;
        check::require(self.heads >= 1 && WIDTH % self.heads == 0, "heads", self.heads, "a divisor of 256")?;
        check::blocks("blocks", self.blocks)
    }

    fn make(&self, params: &mut Params) -> Result<DreamAttn, Error> {
        DreamAttn::new(self, &mut params.root())
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::published()
    }
}

/// DREAM-Attn: 150 positions to 18 logits; expression is the mean bin.
///
/// ```
/// use promoter_torch::Params;
/// use promoter_zoo::{Architecture, dream_attn};
///
/// let mut params = Params::new(tch::Device::Cpu, 1);
/// dream_attn::Config::published().build(&mut params)?;
/// assert_eq!(params.parameter_count(), 4_539_410);
/// # Ok::<(), promoter_zoo::Error>(())
/// ```
#[derive(Debug)]
pub struct DreamAttn {
    input: Input,
    first: ConvBlock,
    positions: Tensor,
    blocks: Vec<Conformer>,
    head: BinHead,
}

impl DreamAttn {
    fn new(config: &Config, scope: &mut Scope<'_>) -> Result<Self, Error> {
        let stem = Shape::same(config.input_channels, WIDTH, inverted_residual::WIDTH);
        let first = ConvBlock::new(&mut scope.sub("first.block"), 0, stem)?;
        let mut core = scope.sub("core");
        let start = Init::Normal { sd: 1.0 };
        let positions = core.parameter("pos_embedding.weight", &[config.length, WIDTH], start)?;
        let blocks = (0..config.blocks)
            .map(|i| Conformer::new(core.sub(format_args!("blocks.{i}")), WIDTH, config.heads, config.dropout))
            .collect::<Result<_, _>>()?;
        let head = BinHead::new(scope.sub("final.mapper.0"), WIDTH, false)?;
        Ok(Self { input: config.input(), first, positions, blocks, head })
    }
}

impl Network for DreamAttn {
    fn input(&self) -> Input {
        self.input
    }

    fn outputs(&self) -> i64 {
        BINS
    }

    fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        check_input(x, self.input())?;
        let x = self.first.forward(&x.f_transpose(1, 2).in_layer("input")?, mode)?;
        let mut x = x.f_transpose(1, 2).and_then(|x| x.f_add(&self.positions)).in_layer("core.pos_embedding")?;
        record("core.pos_embedding", "positions", &x, || 0);
        for block in &self.blocks {
            x = block.forward(&x, mode)?;
        }
        self.head.forward(&x.f_transpose(1, 2).in_layer("final")?)
    }

    fn expression(&self, output: &Tensor) -> Result<Tensor, Error> {
        expectation(output)
    }
}

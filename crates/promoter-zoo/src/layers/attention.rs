//! Enformer's attention: relative positions through basis functions of the distance.
//!
//! # Source
//! Avsec et al. 2021, <https://doi.org/10.1038/s41592-021-01252-x>; the copies that Peppa and MadLab used.

use promoter_torch::{Init, Scope};
use tch::{TchError, Tensor};

use crate::check;
use crate::error::InLayer;
use crate::layers::{dropout, secant};
use crate::trace::record;
use crate::{Error, Mode};

/// Sizes of an attention layer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Positions T.
    pub length: i64,
    /// Channels in and out.
    pub channels: i64,
    /// Heads H.
    pub heads: i64,
    /// Key size K of a head.
    pub key: i64,
    /// Value size V of a head.
    pub value: i64,
    /// Positional features F, a multiple of 6.
    pub features: i64,
}

/// Multi-head attention with relative positions, (B, T, C) to (B, T, C).
#[derive(Debug)]
pub struct RelativeAttention {
    layer: String,
    shape: Shape,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    relative_key: Tensor,
    content_bias: Tensor,
    position_bias: Tensor,
    output_weight: Tensor,
    output_bias: Tensor,
    positions: Tensor,
    dropout: f64,
    position_dropout: f64,
}

impl RelativeAttention {
    /// Sonnet's initial values: projections variance scaling 2, the output projection zero.
    ///
    /// # Errors
    /// [`Error::Config`] when `features` is not a multiple of 6, [`Error::Params`].
    pub fn new(mut scope: Scope<'_>, shape: Shape, dropout: f64, position_dropout: f64) -> Result<Self, Error> {
        let Shape { length, channels, heads, key, value, features } = shape;
        let project = |scope: &mut Scope<'_>, name, from: i64, to: i64| {
            scope.reversed_parameter(name, &[to, from], Init::variance_scaling(2.0, from))
        };
        // Sonnet computes the fan of a (1, H, 1, K) bias from its 4-D shape: H.
        let bias = Init::variance_scaling(2.0, heads);
        check_positions(length, features)?;
        let rows = || feature_rows(length, features);
        let positions = scope.constant("positions", &[2 * length - 1, features], rows)?;
        Ok(Self {
            query: project(&mut scope, "query", channels, heads * key)?,
            key: project(&mut scope, "key", channels, heads * key)?,
            value: project(&mut scope, "value", channels, heads * value)?,
            relative_key: project(&mut scope, "relative_key", features, heads * key)?,
            content_bias: scope.parameter("content_bias", &[1, heads, 1, key], bias)?,
            position_bias: scope.parameter("position_bias", &[1, heads, 1, key], bias)?,
            output_weight: scope.reversed_parameter("output.weight", &[channels, heads * value], Init::ZEROS)?,
            output_bias: scope.parameter("output.bias", &[channels], Init::ZEROS)?,
            positions,
            layer: scope.layer().to_owned(),
            shape,
            dropout,
            position_dropout,
        })
    }

    /// # Shapes
    /// (B, T, C) to the same.
    ///
    /// # Errors
    /// [`Error::Layer`].
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        let logits = self.logits(x, mode)?;
        let y = self.attend(x, &logits, mode).in_layer(&self.layer)?;
        record(&self.layer, "relative attention", &y, || self.multiply_adds(x.size()[0]));
        Ok(y)
    }

    fn attend(&self, x: &Tensor, logits: &Tensor, mode: Mode) -> Result<Tensor, TchError> {
        let Shape { length, heads, value, .. } = self.shape;
        let weights = dropout(&secant::softmax(logits, -1, None)?, self.dropout, mode)?;
        let values = self.split(&x.f_linear(&self.value, None::<Tensor>)?, value)?;
        let mixed = secant::matmul(&weights, &values)?.f_transpose(1, 2)?.f_reshape([-1, length, heads * value])?;
        mixed.f_linear(&self.output_weight, Some(&self.output_bias))
    }

    /// Logits of the weight of position j for position i.
    ///
    /// # Shapes
    /// (B, T, C) to (B, H, T, T).
    ///
    /// # Errors
    /// [`Error::Layer`].
    pub fn logits(&self, x: &Tensor, mode: Mode) -> Result<Tensor, Error> {
        self.content_and_position(x, mode).in_layer(&self.layer)
    }

    fn content_and_position(&self, x: &Tensor, mode: Mode) -> Result<Tensor, TchError> {
        let Shape { length, heads, key, .. } = self.shape;
        let scale = 1.0 / (key as f64).sqrt();
        // The query is scaled before the biases are added to it.
        let query = self.split(&x.f_linear(&self.query, None::<Tensor>)?, key)?.f_mul_scalar(scale)?;
        let keys = self.split(&x.f_linear(&self.key, None::<Tensor>)?, key)?;
        let positions = dropout(&self.positions, self.position_dropout, mode)?;
        let relative = positions.f_linear(&self.relative_key, None::<Tensor>)?;
        let relative = relative.f_reshape([2 * length - 1, heads, key])?.f_permute([1, 2, 0])?;
        let content = secant::matmul(&query.f_add(&self.content_bias)?, &keys.f_transpose(2, 3)?)?;
        let position = query.f_add(&self.position_bias)?.f_matmul(&relative)?;
        content.f_add(&relative_shift(&position)?)
    }

    /// (B, T, H * n) to (B, H, T, n).
    fn split(&self, x: &Tensor, n: i64) -> Result<Tensor, TchError> {
        x.f_reshape([-1, self.shape.length, self.shape.heads, n])?.f_transpose(1, 2)
    }

    fn multiply_adds(&self, batch: i64) -> i64 {
        let Shape { length, channels, heads, key, value, features } = self.shape;
        let projections = length * channels * heads * (2 * key + 2 * value);
        let products = heads * length * (length * key + (2 * length - 1) * key + length * value);
        batch * (projections + products) + (2 * length - 1) * features * heads * key
    }
}

/// From logits per distance to logits per position: `out[.., i, j] = in[.., i, T - 1 - i + j]`.
///
/// # Shapes
/// (.., T, 2T - 1) to (.., T, T).
///
/// # Errors
/// LibTorch's.
pub fn relative_shift(x: &Tensor) -> Result<Tensor, TchError> {
    let mut size = x.size();
    let length = size[size.len() - 2];
    // Read as one row, the wanted numbers lie 2T - 2 apart from line to line, from the (T - 1)th on.
    let row = x.f_flatten(-2, -1)?.f_narrow(-1, length - 1, length * (2 * length - 2))?;
    let last = size.len() - 1;
    size[last] = 2 * length - 2;
    row.f_reshape(&size)?.f_narrow(-1, 0, length)
}

/// Refuses lengths and numbers of features for which there are no positional features.
///
/// # Errors
/// [`Error::Config`] when the features are not a positive multiple of 6 or the length is below 2.
pub(crate) fn check_positions(length: i64, features: i64) -> Result<(), Error> {
    check::require(features > 0 && features % 6 == 0, "features", features, "a positive multiple of 6")?;
    check::size("features", features)?;
    check::require(length >= 2, "length", length, "at least 2 positions")?;
    check::size("length", length)
}

/// Features of the distances -(T - 1)..=T - 1 (key minus query), one row each: exponential, central mask and gamma
/// functions of the magnitude, then the same again times the sign.
///
/// # Shapes
/// (2T - 1, F) f32.
///
/// # Errors
/// [`Error::Config`] when F is not a positive multiple of 6 or T is below 2.
pub fn relative_features(length: i64, features: i64) -> Result<Tensor, Error> {
    check_positions(length, features)?;
    let rows = Tensor::f_from_slice(&feature_rows(length, features)).in_layer("relative positions")?;
    rows.f_reshape([2 * length - 1, features]).in_layer("relative positions")
}

/// The features, row by row.
fn feature_rows(length: i64, features: i64) -> Vec<f32> {
    let n = (features / 6) as usize;
    let t = length as f64;
    let half_lives = linspace(3.0, t.log2(), n).map(|power| 2f64.powf(power));
    let masks = (1..=n as i32).map(|m| 2f64.powi(m) - 1.0);
    let sd = t / (2.0 * n as f64);
    let gammas = linspace(t / n as f64, t, n).map(|mean| ((mean / sd).powi(2), mean / (sd * sd)));

    let distances: Vec<f64> = (1 - length..length).map(|d| d as f64).collect();
    let mut columns: Vec<Vec<f64>> = Vec::with_capacity(2 * features as usize);
    columns.extend(half_lives.map(|half| distances.iter().map(|d| 2f64.powf(-d.abs() / half)).collect()));
    columns.extend(masks.map(|width| distances.iter().map(|d| f64::from(width > d.abs())).collect()));
    let density: Vec<Vec<f64>> = gammas
        .map(|(concentration, rate)| {
            distances.iter().map(|d| gamma_density(d.abs(), concentration, rate) + 1e-8).collect()
        })
        .collect();
    columns.extend(density.into_iter().map(|column: Vec<f64>| {
        let largest = column.iter().copied().fold(0.0, f64::max);
        column.iter().map(|value| value / largest).collect()
    }));

    let mut rows = Vec::with_capacity(distances.len() * features as usize);
    for (row, distance) in distances.iter().enumerate() {
        let sign = if *distance == 0.0 { 0.0 } else { distance.signum() };
        rows.extend(columns.iter().map(|column| column[row] as f32));
        rows.extend(columns.iter().map(|column| (column[row] * sign) as f32));
    }
    rows
}

fn linspace(from: f64, to: f64, n: usize) -> impl Iterator<Item = f64> {
    let step = if n > 1 { (to - from) / (n - 1) as f64 } else { 0.0 };
    (0..n).map(move |i| from + step * i as f64)
}

/// Density of the gamma distribution at `x`; 0 at 0, as all concentrations here exceed 1.
fn gamma_density(x: f64, concentration: f64, rate: f64) -> f64 {
    if x == 0.0 {
        return 0.0;
    }
    ((concentration - 1.0) * x.ln() - rate * x - (ln_gamma(concentration) - concentration * rate.ln())).exp()
}

/// Logarithm of the gamma function: Stirling's series after moving the argument above 15.
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut product) = (x, 1.0);
    while x < 15.0 {
        product *= x;
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let series = inverse * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0)));
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - product.ln()
}

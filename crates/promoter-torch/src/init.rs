//! Initialisers, named after the framework whose default they are.
//!
//! Values are drawn on the host from a stream named after the parameter: they depend on the seed and the name only, not
//! on the device, the thread count or the order in which layers are made.

use promoter_encode::random::Stream;

use crate::params::{MOST_NUMBERS, numel};

/// Standard deviation of a standard normal cut at two standard deviations; Keras and Sonnet divide by it.
const TRUNCATED_SD: f64 = 0.879_625_661_034_239_8;

/// How a parameter starts.
///
/// ```
/// use promoter_torch::Init;
/// let values = Init::glorot_uniform(30 * 4, 30 * 256).draw(1, "conv.weight", &[256, 4, 30]).unwrap();
/// let bound = (6.0_f64 / (30.0 * 260.0)).sqrt() as f32;
/// assert!(values.iter().all(|v| v.abs() <= bound));
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Init {
    /// One value everywhere.
    Constant(f64),
    /// Uniform in `-bound..bound`.
    Uniform {
        /// Largest magnitude.
        bound: f64,
    },
    /// Normal with mean 0.
    Normal {
        /// Standard deviation.
        sd: f64,
    },
    /// Normal with mean 0, drawn again beyond two standard deviations: the realised deviation is 0.88 of `sd`.
    TruncatedNormal {
        /// Standard deviation before the cut.
        sd: f64,
    },
    /// Rows, or columns where there are more rows than columns, orthonormal.
    Orthogonal,
    /// A square matrix, zero but for its diagonal.
    Identity {
        /// Value on the diagonal.
        scale: f64,
    },
}

impl Init {
    /// All zeros.
    pub const ZEROS: Self = Self::Constant(0.0);
    /// All ones.
    pub const ONES: Self = Self::Constant(1.0);

    /// Keras' default for kernels: uniform with bound sqrt(6 / (fan_in + fan_out)); convolution fans count the width.
    pub fn glorot_uniform(fan_in: i64, fan_out: i64) -> Self {
        Self::Uniform { bound: (6.0 / (fan_in + fan_out) as f64).sqrt() }
    }

    /// Keras' He normal: truncated, corrected so that the realised deviation is sqrt(2 / fan_in).
    pub fn he_normal(fan_in: i64) -> Self {
        Self::variance_scaling(2.0, fan_in)
    }

    /// Sonnet's `VarianceScaling(scale, "fan_in", "truncated_normal")`, corrected for the cut.
    pub fn variance_scaling(scale: f64, fan_in: i64) -> Self {
        Self::TruncatedNormal { sd: (scale / fan_in as f64).sqrt() / TRUNCATED_SD }
    }

    /// Sonnet's default for linear and convolution weights: truncated, deviation 1/sqrt(fan_in) before the cut.
    pub fn sonnet(fan_in: i64) -> Self {
        Self::TruncatedNormal { sd: 1.0 / (fan_in as f64).sqrt() }
    }

    /// PyTorch's default for linear and convolution weights and biases: uniform with bound 1/sqrt(fan_in).
    pub fn torch(fan_in: i64) -> Self {
        Self::Uniform { bound: 1.0 / (fan_in as f64).sqrt() }
    }

    /// The values of the parameter `name`, row-major; `None` where the initialiser cannot fill the shape, or the shape
    /// has more than [`MOST_NUMBERS`].
    pub fn draw(&self, seed: u64, name: &str, shape: &[i64]) -> Option<Vec<f32>> {
        let n = usize::try_from(numel(shape).filter(|&n| n <= MOST_NUMBERS)?).ok()?;
        let mut stream = Stream::new(seed, &format!("init {name}"), 0);
        Some(match *self {
            Self::Constant(value) => vec![value as f32; n],
            Self::Uniform { bound } => (0..n).map(|_| (bound * (2.0 * stream.uniform() - 1.0)) as f32).collect(),
            Self::Normal { sd } => (0..n).map(|_| (sd * stream.normal()) as f32).collect(),
            Self::TruncatedNormal { sd } => (0..n).map(|_| (sd * truncated(&mut stream)) as f32).collect(),
            Self::Orthogonal => {
                let [rows, columns] = shape else { return None };
                orthogonal(*rows as usize, *columns as usize, &mut stream)
            }
            Self::Identity { scale } => match shape {
                [rows, columns] if rows == columns => {
                    let diagonal = |i: usize| i.is_multiple_of(*columns as usize + 1);
                    (0..n).map(|i| if diagonal(i) { scale as f32 } else { 0.0 }).collect()
                }
                _ => return None,
            },
        })
    }

    /// What error messages call it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Constant(_) => "a constant",
            Self::Uniform { .. } => "a uniform distribution",
            Self::Normal { .. } => "a normal distribution",
            Self::TruncatedNormal { .. } => "a truncated normal distribution",
            Self::Orthogonal => "an orthogonal matrix",
            Self::Identity { .. } => "an identity matrix",
        }
    }
}

fn truncated(stream: &mut Stream) -> f64 {
    loop {
        let x = stream.normal();
        if x.abs() <= 2.0 {
            return x;
        }
    }
}

/// Gram and Schmidt, done twice for orthogonality to rounding, over the shorter side of a normal matrix.
fn orthogonal(rows: usize, columns: usize, stream: &mut Stream) -> Vec<f32> {
    let (short, long) = (rows.min(columns), rows.max(columns));
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(short);
    while basis.len() < short {
        let mut vector: Vec<f64> = (0..long).map(|_| stream.normal()).collect();
        for _ in 0..2 {
            for other in &basis {
                let dot: f64 = vector.iter().zip(other).map(|(a, b)| a * b).sum();
                vector.iter_mut().zip(other).for_each(|(a, b)| *a -= dot * b);
            }
        }
        let norm = vector.iter().map(|a| a * a).sum::<f64>().sqrt();
        vector.iter_mut().for_each(|a| *a /= norm);
        basis.push(vector);
    }
    let at = |row: usize, column: usize| if rows <= columns { basis[row][column] } else { basis[column][row] };
    (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))).map(|(r, c)| at(r, c) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sd_and_max(values: &[f32]) -> (f64, f64) {
        let n = values.len() as f64;
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
        let variance = values.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n;
        (variance.sqrt(), values.iter().fold(0.0, |max, &v| f64::from(v.abs()).max(max)))
    }

    /// Realised deviations of the frameworks' own draws, and the largest value that each can draw.
    #[test]
    fn deviations_are_those_of_the_frameworks() {
        for (init, shape, sd, bound) in [
            (Init::glorot_uniform(30 * 4, 30 * 256), vec![256, 4, 30], 0.015_998, 0.027_735),
            (Init::he_normal(15 * 4), vec![192, 4, 15], 0.183_616, 0.415_121),
            (Init::he_normal(1000), vec![1280, 1000], 0.044_703, 0.101_683),
            (Init::glorot_uniform(7040, 64), vec![64, 7040], 0.016_781, 0.029_062),
            (Init::variance_scaling(2.0, 192), vec![512, 192], 0.101_843, 0.232_059),
            (Init::sonnet(192), vec![384, 192], 0.063_539, 0.144_338),
            (Init::glorot_uniform(4 * 48, 4 * 64), vec![64, 48, 4], 0.066_704, 0.115_729),
        ] {
            let (found, max) = sd_and_max(&init.draw(3, "weight", &shape).unwrap());
            assert!((found / sd - 1.0).abs() < 0.02, "{init:?}: {found} for {sd}");
            assert!(max <= bound * 1.0001 && max > bound * 0.99, "{init:?}: {max} for {bound}");
        }
    }

    #[test]
    fn orthogonal_rows_are_orthonormal() {
        let q = Init::Orthogonal.draw(1, "recurrent", &[4, 16]).unwrap();
        for i in 0..4 {
            for j in 0..4 {
                let dot: f64 = (0..16).map(|k| f64::from(q[16 * i + k]) * f64::from(q[16 * j + k])).sum();
                assert!((dot - f64::from(u8::from(i == j))).abs() < 1e-6);
            }
        }
        assert!(Init::Orthogonal.draw(1, "vector", &[4]).is_none());
    }

    #[test]
    fn an_identity_is_square() {
        let identity = Init::Identity { scale: 2.0 };
        assert_eq!(identity.draw(1, "weight", &[2, 2]).unwrap(), [2.0, 0.0, 0.0, 2.0]);
        for shape in [&[2, 3][..], &[4], &[2, 2, 1]] {
            assert!(identity.draw(1, "weight", shape).is_none(), "{shape:?}");
        }
    }

    #[test]
    fn draws_depend_on_seed_and_name_only() {
        let draw = |seed, name| Init::sonnet(8).draw(seed, name, &[8, 8]).unwrap();
        assert_eq!(draw(1, "a"), draw(1, "a"));
        assert_ne!(draw(1, "a"), draw(1, "b"));
        assert_ne!(draw(1, "a"), draw(2, "a"));
    }
}

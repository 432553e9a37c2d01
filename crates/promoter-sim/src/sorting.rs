//! Measurement: cells fall into sorting bins, a few of them are read.

use promoter_encode::random::Stream;

use crate::error::{Error, positive, probability, range};

/// How expression is measured.
///
/// A cell shows the promoter's expression plus normal noise and is sorted into the nearest bin. A promoter gets 1 +
/// geometric many reads; a read is that of one cell, or with a small probability it comes from any bin. The label is
/// the mean bin of the reads.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sorting {
    /// Number of bins, numbered from 0. Default: 18.
    pub bins: u32,
    /// Standard deviation of single cells around the promoter's expression, in bins. Default: 1.5.
    pub cell_sd: f64,
    /// Mean number of reads per promoter, at least 1. Default: 2.7, which leaves about 58 % of the labels integer.
    pub mean_reads: f64,
    /// Probability that a read comes from a bin at random. Default: 0.01.
    pub stray: f64,
}

impl Default for Sorting {
    fn default() -> Self {
        Self { bins: 18, cell_sd: 1.5, mean_reads: 2.7, stray: 0.01 }
    }
}

impl Sorting {
    pub(crate) fn check(&self) -> Result<(), Error> {
        range("sorting.bins", f64::from(self.bins), (2..=1000).contains(&self.bins), "2 to 1000")?;
        positive("sorting.cell_sd", self.cell_sd)?;
        range("sorting.mean_reads", self.mean_reads, (1.0..=1e4).contains(&self.mean_reads), "1 to 10000")?;
        probability("sorting.stray", self.stray)
    }

    /// The highest bin.
    pub(crate) fn top(&self) -> f64 {
        f64::from(self.bins - 1)
    }

    /// Mean label over endlessly many reads of a promoter whose cells are centred at `level` bins.
    pub(crate) fn expected(&self, level: f64) -> f64 {
        // The expected bin is the sum over k >= 1 of P(bin >= k); a cell reaches bin k from k - 1/2 on.
        let scale = std::f64::consts::FRAC_1_SQRT_2 / self.cell_sd;
        let sorted: f64 = (1..self.bins).map(|k| 0.5 * libm::erfc((f64::from(k) - 0.5 - level) * scale)).sum();
        (1.0 - self.stray) * sorted + self.stray * self.top() / 2.0
    }

    /// The label of one promoter: mean bin of its reads.
    pub(crate) fn measure(&self, level: f64, stream: &mut Stream) -> f32 {
        let more = 1.0 - 1.0 / self.mean_reads;
        let (mut sum, mut reads) = (0.0, 0.0);
        loop {
            sum += if stream.uniform() < self.stray {
                stream.below(u64::from(self.bins)) as f64
            } else {
                (level + self.cell_sd * stream.normal()).round().clamp(0.0, self.top())
            };
            reads += 1.0;
            if stream.uniform() >= more {
                return (sum / reads) as f32;
            }
        }
    }
}

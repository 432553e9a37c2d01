//! The description of a simulated assay.

use std::collections::BTreeSet;

use crate::construct::Construct;
use crate::error::{Error, probability, range};
use crate::expression::Expression;
use crate::factor::{Factor, yeast};
use crate::sorting::Sorting;

/// Everything that decides a simulation. Two equal assays give the same bytes.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Assay {
    /// Number of promoters, at most 2^32 - 1. Default: 40,000.
    pub rows: usize,
    /// Seed of every random draw. Default: 1.
    pub seed: u64,
    /// The DNA.
    pub construct: Construct,
    /// Sites that are written into the inserts.
    pub planting: Planting,
    /// From bound sites to expression.
    pub expression: Expression,
    /// The measurement.
    pub sorting: Sorting,
    /// Sites that arose by chance are listed from this occupancy on. Default: 0.25.
    pub listed_occupancy: f64,
    /// The factors. Default: [`yeast`].
    pub factors: Vec<Factor>,
}

impl Default for Assay {
    fn default() -> Self {
        Self {
            rows: 40_000,
            seed: 1,
            construct: Construct::default(),
            planting: Planting::default(),
            expression: Expression::default(),
            sorting: Sorting::default(),
            listed_occupancy: 0.25,
            factors: yeast(),
        }
    }
}

/// Sites that are written into random inserts, so that long sites are not rare.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Planting {
    /// Probability that an insert gets sites at all. Default: 0.7.
    pub probability: f64,
    /// Such an insert gets 1 to this many, each number equally likely, as long as there is room. Default: 3.
    pub most: u32,
    /// Probability that a base of a planted site is left as it was in the random insert. Default: 0.05.
    pub spared: f64,
    /// Names of the factors to plant, each equally likely. Default: none named, which means all.
    pub factors: Vec<String>,
}

impl Default for Planting {
    fn default() -> Self {
        Self { probability: 0.7, most: 3, spared: 0.05, factors: Vec::new() }
    }
}

/// Most sites that are planted into a promoter; more do not fit into any insert.
const MOST_PLANTED: u32 = 1000;

/// Bytes that a simulated row takes beside its bases, which are held twice: mostly its binding sites.
const OF_A_ROW: usize = 420;

impl Assay {
    /// Bytes that its simulation takes, about.
    pub fn bytes(&self) -> u64 {
        let row = self.construct.len().saturating_mul(2).saturating_add(OF_A_ROW);
        (row as u64).saturating_mul(self.rows as u64)
    }

    /// Checks every setting, before anything is drawn.
    ///
    /// # Errors
    /// The first setting that is out of range, as an [`Error`] that names its key.
    pub fn check(&self) -> Result<(), Error> {
        let most = u32::MAX as usize;
        range("rows", self.rows as f64, (1..=most).contains(&self.rows), "1 to 4294967295")?;
        probability("listed_occupancy", self.listed_occupancy)?;
        self.construct.check()?;
        self.expression.check()?;
        self.sorting.check()?;
        let mut names = BTreeSet::new();
        for factor in &self.factors {
            if factor.name.is_empty() || !names.insert(factor.name.as_str()) {
                return Err(Error::FactorName { name: factor.name.clone() });
            }
            factor.check(self.construct.insert)?;
        }
        self.check_total_weight()?;
        probability("planting.probability", self.planting.probability)?;
        probability("planting.spared", self.planting.spared)?;
        let most = self.planting.most;
        range("planting.most", f64::from(most), (1..=MOST_PLANTED).contains(&most), "1 to 1000")?;
        for name in &self.planting.factors {
            if !names.contains(name.as_str()) {
                let known = self.factors.iter().map(|factor| factor.name.clone()).collect();
                return Err(Error::UnknownFactor { name: name.clone(), known });
            }
        }
        Ok(())
    }

    /// No sequence may have states whose weights sum to more than a number can hold: tried on one that has every site
    /// everywhere.
    fn check_total_weight(&self) -> Result<(), Error> {
        let mut sums = vec![1.0_f64];
        for end in 1..=self.construct.len() {
            let bound = self.factors.iter().filter_map(|factor| {
                let before = end.checked_sub(factor.consensus.len())?;
                Some(2.0 * libm::exp(factor.affinity) * sums[before])
            });
            sums.push(sums[end - 1] + bound.sum::<f64>());
        }
        let largest = sums[self.construct.len()].ln();
        let holds = largest < 600.0;
        range("factors", largest, holds, "affinities whose total weight has a logarithm below 600")
    }
}

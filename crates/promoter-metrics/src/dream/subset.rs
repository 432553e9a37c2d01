//! The nine subsets of the test set, and its public and private rows.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Error;

/// A subset of the test set; the order is that of the challenge's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subset {
    /// Every row.
    All,
    /// Sequences designed for high expression.
    High,
    /// Sequences designed for low expression.
    Low,
    /// Native yeast promoters.
    Yeast,
    /// Random sequences.
    Random,
    /// Sequences designed so that earlier models of the same promoters disagree.
    Challenging,
    /// Pairs of sequences that differ in one base.
    #[serde(rename = "SNVs")]
    Snvs,
    /// Pairs in which known motifs were perturbed.
    MotifPerturbation,
    /// Pairs in which a motif was placed at another position.
    MotifTiling,
}

impl Subset {
    /// Every subset.
    pub const ALL: [Self; 9] = [
        Self::All,
        Self::High,
        Self::Low,
        Self::Yeast,
        Self::Random,
        Self::Challenging,
        Self::Snvs,
        Self::MotifPerturbation,
        Self::MotifTiling,
    ];

    /// Sum of all weights.
    pub const TOTAL_WEIGHT: f64 = 4.65;

    /// The name in tables and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::High => "high",
            Self::Low => "low",
            Self::Yeast => "yeast",
            Self::Random => "random",
            Self::Challenging => "challenging",
            Self::Snvs => "SNVs",
            Self::MotifPerturbation => "motif_perturbation",
            Self::MotifTiling => "motif_tiling",
        }
    }

    /// Weight in both scores.
    pub const fn weight(self) -> f64 {
        match self {
            Self::All => 1.0,
            Self::High | Self::Low | Self::Yeast | Self::Random | Self::MotifPerturbation => 0.3,
            Self::Challenging => 0.5,
            Self::Snvs => 1.25,
            Self::MotifTiling => 0.4,
        }
    }

    /// Whether the correlation is of differences between the two sequences of pairs.
    pub const fn is_pairs(self) -> bool {
        matches!(self, Self::Snvs | Self::MotifPerturbation | Self::MotifTiling)
    }

    /// File of all its rows and file of its public rows; none for [`All`](Self::All).
    pub(super) const fn files(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::All => None,
            Self::High => Some(("high_exp_seqs.csv", "high_exp_indices.json")),
            Self::Low => Some(("low_exp_seqs.csv", "low_exp_indices.json")),
            Self::Yeast => Some(("yeast_seqs.csv", "yeast_exp_indices.json")),
            Self::Random => Some(("all_random_seqs.csv", "random_exp_indices.json")),
            Self::Challenging => Some(("challenging_seqs.csv", "challenging_exp_indices.json")),
            Self::Snvs => Some(("all_SNVs_seqs.csv", "SNVs_exp_indices.json")),
            Self::MotifPerturbation => Some(("motif_perturbation_seqs.csv", "motif_perturbation_exp_indices.json")),
            Self::MotifTiling => Some(("motif_tiling_seqs.csv", "motif_tiling_exp_indices.json")),
        }
    }
}

impl fmt::Display for Subset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Which rows of the test set are scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rows {
    /// The rows of the public leaderboard.
    Public,
    /// All others: the final ranking. Single rows are private when they are in no public file; a pair is private when
    /// it is not itself a public pair, even if its sequences are public.
    Private,
    /// Both.
    All,
}

impl Rows {
    /// The name in configurations.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::All => "all",
        }
    }

    /// Whether rows that are public or not belong to the choice.
    pub(super) fn take(self, public: bool) -> bool {
        match self {
            Self::Public => public,
            Self::Private => !public,
            Self::All => true,
        }
    }
}

impl fmt::Display for Rows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Rows {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        [Self::Public, Self::Private, Self::All]
            .into_iter()
            .find(|rows| rows.name() == name)
            .ok_or_else(|| Error::UnknownRows { name: name.to_owned() })
    }
}

//! How designs are searched for.

use crate::error::{Result, check};

/// How designs are searched for.
///
/// All methods see sequences that meet the constraints only. Greedy and beam search try every edit of every round, so a
/// round costs three predictions per base, and one per motif, strand and position. The three others end with pruning:
/// edits are taken back, the one that is missed least first, as long as each brings no more than `least_gain`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Method {
    /// The best edit, again and again, until none brings more than `least_gain`.
    Greedy,
    /// The same with the best `width` sequences of each round, which are edited further. Stops when the best of a
    /// round is not better than the best before by more than `least_gain`. Width 1 is greedy.
    Beam {
        /// Sequences that are kept.
        width: usize,
    },
    /// Random edits; one that costs `x` of the score is kept with probability `exp(-x / temperature)`.
    ///
    /// # Source
    /// Kirkpatrick, Gelatt, Vecchi, Science 1983.
    Annealing {
        /// Random edits of each chain.
        steps: usize,
        /// Independent chains, predicted in one batch; the best sequence of all is kept.
        chains: usize,
        /// Temperature of the first step, in units of the score.
        hot: f64,
        /// Temperature of the last step; between them it falls by the same factor each step.
        cold: f64,
    },
    /// A population whose pairs exchange a stretch, with one random edit per child. The best of parents and children
    /// live on.
    Evolution {
        /// Sequences that live on, and children per generation.
        population: usize,
        /// Generations.
        generations: usize,
    },
    /// Follows the gradient by the bases. Each position has four values, 1 for the base of the start; the gradient at
    /// the sequence of the largest values (straight through) is added to them. The penalty on the spread takes no part
    /// in the gradient, but does in choosing the best sequence of all steps.
    ///
    /// # Source
    /// Linder and Seelig, BMC Bioinformatics 2021; here the largest value is taken, not drawn.
    Gradient {
        /// Steps.
        steps: usize,
        /// How much the largest entry of the gradient adds in one step: 0.1 changes a base after ten steps at most.
        rate: f64,
    },
}

impl Method {
    pub(crate) fn check(self) -> Result<()> {
        let positive = |value: f64| value.is_finite() && value > 0.0;
        match self {
            Self::Greedy => Ok(()),
            Self::Beam { width } => check("width", width, width >= 1, "at least 1"),
            Self::Annealing { steps, chains, hot, cold } => {
                check("steps", steps, steps >= 1, "at least 1")?;
                check("chains", chains, chains >= 1, "at least 1")?;
                check("cold", cold, positive(cold), "a finite temperature above 0")?;
                check("hot", hot, hot.is_finite() && hot >= cold, "a finite temperature of at least `cold`")
            }
            Self::Evolution { population, generations } => {
                check("population", population, population >= 2, "at least 2")?;
                check("generations", generations, generations >= 1, "at least 1")
            }
            Self::Gradient { steps, rate } => {
                check("steps", steps, steps >= 1, "at least 1")?;
                check("rate", rate, positive(rate), "a finite number above 0")
            }
        }
    }
}

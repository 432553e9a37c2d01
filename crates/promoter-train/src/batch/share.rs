//! Which rows of every batch a rank takes.

use tch::{TchError, Tensor};

/// Which rows of every batch one of several ranks takes: every `ranks`-th, from its own number on. The batches are
/// those of a single process, whatever the number of ranks.
///
/// ```
/// use promoter_train::batch::Share;
/// let share = Share { rank: 1, ranks: 2 };
/// // Of a batch of five rows, rows 1 and 3.
/// assert_eq!((share.rows(5), Share::default().rows(5)), (2, 5));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// Rank, from 0.
    pub rank: usize,
    /// Ranks in all.
    pub ranks: usize,
}

impl Default for Share {
    /// All rows.
    fn default() -> Self {
        Self { rank: 0, ranks: 1 }
    }
}

impl Share {
    /// Rows of the share of a batch of `n` rows.
    pub fn rows(self, n: usize) -> usize {
        n.saturating_sub(self.rank).div_ceil(self.ranks)
    }

    /// The share of the items of a batch, (n,) i64.
    pub(super) fn of(self, items: &Tensor) -> Result<Tensor, TchError> {
        let n = items.numel();
        items.f_slice(0, self.rank.min(n) as i64, n as i64, self.ranks as i64)
    }

    /// The share of what a list holds for each item of a batch.
    pub(super) fn each(self, batch: &[i64]) -> impl Iterator<Item = i64> {
        batch.iter().copied().skip(self.rank).step_by(self.ranks)
    }
}

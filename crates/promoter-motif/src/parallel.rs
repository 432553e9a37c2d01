//! Work on many things at once, in the order given.

/// `work` on each item, on the threads of the current rayon pool if the feature `rayon` is on; results in the items'
/// order.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
    #[cfg(feature = "rayon")]
    {
        use rayon::prelude::*;
        items.par_iter().map(work).collect()
    }
    #[cfg(not(feature = "rayon"))]
    {
        items.iter().map(work).collect()
    }
}

//! Attributions beside the sites that are known.

use std::ops::Range;

use promoter_metrics::PrecisionRecall;

use crate::error::check_region;
use crate::{Error, Result};

/// How well attributions find known sites: the area under the precision-recall curve over all positions of all
/// sequences, those within a site being positive.
///
/// # Shapes
/// `strengths` has a track for each sequence, a value for each base, highest where a site should be: such as
/// [`Effects::strengths`](crate::Effects::strengths), or sizes of gradients. `sites` are the regions of each sequence;
/// they may overlap.
///
/// # Errors
/// [`Error::Length`] when the lists differ in length, [`Error::Region`] for a site that is empty or not within its
/// sequence; [`Error::Score`] for no positions at all, and strengths that are NaN or infinite.
///
/// ```
/// let recovery = promoter_explain::recovery(&[[0.0, 0.9, 0.8, 0.1], [0.2, 0.3, 0.0, 0.1]], &[vec![1..3], vec![]])?;
/// assert_eq!((recovery.area, recovery.chance), (1.0, 0.25));
/// # Ok::<(), promoter_explain::Error>(())
/// ```
pub fn recovery<T: AsRef<[f32]>>(strengths: &[T], sites: &[Vec<Range<usize>>]) -> Result<PrecisionRecall> {
    if strengths.len() != sites.len() {
        return Err(Error::Length { what: "the list of sites", expected: strengths.len(), found: sites.len() });
    }
    let (mut is_in_site, mut values) = (Vec::new(), Vec::new());
    for (sequence, (track, sites)) in strengths.iter().zip(sites).enumerate() {
        let first = values.len();
        values.extend_from_slice(track.as_ref());
        is_in_site.resize(values.len(), false);
        for site in sites {
            check_region(sequence, track.as_ref().len(), site)?;
            is_in_site[first..][site.clone()].fill(true);
        }
    }
    Ok(PrecisionRecall::of(&is_in_site, &values)?)
}

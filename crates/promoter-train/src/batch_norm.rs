//! Whose averages batch norms use in prediction.

use serde::{Deserialize, Serialize};

/// Whose averages of means and variances batch norms use when they predict.
///
/// ```
/// use promoter_train::batch_norm::Averages;
/// let averages: std::collections::BTreeMap<String, Averages> = toml::from_str("averages = 'moving'")?;
/// assert_eq!(averages["averages"], Averages::Moving);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Averages {
    /// Those that move with the training steps, as in the networks' sources. With a momentum of 0.99 they lag behind
    /// the weights for hundreds of steps.
    #[default]
    Moving,
    /// Those of training rows seen by the network as it is: before each evaluation, with the weights fixed and without
    /// dropout, 8192 rows ([`ROWS`]) of the last pass go through the network, augmented as in training.
    ///
    /// # Source
    /// Wu and Johnson 2021, "Rethinking 'Batch' in BatchNorm", <https://arxiv.org/abs/2105.07576>.
    Estimated,
}

/// Rows from which averages are estimated, or all where there are fewer.
pub const ROWS: usize = 8192;

impl Averages {
    pub(crate) fn is_moving(&self) -> bool {
        *self == Self::Moving
    }
}

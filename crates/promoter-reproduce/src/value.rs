//! What a run's values are called, and values themselves.

use std::fmt;

use serde::de::IntoDeserializer as _;
use serde::de::value::Error as NoName;
use serde::{Deserialize, Serialize};

/// The name of a run's value. `validation_*` and `train_*` are in sorting bins where the label transform can be
/// inverted, `label_*` in units of the transformed label; those of the kept epoch unless it says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Name {
    /// Pearson's r of the validation rows.
    ValidationPearson,
    /// Spearman's rho of the validation rows.
    ValidationSpearman,
    /// R2 of the validation rows.
    ValidationR2,
    /// Mean squared error of the validation rows.
    ValidationMse,
    /// Mean absolute error of the validation rows.
    ValidationMae,
    /// Loss of the validation rows.
    ValidationLoss,
    /// Pearson's r of training rows.
    TrainPearson,
    /// Spearman's rho of training rows.
    TrainSpearman,
    /// R2 of training rows.
    TrainR2,
    /// Mean squared error of training rows.
    TrainMse,
    /// Mean absolute error of training rows.
    TrainMae,
    /// Mean loss of an epoch's steps, with dropout and the L2 penalty.
    TrainLoss,
    /// Mean squared error of the validation rows, in label units.
    LabelMse,
    /// R2 of the validation rows, in label units.
    LabelR2,
    /// Loss of the validation rows, without the L2 penalty.
    LabelLoss,
    /// Loss of the validation rows, with the L2 penalty of the kept weights.
    LabelLossWithL2,
    /// Mean loss of the kept epoch's steps, with dropout and the L2 penalty.
    LabelTrainLoss,
    /// Mean squared error of the kept epoch's steps, with dropout.
    LabelTrainMse,
    /// Pearson's r of the kept epoch's steps, with dropout.
    LabelTrainPearson,
    /// R2 of the validation rows, a mean over batches.
    MeanBatchR2,
    /// Square of Pearson's r of the validation rows, a mean over batches.
    RSquaredCorrelation,
    /// R2 of training rows, a mean over batches.
    TrainMeanBatchR2,
    /// Square of Pearson's r of training rows, a mean over batches.
    TrainRSquaredCorrelation,
    /// Share of masked k-mers that are found.
    MaskedAccuracy,
    /// Loss of masked k-mers.
    MaskedLoss,
    /// Epoch that is kept, from 0.
    BestEpoch,
    /// Epochs that were trained.
    Epochs,
    /// Trainable parameters.
    Parameters,
    /// The best possible r of simulated rows.
    NoiseCeiling,
    /// Official Pearson score of the public rows.
    PublicPearsonScore,
    /// Official Spearman score of the public rows.
    PublicSpearmanScore,
    /// Pearson's r of all public rows.
    PublicPearson,
    /// Learning rate at the end of an epoch.
    Lr,
    /// The metric by which an epoch is kept.
    ChosenBy,
}

impl Name {
    /// The name that a text is.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let deserializer: serde::de::value::StrDeserializer<'_, NoName> = text.into_deserializer();
        Self::deserialize(deserializer).ok()
    }

    /// Whether a larger value is better.
    pub(crate) fn higher_is_better(self) -> bool {
        !matches!(
            self,
            Self::ValidationMse
                | Self::ValidationMae
                | Self::ValidationLoss
                | Self::TrainMse
                | Self::TrainMae
                | Self::TrainLoss
                | Self::LabelMse
                | Self::LabelLoss
                | Self::LabelLossWithL2
                | Self::LabelTrainLoss
                | Self::LabelTrainMse
                | Self::MaskedLoss
        )
    }

    /// Whether it is of the public leaderboard's rows.
    pub(crate) fn is_public(self) -> bool {
        matches!(self, Self::PublicPearsonScore | Self::PublicSpearmanScore | Self::PublicPearson)
    }

    /// The name for people.
    pub(crate) fn plain(self) -> String {
        let name = self.to_string().replace('_', " ");
        [("pearson", "Pearson"), ("spearman", "Spearman"), ("mse", "MSE"), (" r2", " R²")]
            .into_iter()
            .fold(name, |name, (from, to)| name.replace(from, to))
    }
}

impl fmt::Display for Name {
    /// As in files.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// A number or a word.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A word.
    Text(String),
}

impl fmt::Display for Value {
    /// For people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => f.write_str(&crate::text::number(*number)),
        }
    }
}

#[cfg(test)]
mod tests {
    use promoter_metrics::Metric;

    use super::*;

    #[test]
    fn a_name_is_what_files_call_it_and_follows_its_metrics_direction() {
        assert_eq!(Name::of("validation_pearson"), Some(Name::ValidationPearson));
        assert_eq!(Name::of("validation_person"), None);
        assert_eq!(Name::RSquaredCorrelation.to_string(), "r_squared_correlation");
        assert_eq!(Name::ValidationPearson.plain(), "validation Pearson");
        for metric in [Metric::Pearson, Metric::Spearman, Metric::R2, Metric::Mse, Metric::Mae] {
            let name = Name::of(&format!("validation_{metric}")).unwrap();
            assert_eq!(name.higher_is_better(), metric.higher_is_better(), "{name}");
        }
        assert!(!Name::LabelLossWithL2.higher_is_better());
    }
}

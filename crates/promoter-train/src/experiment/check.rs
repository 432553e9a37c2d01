//! What an experiment may not say.

use promoter_metrics::Metric;

use promoter_seq::read::Columns;

use super::{Data, Experiment, Keep, Label};
use crate::Error;
use crate::batch::Averaging;
use crate::error::{conflict, experiment};
use crate::loss::Loss;

/// Largest number of steps, rows of a batch or epochs: products of two of them fit into 64 bits.
const MOST: u64 = 1 << 31;
/// Most threads that a run asks for.
const MOST_REPLICAS: u64 = 1024;

impl Experiment {
    /// Checks what can be checked without data.
    ///
    /// # Errors
    /// [`Error::Experiment`] naming the key, its value and what it may be.
    pub fn check(&self) -> Result<(), Error> {
        let training = &self.training;
        for (key, value) in [
            ("training.epochs", training.epochs),
            ("training.batch_size", training.batch_size),
            ("training.evaluation_batch_size", training.evaluation_batch_size),
            ("training.checkpoint_steps", training.checkpoint_steps.unwrap_or(1)),
            ("training.steps", training.steps.unwrap_or(1)),
            ("training.accumulate", training.accumulate),
            ("training.replicas", training.replicas.unwrap_or(1)),
            ("training.epoch_steps", training.epoch_steps.unwrap_or(1)),
            ("training.patience", training.patience.unwrap_or(1)),
        ] {
            if value == 0 {
                return Err(experiment(key, value, "at least 1"));
            }
            if value > MOST {
                return Err(experiment(key, value, "at most 2147483648"));
            }
        }
        if let Some(replicas) = training.replicas.filter(|&replicas| replicas > MOST_REPLICAS) {
            return Err(experiment("training.replicas", replicas, "at most 1024, as each is a thread"));
        }
        for (key, value) in [("training.l2", training.l2), ("training.clip_norm", training.clip_norm)] {
            if let Some(value) = value.filter(|value| !(*value > 0.0 && value.is_finite())) {
                return Err(experiment(key, value, "a positive number"));
            }
        }
        if let (Keep::Last, Some(patience)) = (training.keep, training.patience) {
            let reason = format!("is {patience}: it cannot be combined with `training.keep = \"last\"`");
            return Err(conflict("training.patience", reason));
        }
        if training.sync_batch_norm {
            self.check_sync_batch_norm()?;
        }
        if let Some(average) = training.average {
            average.check()?;
        }
        self.loss.check()?;
        self.check_masked()?;
        self.check_columns()?;
        self.check_combinations()?;
        self.optimiser.check()?;
        self.schedule.check()?;
        if let Some(sharpness) = &self.sharpness {
            sharpness.check()?;
        }
        self.encoding.check()?;
        self.augment.check(&self.encoding)?;
        self.evaluation.check(&self.encoding)?;
        match self.memory.resident_gb {
            Some(gb) if gb.is_nan() || gb < 0.0 => Err(experiment("memory.resident_gb", gb, "0 or more")),
            _ => Ok(()),
        }
    }

    /// What excludes or needs each other beyond the training's own settings.
    fn check_combinations(&self) -> Result<(), Error> {
        if self.label.replicates.is_some() && self.filter.drop_duplicates {
            let reason = "cannot be combined with `filter.drop_duplicates`, which leaves one row of each sequence";
            return Err(conflict("label.replicates", reason));
        }
        if self.network.is_ridge() && !self.training.with_ridge {
            return Err(conflict("network", "is ridge: it needs `training.with_ridge = true`"));
        }
        Ok(())
    }

    /// Batch norms see all rows of a batch together where each process passes its share in one piece.
    fn check_sync_batch_norm(&self) -> Result<(), Error> {
        let training = &self.training;
        let pieces =
            [("training.replicas", training.replicas.unwrap_or(1)), ("training.accumulate", training.accumulate)];
        match pieces.into_iter().find(|(_, pieces)| *pieces > 1) {
            Some((key, pieces)) => Err(experiment(key, pieces, "1, as `training.sync_batch_norm` is on")),
            None => Ok(()),
        }
    }

    /// Several columns of labels need a network that predicts them, a loss that can leave one out, and a file whose own
    /// label does not stand beside them.
    fn check_columns(&self) -> Result<(), Error> {
        let (columns, network) = (&self.label.columns, &self.network);
        let named = columns.join(", ");
        let (predicted, expected) = (network.labels(), columns.len().max(1));
        if network.clone().with_labels(expected as i64).is_none() {
            let reason = format!("needs the network upstream, or ridge: {} has one label", network.name());
            return Err(conflict("label.columns", reason));
        }
        if predicted != expected as i64 {
            let expected = format!("{expected}, one for each of `label.columns`");
            return Err(experiment("network.labels", predicted, expected));
        }
        if columns.is_empty() {
            return Ok(());
        }
        if columns.len() < 2 || (1..columns.len()).any(|i| columns[..i].contains(&columns[i])) {
            return Err(experiment("label.columns", named, "two names or more, each of them once"));
        }
        match &self.data {
            Data::File { read, .. } if matches!(read.columns, Columns::Named { label: None, .. }) => {}
            _ => {
                let reason =
                    "needs a file with `columns = { named = { sequence = \"...\" } }`, where no label is named";
                return Err(conflict("label.columns", reason));
            }
        }
        match self.label {
            _ if self.loss == Loss::SoftBins => Err(conflict("label.columns", "cannot be combined with soft bins")),
            Label { noise: Some(_), .. } => Err(conflict("label.columns", "cannot be combined with `label.noise`")),
            Label { standardise_by: Some(_), .. } => {
                Err(conflict("label.columns", "cannot be combined with `label.standardise_by`"))
            }
            _ => Ok(()),
        }
    }

    /// What is masked and found again has an accuracy and no label; expression has labels and no accuracy.
    fn check_masked(&self) -> Result<(), Error> {
        let (best, masked) = (self.training.best, !self.loss.uses_labels());
        match best {
            Metric::Accuracy if !masked => {
                Err(experiment("training.best", best, "a metric of expression: only masked k-mers have an accuracy"))
            }
            _ if masked && best != Metric::Accuracy => {
                Err(experiment("training.best", best, "accuracy, of the masked k-mers"))
            }
            _ if masked && self.label != Label::default() => {
                Err(conflict("label", "cannot be combined with masked k-mers, which have no labels"))
            }
            _ if masked && self.evaluation != Averaging::default() => {
                Err(conflict("evaluation", "cannot be combined with masked k-mers, which are not averaged"))
            }
            _ if masked && (self.training.with_ridge || self.network.is_ridge()) => {
                Err(conflict("training.with_ridge", "cannot be combined with masked k-mers, which have no labels"))
            }
            _ => Ok(()),
        }
    }
}

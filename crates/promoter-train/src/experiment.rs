//! One experiment: everything that a run depends on, as one TOML file.

mod check;
#[cfg(feature = "schema")]
mod schema;

use std::path::{Path, PathBuf};

use promoter_encode::fit::Fit;
use promoter_encode::one_hot::OneHot;
use promoter_label::{Noise, Transform};
use promoter_metrics::Metric;
use promoter_seq::read::ReadOptions;
use promoter_seq::split::Size;
use promoter_seq::{Filter, Replicates, Split};
use promoter_sim::Assay;
use promoter_zoo::peppa;
use promoter_zoo::registry::NetworkConfig;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::average::Average;
use crate::batch::{Augment, Averaging};
use crate::batch_norm::Averages as BatchNormAverages;
use crate::encoding::Encoding;
use crate::loss::Loss;
use crate::optimiser::OptimiserConfig;
use crate::precision::Precision;
use crate::schedule::Schedule;
use crate::sharpness::Sharpness;
use crate::start::Start;

/// An experiment. Unknown keys are errors.
///
/// ```
/// use promoter_train::Experiment;
/// let experiment = Experiment::example();
/// let text = experiment.to_toml();
/// assert_eq!(Experiment::from_toml(&text)?, experiment);
/// assert!(Experiment::from_toml(&format!("epocs = 3\n{text}")).is_err());
/// # Ok::<(), Box<toml::de::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Experiment {
    /// What it is, for the report.
    #[serde(default)]
    pub title: String,
    /// Seed of every random draw but the split's, which has its own.
    #[serde(default)]
    pub seed: u64,
    /// Where the rows come from.
    pub data: Data,
    /// Which rows are kept.
    #[serde(default)]
    pub filter: Filter,
    /// Which rows validate.
    pub split: Split,
    /// How sequences become numbers.
    pub encoding: Encoding,
    /// What is learnt.
    #[serde(default)]
    pub label: Label,
    /// The network and its sizes.
    pub network: NetworkConfig,
    /// Weights that it starts from; randomly initialised if omitted.
    #[serde(default)]
    pub start: Option<Start>,
    /// What is minimised.
    pub loss: Loss,
    /// How it is minimised.
    pub optimiser: OptimiserConfig,
    /// Sharpness-aware minimisation around the optimiser.
    #[serde(default)]
    pub sharpness: Option<Sharpness>,
    /// How the learning rate changes.
    #[serde(default)]
    pub schedule: Schedule,
    /// How training rows are varied.
    #[serde(default)]
    pub augment: Augment,
    /// Over what predictions are averaged, those of the validation rows and, unless it is told otherwise, the
    /// predictor's.
    #[serde(default)]
    pub evaluation: Averaging,
    /// Where the rows that train are kept.
    #[serde(default)]
    pub memory: Memory,
    /// How long, in which batches, and which epoch is kept.
    pub training: Training,
}

/// Where the rows come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Data {
    /// The simulated assay.
    Simulated(Assay),
    /// A file.
    File {
        /// Its path.
        path: PathBuf,
        /// How it is read.
        #[serde(default)]
        read: ReadOptions,
        /// A packed copy of it, which is written when there is none: a later start reads that instead.
        #[serde(default)]
        cache: Option<PathBuf>,
    },
}

/// Where the rows that train are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Memory {
    /// Base codes that may lie on the device, GB (10^9 bytes, one a base). More stay on the host and are sent in shards
    /// while the device works on the one before; the batches are the same. If omitted, all lie on the device.
    pub resident_gb: Option<f64>,
}

/// What is learnt.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Label {
    /// Columns of labels that one network learns; a row may lack some of them. `network.labels` is their number, and
    /// `data.file.read.columns` then names no label. If omitted, the label is the one that is named there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(!skip_serializing_if))]
    pub columns: Vec<String>,
    /// Column whose groups get one scale: the labels of each are given the mean and the standard deviation of all
    /// training labels together, so that labels of several assays can be learnt at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standardise_by: Option<String>,
    /// Rows of one sequence become one, the first, with a mean of their labels. If omitted, they stay rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicates: Option<Replicates>,
    /// Transform, fitted to the labels that train.
    #[serde(default)]
    pub transform: Transform,
    /// Noise on the transformed labels that train, drawn anew in each epoch.
    #[serde(default)]
    pub noise: Option<Noise>,
}

/// How long, in which batches, and which epoch is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Training {
    /// Passes over the training rows and their copies.
    pub epochs: u64,
    /// Rows of a training step.
    pub batch_size: u64,
    /// Rows of a step of evaluation.
    #[serde(default = "Training::evaluation_batch_size")]
    pub evaluation_batch_size: u64,
    /// Whether a last batch that is not full is left out.
    #[serde(default)]
    pub drop_last: bool,
    /// When the order of the rows is drawn.
    #[serde(default)]
    pub shuffle: Shuffle,
    /// The metric of the validation rows whose best epoch is kept.
    #[serde(default = "Training::best")]
    pub best: Metric,
    /// Whether that epoch is kept or the last.
    #[serde(default, skip_serializing_if = "Keep::is_best")]
    #[cfg_attr(feature = "schema", schemars(!skip_serializing_if))]
    pub keep: Keep,
    /// Epochs without gain after which training stops.
    #[serde(default)]
    pub patience: Option<u64>,
    /// Steps between checkpoints within an epoch; if omitted, there is one at its end.
    #[serde(default)]
    pub checkpoint_steps: Option<u64>,
    /// Steps of the run, where it is to end before its epochs do; the schedule spans them.
    #[serde(default)]
    pub steps: Option<u64>,
    /// Factor of the sum of squares of the kernels that the network's source penalises, which is added to the loss, as
    /// Keras does. Other weights are not penalised.
    #[serde(default)]
    pub l2: Option<f64>,
    /// Length that gradients are cut to.
    #[serde(default)]
    pub clip_norm: Option<f64>,
    /// Pieces in which a batch passes through the network, for want of memory, or because batch norms are to see no
    /// more rows at once.
    #[serde(default = "Training::accumulate")]
    pub accumulate: u64,
    /// Threads that each train on a piece of every batch, with the same weights: LibTorch's threads are divided among
    /// them. If omitted, as many as there are threads on a CPU, and 1 on a GPU; the run's `config.toml` has the number.
    /// Batch norms see one piece each, and keep the first one's averages.
    #[serde(default)]
    pub replicas: Option<u64>,
    /// Steps between evaluations, which end an epoch; if omitted, those of a pass over the training rows.
    #[serde(default)]
    pub epoch_steps: Option<u64>,
    /// Whose averages batch norms use in prediction.
    #[serde(default, skip_serializing_if = "BatchNormAverages::is_moving")]
    #[cfg_attr(feature = "schema", schemars(!skip_serializing_if))]
    pub batch_norm_averages: BatchNormAverages,
    /// Whether batch norms see the rows of all processes that train together, as if one process had them; otherwise
    /// each process has statistics of its own, and process 0's averages are kept, as PyTorch's DistributedDataParallel
    /// does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "schema", schemars(!skip_serializing_if))]
    pub sync_batch_norm: bool,
    /// Whether the kept network's predictions are calibrated: a line from predictions to labels, fitted to training
    /// rows in evaluation mode, is applied to what it predicts. The network is then right in units of the label, and
    /// not in its order only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "schema", schemars(!skip_serializing_if))]
    pub calibrate: bool,
    /// Whether ridge regression on k-mer counts joins the kept network: fitted to the training rows, it is added with
    /// the weight, and the network on the line, that fit the validation rows best. It helps most where rows are few;
    /// with it the line of `calibrate` is that of the validation rows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(feature = "schema", schemars(!skip_serializing_if))]
    pub with_ridge: bool,
    /// Average of the weights, evaluated and kept in their place.
    #[serde(default)]
    pub average: Option<Average>,
    /// Kind of the numbers in matrix products.
    #[serde(default)]
    pub precision: Precision,
    /// Whether f32 products on a GPU may have the precision of TF32.
    #[serde(default)]
    pub tf32: bool,
}

impl Training {
    fn evaluation_batch_size() -> u64 {
        1024
    }

    fn accumulate() -> u64 {
        1
    }

    fn best() -> Metric {
        Metric::Pearson
    }
}

/// Which epoch's weights are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Keep {
    /// The best by a metric of the validation rows.
    #[default]
    Best,
    /// The last, as auth and LegNet did: every epoch takes the place of the one before.
    Last,
}

impl Keep {
    fn is_best(&self) -> bool {
        *self == Self::Best
    }
}

/// When the order of the rows is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Shuffle {
    /// For each epoch.
    #[default]
    EveryEpoch,
    /// Once: every epoch has the same batches, as Peppa's.
    Once,
}

impl Experiment {
    /// A small experiment to try things with: the slim Enformer on simulated promoters. Peppa's own protocol is
    /// `examples/peppa.toml`.
    pub fn example() -> Self {
        Self {
            title: "A slim Enformer".into(),
            seed: 1,
            data: Data::Simulated(Assay::default()),
            filter: Filter::default(),
            split: Split::Random { validation: Size::Fraction(0.1), seed: 1, test: Size::default() },
            encoding: Encoding::OneHot { fit: Fit::peppa(), policy: OneHot::default() },
            label: Label::default(),
            network: NetworkConfig::Peppa(peppa::Config::slim()),
            start: None,
            loss: Loss::Poisson { eps: 1e-7 },
            optimiser: OptimiserConfig::Sgd { lr: 0.01, momentum: 0.9 },
            sharpness: None,
            schedule: Schedule::default(),
            augment: Augment { shift: 1, ..Augment::default() },
            evaluation: Averaging::default(),
            memory: Memory::default(),
            training: Training {
                epochs: 3,
                batch_size: 256,
                evaluation_batch_size: 1024,
                drop_last: true,
                shuffle: Shuffle::EveryEpoch,
                best: Metric::Pearson,
                keep: Keep::Best,
                patience: None,
                checkpoint_steps: None,
                steps: None,
                l2: None,
                clip_norm: None,
                accumulate: 1,
                replicas: None,
                epoch_steps: None,
                batch_norm_averages: BatchNormAverages::Moving,
                sync_batch_norm: false,
                calibrate: false,
                with_ridge: false,
                average: None,
                precision: Precision::F32,
                tf32: false,
            },
        }
    }

    /// Reads an experiment from TOML.
    ///
    /// # Errors
    /// Says the line and what was expected, for unknown keys too.
    pub fn from_toml(text: &str) -> Result<Self, Box<toml::de::Error>> {
        toml::from_str(text).map_err(Box::new)
    }

    /// Reads an experiment file.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Config`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
        Self::from_toml(&text).map_err(|source| Error::Config { path: path.to_owned(), source })
    }

    /// The experiment with every value written out.
    pub fn to_toml(&self) -> String {
        // Every field has a TOML form; a value without one would show in the round trip that the tests make.
        toml::to_string(self).unwrap_or_default()
    }

    /// Whether a run of `resolved`, as its `config.toml` has it, is one of this experiment: only the hash of the
    /// weights that it started from, the number of replicas and the precision may stand there and be open here.
    pub fn is_that_of(&self, resolved: &Self) -> bool {
        let mut same = self.clone();
        if let (Some(start), Some(resolved)) = (&mut same.start, &resolved.start) {
            start.hash = start.hash.take().or_else(|| resolved.hash.clone());
        }
        same.training.replicas = same.training.replicas.or(resolved.training.replicas);
        if same.training.precision == Precision::Auto {
            same.training.precision = resolved.training.precision;
        }
        same == *resolved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_values_are_named() {
        let mut experiment = Experiment::example();
        experiment.training.epochs = 0;
        assert_eq!(experiment.check().unwrap_err().to_string(), "`training.epochs` is 0, expected at least 1");
        for (optimiser, text) in [
            (OptimiserConfig::Sgd { lr: -1.0, momentum: 0.9 }, "`optimiser.lr` is -1, expected a positive number"),
            (OptimiserConfig::Sgd { lr: 1.0, momentum: 1.0 }, "`optimiser.momentum` is 1, expected 0 to below 1"),
            (
                OptimiserConfig::RmsProp { lr: 1.0, rho: 0.9, eps: 0.0 },
                "`optimiser.eps` is 0, expected a positive number",
            ),
        ] {
            let experiment = Experiment { optimiser, ..Experiment::example() };
            assert_eq!(experiment.check().unwrap_err().to_string(), text);
        }
        let mut experiment = Experiment::example();
        experiment.augment.shift = 40;
        let error = experiment.check().unwrap_err().to_string();
        assert_eq!(error, "`augment.shift` is 40, expected at most 10 beyond the window");
    }

    #[test]
    fn unknown_keys_and_names_are_errors_with_a_line() {
        let text = Experiment::example().to_toml();
        for (from, to) in [("epochs", "epocs"), ("peppa", "pepa"), ("poisson", "poison"), ("pearson", "person")] {
            let error = Experiment::from_toml(&text.replacen(from, to, 1)).err();
            // The title may hold the first occurrence.
            let error = error.or_else(|| Experiment::from_toml(&text.replace(from, to)).err());
            let error = error.unwrap().to_string();
            assert!(error.contains(to), "{error}");
        }
    }
}

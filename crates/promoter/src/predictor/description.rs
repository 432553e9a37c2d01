//! What a predictor file says about its weights.

use std::collections::BTreeMap;
use std::path::Path;

use promoter_label::{Affine, Fitted};
use promoter_metrics::Metric;
use promoter_seq::read::Columns;
use promoter_train::batch::{Averaging, ReverseComplement};
use promoter_train::encoding::Encoding;
use promoter_train::experiment::Data;
use promoter_train::{Environment, Experiment, OfLabel, Readout, Scores};
use promoter_zoo::registry::NetworkConfig;
use serde::{Deserialize, Serialize};

use crate::Error;

/// Latest format of predictor files. This version reads those from 1 on: 2 added vectors of k-mers and the evaluation,
/// 3 the calibration, 4 ridge regression, 5 the line in units of the label and further labels; it writes 4 where that
/// is enough.
pub const FORMAT: u64 = 5;

/// What a predictor file says about its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// [`FORMAT`], or an earlier one.
    pub format: u64,
    /// Version of this crate that wrote it.
    pub version: String,
    /// What it is, for people.
    pub title: String,
    /// The network and its sizes.
    pub network: NetworkConfig,
    /// How sequences become numbers.
    pub encoding: Encoding,
    /// The label transform, fitted to the training labels: its inverse is applied to what the network gives.
    pub label: Fitted,
    /// The line from what the network gives to the transformed labels; it comes before the transform's inverse.
    #[serde(default = "identity")]
    pub calibration: Affine,
    /// Weight of ridge regression on k-mer counts, which is added after the line; 0 for none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub ridge: f64,
    /// The line in units of the label, after the transform's inverse; see [`Readout`](promoter_train::Readout).
    #[serde(default = "identity", skip_serializing_if = "is_identity")]
    pub of_label: Affine,
    /// The names of several labels; empty for one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// Of several labels the others: what stands above of the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further: Vec<OfLabel>,
    /// Over what predictions were averaged when the network was chosen, and are unless another averaging is asked for.
    #[serde(default)]
    pub evaluation: Averaging,
    /// How the weights were trained; none for weights that came from elsewhere.
    pub training: Option<Training>,
}

fn is_zero(weight: &f64) -> bool {
    *weight == 0.0
}

fn is_identity(line: &Affine) -> bool {
    *line == Affine::IDENTITY
}

fn identity() -> Affine {
    Affine::IDENTITY
}

/// How weights were trained, and how good they were.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// The experiment, as TOML.
    pub experiment: String,
    /// Epoch whose weights these are, from 0.
    pub epoch: u64,
    /// Epochs that were trained.
    pub epochs: u64,
    /// The metric that chose the epoch.
    pub chosen_by: Metric,
    /// Scores of the validation rows, in units of the transformed label.
    pub validation: Scores,
    /// What the scores mean.
    pub metrics: BTreeMap<String, String>,
    /// Where it was trained.
    pub environment: Environment,
}

impl Training {
    /// What the fields of [`Scores`] mean.
    pub fn metrics() -> BTreeMap<String, String> {
        [
            ("pearson", "Pearson's r over all rows"),
            ("spearman", "Spearman's rho over all rows, ties have the mean of their ranks"),
            ("r2", "1 - residual sum of squares / total sum of squares over all rows"),
            ("mse", "mean squared error over all rows"),
            ("mae", "mean absolute error over all rows"),
        ]
        .map(|(name, definition)| (name.to_owned(), definition.to_owned()))
        .into()
    }
}

impl Description {
    /// What a run's network needs beside its tensors; `labels` has the first label and the others.
    pub(super) fn of_run(experiment: Experiment, labels: Vec<OfLabel>, training: Option<Training>) -> Self {
        let Experiment { title, network, encoding, evaluation, label, .. } = experiment;
        let mut labels = labels.into_iter();
        let identity = || OfLabel::new(Fitted::Identity, &Readout::IDENTITY);
        let OfLabel { label: transform, calibration, ridge, of_label } = labels.next().unwrap_or_else(identity);
        let is_early = is_identity(&of_label) && label.columns.is_empty();
        Self {
            format: if is_early { 4 } else { FORMAT },
            version: env!("CARGO_PKG_VERSION").into(),
            title,
            network,
            encoding,
            label: transform,
            calibration,
            ridge,
            of_label,
            names: label.columns,
            further: labels.collect(),
            evaluation,
            training,
        }
    }

    /// The first label and the others.
    pub(super) fn labels(&self) -> impl Iterator<Item = OfLabel> {
        let Self { label, calibration, ridge, of_label, further, .. } = self;
        let first = OfLabel { label: label.clone(), calibration: *calibration, ridge: *ridge, of_label: *of_label };
        std::iter::once(first).chain(further.iter().cloned())
    }

    /// What stands against a mean of this predictor's predictions and another one's: data, label, label transform or
    /// length differ. A text for people for each; what is not known of one of them is not compared.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let mut differences = Vec::new();
        for ((what, this), (_, that)) in self.terms().into_iter().zip(other.terms()) {
            if let (Some(this), Some(that)) = (this, that)
                && this != that
            {
                differences.push(format!("{what} ({this} and {that})"));
            }
        }
        differences
    }

    /// What predictors that are averaged have in common.
    fn terms(&self) -> [(&'static str, Option<String>); 4] {
        let experiment = self.experiment();
        let experiment = experiment.as_ref();
        [
            ("data", experiment.map(|experiment| data(&experiment.data))),
            ("labels", experiment.and_then(unit)),
            ("label transform", Some(self.label.transform().name().to_owned())),
            ("length", Some(format!("{} bases", self.encoding.fit().length))),
        ]
    }

    /// The experiment that the weights were trained by, if this version can read it.
    fn experiment(&self) -> Option<Experiment> {
        Experiment::from_toml(&self.training.as_ref()?.experiment).ok()
    }

    /// Whether the network has been trained on one strand only, and was evaluated so.
    pub fn is_of_one_strand(&self) -> bool {
        let augment = self.experiment().map(|experiment| experiment.augment);
        augment.is_some_and(|augment| augment.reverse_complement == ReverseComplement::None) && !self.evaluation.strands
    }

    /// Reads the description in a weight file; `path` is for messages.
    pub(super) fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Format {
            format: Option<u64>,
        }
        if text.is_empty() {
            return Err(Error::NoDescription { path: path.to_owned() });
        }
        let description = |source| Error::Description { path: path.to_owned(), source };
        // The format first: a later one may have other fields.
        match serde_json::from_str::<Format>(text).map_err(description)?.format {
            None => Err(Error::NoDescription { path: path.to_owned() }),
            Some(1..=FORMAT) => serde_json::from_str(text).map_err(description),
            Some(found) => Err(Error::Version { path: path.to_owned(), found, expected: FORMAT }),
        }
    }
}

/// Where rows came from, for people.
fn data(data: &Data) -> String {
    match data {
        Data::File { path, .. } => path.display().to_string(),
        Data::Simulated(assay) => format!("{} simulated rows, seed {}", assay.rows, assay.seed),
    }
}

/// What labels were in: their column, and what they were standardised by.
fn unit(experiment: &Experiment) -> Option<String> {
    let Data::File { read, .. } = &experiment.data else { return None };
    let column = match &read.columns {
        Columns::Named { label: None, .. } if !experiment.label.columns.is_empty() => {
            experiment.label.columns.join(", ")
        }
        Columns::Named { label, .. } => label.clone()?,
        Columns::Challenge => "sorting bins".to_owned(),
        Columns::Sequence => return None,
    };
    Some(match &experiment.label.standardise_by {
        Some(by) => format!("{column}, standardised by {by}"),
        None => column,
    })
}

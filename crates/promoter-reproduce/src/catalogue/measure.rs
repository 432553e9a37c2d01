//! What a reproduction asks to be measured without training anything of its own.

use std::collections::BTreeMap;

use promoter_seq::{Filter, Split};
use promoter_zoo::registry::NetworkConfig;
use serde::Deserialize;

/// A number that needs no training of its own.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Measure {
    /// Its name in the reproduction.
    pub(crate) name: String,
    /// What is measured.
    #[serde(flatten)]
    pub(crate) kind: Kind,
}

/// What is measured.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Kind {
    /// A network's parameters, as its framework counts them.
    Parameters {
        /// The network, as in an experiment.
        network: NetworkConfig,
        /// Layers whose names start so; all of them if omitted.
        #[serde(default)]
        layers: Vec<String>,
        /// Whether the averages of the layers' batch norms count, as in Keras' summaries.
        #[serde(default)]
        averages: bool,
    },
    /// Trainable parameters.
    Trainable {
        /// The network.
        network: NetworkConfig,
    },
    /// A network's input or a layer's output, as `a x b`.
    Shape {
        /// The network.
        network: NetworkConfig,
        /// A layer; the input if omitted.
        #[serde(default)]
        layer: Option<String>,
    },
    /// Values that enter each value that a layer puts out.
    FanIn {
        /// The network.
        network: NetworkConfig,
        /// The layer.
        layer: String,
    },
    /// How many of a grid of networks have a number of parameters, and which.
    Grid {
        /// The network, as in an experiment.
        network: NetworkConfig,
        /// Values of its fields.
        axes: BTreeMap<String, Vec<i64>>,
        /// Parameters.
        count: usize,
    },
    /// Rows of a part that a split makes.
    SplitSize {
        /// Rows in all.
        rows: u32,
        /// The split, as in an experiment.
        split: Split,
        /// Which part.
        of: Part,
    },
    /// Share of the challenge's rows that a filter keeps.
    Share {
        /// The filter, as in an experiment.
        filter: Filter,
    },
    /// Challenge rows that a filter keeps.
    Kept {
        /// The filter.
        filter: Filter,
    },
    /// A value of a protocol.
    Setting {
        /// The protocol.
        protocol: String,
        /// Key, with dots between the tables.
        key: String,
    },
    /// Learning rate of a protocol at a step.
    LearningRate {
        /// The protocol.
        protocol: String,
        /// Step, from 0.
        step: u64,
        /// Steps in all.
        steps: u64,
        /// Epochs in all.
        epochs: u64,
    },
    /// Official public Pearson score of a run's ranks, less that of its predictions.
    Ranks {
        /// The run.
        run: String,
    },
    /// Pearson's r of one of the outputs of a run's network on its validation rows.
    Level {
        /// The run.
        run: String,
        /// Which output, from 0; what the network makes of all of them if omitted.
        #[serde(default)]
        level: Option<i64>,
    },
    /// Official public Pearson score of a run's averaged predictions, less that of one forward pass.
    Averaged {
        /// The run.
        run: String,
        /// Whether both strands are averaged.
        #[serde(default)]
        strands: bool,
        /// Bases to either side over which windows are averaged.
        #[serde(default)]
        shift: usize,
    },
    /// Place of a search's chosen run among its trials, from 1.
    Place {
        /// The search.
        search: String,
    },
}

/// A part of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part {
    /// Rows that train.
    Train,
    /// Rows that validate.
    Validation,
}

impl Measure {
    /// The run that it looks at.
    pub(crate) fn run(&self) -> Option<&String> {
        match &self.kind {
            Kind::Ranks { run } | Kind::Averaged { run, .. } | Kind::Level { run, .. } => Some(run),
            _ => None,
        }
    }

    /// What it looks at is there from this scale on.
    pub(crate) fn least_scale(&self) -> crate::Scale {
        match self.kind {
            Kind::Kept { .. } | Kind::Place { .. } => crate::Scale::Full,
            Kind::Share { .. } | Kind::Ranks { .. } | Kind::Averaged { .. } | Kind::Level { .. } => crate::Scale::Small,
            _ => crate::Scale::Smoke,
        }
    }
}

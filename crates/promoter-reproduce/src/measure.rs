//! Numbers that need no training: parameters, shapes, rows, rates, and scores of what was trained already.

mod layers;
mod levels;
mod rows;

use std::collections::BTreeMap;

use promoter::Predictor;
use promoter::predictor::Averaging;
use promoter_label::rank::rank;
use promoter_metrics::dream::Difference;
use promoter_train::Prepared;
use serde::Deserialize;
use tch::Device;
use toml::Table;

use crate::outcome::Measured;
use crate::plan::Planned;
use crate::reproduction::Value;
use crate::score::Leaderboard;
use crate::{Catalogue, Error, Source, protocol};

/// A number that needs no training.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Measure {
    /// Its name in the reproduction.
    pub name: String,
    /// What is measured.
    #[serde(flatten)]
    pub kind: Kind,
}

/// What is measured.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Kind {
    /// Numbers in a network's parameters, as its framework counts them.
    Parameters {
        /// The network, as in an experiment.
        network: Table,
        /// Layers whose names start so; all of them when there is none.
        #[serde(default)]
        layers: Vec<String>,
    },
    /// Numbers that training changes.
    Trainable {
        /// The network.
        network: Table,
    },
    /// Products added up for one sequence.
    MultiplyAdds {
        /// The network.
        network: Table,
    },
    /// A network's input or a layer's output, as `a x b`.
    Shape {
        /// The network.
        network: Table,
        /// A layer; the input when it is not given.
        #[serde(default)]
        layer: Option<String>,
    },
    /// Numbers that go into each number that a layer puts out.
    FanIn {
        /// The network.
        network: Table,
        /// The layer.
        layer: String,
    },
    /// How many of a grid of networks have so many parameters, and which.
    Grid {
        /// The network, as in an experiment.
        network: Table,
        /// Values of its fields.
        axes: BTreeMap<String, Vec<i64>>,
        /// Parameters.
        count: usize,
    },
    /// Rows of a part that a split makes of so many rows.
    SplitSize {
        /// Rows.
        rows: u32,
        /// The split, as in an experiment.
        split: promoter_seq::Split,
        /// Which part.
        of: Part,
    },
    /// Share of the given rows that a filter keeps.
    Share {
        /// The filter, as in an experiment.
        filter: promoter_seq::Filter,
    },
    /// Rows that a filter keeps.
    Kept {
        /// The filter.
        filter: promoter_seq::Filter,
    },
    /// A value of a protocol.
    Setting {
        /// The protocol.
        protocol: String,
        /// Key, with dots between the tables.
        key: String,
    },
    /// Learning rate of a protocol at a step of so many.
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
        /// Which output, from 0; what the network makes of all of them when it is not given.
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
        /// Shifts to either side.
        #[serde(default)]
        shift: usize,
    },
}

/// A part of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Rows that train.
    Train,
    /// Rows that validate.
    Validation,
}

/// What measures may look at.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Protocols.
    pub catalogue: &'a Catalogue,
    /// The rows.
    pub source: &'a Source,
    /// The reproduction's runs, finished.
    pub runs: &'a [Planned],
    /// The public leaderboard, where there is one.
    pub leaderboard: Option<&'a Leaderboard>,
    /// Where networks predict.
    pub device: Device,
}

impl Measure {
    /// The run that it looks at.
    pub fn run(&self) -> Option<&String> {
        match &self.kind {
            Kind::Ranks { run } | Kind::Averaged { run, .. } | Kind::Level { run, .. } => Some(run),
            _ => None,
        }
    }

    /// Measures; none when what it looks at is not there at this scale.
    ///
    /// # Errors
    /// Those of what is looked at.
    pub fn measure(&self, context: Context<'_>) -> Result<Option<Measured>, Error> {
        let refuse = |reason: String| Error::Experiment { id: "measure".into(), run: self.name.clone(), reason };
        let number = |value: f64| Measured { value: Value::Number(value), detail: String::new() };
        Ok(Some(match &self.kind {
            Kind::Parameters { network, layers } => number(layers::parameters(network, layers).map_err(refuse)? as f64),
            Kind::Trainable { network } => number(layers::info(network).map_err(refuse)?.trainable_parameters as f64),
            Kind::MultiplyAdds { network } => number(layers::info(network).map_err(refuse)?.multiply_adds as f64),
            Kind::Shape { network, layer } => {
                let shape = layers::shape(network, layer.as_deref()).map_err(refuse)?;
                Measured { value: Value::Text(shape), detail: String::new() }
            }
            Kind::FanIn { network, layer } => number(layers::fan_in(network, layer).map_err(refuse)? as f64),
            Kind::Grid { network, axes, count } => layers::grid(network, axes, *count).map_err(refuse)?,
            Kind::SplitSize { rows, split, of } => number(rows::split_size(*rows, split, *of)? as f64),
            Kind::Share { filter } => rows::kept(context.source, filter, true)?,
            Kind::Kept { filter } => rows::kept(context.source, filter, false)?,
            Kind::Setting { protocol, key } => {
                let Some(found) = context.catalogue.protocols.get(protocol) else {
                    return Err(refuse(format!("there is no protocol {protocol:?}")));
                };
                let table = found.resolved().map_err(refuse)?;
                let value = protocol::get(&table, key).ok_or_else(|| refuse(format!("{protocol} has no {key:?}")))?;
                Measured { value: plain(value), detail: String::new() }
            }
            Kind::LearningRate { protocol, step, steps, epochs } => {
                let protocol = context.catalogue.protocols.get(protocol);
                let table = protocol.map(|protocol| protocol.experiment.clone()).unwrap_or_default();
                number(rows::learning_rate(&table, *step, *steps, *epochs).map_err(refuse)?)
            }
            Kind::Ranks { run } => {
                return differences(context, run, |leaderboard, planned| {
                    let raw = leaderboard.predictions(&planned.folder, context.device, None)?;
                    let ranks = rank(&raw).map_err(|error| refuse(error.to_string()))?;
                    Ok(leaderboard.compare(&ranks, &raw)?.pearson_score)
                });
            }
            Kind::Level { run, level } => {
                let Some(planned) = context.runs.iter().find(|planned| planned.name == *run) else { return Ok(None) };
                number(levels::pearson(planned, *level, context.device)?)
            }
            Kind::Averaged { run, strands, shift } => {
                return differences(context, run, |leaderboard, planned| {
                    let averaging = Averaging { strands: *strands, shift: *shift };
                    let of = |averaging| leaderboard.predictions(&planned.folder, context.device, Some(averaging));
                    let (averaged, raw) = (of(averaging)?, of(Averaging::default())?);
                    Ok(leaderboard.compare(&averaged, &raw)?.pearson_score)
                });
            }
        }))
    }
}

/// The difference that `of` makes of the first seed of a run.
fn differences(
    context: Context<'_>,
    run: &str,
    of: impl Fn(&Leaderboard, &Planned) -> Result<Difference, Error>,
) -> Result<Option<Measured>, Error> {
    let Some(planned) = context.runs.iter().find(|planned| planned.name == run) else { return Ok(None) };
    let Some(leaderboard) = context.leaderboard else { return without_truth(context, planned) };
    let Difference { value, interval, .. } = of(leaderboard, planned)?;
    let detail = format!("95 % interval {:.4} to {:.4}", interval.low, interval.high);
    Ok(Some(Measured { value: Value::Number(value), detail }))
}

/// Simulated promoters have no leaderboard; that the run predicts is all that can be shown.
fn without_truth(context: Context<'_>, planned: &Planned) -> Result<Option<Measured>, Error> {
    let prepared = Prepared::of(&planned.experiment)?;
    let predictor = Predictor::of_run(&planned.folder, context.device)?;
    let predicted = predictor.predict_table(&prepared.validation, None)?;
    let detail = format!("{} rows predicted; no public rows among simulated ones", predicted.len());
    Ok(Some(Measured { value: Value::Text("-".into()), detail }))
}

/// A number, or a text for anything else.
fn plain(value: &toml::Value) -> Value {
    match value {
        toml::Value::Integer(number) => Value::Number(*number as f64),
        toml::Value::Float(number) => Value::Number(*number),
        toml::Value::String(text) => Value::Text(text.clone()),
        other => Value::Text(other.to_string()),
    }
}

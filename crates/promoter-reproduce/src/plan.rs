//! A run as it is started: its experiment with every value, and the hash it is known by.

use std::path::{Path, PathBuf};

use promoter_train::Experiment;
use toml::{Table, Value};

use crate::data::Rows;
use crate::protocol::{self, Protocol};
use crate::reproduction::{Reproduction, Run};
use crate::{Catalogue, Error, Scale, Source};

/// A run as it is started.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Its reproduction.
    pub id: String,
    /// Its name there.
    pub name: String,
    /// Its seed.
    pub seed: u64,
    /// What is trained.
    pub experiment: Experiment,
    /// Which rows it trains on.
    pub rows: Rows,
    /// Whether the test sequences are predicted and scored.
    pub scored: bool,
    /// Rows of a batch of the metrics that are means over batches.
    pub metric_batch: usize,
    /// Hash of experiment and data, and of the run that it starts from.
    pub key: String,
    /// Folder of the run.
    pub folder: PathBuf,
    /// Steps after which it ends, when the epochs do not end it.
    pub steps: Option<u64>,
    /// Seconds that training is expected to take on two threads of a CPU; unknown without a budget.
    pub seconds: Option<f64>,
}

impl Planned {
    /// The weights that it ends with.
    pub fn weights(&self) -> PathBuf {
        self.folder.join("checkpoints/best.safetensors")
    }
}

/// Steps of every run in a smoke test, and the rows of a batch.
const SMOKE: (i64, i64) = (4, 16);
/// Training seconds of a run on few rows, when it says nothing else.
const SMALL_SECONDS: f64 = 30.0;
/// Training seconds between checkpoints.
const CHECKPOINT_SECONDS: f64 = 60.0;

/// The runs of a reproduction at a scale, each seed one. Runs lie in `folder`.
///
/// # Errors
/// [`Error::Experiment`] when a run's values do not make an experiment.
pub fn runs(
    catalogue: &Catalogue,
    one: &Reproduction,
    scale: Scale,
    source: &Source,
    folder: &Path,
) -> Result<Vec<Planned>, Error> {
    let mut planned: Vec<Planned> = Vec::new();
    for run in &one.runs {
        let seeds = match scale {
            Scale::Smoke => 1,
            _ => run.extent(scale).seeds.unwrap_or(1),
        };
        for seed in 1..=seeds {
            let refuse = |reason: String| Error::Experiment { id: one.id.clone(), run: run.name.clone(), reason };
            // The catalogue has checked that it is there.
            let Some(protocol) = catalogue.protocols.get(&run.protocol) else {
                return Err(refuse(format!("there is no protocol {:?}", run.protocol)));
            };
            let (mut table, seconds) = table(protocol, run, scale, source, seed).map_err(&refuse)?;
            let mut start = None;
            if let Some(name) = &run.start {
                let Some(other) = planned.iter().find(|other| other.name == *name && other.seed == seed) else {
                    return Err(refuse(format!("run {name} has no seed {seed} to start from")));
                };
                let weights = Value::String(other.weights().to_string_lossy().into_owned());
                protocol::set(&mut table, "start.weights", &weights).map_err(&refuse)?;
                start = Some(other.key.as_str());
            }
            let key = key(&table, source.hash(run.rows), start);
            let steps = protocol::get(&table, "training.steps").and_then(Value::as_integer).map(|steps| steps as u64);
            let experiment: Experiment =
                Value::Table(table).try_into().map_err(|error: toml::de::Error| refuse(error.to_string()))?;
            experiment.check().map_err(|error| refuse(error.to_string()))?;
            planned.push(Planned {
                id: one.id.clone(),
                name: run.name.clone(),
                seed,
                experiment,
                rows: run.rows,
                scored: run.scored && source.challenge().is_some(),
                metric_batch: protocol.metric_batch,
                folder: folder.join(format!("{}-{}", run.protocol, &key[..12])),
                key,
                steps,
                seconds,
            });
        }
    }
    Ok(planned)
}

/// The experiment of a run, and its training seconds.
fn table(
    protocol: &Protocol,
    run: &Run,
    scale: Scale,
    source: &Source,
    seed: u64,
) -> Result<(Table, Option<f64>), String> {
    let mut table = protocol.experiment.clone();
    let extent = run.extent(scale);
    for (key, value) in source.parts(run.rows) {
        protocol::set(&mut table, key, &value)?;
    }
    // From the general to the particular.
    let set = protocol.set(scale).chain(&run.set).chain(&extent.set);
    for (key, value) in set {
        protocol::set(&mut table, key, value)?;
    }
    let mut put = |key: &str, value: Value| protocol::set(&mut table, key, &value);
    put("seed", Value::Integer(seed as i64))?;
    put("data", source.table(run.rows))?;
    let mut seconds = None;
    match scale {
        Scale::Smoke => {
            put("training.batch_size", Value::Integer(SMOKE.1))?;
            put("training.evaluation_batch_size", Value::Integer(64))?;
            put("training.epochs", Value::Integer(2))?;
            put("training.steps", Value::Integer(SMOKE.0))?;
        }
        Scale::Small => {
            let budget = extent.seconds.unwrap_or(SMALL_SECONDS);
            seconds = Some(budget);
            let batch = protocol::get(&table, "training.batch_size").and_then(Value::as_integer).unwrap_or(1);
            let per_step = protocol.milliseconds_per_row / 1000.0 * batch as f64;
            let steps = ((budget / per_step).round() as i64).max(1);
            let mut put = |key: &str, value| protocol::set(&mut table, key, &Value::Integer(value));
            put("training.steps", steps)?;
            // Enough of them: the steps end the run.
            put("training.epochs", steps)?;
            put("training.checkpoint_steps", ((CHECKPOINT_SECONDS / per_step) as i64).max(1))?;
        }
        Scale::Full => put("training.checkpoint_steps", Value::Integer(1000))?,
    }
    Ok((table, seconds))
}

/// Hash of what decides a run's numbers: where the data and the weights that it starts from lie does not, what they are
/// does; `start` is the hash of the run that makes the weights.
fn key(table: &Table, data: &str, start: Option<&str>) -> String {
    let mut table = table.clone();
    if let Some(start) = start {
        let _ = protocol::set(&mut table, "start.weights", &Value::String(start.to_owned()));
    }
    let is_file = protocol::get(&table, "data.file").is_some();
    if is_file {
        // The columns stay.
        let _ = protocol::set(&mut table, "data.file.path", &Value::String(data.to_owned()));
    }
    // The title says nothing, and checkpoints change nothing.
    table.remove("title");
    if let Some(Value::Table(training)) = table.get_mut("training") {
        training.remove("checkpoint_steps");
    }
    blake3::hash(toml::to_string(&table).unwrap_or_default().as_bytes()).to_hex().to_string()
}

//! What is trained for a reproduction at a scale: experiments with every value, and the hashes they are known by.

mod key;
mod search;

use std::path::{Path, PathBuf};

use promoter_train::Experiment;
use promoter_train::batch_norm::Averages;
use promoter_train::precision::Precision;
use promoter_train::setting::Setting;
use toml::Value;

pub(crate) use self::search::PlannedSearch;
use crate::catalogue::Catalogue;
use crate::catalogue::protocol::{Change, Protocol};
use crate::catalogue::reproduction::{Reproduction, Run};
use crate::data::{Rows, Source};
use crate::{Error, Scale};

/// Steps of every run in a smoke test, and the rows of a batch.
const SMOKE: (u64, u64) = (4, 16);
/// Training seconds of a run on few rows, when it says nothing else.
const SMALL_SECONDS: f64 = 30.0;
/// Training seconds between checkpoints.
const CHECKPOINT_SECONDS: f64 = 60.0;
/// Replicas of the network at small scale: one for each of the two cores.
const REPLICAS: u64 = 2;
/// Steps between checkpoints at full scale.
const CHECKPOINT_STEPS: u64 = 1000;
/// Test sequences, and those of the public leaderboard.
const TEST_ROWS: (f64, f64) = (71_103.0, 9_045.0);
/// Rows that validate at small scale.
const VALIDATION_ROWS: f64 = 2000.0;

/// All that a reproduction trains at a scale.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The reproduction.
    pub id: String,
    /// The hash that its result is known by.
    pub key: String,
    /// Its runs, a seed each.
    pub runs: Vec<Planned>,
    /// Its searches.
    pub(crate) searches: Vec<PlannedSearch>,
}

/// A run as it is started.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Its reproduction.
    pub id: String,
    /// Its name there.
    pub name: String,
    /// Its seed.
    pub seed: u64,
    /// What is trained; of a run with a choice, the first candidate's.
    pub experiment: Experiment,
    /// Which rows it trains on.
    pub rows: Rows,
    /// Whether the test sequences are predicted and scored.
    pub(crate) scored: bool,
    /// Its name in the ranking, when it is one of it.
    pub(crate) ranked: Option<String>,
    /// Shares of the steps after which it is evaluated on the way.
    pub(crate) evaluated_after: Vec<f64>,
    /// Rows of a batch of the metrics that are means over batches, where the team's metrics are.
    pub(crate) metric_batch: Option<usize>,
    /// Hash of experiment, data and version of the numbers, and of the run that it starts from.
    pub key: String,
    /// Folder of the run.
    pub folder: PathBuf,
    /// Folder of the run whose weights it starts with.
    pub(crate) start: Option<PathBuf>,
    /// Seconds of training and of predicting on two idle cores.
    pub seconds: f64,
    /// What is chosen on the validation rows before it is trained.
    pub(crate) choice: Vec<Candidate>,
}

/// One of the values that a run is chosen from.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// The value.
    pub(crate) rate: f64,
    /// A short run with it.
    pub(crate) trial: Planned,
    /// The whole run with it.
    pub(crate) whole: Planned,
}

impl Planned {
    /// The weights that it ends with.
    pub fn weights(&self) -> PathBuf {
        self.folder.join("checkpoints/best.safetensors")
    }
}

/// What is trained for a reproduction at a scale. Runs lie in `folder`.
///
/// # Errors
/// [`Error::Experiment`] when a run's values do not make an experiment.
pub fn plan(
    catalogue: &Catalogue,
    one: &Reproduction,
    scale: Scale,
    source: &Source,
    folder: &Path,
) -> Result<Plan, Error> {
    let context = Context { catalogue, one, scale, source, folder };
    let mut runs: Vec<Planned> = Vec::new();
    for run in &one.runs {
        let seeds = if scale == Scale::Smoke { 1 } else { run.extent(scale).seeds.unwrap_or(1) };
        for seed in 1..=seeds {
            let start = run.start.as_ref().and_then(|name| find(&runs, name, seed));
            let planned = match &run.ranked {
                Some(_) if scale == Scale::Small => context.chosen(run, seed)?,
                _ => context.run(run, seed, start, &Special::default())?,
            };
            runs.push(planned);
        }
    }
    let searches: Vec<PlannedSearch> =
        one.searches.iter().map(|search| search::plan(&context, search)).collect::<Result<_, _>>()?;
    let trained = runs.iter().map(|run| run.key.as_str()).chain(searches.iter().map(|search| search.key.as_str()));
    let key = key::reproduction(catalogue, one, source, &trained.collect::<Vec<_>>());
    Ok(Plan { id: one.id.clone(), key, runs, searches })
}

/// What the floor of the ranking is known by.
pub(crate) fn floor_key(source: &Source) -> String {
    key::hash(["floor", &source.whole_hash()])
}

fn find<'a>(runs: &'a [Planned], name: &str, seed: u64) -> Option<&'a Planned> {
    runs.iter().find(|other| other.name == *name && other.seed == seed)
}

/// Of what and where a plan is made.
#[derive(Clone, Copy)]
struct Context<'a> {
    catalogue: &'a Catalogue,
    one: &'a Reproduction,
    scale: Scale,
    source: &'a Source,
    folder: &'a Path,
}

/// What the ranking asks of a run.
#[derive(Clone, Copy, Default)]
struct Special {
    rate: Option<f64>,
    seconds: Option<f64>,
    is_trial: bool,
}

impl Context<'_> {
    /// A ranked run: a candidate for each rate that the rule lets it try, each with a short trial.
    fn chosen(&self, run: &Run, seed: u64) -> Result<Planned, Error> {
        let rule = &self.catalogue.rule;
        let mut choice = Vec::new();
        let own = self.protocol(run)?.experiment().map_err(|source| self.refuse(run, source))?.optimiser.lr();
        for factor in &rule.rate_factors {
            // As people write it: 3 x 0.001 is 0.003.
            let rate = format!("{:.3e}", own * factor).parse().unwrap_or(own);
            let whole = Special { rate: Some(rate), seconds: Some(rule.seconds), is_trial: false };
            let trial = Special { seconds: Some(rule.trial_seconds), is_trial: true, ..whole };
            let mut trial = self.run(run, seed, None, &trial)?;
            trial.name = format!("{}, rate {rate}", run.name);
            choice.push(Candidate { rate, trial, whole: self.run(run, seed, None, &whole)? });
        }
        let keys = choice.iter().flat_map(|candidate| [candidate.trial.key.as_str(), candidate.whole.key.as_str()]);
        let key = key::hash(keys);
        let seconds = choice.iter().map(|candidate| candidate.trial.seconds).sum::<f64>();
        match choice.first() {
            Some(Candidate { whole, .. }) => {
                Ok(Planned { key, seconds: seconds + whole.seconds, ..whole.clone() }.with(choice))
            }
            None => self.run(run, seed, None, &Special::default()),
        }
    }

    fn run(&self, run: &Run, seed: u64, start: Option<&Planned>, special: &Special) -> Result<Planned, Error> {
        let protocol = self.protocol(run)?;
        let mut experiment = self.experiment(protocol, run, special).map_err(|source| self.refuse(run, source))?;
        experiment.seed = seed;
        if let Some(start) = start {
            let weights = Value::String(start.weights().to_string_lossy().into_owned());
            // An experiment's own table is one again.
            let table = experiment.to_toml().parse().unwrap_or_default();
            let setting = Setting { key: "start.weights".into(), value: weights };
            experiment = Experiment::from_table(table, &[setting]).map_err(|source| self.refuse(run, source))?;
        }
        experiment.check().map_err(|source| self.refuse(run, source))?;
        let decisive = key::decisive(&experiment, self.source.hash(run.rows), start.map(|start| start.key.as_str()));
        let metric_batch = protocol.metric_batch.map(|batch| batch.to_string()).unwrap_or_default();
        let key = key::hash([decisive.as_str(), self.source.hash(run.rows), &metric_batch]);
        let is_ranked = run.ranked.is_some() && self.scale != Scale::Smoke && !special.is_trial;
        let mut planned = Planned {
            id: self.one.id.clone(),
            name: run.name.clone(),
            seed,
            experiment,
            rows: run.rows,
            scored: run.scored && !special.is_trial && self.source.challenge().is_some(),
            ranked: run.ranked.clone().filter(|_| is_ranked),
            evaluated_after: if is_ranked { self.catalogue.rule.evaluated_after.clone() } else { Vec::new() },
            metric_batch: protocol.metric_batch,
            folder: self.folder.join(format!("{}-{}", run.protocol, &key[..12])),
            key,
            start: start.map(|start| start.folder.clone()),
            seconds: 0.0,
            choice: Vec::new(),
        };
        planned.seconds = run.cost * self.seconds(&planned, protocol);
        Ok(planned)
    }

    fn protocol(&self, run: &Run) -> Result<&Protocol, Error> {
        // The catalogue has checked that it is there.
        self.catalogue.protocols.get(&run.protocol).ok_or_else(|| Error::Catalogue {
            path: self.one.id.clone().into(),
            reason: format!("unknown protocol {:?}", run.protocol),
        })
    }

    fn refuse(&self, run: &Run, source: promoter_train::Error) -> Error {
        Error::Experiment { what: format!("{}, run {}", self.one.id, run.name), source: Box::new(source) }
    }

    /// The experiment of a run, from the general to the particular: the protocol, the rows, what differs at the scale,
    /// and what the run asks for.
    fn experiment(
        &self,
        protocol: &Protocol,
        run: &Run,
        special: &Special,
    ) -> Result<Experiment, promoter_train::Error> {
        let extent = run.extent(self.scale);
        let mut table = protocol.table.clone();
        table.retain(|key, _| !run.without.iter().any(|left_out| left_out == key));
        let is_there = |change: &&Change| !run.without.iter().any(|table| change.key.starts_with(table.as_str()));
        let mut settings: Vec<Setting> = protocol.change.iter().filter(is_there).map(Change::setting).collect();
        settings.extend(self.source.settings(run.rows));
        let fitted = protocol.changes(self.scale).skip(protocol.change.len());
        settings.extend(fitted.filter(is_there).map(Change::setting));
        let of_all = Some(&self.catalogue.rule.set).filter(|_| special.rate.is_some());
        let set = of_all.into_iter().flatten().chain(&run.set).chain(&extent.set);
        settings.extend(set.map(|(key, value)| Setting { key: key.clone(), value: value.clone() }));
        if let Some(rate) = special.rate {
            settings.push(Setting { key: "optimiser.lr".into(), value: Value::Float(rate) });
        }
        let mut experiment = Experiment::from_table(table, &settings)?;
        let seconds = special.seconds.or(extent.seconds).unwrap_or(SMALL_SECONDS);
        let per_step = protocol.milliseconds_per_row / 1000.0 * experiment.training.batch_size as f64;
        if experiment.loss.uses_labels() {
            experiment.label.standardise_by = self.source.standardise_by(run.rows);
        }
        let training = &mut experiment.training;
        // Stated, so that the numbers do not depend on the machine's threads.
        training.replicas.get_or_insert(if self.scale == Scale::Small { REPLICAS } else { 1 });
        if self.scale == Scale::Small {
            training.batch_norm_averages = Averages::Estimated;
            // Budgets are those of f32; where the processor has bf16 they end sooner.
            training.precision = Precision::Auto;
        }
        match self.scale {
            Scale::Smoke => {
                (training.batch_size, training.evaluation_batch_size) = (SMOKE.1, 64);
                (training.epochs, training.steps, training.accumulate) = (2, Some(SMOKE.0), 1);
            }
            Scale::Small => {
                let steps = extent.steps.unwrap_or((seconds / per_step).round() as u64).max(1);
                // Enough epochs: the steps end the run.
                (training.epochs, training.steps) = (steps, Some(steps));
                // Often enough for what is evaluated on the way, too.
                let seconds = if special.rate.is_some() { seconds / 20.0 } else { CHECKPOINT_SECONDS };
                training.checkpoint_steps = Some(((seconds.min(CHECKPOINT_SECONDS) / per_step) as u64).max(1));
            }
            Scale::Full => training.checkpoint_steps = Some(CHECKPOINT_STEPS),
        }
        Ok(experiment)
    }

    /// Seconds of training, by the protocol's cost of a row, and of evaluating and predicting: a forward pass is a
    /// third of a training step, and of a sharpness-aware one a sixth.
    fn seconds(&self, planned: &Planned, protocol: &Protocol) -> f64 {
        let Experiment { training, augment, sharpness, evaluation, .. } = &planned.experiment;
        let items = self.source.training_rows(planned.rows) as f64 * augment.copies() as f64;
        let all = training.steps.map_or(f64::INFINITY, |steps| (steps * training.batch_size) as f64);
        let trained = (items * training.epochs as f64).min(all);
        let share = if sharpness.is_some() { 6.0 } else { 3.0 };
        let strands = if evaluation.strands { 2.0 } else { 1.0 };
        let moments = planned.evaluated_after.len() as f64;
        let predicted = (trained / items).ceil() * VALIDATION_ROWS
            + if planned.scored { TEST_ROWS.1 } else { 0.0 }
            + if planned.ranked.is_some() { TEST_ROWS.0 + moments * (TEST_ROWS.1 + VALIDATION_ROWS) } else { 0.0 };
        protocol.milliseconds_per_row / 1000.0 * (trained + predicted * strands / share)
    }
}

impl Planned {
    fn with(self, choice: Vec<Candidate>) -> Self {
        Self { choice, ..self }
    }
}

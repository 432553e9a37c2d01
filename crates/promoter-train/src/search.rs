//! Random and grid search over the values of an experiment.
//!
//! A search file:
//!
//! ```toml
//! [search]
//! kind = "random"            # or "grid": every combination of the lists; or "halving"
//! trials = 20                # not of a grid
//! seed = 1
//! metric = "mse"             # of the best epoch's validation rows, as `training.best` names them
//! experiment = "chardonnay.toml" # or the experiment itself under [experiment]
//!
//! [keys]
//! optimiser.lr = { log_uniform = [1e-4, 1e-2] }
//! network.dense_dropout = { uniform = [0.0, 0.5] }
//! training.batch_size = [128, 256, 512]
//! ```
//!
//! Each trial is a run of its own in the folder of the search. Trials depend on the search's seed and on their number,
//! not on each other. A search of kind `halving` draws as a random one does, trains all trials for `first_epochs`
//! epochs, the best of them, one of `factor`, for `factor` times as many, and so on up to the epochs of the experiment.
//! Squared and absolute errors are in units of the transformed label: they compare trials of one
//! label transform only.

mod done;
mod file;
pub mod folder;
mod halving;
mod hold;
pub mod ranking;
pub mod space;

use std::collections::BTreeMap;
use std::path::Path;

use promoter_encode::random::Stream;
use promoter_metrics::Metric;
use toml::{Table, Value};

use self::file::{File, Name, Plan};
use crate::error::{conflict, experiment as refuse};
use crate::setting::Setting;
use crate::{Error, Experiment};
pub use folder::{Folder, Progress};
pub use halving::Round;
pub use ranking::{Ranking, Trial};
pub use space::Space;

/// Trials of a search at most.
const TRIALS: u64 = 10_000;

/// A search.
///
/// ```
/// use promoter_train::{Experiment, search::Search};
/// let folder = tempfile::tempdir()?;
/// let experiment = folder.path().join("peppa.toml");
/// std::fs::write(&experiment, Experiment::example().to_toml())?;
/// let search = Search::from_toml(&format!(
///     "search = {{ kind = 'grid', metric = 'pearson', experiment = '{}' }}
///     keys = {{ optimiser.lr = [0.01, 0.1], training.batch_size = [64, 128, 256] }}",
///     experiment.display(),
/// ))?;
/// assert_eq!(search.trials(), 6);
/// assert_eq!(search.experiment(4)?.training.batch_size, 128);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// Which combinations are tried.
    pub kind: Kind,
    /// Seed of the draws of a random search.
    pub seed: u64,
    /// Metric that trials are ranked by.
    pub metric: Metric,
    /// Where each key's values come from.
    pub keys: BTreeMap<String, Space>,
    /// The experiment that trials are made of, as its file has it.
    pub experiment: Table,
}

/// Which combinations are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// So many, drawn.
    Random {
        /// How many.
        trials: u64,
    },
    /// Every combination of the lists; the last key changes fastest.
    Grid,
    /// So many, drawn, of which the best go on: successive halving.
    ///
    /// # Source
    /// Jamieson and Talwalkar 2016, Non-stochastic best arm identification and hyperparameter optimization.
    Halving {
        /// How many begin.
        trials: u64,
        /// Epochs after which they are compared first.
        first_epochs: u64,
        /// One of so many goes on, up to so many times the epochs.
        factor: u64,
    },
}

/// What is wrong with a search file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It is not TOML, or a key of it does not exist.
    #[error(transparent)]
    Toml(Box<toml::de::Error>),
    /// It names no experiment, or two.
    #[error("expected either `search.experiment`, a file, or an `[experiment]` table")]
    NoExperiment,
    /// A random search does not say how many trials.
    #[error("a random search, and a halving, needs `search.trials`")]
    NoTrials,
    /// Another search has the keys of a halving.
    #[error("`search.first_epochs` and `search.factor` go with `search.kind = \"halving\"` only")]
    OfHalving,
    /// A grid says how many trials.
    #[error("`search.trials` does not go with a grid, which tries every combination")]
    TrialsOfGrid,
    /// A key's values.
    #[error("{0}")]
    Space(String),
}

impl Search {
    /// Reads a search file, and the experiment file that it names. A relative path of it starts at the current folder.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Search`], [`Error::Config`], and those of [`Self::check`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
        Self::parse(&text, path)
    }

    /// Reads a search from TOML.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn from_toml(text: &str) -> Result<Self, Error> {
        Self::parse(text, Path::new("the text"))
    }

    fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let wrong = |source| Error::Search { path: path.to_owned(), source };
        let File { search, keys, experiment } = toml::from_str(text).map_err(|e| wrong(Fault::Toml(Box::new(e))))?;
        let kind = search.kind().map_err(wrong)?;
        let experiment = match (search.experiment, experiment) {
            (Some(file), None) => read_table(&file)?,
            (None, Some(table)) => table,
            _ => return Err(wrong(Fault::NoExperiment)),
        };
        let keys = space::collect(keys).map_err(|fault| wrong(Fault::Space(fault)))?;
        let search = Self { kind, seed: search.seed, metric: search.metric, keys, experiment };
        search.check()?;
        Ok(search)
    }

    /// The search with its experiment inside.
    pub fn to_toml(&self) -> String {
        let (kind, trials, of_halving) = match self.kind {
            Kind::Random { trials } => (Name::Random, Some(trials), None),
            Kind::Grid => (Name::Grid, None, None),
            Kind::Halving { trials, first_epochs, factor } => {
                (Name::Halving, Some(trials), Some((first_epochs, factor)))
            }
        };
        let (first_epochs, factor) = of_halving.unzip();
        let Self { seed, metric, .. } = *self;
        let search = Plan { experiment: None, kind, trials, first_epochs, factor, seed, metric };
        let keys = self.keys.iter().map(|(key, space)| (key.clone(), Value::from(space))).collect();
        // Every field has a TOML form.
        toml::to_string(&File { search, keys, experiment: Some(self.experiment.clone()) }).unwrap_or_default()
    }

    /// Number of trials.
    pub fn trials(&self) -> u64 {
        match self.kind {
            Kind::Random { trials } | Kind::Halving { trials, .. } => trials,
            Kind::Grid => self.keys.values().map(|space| space.values().len() as u64).fold(1, u64::saturating_mul),
        }
    }

    /// The values of a trial, from 0.
    pub fn settings(&self, trial: u64) -> Vec<Setting> {
        let with = |(key, value): (&String, Value)| Setting { key: key.clone(), value };
        match self.kind {
            Kind::Random { .. } | Kind::Halving { .. } => {
                let mut stream = Stream::new(self.seed, "search", trial);
                self.keys.iter().map(|(key, space)| with((key, space.draw(&mut stream)))).collect()
            }
            Kind::Grid => {
                let mut rest = trial;
                let mut settings: Vec<Setting> = (self.keys.iter().rev())
                    .map(|(key, space)| {
                        let values = space.values();
                        let value = values[(rest % values.len() as u64) as usize].clone();
                        rest /= values.len() as u64;
                        with((key, value))
                    })
                    .collect();
                settings.reverse();
                settings
            }
        }
    }

    /// The experiment of a trial, from 0.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub fn experiment(&self, trial: u64) -> Result<Experiment, Error> {
        Experiment::from_table(self.experiment.clone(), &self.settings(trial))
    }

    /// Checks the search and every trial's experiment, without data.
    ///
    /// # Errors
    /// [`Error::Experiment`] naming the key, its value and what it may be; [`Error::Setting`].
    pub fn check(&self) -> Result<(), Error> {
        if self.keys.is_empty() {
            return Err(refuse("keys", "empty", "at least one key"));
        }
        if self.kind == Kind::Grid
            && let Some((key, _)) = self.keys.iter().find(|(_, space)| space.values().is_empty())
        {
            return Err(conflict("search.kind", format!("is grid: a grid search needs a list for `{key}`")));
        }
        if !(1..=TRIALS).contains(&self.trials()) {
            return Err(refuse("search.trials", self.trials(), format_args!("1 to {TRIALS}")));
        }
        // By itself first, so that its mistakes are not the settings'.
        let experiment = Experiment::from_table(self.experiment.clone(), &[])?;
        self.check_rounds(experiment.training.epochs)?;
        for trial in 0..self.trials() {
            let experiment = self.experiment(trial)?;
            experiment.check()?;
            let is_scored = !self.metric.is_per_batch() && self.metric != Metric::Accuracy;
            if !is_scored && experiment.training.best != self.metric {
                let expected = "a metric over all rows, or the `training.best` of every trial";
                return Err(refuse("search.metric", self.metric.name(), expected));
            }
        }
        Ok(())
    }
}

fn read_table(path: &Path) -> Result<Table, Error> {
    // By itself first: its errors have lines.
    Experiment::read(path)?;
    let text = std::fs::read_to_string(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
    text.parse().map_err(|e| Error::Config { path: path.to_owned(), source: Box::new(e) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An error with its cause.
    fn whole(error: &Error) -> String {
        let source = std::error::Error::source(error).map_or_else(String::new, ToString::to_string);
        format!("{error}: {source}")
    }

    fn parse(search: &str, keys: &str) -> Result<Search, Error> {
        let mut table: Table = format!("[search]\n{search}\n[keys]\n{keys}").parse().unwrap();
        table.insert("experiment".into(), Value::Table(Experiment::example().to_toml().parse().unwrap()));
        Search::from_toml(&table.to_string())
    }

    #[test]
    fn a_grid_has_every_combination_once_and_the_last_key_changes_fastest() {
        let keys = "training.batch_size = [64, 128]\n\"optimiser.lr\" = [0.1, 0.2, 0.3]\nschedule.name = ['cosine']";
        let search = parse("kind = 'grid'\nmetric = 'mse'", keys).unwrap();
        let found: Vec<String> = (0..search.trials())
            .map(|trial| search.settings(trial).iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
            .collect();
        let expected: Vec<String> = ["0.1", "0.2", "0.3"]
            .iter()
            .flat_map(|lr| [64, 128].map(|n| format!("optimiser.lr={lr} schedule.name=cosine training.batch_size={n}")))
            .collect();
        assert_eq!(found, expected);
        let experiment = search.experiment(5).unwrap();
        assert_eq!((experiment.optimiser.lr(), experiment.training.batch_size), (0.3, 128));
    }

    #[test]
    fn draws_depend_on_the_seed_and_the_trial_only() {
        let keys = "optimiser.lr = { log_uniform = [1e-4, 1e-2] }\ntraining.batch_size = [64, 128, 256, 512]";
        let search = |seed, trials| {
            parse(&format!("kind = 'random'\nmetric = 'mse'\ntrials = {trials}\nseed = {seed}"), keys).unwrap()
        };
        let draws = |seed, trials| (0..10).map(|trial| search(seed, trials).settings(trial)).collect::<Vec<_>>();
        assert_eq!(draws(1, 10), draws(1, 20));
        assert_ne!(draws(1, 10), draws(2, 10));
        assert_eq!(Search::from_toml(&search(1, 10).to_toml()).unwrap(), search(1, 10));
    }

    #[test]
    fn impossible_searches_are_named() {
        let (random, grid) = ("kind = 'random'\nmetric = 'mse'\ntrials = 2", "kind = 'grid'\nmetric = 'mse'");
        let seed = "seed = [1, 2]";
        for (search, keys, message) in [
            (random, "", "`keys` is empty, expected at least one key"),
            (
                grid,
                "optimiser.lr = { uniform = [0.1, 0.2] }",
                "`search.kind` is grid: a grid search needs a list for `optimiser.lr`",
            ),
            ("kind = 'random'\nmetric = 'mse'", seed, "a random search, and a halving, needs `search.trials`"),
            ("kind = 'grid'\nmetric = 'mse'\nfactor = 2", seed, "go with `search.kind = \"halving\"` only"),
            ("kind = 'grid'\nmetric = 'mse'\ntrials = 3", seed, "`search.trials` does not go with a grid"),
            ("kind = 'random'\nmetric = 'mse'\ntrials = 0", seed, "`search.trials` is 0, expected 1 to 10000"),
            ("kind = 'grid'\nmetric = 'msr'", seed, "unknown variant `msr`"),
            ("kind = 'grid'\nmetric = 'mse'\nsed = 1", seed, "unknown field `sed`"),
            (
                "kind = 'grid'\nmetric = 'mean_batch_r2'",
                seed,
                "`search.metric` is mean_batch_r2, expected a metric over all rows, or the `training.best`",
            ),
            (
                "kind = 'halving'\nmetric = 'mse'\ntrials = 9\nfirst_epochs = 3",
                seed,
                "`search.first_epochs` is 3, expected at least 1 and fewer than the 3 of the experiment",
            ),
            (
                "kind = 'halving'\nmetric = 'mse'\ntrials = 9\nfactor = 1",
                seed,
                "`search.factor` is 1, expected at least 2",
            ),
            (
                "kind = 'halving'\nmetric = 'mse'\ntrials = 9",
                "training.epochs = [2, 3]",
                "`keys` has `training.epochs`, which a halving decides",
            ),
            (grid, "training.epocs = [1]", "training.epocs=1: unknown field `epocs`"),
            (grid, "training.epochs = [1, 0]", "`training.epochs` is 0, expected at least 1"),
            (grid, "training.epochs = []", "`training.epochs` is [], expected a list of values"),
        ] {
            let error = whole(&parse(search, keys).unwrap_err());
            assert!(error.contains(message), "{error} for {message}");
        }
        let mut search = parse(grid, seed).unwrap();
        search.experiment.insert("sed".into(), Value::Integer(1));
        let own = whole(&search.check().unwrap_err());
        assert!(own.starts_with("experiment: unknown field `sed`"), "{own}");
        let neither = whole(&Search::from_toml(&format!("[search]\n{grid}\n[keys]\n{seed}")).unwrap_err());
        assert!(neither.contains("expected either `search.experiment`"), "{neither}");
        parse("kind = 'grid'\nmetric = 'mean_batch_r2'", "training.best = ['mean_batch_r2']").unwrap();
    }

    #[test]
    fn an_experiment_may_be_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let (search, experiment) = (folder.path().join("search.toml"), folder.path().join("experiment.toml"));
        std::fs::write(&experiment, Experiment::example().to_toml()).unwrap();
        let text = format!(
            "keys = {{ seed = [1, 2] }}\nsearch = {{ kind = 'grid', metric = 'r2', experiment = '{}' }}",
            experiment.display()
        );
        std::fs::write(&search, text).unwrap();
        let found = Search::read(&search).unwrap();
        assert_eq!(found.experiment(1).unwrap(), Experiment { seed: 2, ..Experiment::example() });
        std::fs::remove_file(experiment).unwrap();
        assert!(matches!(Search::read(&search).unwrap_err(), Error::Io { .. }));
    }
}

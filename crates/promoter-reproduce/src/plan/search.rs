//! A random search as it is started.

use std::path::PathBuf;

use promoter_train::Experiment;
use promoter_train::setting::Setting;
use toml::{Table, Value};

use super::{Context, SMOKE, key};
use crate::catalogue::protocol::Change;
use crate::catalogue::reproduction::Search;
use crate::data::Rows;
use crate::{Error, Scale};

/// Trials of a smoke test.
const SMOKE_TRIALS: u64 = 2;

/// A random search as it is started.
#[derive(Debug, Clone)]
pub(crate) struct PlannedSearch {
    /// Its name in the reproduction.
    pub(crate) name: String,
    /// The search file, with its experiment inside.
    pub(crate) file: String,
    /// Hash of the file, the data and the version of the numbers.
    pub(crate) key: String,
    /// Folder of the search.
    pub(crate) folder: PathBuf,
    /// Seconds of training on two idle cores.
    pub(crate) seconds: f64,
}

pub(super) fn plan(context: &Context<'_>, search: &Search) -> Result<PlannedSearch, Error> {
    let refuse = |source| Error::Experiment {
        what: format!("{}, search {}", context.one.id, search.name),
        source: Box::new(source),
    };
    let protocol = &context.catalogue.protocols[&search.protocol];
    let mut settings: Vec<Setting> = protocol.change.iter().map(Change::setting).collect();
    settings.extend(context.source.settings(Rows::Yeast));
    settings.extend(protocol.changes(context.scale).skip(protocol.change.len()).map(Change::setting));
    settings.extend(search.set.iter().map(|(key, value)| Setting { key: key.clone(), value: value.clone() }));
    let mut experiment = Experiment::from_table(protocol.table.clone(), &settings).map_err(refuse)?;
    experiment.seed = search.seed;
    let (mut trials, mut passes) = (search.trials, search.passes);
    if context.scale == Scale::Smoke {
        (trials, passes) = (SMOKE_TRIALS, 1);
        (experiment.training.batch_size, experiment.training.steps) = (SMOKE.1, Some(SMOKE.0));
    }
    experiment.training.epochs = passes;
    let decisive = file(search, trials, &key::decisive(&experiment, context.source.hash(Rows::Yeast), None));
    let key = key::hash([decisive.as_str(), context.source.hash(Rows::Yeast)]);
    let rows = (context.source.training_rows(Rows::Yeast) * passes * trials) as f64;
    Ok(PlannedSearch {
        name: search.name.clone(),
        file: file(search, trials, &experiment.to_toml()),
        folder: context.folder.join(format!("search-{}", &key[..12])),
        key,
        seconds: search.cost * rows * protocol.milliseconds_per_row / 1000.0,
    })
}

/// A search file as `promoter search` reads it.
fn file(search: &Search, trials: u64, experiment: &str) -> String {
    let head = [
        ("kind", Value::String("random".into())),
        ("trials", Value::Integer(trials as i64)),
        ("seed", Value::Integer(search.seed as i64)),
        ("metric", Value::String(search.metric.name().into())),
    ];
    let head: Table = head.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    let file = [
        ("search", Value::Table(head)),
        ("keys", Value::Table(search.keys.clone())),
        // An experiment's own text is a table.
        ("experiment", Value::Table(experiment.parse().unwrap_or_default())),
    ];
    file.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Table>().to_string()
}

//! What is measured: of networks, of rows, of trained runs.

mod floor;
mod layers;
mod leaderboard;
mod rows;
mod trained;
mod values;

use promoter::predictor::Averaging;
use promoter_label::rank::rank;
use promoter_metrics::dream::Difference;
use tch::Device;
use toml::{Table, Value as Toml};

pub(crate) use self::floor::{Floor, floor};
pub use self::leaderboard::Leaderboard;
pub(crate) use self::values::{moment, outcome, score};
use crate::Error;
use crate::catalogue::Catalogue;
use crate::catalogue::measure::{Kind, Measure};
use crate::catalogue::reproduction::Reproduction;
use crate::data::Source;
use crate::outcome::{Measured, RunOutcome, SearchOutcome};
use crate::plan::Planned;
use crate::value::{Name, Value};

/// What measures may look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    /// Protocols.
    pub(crate) catalogue: &'a Catalogue,
    /// The reproduction.
    pub(crate) one: &'a Reproduction,
    /// The rows.
    pub(crate) source: &'a Source,
    /// The reproduction's runs, finished.
    pub(crate) runs: &'a [(Planned, RunOutcome)],
    /// Its searches, finished.
    pub(crate) searches: &'a [SearchOutcome],
    /// The public leaderboard, where there is one.
    pub(crate) leaderboard: Option<&'a Leaderboard>,
    /// Where networks predict.
    pub(crate) device: Device,
}

/// Measures; none when what it looks at does not exist at this scale.
///
/// # Errors
/// Those of what is looked at.
pub(crate) fn measure(asked: &Measure, context: Context<'_>) -> Result<Option<Measured>, Error> {
    let refuse = |reason: String| Error::Measure { measure: asked.name.clone(), reason };
    Ok(match &asked.kind {
        Kind::Parameters { network, layers, averages } => {
            Some(number(layers::parameters(network, layers, *averages).map_err(|e| e.of(&asked.name))? as f64))
        }
        Kind::Trainable { network } => Some(number(layers::info(network)?.trainable_parameters as f64)),
        Kind::Shape { network, layer } => {
            let shape = layers::shape(network, layer.as_deref()).map_err(|e| e.of(&asked.name))?;
            Some(Measured { value: Value::Text(shape), detail: String::new() })
        }
        Kind::FanIn { network, layer } => {
            Some(number(layers::fan_in(network, layer).map_err(|e| e.of(&asked.name))? as f64))
        }
        Kind::Grid { network, axes, count } => Some(layers::grid(network, axes, *count)?),
        Kind::SplitSize { rows, split, of } => Some(number(rows::split_size(*rows, split, *of)? as f64)),
        Kind::Share { filter } => Some(rows::kept(context.source, filter, true)?),
        Kind::Kept { filter } => Some(rows::kept(context.source, filter, false)?),
        Kind::Setting { protocol, key } => {
            let table = rows::resolved(context.catalogue, protocol)?;
            let value = get(&table, key).ok_or_else(|| refuse(format!("protocol {protocol} has no {key:?}")))?;
            Some(Measured { value: plain(value), detail: String::new() })
        }
        Kind::LearningRate { protocol, step, steps, epochs } => {
            Some(number(rows::learning_rate(context.catalogue, protocol, *step, *steps, *epochs)?))
        }
        Kind::Ranks { .. } | Kind::Level { .. } | Kind::Averaged { .. } => of_run(&asked.kind, context)?,
        Kind::Place { search } => place(search, context),
    })
}

fn number(value: f64) -> Measured {
    Measured { value: Value::Number(value), detail: String::new() }
}

/// A measure of the first seed of a run.
fn of_run(kind: &Kind, context: Context<'_>) -> Result<Option<Measured>, Error> {
    let Context { device, .. } = context;
    match kind {
        Kind::Ranks { run } => differences(context, run, |leaderboard, planned| {
            let raw = leaderboard.predictions(&planned.folder, device, None)?;
            Ok(leaderboard.compare(&rank(&raw)?, &raw)?.pearson_score)
        }),
        Kind::Averaged { run, strands, shift } => differences(context, run, |leaderboard, planned| {
            let of = |averaging| leaderboard.predictions(&planned.folder, device, Some(averaging));
            let averaged = of(Averaging { strands: *strands, shift: *shift })?;
            Ok(leaderboard.compare(&averaged, &of(Averaging::default())?)?.pearson_score)
        }),
        Kind::Level { run, level } => {
            let Some(planned) = first(context, run) else { return Ok(None) };
            Ok(Some(number(trained::level(planned, *level, device)?)))
        }
        _ => Ok(None),
    }
}

fn first<'a>(context: Context<'a>, run: &str) -> Option<&'a Planned> {
    context.runs.iter().map(|(planned, _)| planned).find(|planned| planned.name == run)
}

/// The difference that `of` makes of the first seed of a run.
fn differences(
    context: Context<'_>,
    run: &str,
    of: impl Fn(&Leaderboard, &Planned) -> Result<Difference, Error>,
) -> Result<Option<Measured>, Error> {
    let Some(planned) = first(context, run) else { return Ok(None) };
    let Some(leaderboard) = context.leaderboard else {
        // That the run predicts is all that can be shown.
        let predicted = trained::validation(planned, context.device)?;
        let detail = format!("{} rows predicted; simulated rows have no public ones", predicted.len());
        return Ok(Some(Measured { value: Value::Text("-".into()), detail }));
    };
    let Difference { value, interval, .. } = of(leaderboard, planned)?;
    let detail = format!("95 % interval over rows {:.4} to {:.4}, one seed", interval.low, interval.high);
    Ok(Some(Measured { value: Value::Number(value), detail }))
}

/// Place of the chosen run, its first seed, among a search's trials.
fn place(name: &str, context: Context<'_>) -> Option<Measured> {
    let asked = context.one.searches.iter().find(|search| search.name == name)?;
    let search = context.searches.iter().find(|search| search.name == name)?;
    let chosen = asked.chosen.as_ref()?;
    let (_, outcome) = context.runs.iter().find(|(planned, _)| planned.name == *chosen)?;
    // Trials are ranked in label units.
    let own = *outcome.values.get(&Name::of(&format!("label_{}", asked.metric))?)?;
    let better = |value: f64| if asked.metric.higher_is_better() { value > own } else { value < own };
    let before = search.trials.iter().filter(|trial| trial.value.is_some_and(better)).count();
    let detail = format!(
        "of {} with the {} trials; its {} is {own:.4}",
        search.trials.len() + 1,
        search.trials.len(),
        asked.metric
    );
    Some(Measured { value: Value::Number(before as f64 + 1.0), detail })
}

/// The value of a key with dots between the tables.
fn get<'a>(table: &'a Table, key: &str) -> Option<&'a Toml> {
    match key.split_once('.') {
        None => table.get(key),
        Some((outer, inner)) => match table.get(outer)? {
            Toml::Table(table) => get(table, inner),
            Toml::Array(values) => values.get(inner.parse::<usize>().ok()?),
            _ => None,
        },
    }
}

/// A number, or a text for anything else.
fn plain(value: &Toml) -> Value {
    match value {
        Toml::Integer(number) => Value::Number(*number as f64),
        Toml::Float(number) => Value::Number(*number),
        Toml::String(text) => Value::Text(text.clone()),
        other => Value::Text(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_leads_through_tables_and_lists() {
        let table: Table = "a = 1\n[b.c]\nd = [2, 3]".parse().unwrap();
        assert_eq!(get(&table, "b.c.d.1"), Some(&Toml::Integer(3)));
        assert_eq!(get(&table, "b.d"), None);
        assert_eq!(plain(&Toml::String("mse".into())), Value::Text("mse".into()));
    }
}

//! What files of the catalogue may not say.

use std::collections::BTreeMap;
use std::path::Path;

use super::measure::Kind;
use super::protocol::Protocol;
use super::ranking::Rule;
use super::reproduction::{Claim, Ours, Reproduction, Run, Search};
use crate::Error;

type Protocols = BTreeMap<String, Protocol>;

/// Every name that a file uses must be one that it or the catalogue defines.
pub(super) fn names(path: &Path, one: &Reproduction, protocols: &Protocols) -> Result<(), Error> {
    let refuse = |reason: String| Err(Error::Catalogue { path: path.to_owned(), reason });
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    if one.id != stem {
        return refuse(format!("the id is {}, the file's name says {stem}", one.id));
    }
    if one.runs.is_empty() && one.measures.is_empty() && one.searches.is_empty() {
        return refuse("it has neither a run nor a search nor a measure".into());
    }
    for (i, run) in one.runs.iter().enumerate() {
        run_names(run, &one.runs[..i], protocols).or_else(refuse)?;
    }
    for search in &one.searches {
        search_names(search, one, protocols).or_else(refuse)?;
    }
    let is_run = |name: &str| one.runs.iter().any(|run| run.name == name);
    let compared = one.comparisons.iter().flat_map(|c| [&c.run, &c.with]);
    let drawn = one.figures.iter().flat_map(|figure| figure.ours.iter().map(|curve| &curve.run));
    let measured = one.measures.iter().filter_map(super::measure::Measure::run);
    let reported = one.reported.iter().filter_map(|reported| match &reported.ours {
        Some(Ours::Run(run, _)) => Some(run),
        _ => None,
    });
    if let Some(name) = compared.chain(drawn).chain(measured).chain(reported).find(|name| !is_run(name)) {
        return refuse(format!("unknown run {name:?}"));
    }
    for reported in &one.reported {
        if let Some(Ours::Measure(name)) = &reported.ours
            && !one.measures.iter().any(|measure| measure.name == *name)
        {
            return refuse(format!("`ours = {name:?}` is neither a measure nor a run's value"));
        }
    }
    for measure in &one.measures {
        if let Kind::Place { search } = &measure.kind
            && !one.searches.iter().any(|one| one.name == *search && one.chosen.is_some())
        {
            return refuse(format!("unknown search {search:?} with a chosen run"));
        }
    }
    Ok(())
}

fn run_names(run: &Run, before: &[Run], protocols: &Protocols) -> Result<(), String> {
    if let Some(start) = run.start.as_ref().filter(|start| !before.iter().any(|run| run.name == **start)) {
        return Err(format!("run {}: no run {start:?} before it to start from", run.name));
    }
    let Some(protocol) = protocols.get(&run.protocol) else {
        return Err(format!("run {}: unknown protocol {:?}", run.name, run.protocol));
    };
    if let Some(table) = run.without.iter().find(|table| !protocol.table.contains_key(*table)) {
        return Err(format!("run {}: the protocol has no table {table:?} to leave out", run.name));
    }
    if before.iter().any(|other| other.name == run.name) {
        return Err(format!("two runs are called {:?}", run.name));
    }
    if run.ranked.is_some() && !run.scored {
        return Err(format!("run {}: a ranked run is scored", run.name));
    }
    Ok(())
}

fn search_names(search: &Search, one: &Reproduction, protocols: &Protocols) -> Result<(), String> {
    if !protocols.contains_key(&search.protocol) {
        return Err(format!("search {}: unknown protocol {:?}", search.name, search.protocol));
    }
    match &search.chosen {
        Some(name) if !one.runs.iter().any(|run| run.name == *name) => {
            Err(format!("search {}: unknown run {name:?}", search.name))
        }
        _ => Ok(()),
    }
}

/// Arms of a comparison need as many seeds, three or more, where their claim is judged; of other claims nothing is said
/// with fewer.
pub(super) fn seeds(path: &Path, one: &Reproduction) -> Result<(), Error> {
    for compare in &one.comparisons {
        let seeds = |name: &str| one.runs.iter().find(|run| run.name == name).and_then(|run| run.small.seeds);
        let (run, with) = (seeds(&compare.run).unwrap_or(1), seeds(&compare.with).unwrap_or(1));
        let judged = one.needs.is_none() && compare.claim != Claim::None;
        let reason = match () {
            () if run != with => format!("{run} and {with} seeds"),
            () if judged && run < 3 => format!("{run} seeds, three are needed, or `needs` with a reason"),
            () => continue,
        };
        let reason = format!("{} against {}: {reason}", compare.run, compare.with);
        return Err(Error::Catalogue { path: path.to_owned(), reason });
    }
    Ok(())
}

/// A protocol of a ranked run changes on few rows what the rule names, and nothing else.
pub(super) fn rule(path: &Path, run: &Run, protocol: &Protocol, rule: &Rule) -> Result<(), Error> {
    let keys = protocol.small.iter().map(|change| &change.key);
    let keys: Vec<&String> = keys.chain(run.set.keys()).chain(run.small.set.keys()).collect();
    let may = |key: &str| rule.may_change.iter().any(|known| known == key);
    match keys.into_iter().find(|key| !may(key)) {
        None => Ok(()),
        Some(key) => Err(Error::Catalogue {
            path: path.to_owned(),
            reason: format!("ranked run {}: the ranking's rule does not let `{key}` differ", run.name),
        }),
    }
}

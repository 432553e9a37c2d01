//! The folder of experiment files.

mod check;
pub(crate) mod measure;
mod names;
pub(crate) mod protocol;
pub(crate) mod ranking;
pub(crate) mod reproduction;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use self::protocol::Protocol;
use self::ranking::Rule;
use self::reproduction::{Reproduction, Run};
use crate::Error;

/// Every reproduction, with the list of what there must be, the protocols that runs start from, and the ranking's rule.
///
/// | in `xtask/experiments/` | what |
/// |---|---|
/// | `list.tsv` | id, team and title of every experiment that the reports mention |
/// | `ID.toml` | one [`Reproduction`] |
/// | `protocols/NAME.toml` | one protocol: an example's experiment and what differs from it |
/// | `ranking.toml` | what every ranked system gets, floor and anchors |
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// In the order of the list.
    pub reproductions: Vec<Reproduction>,
    /// By name.
    pub(crate) protocols: BTreeMap<String, Protocol>,
    /// Of the ranking.
    pub(crate) rule: Rule,
}

/// Words for people: what they say decides no result.
const WORDS: [&str; 5] = ["title", "source", "claim", "note", "discrepancies"];

impl Catalogue {
    /// Reads the catalogue of the project in `root`.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Toml`]; [`Error::Catalogue`] when an experiment of the list has no file, a file is not
    /// in the list, or a file asks for something that is not there; [`Error::Experiment`] for a protocol.
    pub fn read(root: &Path) -> Result<Self, Error> {
        let folder = root.join("xtask/experiments");
        let protocols = protocols(root, &folder.join("protocols"))?;
        let (rule, _): (Rule, _) = toml_file(&folder.join("ranking.toml"))?;
        let mut found: BTreeMap<String, Reproduction> = BTreeMap::new();
        for path in files(&folder)?.into_iter().filter(|path| stem(path) != "ranking") {
            let (mut reproduction, text): (Reproduction, _) = toml_file(&path)?;
            reproduction.decisive = decisive(text);
            found.insert(stem(&path), reproduction);
        }
        share_runs(&folder, &mut found)?;
        for (id, one) in &found {
            let path = folder.join(format!("{id}.toml"));
            check::names(&path, one, &protocols)?;
            check::seeds(&path, one)?;
            for run in one.runs.iter().filter(|run| run.ranked.is_some()) {
                check::rule(&path, run, &protocols[&run.protocol], &rule)?;
            }
        }
        Ok(Self { reproductions: in_order(&folder, found)?, protocols, rule })
    }

    /// The reproductions of ids, teams or `all`, in the order of the list, each once.
    ///
    /// # Errors
    /// [`Error::Unknown`].
    pub fn select(&self, names: &[String]) -> Result<Vec<&Reproduction>, Error> {
        let is = |one: &Reproduction, name: &str| {
            let same = |other: &str| names::plain(other) == names::plain(name);
            name == "all" || same(&one.id) || same(&one.team)
        };
        for name in names {
            if !self.reproductions.iter().any(|one| is(one, name)) {
                let known = self.reproductions.iter().flat_map(|one| [&one.id, &one.team]);
                return Err(Error::Unknown { name: name.clone(), nearest: names::nearest(known, name) });
            }
        }
        let asked = |one: &&Reproduction| names.is_empty() || names.iter().any(|name| is(one, name));
        Ok(self.reproductions.iter().filter(asked).collect())
    }
}

fn protocols(root: &Path, folder: &Path) -> Result<BTreeMap<String, Protocol>, Error> {
    let mut protocols = BTreeMap::new();
    for path in files(folder)? {
        let (mut protocol, _): (Protocol, _) = toml_file(&path)?;
        protocol.read_base(root)?;
        // What is wrong with it is not a run's fault.
        let what = format!("protocol {}", stem(&path));
        protocol.experiment().map_err(|source| Error::Experiment { what, source: Box::new(source) })?;
        protocols.insert(stem(&path), protocol);
    }
    Ok(protocols)
}

/// Puts the run of another reproduction in the place of its name.
fn share_runs(folder: &Path, found: &mut BTreeMap<String, Reproduction>) -> Result<(), Error> {
    let all = found.clone();
    for (id, one) in found {
        for run in one.runs.iter_mut().filter(|run| run.of.is_some()) {
            let of = run.of.clone().unwrap_or_default();
            let (other, name) = of.split_once('.').unwrap_or((&of, &run.name));
            let shared = all.get(other).and_then(|other| other.runs.iter().find(|run| run.name == name));
            match shared.filter(|shared| shared.of.is_none()) {
                Some(shared) => *run = Run { name: run.name.clone(), of: Some(of.clone()), ..shared.clone() },
                None => {
                    let reason = format!("run {}: {other} has no run {name:?} of its own", run.name);
                    return Err(Error::Catalogue { path: folder.join(format!("{id}.toml")), reason });
                }
            }
        }
    }
    Ok(())
}

/// A file without its words for people, in one form.
fn decisive(mut text: Table) -> String {
    text.retain(|key, _| !WORDS.contains(&key));
    for reported in text.get_mut("reported").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Value::Table(reported) = reported {
            reported.retain(|key, _| key != "source" && key != "metric");
        }
    }
    text.to_string()
}

/// The reproductions in the order of the list, which has each of them and no other.
fn in_order(folder: &Path, mut found: BTreeMap<String, Reproduction>) -> Result<Vec<Reproduction>, Error> {
    let mut reproductions = Vec::new();
    for line in list(&folder.join("list.tsv"))? {
        let path = folder.join(format!("{}.toml", line.id));
        let refuse = |reason: &str| Err(Error::Catalogue { path: path.clone(), reason: reason.into() });
        match found.remove(&line.id) {
            None => return refuse("the file is missing, but list.tsv has the experiment"),
            Some(one) if (&one.team, &one.title) != (&line.team, &line.title) => {
                return refuse("team or title differ from list.tsv");
            }
            Some(one) => reproductions.push(one),
        }
    }
    match found.into_keys().next() {
        Some(id) => Err(Error::Catalogue {
            path: folder.join(format!("{id}.toml")),
            reason: "the experiment is not in list.tsv".into(),
        }),
        None => Ok(reproductions),
    }
}

/// A line of the list.
struct Line {
    id: String,
    team: String,
    title: String,
}

fn list(path: &Path) -> Result<Vec<Line>, Error> {
    let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| match line.split('\t').collect::<Vec<_>>()[..] {
            [id, team, title] => Ok(Line { id: id.into(), team: team.into(), title: title.into() }),
            _ => Err(Error::Catalogue {
                path: path.to_owned(),
                reason: format!("line {}: expected id, team and title with tabs between them", number + 1),
            }),
        })
        .collect()
}

/// The TOML files of a folder, in the order of their names.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(Error::io(folder))? {
        let path = entry.map_err(Error::io(folder))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// What a file describes, and its table.
fn toml_file<T: serde::de::DeserializeOwned>(path: &Path) -> Result<(T, Table), Error> {
    let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
    let wrong = |source| Error::Toml { path: path.to_owned(), source: Box::new(source) };
    Ok((toml::from_str(&text).map_err(wrong)?, text.parse().map_err(wrong)?))
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many statements of each report differ from its code.
    const DISCREPANCIES: [(&str, u32); 5] = [("auth", 3), ("NC", 5), ("MadLab", 8), ("NAD", 5), ("Peppa", 5)];

    #[test]
    fn every_discrepancy_is_there_once() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let catalogue = Catalogue::read(&root).unwrap();
        let mut known = BTreeMap::new();
        for id in catalogue.reproductions.iter().flat_map(|one| one.discrepancies.keys()) {
            *known.entry(id.clone()).or_insert(0) += 1;
        }
        let each = DISCREPANCIES.iter().flat_map(|&(team, n)| (1..=n).map(move |i| (format!("D-{team}-{i}"), 1)));
        assert_eq!(known, each.collect::<BTreeMap<_, _>>());
    }

    /// The metrics beside MadLab's are the team's: means over batches, and the loss with its penalty.
    #[test]
    fn madlabs_numbers_stand_beside_the_teams_own_metrics() {
        use crate::value::Name;
        use reproduction::Ours;
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let catalogue = Catalogue::read(&root).unwrap();
        let one = catalogue.select(&["E-MadLab-1".into()]).unwrap()[0];
        let beside = |what: &str| match &one.reported.iter().find(|reported| reported.what == what).unwrap().ours {
            Some(Ours::Run(_, name)) => *name,
            other => panic!("{other:?}"),
        };
        assert_eq!(beside("validation R2"), Name::MeanBatchR2);
        assert_eq!(beside("validation error"), Name::LabelLossWithL2);
        assert_eq!(beside("validation Pearson, so called"), Name::RSquaredCorrelation);
        assert_eq!(beside("training error"), Name::LabelTrainLoss);
    }
}

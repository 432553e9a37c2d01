//! The folder of experiment files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::protocol::Protocol;
use crate::reproduction::Reproduction;
use crate::{Error, data, measure};

/// Every reproduction, with the list of what there must be and the protocols that runs start from.
///
/// | in the folder | what |
/// |---|---|
/// | `list.tsv` | id, team and title of every experiment that the reports mention |
/// | `ID.toml` | one [`Reproduction`] |
/// | `protocols/NAME.toml` | one [`Protocol`] |
#[derive(Debug, Clone)]
pub struct Catalogue {
    /// The folder.
    pub folder: PathBuf,
    /// In the order of the list.
    pub reproductions: Vec<Reproduction>,
    /// By name.
    pub protocols: BTreeMap<String, Protocol>,
}

impl Catalogue {
    /// Reads the folder.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Toml`]; [`Error::Catalogue`] when an experiment of the list has no file, a file is not
    /// in the list, or a file asks for something that is not there.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        let listed = list(&folder.join("list.tsv"))?;
        let mut protocols = BTreeMap::new();
        for path in files(&folder.join("protocols"))? {
            protocols.insert(stem(&path), toml_file::<Protocol>(&path)?);
        }
        let mut found = BTreeMap::new();
        for path in files(folder)? {
            let mut reproduction: Reproduction = toml_file(&path)?;
            reproduction.hash = data::hash(&path)?;
            check(&path, &reproduction, &protocols)?;
            found.insert(stem(&path), reproduction);
        }
        let mut reproductions = Vec::new();
        for line in listed {
            let path = folder.join(format!("{}.toml", line.id));
            let refuse = |reason: &str| Err(Error::Catalogue { path: path.clone(), reason: reason.into() });
            match found.remove(&line.id) {
                None => return refuse("there is no such file, but list.tsv has the experiment"),
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
            None => Ok(Self { folder: folder.to_owned(), reproductions, protocols }),
        }
    }

    /// The reproductions of ids, teams or `all`, in the order of the list, each once.
    ///
    /// # Errors
    /// [`Error::Unknown`].
    pub fn select(&self, names: &[String]) -> Result<Vec<&Reproduction>, Error> {
        let is = |one: &Reproduction, name: &str| {
            let same = |other: &str| plain(other) == plain(name);
            name == "all" || same(&one.id) || same(&one.team)
        };
        for name in names {
            if !self.reproductions.iter().any(|one| is(one, name)) {
                return Err(Error::Unknown { name: name.clone(), nearest: self.nearest(name) });
            }
        }
        let asked = |one: &&Reproduction| names.is_empty() || names.iter().any(|name| is(one, name));
        Ok(self.reproductions.iter().filter(asked).collect())
    }

    /// The names most like `name`, none when none is.
    fn nearest(&self, name: &str) -> Vec<String> {
        let ids = self.reproductions.iter().flat_map(|one| [&one.id, &one.team]);
        let mut names: Vec<(usize, &String)> = ids.map(|id| (distance(&plain(id), &plain(name)), id)).collect();
        names.sort();
        names.dedup();
        names.retain(|(distance, _)| *distance <= name.len() / 3 + 1);
        names.into_iter().take(3).map(|(_, id)| id.clone()).collect()
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

fn toml_file<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
    toml::from_str(&text).map_err(|source| Error::Toml { path: path.to_owned(), source: Box::new(source) })
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Every name that a file uses must be one that it or the catalogue defines.
fn check(path: &Path, one: &Reproduction, protocols: &BTreeMap<String, Protocol>) -> Result<(), Error> {
    let refuse = |reason: String| Err(Error::Catalogue { path: path.to_owned(), reason });
    if one.id != stem(path) {
        return refuse(format!("the id is {}, the file's name says {}", one.id, stem(path)));
    }
    if one.runs.is_empty() && one.measures.is_empty() {
        return refuse("there is neither a run nor a measure".into());
    }
    let is_run = |name: &str| one.runs.iter().any(|run| run.name == name);
    for (i, run) in one.runs.iter().enumerate() {
        if let Some(start) = run.start.as_ref().filter(|start| !one.runs[..i].iter().any(|run| run.name == **start)) {
            return refuse(format!("run {}: there is no run {start:?} before it to start from", run.name));
        }
        if !protocols.contains_key(&run.protocol) {
            return refuse(format!("run {}: there is no protocol {:?}", run.name, run.protocol));
        }
        if one.runs.iter().filter(|other| other.name == run.name).count() > 1 {
            return refuse(format!("two runs are called {:?}", run.name));
        }
    }
    let compared = one.comparisons.iter().flat_map(|c| [&c.run, &c.with]);
    let drawn = one.figures.iter().flat_map(|figure| figure.ours.iter().map(|curve| &curve.run));
    let measured = one.measures.iter().filter_map(measure::Measure::run);
    if let Some(name) = compared.chain(drawn).chain(measured).find(|name| !is_run(name)) {
        return refuse(format!("there is no run {name:?}"));
    }
    for ours in one.reported.iter().filter_map(|reported| reported.ours.as_ref()) {
        let measure = one.measures.iter().any(|measure| measure.name == *ours);
        let run = ours.split_once('.').is_some_and(|(run, _)| is_run(run));
        if !measure && !run {
            return refuse(format!("`ours = {ours:?}` is neither a measure nor a run's value"));
        }
    }
    Ok(())
}

/// A name as people type it: case, blanks and dashes do not matter.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Letters to insert, remove or replace.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_letters() {
        assert_eq!(distance("peppa1", "pepa1"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("nad", "nad"), 0);
        assert_eq!(distance("eauth1", "eauht1"), 2);
    }
}

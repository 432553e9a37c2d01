//! Pages that show every reproduction: `docs/experiments.md`, `docs/results/index.html`, the table in `README.md`.

mod diagram;
mod line;
mod markdown;
mod page;
mod plot;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use promoter_torch::file::write_whole;

use crate::outcome::{self, Outcome, RunOutcome};
use crate::reproduction::Reproduction;
use crate::{Catalogue, Error};

/// Where the table of `README.md` begins and ends.
const MARKS: [&str; 2] = ["<!-- ranking: written by `cargo xtask report` -->\n", "<!-- end of ranking -->"];

/// Everything that pages are made of.
struct Results<'a> {
    catalogue: &'a Catalogue,
    outcomes: BTreeMap<String, Outcome>,
}

/// A system of the ranking.
struct Ranked<'a> {
    name: &'a str,
    run: &'a RunOutcome,
    /// Training seconds that its steps were laid out for, on two idle cores.
    budget: Option<f64>,
}

impl<'a> Results<'a> {
    fn read(catalogue: &'a Catalogue, folder: &Path) -> Result<Self, Error> {
        let mut outcomes = BTreeMap::new();
        for one in &catalogue.reproductions {
            if let Some(outcome) = outcome::read(&folder.join(format!("{}.json", one.id)))? {
                outcomes.insert(one.id.clone(), outcome);
            }
        }
        Ok(Self { catalogue, outcomes })
    }

    fn outcome(&self, one: &Reproduction) -> Option<&Outcome> {
        self.outcomes.get(&one.id)
    }

    /// Reproductions by team, teams and reproductions in the order of the list.
    fn teams(&self) -> Vec<(&str, Vec<&Reproduction>)> {
        let mut teams: Vec<(&str, Vec<&Reproduction>)> = Vec::new();
        for one in &self.catalogue.reproductions {
            match teams.last_mut().filter(|(team, _)| *team == one.team) {
                Some((_, ones)) => ones.push(one),
                None => teams.push((&one.team, vec![one])),
            }
        }
        teams
    }

    /// The systems that were trained for equal seconds, best first.
    fn ranking(&self) -> Vec<Ranked<'_>> {
        let mut ranked = Vec::new();
        for one in &self.catalogue.reproductions {
            let Some(outcome) = self.outcome(one) else { continue };
            for run in &one.runs {
                let budget = run.extent(outcome.scale).seconds;
                let found = outcome.runs.iter().find(|done| done.name == run.name);
                if let (Some(name), Some(run)) = (&run.ranked, found) {
                    ranked.push(Ranked { name, run, budget });
                }
            }
        }
        let score = |ranked: &Ranked<'_>| ranked.run.values.get("public_pearson_score").copied().unwrap_or(-1.0);
        ranked.sort_by(|a, b| score(b).total_cmp(&score(a)));
        ranked
    }
}

/// Writes the pages, or checks that they are what the results say. `results` is the folder of the outcomes, `pages` the
/// one of the documentation, `root` the project's.
///
/// # Errors
/// [`Error::Stale`] when a page is checked and differs, [`Error::Report`], [`Error::Io`], [`Error::Json`].
pub fn write(
    catalogue: &Catalogue,
    results: &Path,
    pages: &Path,
    root: &Path,
    check: bool,
) -> Result<Vec<PathBuf>, Error> {
    let found = Results::read(catalogue, results)?;
    let mut written = vec![
        (pages.join("experiments.md"), markdown::experiments(&found)),
        (results.join("index.html"), page::page(&found)?),
    ];
    let readme = root.join("README.md");
    let text = std::fs::read_to_string(&readme).map_err(Error::io(&readme))?;
    if let Some((before, rest)) = text.split_once(MARKS[0])
        && let Some((_, after)) = rest.split_once(MARKS[1])
    {
        let table = markdown::ranking(&found.ranking());
        written.push((readme, format!("{before}{}{table}{}{after}", MARKS[0], MARKS[1])));
    }
    let mut stale = Vec::new();
    for (path, text) in &written {
        if check {
            if std::fs::read_to_string(path).unwrap_or_default() != *text {
                stale.push(path.clone());
            }
            continue;
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(Error::io(folder))?;
        }
        write_whole(path, text.as_bytes()).map_err(Error::io(path))?;
    }
    if stale.is_empty() {
        Ok(written.into_iter().map(|(path, _)| path).collect())
    } else {
        Err(Error::Stale { pages: stale })
    }
}

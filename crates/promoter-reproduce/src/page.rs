//! Pages that show every reproduction: `docs/experiments.md`, `docs/results/index.html`, the table in `README.md`.

mod diagram;
mod html;
mod line;
mod markdown;
mod plot;
mod ranking;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};

use promoter_encode::file::write_whole;
use serde::Deserialize;

use self::ranking::Ranking;
use crate::catalogue::Catalogue;
use crate::catalogue::reproduction::Reproduction;
use crate::data::Source;
use crate::full::Known;
use crate::outcome::{self, Outcome};
use crate::{Error, Scale, plan};

/// Where the table of `README.md` begins and ends.
const MARKS: [&str; 2] = ["<!-- ranking: written by `cargo xtask report` -->\n", "<!-- end of ranking -->"];

/// What is said of a result that is missing, or of other files, data or code.
pub(super) const PENDING: &str = "not run with this code yet";

/// Everything that pages are made of: results that these files, data and code gave. Others are as good as none.
struct Results<'a> {
    catalogue: &'a Catalogue,
    outcomes: BTreeMap<String, Outcome>,
    ranking: Ranking<'a>,
}

impl Results<'_> {
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
}

/// The results in `folder` that the catalogue's files, the data and this code gave, by their ids. `root` is the
/// project's folder.
///
/// # Errors
/// [`Error::Io`], [`Error::Json`], [`Error::Data`], [`Error::Experiment`].
pub fn current(catalogue: &Catalogue, folder: &Path, root: &Path) -> Result<BTreeMap<String, Outcome>, Error> {
    /// At which scale a result was made.
    #[derive(Deserialize)]
    struct Scaled {
        scale: Scale,
    }
    let mut sources: BTreeMap<Scale, Option<Source>> = BTreeMap::new();
    let mut outcomes = BTreeMap::new();
    for one in &catalogue.reproductions {
        let path = folder.join(format!("{}.json", one.id));
        let scale = match outcome::read::<Scaled>(&path) {
            Ok(Some(Scaled { scale })) => scale,
            Ok(None) | Err(Error::Json { .. }) => continue,
            Err(error) => return Err(error),
        };
        let known = match sources.entry(scale) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => place.insert(source(scale, folder, root)?),
        };
        let Some(source) = known else { continue };
        let key = plan::plan(catalogue, one, scale, source, "".as_ref())?.key;
        if let Some(outcome) = outcome::read_current::<Outcome>(&path, &key)? {
            outcomes.insert(one.id.clone(), outcome);
        }
    }
    Ok(outcomes)
}

/// The data that results of a scale are made of; none where they are not known.
fn source(scale: Scale, folder: &Path, root: &Path) -> Result<Option<Source>, Error> {
    match scale {
        Scale::Smoke | Scale::Small => Source::open(None, scale, root).map(Some),
        Scale::Full => {
            let known: Option<Known> = outcome::read(&folder.join("data.json"))?;
            Ok(known.map(|known| Source::Full { path: PathBuf::new(), hash: known.hash }))
        }
    }
}

/// Writes the pages, or checks that they are what current results say. `results` is the folder of the outcomes, `pages`
/// the one of the documentation, `root` the project's.
///
/// # Errors
/// [`Error::Stale`] when a page is checked and differs: then it shows a result of other files, data or code, or lacks
/// one; [`Error::Page`], [`Error::Figure`], [`Error::Io`], [`Error::Json`].
pub fn write(
    catalogue: &Catalogue,
    results: &Path,
    pages: &Path,
    root: &Path,
    check: bool,
) -> Result<Vec<PathBuf>, Error> {
    let outcomes = current(catalogue, results, root)?;
    let ranking = Ranking::of(catalogue, &outcomes, results, root)?;
    let found = Results { catalogue, outcomes, ranking };
    let mut written = vec![
        (pages.join("experiments.md"), markdown::experiments(&found)),
        (results.join("index.html"), html::page(&found)?),
    ];
    let readme = root.join("README.md");
    let text = std::fs::read_to_string(&readme).map_err(Error::io(&readme))?;
    if let Some((before, rest)) = text.split_once(MARKS[0])
        && let Some((_, after)) = rest.split_once(MARKS[1])
    {
        let table = markdown::ranking(&found.ranking);
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

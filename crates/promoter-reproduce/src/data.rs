//! Where the rows of a reproduction come from.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use promoter_train::setting::Setting;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::{Error, Scale};

/// Which rows a run trains on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rows {
    /// Rows of the challenge, in its own format.
    Challenge,
    /// At small scale the 70,302 measured yeast promoters, none of which is near a test sequence; at full scale the
    /// challenge's.
    #[default]
    Yeast,
}

/// Rows of the simulated assay in a smoke test.
const SMOKE_ROWS: i64 = 400;

/// The column by whose groups the yeast promoters' labels get one scale.
const SOURCE: &str = "source";

/// The column of the yeast promoters' labels.
const YEAST_LABEL: &str = "label_hqscale";

/// Where the rows come from: the simulated assay, or files whose contents are known by their hash.
#[derive(Debug, Clone)]
pub enum Source {
    /// The simulated assay.
    Simulated,
    /// A folder as `examples/data/README.md` describes `dream2022`.
    Folder {
        /// The folder.
        path: PathBuf,
        /// Hashes of its files.
        hashes: BTreeMap<&'static str, String>,
    },
    /// The challenge's training file.
    Full {
        /// The file.
        path: PathBuf,
        /// Its hash.
        hash: String,
    },
}

/// The repository's own folder of real data.
const FOLDER: &str = "examples/data/dream2022";
const SAMPLE: &str = "train_sequences_sample.txt.gz";
const YEAST: &str = "yeast_train_70k.tsv.gz";
const TEST: &str = "test_sequences.txt.gz";
const TRUTH: &str = "public_leaderboard_ids/ground.json";

impl Source {
    /// The data of a scale: simulated (smoke), a folder (small; the repository's own unless another is `given`) or the
    /// challenge's training file (full). `root` is the project's folder.
    ///
    /// # Errors
    /// [`Error::Data`] when something is missing or does not fit the scale, [`Error::Io`].
    pub fn open(given: Option<&str>, scale: Scale, root: &Path) -> Result<Self, Error> {
        let path = given.map_or_else(|| root.join(FOLDER), PathBuf::from);
        let refuse = |path: &Path, reason: &str| Err(Error::Data { path: path.to_owned(), reason: reason.into() });
        match (scale, given) {
            (Scale::Smoke, None) => return Ok(Self::Simulated),
            (Scale::Smoke, Some(_)) => {
                return refuse(&path, "the smoke scale is on simulated data: omit --data, or take --scale small");
            }
            (Scale::Full, None) => {
                return refuse("--data".as_ref(), "--scale full needs the challenge's training file: --data PATH");
            }
            _ if !path.exists() => return refuse(&path, "does not exist"),
            (Scale::Full, Some(_)) if path.is_dir() => {
                return refuse(&path, "is a folder: the full scale needs the challenge's training file itself");
            }
            (Scale::Full, Some(_)) => return Ok(Self::Full { hash: hash(&path)?, path }),
            (Scale::Small, _) if !path.is_dir() => {
                return refuse(&path, "is not a folder: the small scale needs the folder with the challenge's files");
            }
            (Scale::Small, _) => {}
        }
        let mut hashes = BTreeMap::new();
        for name in [SAMPLE, YEAST, TEST, TRUTH] {
            let file = path.join(name);
            if !file.is_file() {
                return refuse(&file, "is missing; examples/data/README.md says what it is");
            }
            hashes.insert(name, hash(&file)?);
        }
        Ok(Self::Folder { path, hashes })
    }

    /// What an experiment is given in place of its own rows: `data`, and on few rows the filter and split that fit
    /// them. Yeast promoters overlap: those that share a 20-mer of their inserts stay on one side.
    pub(crate) fn settings(&self, rows: Rows) -> Vec<Setting> {
        let mut text = match self {
            Self::Simulated => format!("data = {{ simulated = {{ rows = {SMOKE_ROWS} }} }}\n"),
            Self::Folder { .. } if rows == Rows::Yeast => format!(
                "data = {{ file = {{ path = '', read = {{ columns = {{ named = \
                 {{ sequence = 'seq', label = '{YEAST_LABEL}' }} }} }} }} }}\n"
            ),
            Self::Folder { .. } | Self::Full { .. } => "data = { file = { path = '' } }\n".into(),
        };
        text += match self {
            Self::Full { .. } => "",
            Self::Folder { .. } if rows == Rows::Yeast => {
                "filter = { length = { exact = 110 }, no_ambiguous = true }\n\
                 split = { kind = 'kmers', validation = 2000, seed = 1, k = 20, left = 17, right = 13 }\n"
            }
            _ => "split = { kind = 'random', validation = 0.2, seed = 1 }\n",
        };
        // The text is this function's own.
        let table: Table = text.parse().unwrap_or_default();
        let mut settings: Vec<Setting> = table.into_iter().map(|(key, value)| Setting { key, value }).collect();
        if let Some(path) = self.file(rows) {
            let value = Value::String(path.to_string_lossy().into_owned());
            settings.push(Setting { key: "data.file.path".into(), value });
        }
        settings
    }

    /// The column by whose groups labels are standardised, where the rows come from several assays.
    pub(crate) fn standardise_by(&self, rows: Rows) -> Option<String> {
        matches!((self, rows), (Self::Folder { .. }, Rows::Yeast)).then(|| SOURCE.to_owned())
    }

    /// The file of the rows; simulated ones have none.
    pub(crate) fn file(&self, rows: Rows) -> Option<PathBuf> {
        match self {
            Self::Simulated => None,
            Self::Folder { path, .. } => Some(path.join(if rows == Rows::Yeast { YEAST } else { SAMPLE })),
            Self::Full { path, .. } => Some(path.clone()),
        }
    }

    /// What stands for the rows in a run's hash.
    pub(crate) fn hash(&self, rows: Rows) -> &str {
        match self {
            Self::Simulated => "simulated",
            Self::Folder { hashes, .. } => &hashes[if rows == Rows::Yeast { YEAST } else { SAMPLE }],
            Self::Full { hash, .. } => hash,
        }
    }

    /// What stands for all that results are made of.
    pub(crate) fn whole_hash(&self) -> String {
        match self {
            Self::Folder { hashes, .. } => hashes.values().cloned().collect(),
            other => other.hash(Rows::Challenge).to_owned(),
        }
    }

    /// What the rows are, for people.
    pub(crate) fn name(&self, rows: Rows) -> &'static str {
        match self {
            Self::Simulated => "simulated",
            Self::Folder { .. } if rows == Rows::Yeast => "yeast 70k",
            Self::Folder { .. } => "challenge sample",
            Self::Full { .. } => "challenge",
        }
    }

    /// Rows that train, about: what a plan counts with.
    pub(crate) fn training_rows(&self, rows: Rows) -> u64 {
        match self {
            Self::Simulated => SMOKE_ROWS as u64 * 4 / 5,
            Self::Folder { .. } if rows == Rows::Yeast => 65_000,
            Self::Folder { .. } => 5_900,
            Self::Full { .. } => 5_500_000,
        }
    }

    /// The folder with test sequences and the official subsets, where there is one.
    pub(crate) fn challenge(&self) -> Option<&Path> {
        match self {
            Self::Simulated => None,
            Self::Folder { path, .. } => Some(path),
            // Beside the training file, where people put it.
            Self::Full { path, .. } => path.parent().filter(|folder| folder.join(TEST).is_file()),
        }
    }

    /// The test sequences.
    pub(crate) fn test_sequences(&self) -> Option<PathBuf> {
        Some(self.challenge()?.join(TEST))
    }

    /// The truth of the public leaderboard.
    pub(crate) fn truth(&self) -> Option<PathBuf> {
        Some(self.challenge()?.join(TRUTH))
    }
}

/// Hash of a file's contents.
///
/// # Errors
/// [`Error::Io`].
pub fn hash(path: &Path) -> Result<String, Error> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path).map_err(Error::io(path))?).map_err(Error::io(path))?;
    Ok(hasher.finalize().to_hex().to_string())
}

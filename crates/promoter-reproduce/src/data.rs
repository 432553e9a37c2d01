//! Where the rows of a reproduction come from.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

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

/// Where the rows come from: the simulated assay, or files whose contents are known by their hash.
#[derive(Debug, Clone)]
pub enum Source {
    /// The simulated assay.
    Simulated,
    /// A folder as `docs/experiments.md` describes it.
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

const SAMPLE: &str = "train_sequences_sample.txt.gz";
const YEAST: &str = "yeast_train_70k.tsv.gz";
const TEST: &str = "test_sequences.txt.gz";
const TRUTH: &str = "public_leaderboard_ids/ground.json";

impl Source {
    /// The data that `given` names: `simulated`, a folder (small) or the challenge's training file (full).
    ///
    /// # Errors
    /// [`Error::Data`] when something is missing or does not fit the scale, [`Error::Io`].
    pub fn open(given: &str, scale: Scale) -> Result<Self, Error> {
        let path = PathBuf::from(given);
        let refuse = |reason: &str| Err(Error::Data { path: path.clone(), reason: reason.into() });
        match scale {
            Scale::Smoke if given == "simulated" => return Ok(Self::Simulated),
            Scale::Smoke => {
                return refuse("the smoke scale is on simulated data: leave --data out, or take --scale small");
            }
            _ if given == "simulated" => {
                return refuse("simulated data are for --scale smoke; name a folder: --data examples/data/dream2022");
            }
            _ => {}
        }
        if !path.exists() {
            return refuse("there is nothing of that name");
        }
        if scale == Scale::Full {
            if path.is_dir() {
                return refuse("is a folder: the full scale wants the challenge's training file itself");
            }
            return Ok(Self::Full { hash: hash(&path)?, path });
        }
        if !path.is_dir() {
            return refuse("is no folder: the small scale wants the folder with the challenge's files");
        }
        let mut hashes = BTreeMap::new();
        for name in [SAMPLE, YEAST, TEST, TRUTH] {
            let file = path.join(name);
            if !file.is_file() {
                return Err(Error::Data {
                    path: file,
                    reason: "is missing; docs/experiments.md says what it is".into(),
                });
            }
            hashes.insert(name, hash(&file)?);
        }
        Ok(Self::Folder { path, hashes })
    }

    /// The `[data]` of an experiment.
    pub fn table(&self, rows: Rows) -> Value {
        let table = |pairs: Vec<(&str, Value)>| -> Value {
            Value::Table(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Table>())
        };
        let file = |path: &Path, read: Option<Value>| {
            let mut pairs = vec![("path", Value::String(path.to_string_lossy().into_owned()))];
            pairs.extend(read.map(|read| ("read", read)));
            table(vec![("file", table(pairs))])
        };
        match self {
            Self::Simulated => table(vec![("simulated", table(vec![("rows", Value::Integer(SMOKE_ROWS))]))]),
            Self::Folder { path, .. } if rows == Rows::Yeast => {
                let named =
                    [("sequence", "seq"), ("label", "label_hqscale")].map(|(k, v)| (k, Value::String(v.into())));
                let columns = table(vec![("named", table(named.into()))]);
                file(&path.join(YEAST), Some(table(vec![("columns", columns)])))
            }
            Self::Folder { path, .. } => file(&path.join(SAMPLE), None),
            Self::Full { path, .. } => file(path, None),
        }
    }

    /// Filter and split, as keys of an experiment, where the teams' own do not fit so few rows. Yeast promoters overlap:
    /// those that share a 20-mer of their inserts stay on one side.
    pub fn parts(&self, rows: Rows) -> Vec<(&'static str, Value)> {
        let value = |text: &str| text.parse::<Table>().unwrap_or_default().remove("x");
        let found = match self {
            Self::Full { .. } => vec![],
            Self::Folder { .. } if rows == Rows::Yeast => vec![
                ("filter", value("x = { length = { exact = 110 }, no_ambiguous = true }")),
                (
                    "split",
                    value(r#"x = { kind = "kmers", validation = 2000, seed = 1, k = 20, left = 17, right = 13 }"#),
                ),
            ],
            _ => vec![("split", value(r#"x = { kind = "random", validation = 0.2, seed = 1 }"#))],
        };
        found.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }

    /// What stands for the rows in a run's hash.
    pub fn hash(&self, rows: Rows) -> &str {
        match self {
            Self::Simulated => "simulated",
            Self::Folder { hashes, .. } => &hashes[if rows == Rows::Yeast { YEAST } else { SAMPLE }],
            Self::Full { hash, .. } => hash,
        }
    }

    /// What the rows are, for people.
    pub fn name(&self, rows: Rows) -> &'static str {
        match self {
            Self::Simulated => "simulated",
            Self::Folder { .. } if rows == Rows::Yeast => "yeast 70k",
            Self::Folder { .. } => "challenge sample",
            Self::Full { .. } => "challenge",
        }
    }

    /// The folder with test sequences and the official subsets, where there is one.
    pub fn challenge(&self) -> Option<&Path> {
        match self {
            Self::Simulated => None,
            Self::Folder { path, .. } => Some(path),
            // Beside the training file, where people put it.
            Self::Full { path, .. } => path.parent().filter(|folder| folder.join(TEST).is_file()),
        }
    }

    /// The test sequences.
    pub fn test_sequences(&self) -> Option<PathBuf> {
        Some(self.challenge()?.join(TEST))
    }

    /// The truth of the public leaderboard.
    pub fn truth(&self) -> Option<PathBuf> {
        Some(self.challenge()?.join(TRUTH))
    }
}

/// Hash of a file's contents.
pub fn hash(path: &Path) -> Result<String, Error> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path).map_err(Error::io(path))?).map_err(Error::io(path))?;
    Ok(hasher.finalize().to_hex().to_string())
}

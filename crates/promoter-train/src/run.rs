//! The folder of a run.
//!
//! | file | what |
//! |---|---|
//! | `config.toml` | the experiment, every value written out |
//! | `env.json` | commit, versions, device, threads, CPU |
//! | `metrics.jsonl` | one line per epoch |
//! | `metrics.csv` | the same as a table |
//! | `events.out.tfevents.promoter` | the same for TensorBoard |
//! | `checkpoints/last.safetensors` | everything that the run needs to go on |
//! | `checkpoints/best.safetensors` | the network at its best epoch |
//! | `predictions.tsv` | validation rows: sequence, measured, predicted |
//! | `summary.json` | what the report says besides: scores, rows, speed |
//! | `report.html` | curves and scatter plot |

use std::fs::File;
use std::path::{Path, PathBuf};

use promoter_torch::file::write_whole;

use crate::start::Start;
use crate::{Environment, EpochRecord, Error, Experiment, scalars, tensorboard};

/// A run's folder, held by this process.
#[derive(Debug)]
pub struct Run {
    path: PathBuf,
    _lock: File,
}

impl Run {
    /// Starts a run in a new folder.
    ///
    /// # Errors
    /// [`Error::Exists`] when there is anything of that name, [`Error::Io`], for weights to start from too.
    pub fn create(path: &Path, experiment: &Experiment, environment: &Environment) -> Result<Self, Error> {
        let io = |source| Error::Io { path: path.to_owned(), source };
        if path.symlink_metadata().is_ok() {
            return Err(Error::Exists { path: path.to_owned() });
        }
        if let Some(Start { weights, .. }) = &experiment.start {
            // A misspelt path leaves no folder behind.
            File::open(weights).map_err(|source| Error::Io { path: weights.clone(), source })?;
        }
        std::fs::create_dir_all(path.join("checkpoints")).map_err(io)?;
        let run = Self { path: path.to_owned(), _lock: lock(path)? };
        run.write("env.json", &to_json(environment))?;
        // Last: a folder with a configuration is a run.
        run.write("config.toml", experiment.to_toml().as_bytes())?;
        Ok(run)
    }

    /// Takes up a run that was stopped.
    ///
    /// # Errors
    /// [`Error::NoRun`], [`Error::Busy`], [`Error::OtherEnvironment`], [`Error::Config`], [`Error::Io`].
    pub fn resume(path: &Path, environment: &Environment) -> Result<(Self, Experiment), Error> {
        for missing in ["config.toml", "env.json"] {
            if !path.join(missing).is_file() {
                return Err(Error::NoRun { path: path.to_owned(), missing });
            }
        }
        let run = Self { path: path.to_owned(), _lock: lock(path)? };
        let experiment = Experiment::read(&path.join("config.toml"))?;
        let file = path.join("env.json");
        let text = std::fs::read(&file).map_err(|source| Error::Io { path: file.clone(), source })?;
        let before: Environment =
            serde_json::from_slice(&text).map_err(|e| Error::Checkpoint { path: file, reason: e.to_string() })?;
        if let Some(differences) = before.difference(environment) {
            return Err(Error::OtherEnvironment { path: path.to_owned(), differences });
        }
        Ok((run, experiment))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The checkpoint that the run goes on from.
    pub fn last(&self) -> PathBuf {
        self.path.join("checkpoints/last.safetensors")
    }

    /// The network at its best epoch.
    pub fn best(&self) -> PathBuf {
        self.path.join("checkpoints/best.safetensors")
    }

    /// Writes a file of the folder: under a temporary name, then renamed.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write(&self, name: &str, contents: &[u8]) -> Result<(), Error> {
        let path = self.path.join(name);
        write_whole(&path, contents).map_err(|source| Error::Io { path, source })
    }

    /// The epochs recorded so far.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Checkpoint`] for a line that is no record.
    pub fn records(&self) -> Result<Vec<EpochRecord>, Error> {
        let path = self.path.join("metrics.jsonl");
        let text = match std::fs::read_to_string(&path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
            other => other.map_err(|source| Error::Io { path: path.clone(), source })?,
        };
        text.lines()
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()
            .map_err(|e| Error::Checkpoint { path, reason: e.to_string() })
    }

    /// Replaces the records; an epoch that a checkpoint has not reached is not among them.
    pub(crate) fn write_records(&self, records: &[EpochRecord]) -> Result<(), Error> {
        let lines: Vec<u8> = records.iter().flat_map(|record| [to_json(record), b"\n".to_vec()].concat()).collect();
        self.write("metrics.jsonl", &lines)?;
        self.write("metrics.csv", scalars::to_csv(records).as_bytes())?;
        tensorboard::write(self, records)
    }
}

/// The process's hold on a folder; the system lets go when the process ends, however it does.
pub(crate) fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join(".lock");
    let file = File::create(&path).map_err(|source| Error::Io { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::Busy { path: folder.to_owned() }),
        Err(std::fs::TryLockError::Error(source)) => Err(Error::Io { path, source }),
    }
}

/// JSON of plain records, which have no maps with keys that are not strings: it cannot fail.
fn to_json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    #[test]
    fn a_folder_is_taken_once_and_resumed_under_the_same_conditions_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let (experiment, here) = (Experiment::peppa(), Environment::of(Device::Cpu));
        assert!(matches!(Run::resume(&path, &here).unwrap_err(), Error::NoRun { missing: "config.toml", .. }));
        let run = Run::create(&path, &experiment, &here).unwrap();
        assert!(matches!(Run::create(&path, &experiment, &here).unwrap_err(), Error::Exists { .. }));
        assert!(matches!(Run::resume(&path, &here).unwrap_err(), Error::Busy { .. }));
        drop(run);
        assert_eq!(Run::resume(&path, &here).unwrap().1, experiment);
        let elsewhere = Environment { cpu: "another".into(), ..here };
        let error = Run::resume(&path, &elsewhere).unwrap_err();
        assert!(matches!(error, Error::OtherEnvironment { .. }), "{error}");
    }
}

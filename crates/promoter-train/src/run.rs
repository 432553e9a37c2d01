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
//! | `test_predictions.tsv` | likewise the rows that were held out, where some were |
//! | `vectors.safetensors` | the vectors of k-mers, where the encoding has some |
//! | `summary.json` | scores, rows, speed |
//! | `report.html` | curves and scatter plot |

mod folder;
mod summary;

use std::fmt::Write as _;
use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use promoter_encode::base;
use promoter_encode::embed::Vectors;
use promoter_encode::embed::io::Format;
use promoter_encode::file::{remove_leftovers, write_whole};

pub(crate) use self::folder::BestMetadata;
pub use self::folder::{Best, Folder, Prediction};
use self::folder::{CONFIG, ENVIRONMENT, PREDICTIONS, RECORDS, TEST_PREDICTIONS, VECTORS};
pub use self::summary::{Line, Summary};
use crate::environment::EarlierThreads;
use crate::prepared::Part;
use crate::{Environment, EpochRecord, Error, Experiment, scalars, tensorboard};

/// A run's folder, held by this process: nobody else writes into it. Of processes that train together rank 0 holds it,
/// and what the others write goes nowhere.
#[derive(Debug)]
pub struct Run {
    folder: Folder,
    lock: Option<File>,
}

impl Run {
    /// Starts a run in a new folder. It is made under another name beside its place and renamed when the experiment is
    /// in it: a folder of the run's name is a run.
    ///
    /// # Errors
    /// [`Error::Exists`] when there is anything of that name, [`Error::Busy`] when another process starts a run there,
    /// [`Error::Io`].
    pub fn create(
        path: &Path,
        experiment: &Experiment,
        environment: &Environment,
        vectors: Option<&Vectors>,
    ) -> Result<Self, Error> {
        let io = |source| Error::Io { path: path.to_owned(), source };
        if path.symlink_metadata().is_ok() {
            return Err(Error::Exists { path: path.to_owned() });
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let partial = path.with_file_name(format!(".{name}.partial"));
        fs::create_dir_all(partial.join("checkpoints")).map_err(io)?;
        let run = Self { lock: Some(lock(&partial)?), folder: Folder::new(partial.clone()) };
        let begun = run.begin(experiment, environment, vectors);
        if let Err(error) = begun.and_then(|()| fs::rename(&partial, path).map_err(io)) {
            // A full disk leaves nothing behind. That it cannot be removed either is not what went wrong first.
            let _ = fs::remove_dir_all(&partial);
            return Err(error);
        }
        Ok(Self { folder: Folder::new(path.to_owned()), ..run })
    }

    /// Writes what a run begins with.
    fn begin(
        &self,
        experiment: &Experiment,
        environment: &Environment,
        vectors: Option<&Vectors>,
    ) -> Result<(), Error> {
        let path = self.folder.path().join(VECTORS);
        self.clear().map_err(|source| Error::Io { path: self.folder.path().to_owned(), source })?;
        // A start that was killed may have been of an experiment that has vectors.
        match fs::remove_file(&path) {
            Err(source) if source.kind() != ErrorKind::NotFound => return Err(Error::Io { path, source }),
            _ => {}
        }
        self.write(ENVIRONMENT, &to_json(environment))?;
        self.write(CONFIG, experiment.to_toml().as_bytes())?;
        Ok(vectors.map_or(Ok(()), |vectors| vectors.save(path, Format::Safetensors))?)
    }

    /// Takes up a run that was stopped.
    ///
    /// # Errors
    /// [`Error::NoRun`], [`Error::Busy`], [`Error::OtherEnvironment`], [`Error::Io`], [`Error::Json`].
    pub fn resume(path: &Path, environment: &Environment) -> Result<Self, Error> {
        let folder = Folder::open(path)?;
        let run = Self { lock: Some(lock(path)?), folder };
        run.clear().map_err(|source| Error::Io { path: path.to_owned(), source })?;
        if let Some(differences) = run.folder.environment()?.difference(environment) {
            return Err(Error::OtherEnvironment { path: path.to_owned(), differences });
        }
        Ok(run)
    }

    /// Lets a run be resumed with the number of threads that `environment` has, and records the number before: results
    /// then agree with those of an uninterrupted run to rounding, and not to the byte. Nothing is written where the
    /// number is the same, or something else differs, which [`resume`](Self::resume) refuses. Returns the number before
    /// if it has been changed.
    ///
    /// # Errors
    /// As [`resume`](Self::resume).
    pub fn change_threads(path: &Path, environment: &Environment) -> Result<Option<i32>, Error> {
        let folder = Folder::open(path)?;
        let run = Self { lock: Some(lock(path)?), folder };
        let before = run.folder.environment()?;
        let mut now = Environment { threads: environment.threads, ..before.clone() };
        if before == now || now.difference(environment).is_some() {
            return Ok(None);
        }
        let epochs = run.folder.records()?.len() as u64;
        now.earlier_threads.push(EarlierThreads { threads: before.threads, epochs });
        run.write(ENVIRONMENT, &to_json(&now))?;
        Ok(Some(before.threads))
    }

    /// A run that another process writes.
    pub(crate) fn of_lead(path: &Path) -> Self {
        Self { folder: Folder::new(path.to_owned()), lock: None }
    }

    /// Whether this process writes the run.
    pub(crate) fn writes(&self) -> bool {
        self.lock.is_some()
    }

    /// Removes the temporary files that a killed process left.
    fn clear(&self) -> std::io::Result<()> {
        remove_leftovers(self.folder.path())?;
        remove_leftovers(&self.folder.path().join("checkpoints"))
    }

    /// What the folder says.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Writes a file of the folder: under a temporary name, then renamed.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn write(&self, name: &str, contents: &[u8]) -> Result<(), Error> {
        if !self.writes() {
            return Ok(());
        }
        let path: PathBuf = self.folder.path().join(name);
        write_whole(&path, contents).map_err(|source| Error::Io { path, source })
    }

    pub(crate) fn write_summary(&self, summary: &Summary) -> Result<(), Error> {
        // Names and numbers: there is nothing in it that JSON lacks.
        self.write(Summary::FILE, &serde_json::to_vec_pretty(summary).unwrap_or_default())
    }

    pub(crate) fn write_predictions(&self, labels: &[String], part: &Part, predicted: &[f32]) -> Result<(), Error> {
        self.write_rows(PREDICTIONS, labels, part, predicted)
    }

    pub(crate) fn write_test_predictions(
        &self,
        labels: &[String],
        part: &Part,
        predicted: &[f32],
    ) -> Result<(), Error> {
        self.write_rows(TEST_PREDICTIONS, labels, part, predicted)
    }

    /// Sequences, and what was measured and predicted; `labels` has the names of several labels, whose predictions are
    /// row by row.
    fn write_rows(&self, name: &str, labels: &[String], part: &Part, predicted: &[f32]) -> Result<(), Error> {
        let mut text = match labels {
            [] => "sequence\tmeasured\tpredicted".to_owned(),
            labels => {
                "sequence".to_owned()
                    + &labels.iter().map(|name| format!("\tmeasured_{name}\tpredicted_{name}")).collect::<String>()
            }
        };
        text.push('\n');
        let values = part.labels().chunks(part.columns()).zip(predicted.chunks(part.columns()));
        for ((codes, _), (measured, predicted)) in part.rows().zip(values) {
            text.extend(codes.iter().map(|&code| char::from(base::to_ascii(code))));
            for (measured, predicted) in measured.iter().zip(predicted) {
                // Writing into a String cannot fail.
                let _ = write!(text, "\t{measured}\t{predicted}");
            }
            text.push('\n');
        }
        self.write(name, text.as_bytes())
    }

    /// Replaces the records; an epoch that a checkpoint has not reached is not among them.
    pub(crate) fn write_records(&self, records: &[EpochRecord]) -> Result<(), Error> {
        let lines: Vec<u8> = records.iter().flat_map(|record| [to_json(record), b"\n".to_vec()].concat()).collect();
        self.write(RECORDS, &lines)?;
        self.write("metrics.csv", scalars::to_csv(records).as_bytes())?;
        tensorboard::write(self, records)
    }
}

/// The process's hold on a folder; the system lets go when the process ends, however it does. A file system that has no
/// locks lets everybody in.
///
/// # Errors
/// [`Error::Busy`], [`Error::Io`].
pub fn lock(folder: &Path) -> Result<File, Error> {
    lock_by(folder, File::try_lock)
}

/// A hold that keeps out none but those of [`lock`].
///
/// # Errors
/// As [`lock`].
pub fn lock_shared(folder: &Path) -> Result<File, Error> {
    lock_by(folder, File::try_lock_shared)
}

fn lock_by(folder: &Path, lock: fn(&File) -> Result<(), TryLockError>) -> Result<File, Error> {
    let path = folder.join(".lock");
    let file = File::create(&path).map_err(|source| Error::Io { path: path.clone(), source })?;
    match lock(&file) {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Busy { path: folder.to_owned() }),
        Err(TryLockError::Error(source)) if has_no_locks(&source) => Ok(file),
        Err(TryLockError::Error(source)) => Err(Error::Io { path, source }),
    }
}

/// Whether the file system has no locks, as NFS where the servers' daemon for them does not run.
fn has_no_locks(error: &std::io::Error) -> bool {
    /// ENOLCK of Linux.
    const NO_LOCKS: i32 = 37;
    error.kind() == ErrorKind::Unsupported || (cfg!(target_os = "linux") && error.raw_os_error() == Some(NO_LOCKS))
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
        let (experiment, here) = (Experiment::example(), Environment::of(Device::Cpu));
        assert!(matches!(Run::resume(&path, &here).unwrap_err(), Error::NoRun { missing: "config.toml", .. }));
        let run = Run::create(&path, &experiment, &here, None).unwrap();
        assert!(matches!(Run::create(&path, &experiment, &here, None).unwrap_err(), Error::Exists { .. }));
        assert!(matches!(Run::resume(&path, &here).unwrap_err(), Error::Busy { .. }));
        drop(run);
        assert_eq!(Run::resume(&path, &here).unwrap().folder().experiment().unwrap(), experiment);
        let elsewhere = Environment { cpu: "another".into(), ..here };
        let error = Run::resume(&path, &elsewhere).unwrap_err();
        assert!(matches!(error, Error::OtherEnvironment { .. }), "{error}");
    }

    #[test]
    fn another_number_of_threads_is_recorded_before_it_is_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run");
        let (experiment, here) = (Experiment::example(), Environment::of(Device::Cpu));
        drop(Run::create(&path, &experiment, &here, None).unwrap());
        assert_eq!(Run::change_threads(&path, &here).unwrap(), None);
        let other = Environment { threads: here.threads + 1, ..here.clone() };
        let elsewhere = Environment { cpu: "another".into(), ..other.clone() };
        assert_eq!(Run::change_threads(&path, &elsewhere).unwrap(), None, "threads alone may differ");
        assert!(Run::resume(&path, &other).is_err());
        assert_eq!(Run::change_threads(&path, &other).unwrap(), Some(here.threads));
        let run = Run::resume(&path, &other).unwrap();
        let recorded = run.folder().environment().unwrap();
        let earlier = vec![EarlierThreads { threads: here.threads, epochs: 0 }];
        assert_eq!(recorded, Environment { earlier_threads: earlier, ..other });
    }

    #[test]
    fn what_a_killed_process_left_is_not_in_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let (path, partial) = (folder.path().join("run"), folder.path().join(".run.partial"));
        let (experiment, here) = (Experiment::example(), Environment::of(Device::Cpu));
        let leave = |folder: &Path| {
            for name in [".promoter-1-0", "checkpoints/.promoter-1-1"] {
                fs::write(folder.join(name), "half").unwrap();
            }
        };
        let left = || fs::read_dir(path.join("checkpoints")).unwrap().count();
        fs::create_dir_all(partial.join("checkpoints")).unwrap();
        leave(&partial);
        // Of an experiment that had some; this one has none.
        fs::write(partial.join(VECTORS), "vectors").unwrap();
        let run = Run::create(&path, &experiment, &here, None).unwrap();
        assert_eq!((run.folder().vectors().unwrap().is_none(), left()), (true, 0));
        drop(run);
        leave(&path);
        Run::resume(&path, &here).unwrap();
        assert_eq!((path.join(".promoter-1-0").exists(), left()), (false, 0));
    }
}

//! What is otherwise where several processes train together.

use std::path::Path;

use promoter_torch::distributed::{Group, Reducer};
use tch::Device;

use crate::error::experiment as refuse;
use crate::experiment::{Data, Training};
use crate::model::Model;
use crate::run::Folder;
use crate::{Error, Experiment, Place, Prepared};

/// The rows of an experiment. A packed copy that is not there yet is written by rank 0, before others look for it.
pub(super) fn read(experiment: &Experiment, group: &Group) -> Result<Prepared, Error> {
    let is_cached = matches!(experiment.data, Data::File { cache: Some(_), .. });
    if !is_cached || group.is_alone() {
        return Prepared::read(experiment);
    }
    if !group.leads() {
        group.barrier()?;
        return Prepared::read(experiment);
    }
    let prepared = Prepared::read(experiment)?;
    group.barrier()?;
    Ok(prepared)
}

/// The experiment of the run in a folder, which rank 0 reads.
pub(super) fn experiment_of_run(folder: &Path, group: &Group) -> Result<Experiment, Error> {
    if group.is_alone() {
        return Folder::open(folder)?.experiment();
    }
    let text = if group.leads() { Folder::open(folder)?.experiment()?.to_toml() } else { String::new() };
    let told = String::from_utf8_lossy(&group.of_lead(text.as_bytes())?).into_owned();
    Experiment::from_toml(&told).map_err(|source| Error::Config { path: folder.to_owned(), source })
}

/// What several processes cannot do.
pub(super) fn check(experiment: &Experiment, Place { device, group }: &Place) -> Result<(), Error> {
    if group.is_alone() {
        return Ok(());
    }
    if *device != Device::Cpu {
        let reason = "needs `--device cpu`: NCCL, which would serve GPUs, is not among the backends of this build";
        return Err(Error::Processes { reason });
    }
    if experiment.training.batch_size < group.size() as u64 {
        let expected = format!("at least {}, one row for each process", group.size());
        return Err(refuse("training.batch_size", experiment.training.batch_size, expected));
    }
    Ok(())
}

/// PyTorch's Reducer is bound to one set of parameters, through which a share goes once: where it goes through the
/// network in several pieces, on replicas or one after the other, gradients are summed over the ranks afterwards.
pub(super) fn reducer(experiment: &Experiment, group: &Group, model: &Model) -> Result<Option<Reducer>, Error> {
    let training = &experiment.training;
    if training.replicas.unwrap_or(1) > 1 || training.accumulate > 1 {
        return Ok(None);
    }
    Ok(Reducer::new(group, model.weights())?)
}

/// Batch norms that see the rows of all processes need a row of each.
pub(super) fn check_last_batch(experiment: &Experiment, rows: usize, ranks: usize) -> Result<(), Error> {
    let Training { batch_size, drop_last, sync_batch_norm, .. } = experiment.training;
    let last = (rows * experiment.augment.copies()) as u64 % batch_size;
    if !sync_batch_norm || drop_last || last == 0 || last >= ranks as u64 {
        return Ok(());
    }
    let expected = format!("another number: it leaves {last} rows to the last batch, too few for {ranks} processes");
    Err(refuse("training.batch_size", batch_size, expected))
}

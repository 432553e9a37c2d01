//! What a trained network predicts, and what its run's folder holds. With `run` the only file that knows the folder.

use std::path::Path;

use promoter::Predictor;
use promoter_metrics::Metric;
use promoter_torch::Params;
use promoter_torch::file::Tensors;
use promoter_train::batch::{Encoder, Rows, View};
use promoter_train::run::Folder;
use promoter_train::{Experiment, Prepared, vectors};
use promoter_zoo::Mode;
use tch::{Device, Tensor};

use crate::Error;
use crate::plan::Planned;

/// Rows that go through the network at once.
const BATCH: usize = 256;

/// The rows of a run.
///
/// # Errors
/// [`Error::Train`].
pub(super) fn prepared(planned: &Planned) -> Result<Prepared, Error> {
    Ok(Prepared::read(&planned.experiment)?)
}

/// The network that a run kept.
///
/// # Errors
/// [`Error::Predictor`].
pub(super) fn kept(run: &Path, device: Device) -> Result<Predictor, Error> {
    Ok(Predictor::of_run(run, device)?)
}

/// The network of a checkpoint, which a run leaves on its way.
///
/// # Errors
/// [`Error::Weights`], [`Error::Predictor`].
pub(super) fn of_checkpoint(
    checkpoint: &Path,
    planned: &Planned,
    prepared: &Prepared,
    device: Device,
) -> Result<Predictor, Error> {
    let run = Folder::open(&planned.folder)?;
    Ok(Predictor::of_checkpoint(&run, checkpoint, prepared.labels.clone(), device)?)
}

/// The vectors of a run's k-mers, where its encoding has some.
fn vectors_of(experiment: &Experiment, folder: &Path) -> Result<Option<Tensor>, Error> {
    let Some(kmers) = experiment.encoding.kmers() else { return Ok(None) };
    let vectors = Folder::open(folder)?.vectors()?;
    Ok(vectors.map(|vectors| vectors::table(&kmers, &vectors)).transpose()?)
}

/// Predictions of a run's validation rows by the network that it kept.
///
/// # Errors
/// Those of preparing and predicting.
pub(super) fn validation(planned: &Planned, device: Device) -> Result<Vec<f32>, Error> {
    let prepared = prepared(planned)?;
    Ok(kept(&planned.folder, device)?.predict_table(prepared.validation.table(), None)?)
}

/// Labels and predictions of training rows, evenly taken, as many as there are validation rows at most.
///
/// # Errors
/// [`Error::Predictor`].
pub(super) fn training(planned: &Planned, prepared: &Prepared, device: Device) -> Result<(Vec<f32>, Vec<f32>), Error> {
    let sample = prepared.train.evenly(prepared.validation.len());
    let predictions = kept(&planned.folder, device)?.predict_table(sample.table(), None)?;
    Ok((sample.labels().to_vec(), predictions))
}

/// The L2 penalty of a run's kept weights; none without one.
///
/// # Errors
/// [`Error::Weights`], [`Error::Network`].
pub(super) fn penalty(planned: &Planned) -> Result<Option<f64>, Error> {
    let Some(l2) = planned.experiment.training.l2 else { return Ok(None) };
    let mut params = Params::new(Device::Cpu, 0);
    let network = planned.experiment.network.build(&mut params)?;
    let weights = Tensors::read(&planned.weights())?.tensors;
    let mut sum = 0.0;
    for tensor in weights.iter().filter(|(name, _)| network.is_penalised(name)).map(|(_, tensor)| tensor) {
        let square = tensor.f_square().and_then(|square| square.f_sum(tch::Kind::Double));
        let square = square.and_then(f64::try_from).map_err(torch("summing the penalty"))?;
        sum += square;
    }
    Ok(Some(l2 * sum))
}

/// Pearson's r of one column of a network's output, or of the mean of all, on a run's validation rows, in units of the
/// transformed label.
///
/// # Errors
/// Those of preparing and predicting.
pub(super) fn level(planned: &Planned, level: Option<i64>, device: Device) -> Result<f64, Error> {
    let experiment = &planned.experiment;
    let prepared = prepared(planned)?;
    let mut params = Params::new(device, 0);
    let network = experiment.network.build(&mut params)?;
    let best = planned.weights();
    Tensors::read(&best)?.load_into(&params, &best)?;
    let table = vectors_of(experiment, &planned.folder)?;
    let encoder = Encoder::new(&experiment.encoding, table.as_ref(), device)?;
    let rows = Rows::resident(&prepared.validation, &experiment.encoding, &prepared.labels, device)?;
    let _guard = tch::no_grad_guard();
    let mut predictions: Vec<f32> = Vec::with_capacity(rows.len());
    for from in (0..rows.len()).step_by(BATCH) {
        let n = BATCH.min(rows.len() - from);
        let x = encoder.encode(&rows.codes(from, n)?, &View::default())?;
        let output = network.forward(&x, Mode::Evaluate)?;
        let column = match level {
            Some(level) => output.f_select(1, level).map_err(torch("predicting by levels"))?,
            None => network.expression(&output)?,
        };
        predictions.extend(Vec::<f32>::try_from(column).map_err(torch("predicting by levels"))?);
    }
    let labels = Vec::<f32>::try_from(rows.labels()).map_err(torch("predicting by levels"))?;
    Ok(Metric::Pearson.of(&labels, &predictions, BATCH)?)
}

fn torch(doing: &'static str) -> impl FnOnce(tch::TchError) -> Error {
    move |source| Error::Torch { doing, source }
}

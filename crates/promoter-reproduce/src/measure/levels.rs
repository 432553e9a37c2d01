//! What each output of a trained network is worth by itself.

use promoter_encode::embed::Vectors;
use promoter_encode::embed::io::Format;
use promoter_metrics::Metric;
use promoter_torch::Params;
use promoter_torch::file::Tensors;
use promoter_train::batch::{DeviceRows, Encoder, View};
use promoter_train::{Prepared, vectors};
use promoter_zoo::Mode;
use tch::{Device, TchError};

use crate::Error;
use crate::plan::Planned;

/// Rows that go through the network at once.
const BATCH: usize = 256;

/// Pearson's r of one column of a network's output, or of the mean of all, on a run's validation rows, in units of the
/// transformed label.
pub(super) fn pearson(planned: &Planned, level: Option<i64>, device: Device) -> Result<f64, Error> {
    let torch = |source: TchError| promoter_train::Error::Torch { doing: "predicting by levels", source };
    let experiment = &planned.experiment;
    let prepared = Prepared::of(experiment)?;
    let mut params = Params::new(device, 0);
    let network = experiment.network.build(&mut params)?;
    let best = planned.folder.join("checkpoints/best.safetensors");
    let tensors = Tensors::read(&best).map_err(promoter_train::Error::from)?;
    tensors.load_into(&params, &best).map_err(promoter_train::Error::from)?;
    let table = match experiment.encoding.kmers() {
        None => None,
        Some(kmers) => {
            let vectors = Vectors::load(planned.folder.join(vectors::FILE), Format::Safetensors);
            Some(vectors::table(&kmers, &vectors.map_err(promoter_train::Error::from)?)?)
        }
    };
    let encoder = Encoder::new(&experiment.encoding, table.as_ref(), device)?;
    let rows = DeviceRows::new(&prepared.validation, &experiment.encoding, &prepared.label, device)?;
    let _guard = tch::no_grad_guard();
    let mut predictions: Vec<f32> = Vec::with_capacity(rows.len());
    for from in (0..rows.len()).step_by(BATCH) {
        let n = BATCH.min(rows.len() - from);
        let x = encoder.encode(&rows.codes(from, n)?, &View::default())?;
        let output = network.forward(&x, Mode::Evaluate)?;
        let column = match level {
            Some(level) => output.f_select(1, level).map_err(torch)?,
            None => network.expression(&output)?,
        };
        predictions.extend(Vec::<f32>::try_from(column).map_err(torch)?);
    }
    let labels = Vec::<f32>::try_from(rows.labels()).map_err(torch)?;
    Ok(Metric::Pearson.of(&labels, &predictions, BATCH)?)
}

//! Predictors: everything between a sequence and its expression, in one file.
//!
//! A predictor file is safetensors: the weights, and a [`Description`] that says how they were made and how sequences
//! become their input. It is loaded with one call and refused unless everything fits.

mod card;
mod description;
mod ensemble;
mod run;

use std::io::Read as _;
use std::path::Path;

use promoter_encode::fit::Fit;
use promoter_encode::one_hot::Flag;
use promoter_encode::reverse_complement;
use promoter_seq::Table;
use promoter_seq::read::Rows;
use promoter_torch::Params;
use promoter_torch::file::{Tensors, write_whole};
use promoter_train::batch::Encoder;
use promoter_train::experiment::Encoding;
use promoter_zoo::{Mode, Network};
use tch::{Device, Kind, TchError, Tensor};

pub use self::description::{Description, FORMAT, Training};
pub use self::ensemble::Ensemble;
use crate::Error;

/// Sequences that go through a network at once.
const BATCH: usize = 1024;

/// Over what a prediction is averaged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Averaging {
    /// Both strands: the fitted sequence and its reverse complement.
    pub strands: bool,
    /// Windows moved by up to so many bases to either side.
    pub shift: usize,
}

/// What was done to the sequences on their way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Sequences.
    pub rows: u64,
    /// Those cut because they are longer than the model's length.
    pub longer: u64,
    /// Those padded because they are shorter.
    pub shorter: u64,
    /// Those with letters other than A, C, G and T.
    pub ambiguous: u64,
}

/// A trained network that goes from sequences to expression.
///
/// ```no_run
/// use promoter::predictor::{Averaging, Predictor};
/// use promoter::seq::read::{Columns, ReadOptions, Rows};
/// use tch::Device;
/// let predictor = Predictor::load("yeast.safetensors".as_ref(), Device::Cpu)?;
/// let options = ReadOptions { columns: Columns::Sequence, ..ReadOptions::default() };
/// let mut rows = Rows::open("test_sequences.txt.gz", &options)?;
/// predictor.predict(&mut rows, Averaging::default(), |_, predictions| {
///     predictions.iter().for_each(|expression| println!("{expression}"));
///     Ok::<(), promoter::Error>(())
/// })?;
/// # Ok::<(), promoter::Error>(())
/// ```
#[derive(Debug)]
pub struct Predictor {
    description: Description,
    params: Params,
    network: Box<dyn Network>,
    encoder: Encoder,
    /// Which base codes the encoding refuses.
    refused: [bool; 16],
    device: Device,
}

impl Predictor {
    /// A predictor with the weights that `tensors` holds; `path` is for messages.
    ///
    /// # Errors
    /// [`Error::Network`], [`Error::Window`], [`Error::Weights`] unless names, shapes and kinds all match.
    pub fn new(description: Description, tensors: &Tensors, path: &Path, device: Device) -> Result<Self, Error> {
        let mut params = Params::new(device, 0);
        let network = description.network.build(&mut params)?;
        let Encoding::OneHot { fit, policy } = &description.encoding;
        let (input, found) = (network.input(), (fit.output_length() as i64, policy.channels() as i64));
        if found != (input.length, input.channels) {
            return Err(Error::Window {
                expected: format!("{} x {}", input.length, input.channels),
                found: format!("{} x {}", found.0, found.1),
            });
        }
        tensors.load_into(&params, path)?;
        let encoder = Encoder::new(&description.encoding, device)?;
        let refused = std::array::from_fn(|code| policy.encode_codes::<f32>(&[code as u8]).is_err());
        Ok(Self { description, params, network, encoder, refused, device })
    }

    /// Loads a predictor file.
    ///
    /// # Errors
    /// [`Error::Pickle`], [`Error::NoDescription`], [`Error::Version`], [`Error::Description`]; as
    /// [`new`](Self::new).
    pub fn load(path: &Path, device: Device) -> Result<Self, Error> {
        let tensors = match Tensors::read(path) {
            // Who gives a pickle should hear what it is.
            Err(promoter_torch::Error::Format { .. }) if is_pickle(path) => {
                return Err(Error::Pickle { path: path.to_owned() });
            }
            other => other?,
        };
        Self::new(Description::parse(&tensors.metadata, path)?, &tensors, path, device)
    }

    /// The network of a run's best epoch.
    ///
    /// # Errors
    /// [`Error::Unfinished`], [`Error::Training`], [`Error::Description`]; as [`new`](Self::new).
    pub fn of_run(folder: &Path, device: Device) -> Result<Self, Error> {
        run::read(folder, device)
    }

    /// Loads a predictor file or, from a folder, the best network of the run in it.
    ///
    /// # Errors
    /// As [`load`](Self::load) and [`of_run`](Self::of_run).
    pub fn open(path: &Path, device: Device) -> Result<Self, Error> {
        if path.is_dir() { Self::of_run(path, device) } else { Self::load(path, device) }
    }

    /// Writes the predictor, and its model card (Markdown) beside it. Each file is whole or absent.
    ///
    /// # Errors
    /// [`Error::Weights`], [`Error::Description`], [`Error::Io`].
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let mut tensors = Tensors::of(&self.params)?;
        let json = serde_json::to_string(&self.description);
        tensors.metadata = json.map_err(|source| Error::Description { path: path.to_owned(), source })?;
        tensors.write(path)?;
        let card = path.with_extension("md");
        let text = card::text(self, path);
        write_whole(&card, text.as_bytes()).map_err(|source| Error::Io { path: card, source })
    }

    /// What the predictor is.
    pub fn description(&self) -> &Description {
        &self.description
    }

    /// Trained numbers of the network.
    pub fn parameters(&self) -> usize {
        self.params.parameter_count()
    }

    /// Predicts all rows of a reader in their order and in constant memory: each batch of sequences is handed to
    /// `take` with its predictions.
    ///
    /// # Errors
    /// Those of the reader and of [`predict_table`](Self::predict_table), and what `take` returns.
    pub fn predict<E: From<Error>>(
        &self,
        rows: &mut Rows,
        averaging: Averaging,
        take: impl FnMut(&Table, &[f32]) -> Result<(), E>,
    ) -> Result<Tally, E> {
        stream(rows, self.fit(), |table, first| self.predict_batch(table, averaging, first), take)
    }

    /// Predictions of the rows of a table, in sorting bins or what else the training labels were in.
    ///
    /// # Errors
    /// [`Error::Row`] for a sequence that the policies refuse, [`Error::Setting`] for a shift beyond the sequence,
    /// [`Error::Label`], [`Error::Network`], [`Error::Torch`].
    pub fn predict_table(&self, table: &Table, averaging: Averaging) -> Result<Vec<f32>, Error> {
        let mut predictions = Vec::with_capacity(table.len());
        for first in (0..table.len()).step_by(BATCH) {
            let rows: Vec<u32> = (first as u32..table.len().min(first + BATCH) as u32).collect();
            predictions.extend(self.predict_batch(&table.select(&rows), averaging, first as u64)?);
        }
        Ok(predictions)
    }

    /// Predictions of a few rows; `first` rows came before them.
    fn predict_batch(&self, table: &Table, averaging: Averaging, first: u64) -> Result<Vec<f32>, Error> {
        self.check_shift(averaging.shift)?;
        let length = self.fit().length;
        let mut codes = self.codes(table, first)?;
        let mut sums = vec![0.0f64; table.len()];
        let mut passes = 0.0;
        for reverse in [false, true] {
            if reverse && !averaging.strands {
                continue;
            }
            if reverse {
                let forward = codes.clone();
                let reversed = reverse_complement::codes_batch_into(&forward, length, &mut codes);
                reversed.map_err(|source| Error::Row { row: first + 1, source })?;
            }
            for shift in -(averaging.shift as i64)..=averaging.shift as i64 {
                let values = self.forward(&codes, table.len(), shift, reverse)?;
                let values = match self.description.label.invert(&values) {
                    // Ranks stay ranks.
                    Err(promoter_label::Error::NotInvertible { .. }) => values,
                    other => other?,
                };
                sums.iter_mut().zip(&values).for_each(|(sum, &value)| *sum += f64::from(value));
                passes += 1.0;
            }
        }
        Ok(sums.into_iter().map(|sum| (sum / passes) as f32).collect())
    }

    /// Base codes of the rows, brought to the model's length.
    fn codes(&self, table: &Table, first: u64) -> Result<Vec<u8>, Error> {
        let Encoding::OneHot { fit, policy } = &self.description.encoding;
        // Shifts need the bases beyond the window too.
        let whole = Fit { crop: None, ..fit.clone() };
        let mut codes = vec![0u8; table.len() * fit.length];
        for (row, out) in codes.chunks_exact_mut(fit.length).enumerate() {
            let refuse = |source| Error::Row { row: first + row as u64 + 1, source };
            whole.codes_into(table.codes(row), out).map_err(refuse)?;
            if out.iter().any(|&code| self.refused[usize::from(code)]) {
                policy.encode_codes::<f32>(table.codes(row)).map_err(refuse)?;
            }
        }
        Ok(codes)
    }

    /// The network's expression for fitted codes.
    fn forward(&self, codes: &[u8], rows: usize, shift: i64, reverse: bool) -> Result<Vec<f32>, Error> {
        let _guard = tch::no_grad_guard();
        let send = || {
            let codes = Tensor::f_from_slice(codes)?.f_view([rows as i64, self.fit().length as i64])?;
            let codes = codes.f_to_device(self.device)?;
            let shift = (shift != 0).then(|| Tensor::f_full([rows as i64], shift, (Kind::Int64, self.device)));
            Ok((codes, shift.transpose()?))
        };
        let (codes, shift) = torch("sending sequences", send())?;
        let x = self.encoder.encode(&codes, shift.as_ref())?;
        if reverse {
            let Encoding::OneHot { policy, .. } = &self.description.encoding;
            for (i, _) in policy.flags.iter().enumerate().filter(|(_, flag)| **flag == Flag::IsReverse) {
                let set = x.f_narrow(2, 4 + i as i64, 1).and_then(|mut channel| channel.f_fill_(1.0));
                let _ = torch("marking the reverse strand", set)?;
            }
        }
        let expression = self.network.expression(&self.network.forward(&x, Mode::Evaluate)?)?;
        let collect = || Vec::try_from(expression.f_to_kind(Kind::Float)?.f_to_device(Device::Cpu)?);
        torch("collecting predictions", collect())
    }

    fn fit(&self) -> &Fit {
        let Encoding::OneHot { fit, .. } = &self.description.encoding;
        fit
    }

    fn check_shift(&self, shift: usize) -> Result<(), Error> {
        let fit = self.fit();
        let (start, end) = fit.crop.unwrap_or((0, fit.length));
        let room = start.min(fit.length.saturating_sub(end));
        if shift <= room {
            return Ok(());
        }
        let expected = format!("at most {room}, the bases beside this model's window");
        Err(Error::Setting { name: "shift", value: shift.to_string(), expected })
    }
}

/// Reads batches, predicts them, hands them on.
fn stream<E: From<Error>>(
    rows: &mut Rows,
    fit: &Fit,
    predict: impl Fn(&Table, u64) -> Result<Vec<f32>, Error>,
    mut take: impl FnMut(&Table, &[f32]) -> Result<(), E>,
) -> Result<Tally, E> {
    let (mut table, mut tally) = (Table::default(), Tally::default());
    while rows.batch(BATCH, &mut table).map_err(Error::from)? > 0 {
        take(&table, &predict(&table, tally.rows)?)?;
        for (codes, _) in table.rows() {
            tally.rows += 1;
            tally.longer += u64::from(codes.len() > fit.length);
            tally.shorter += u64::from(codes.len() < fit.length);
            tally.ambiguous += u64::from(codes.iter().any(|&code| code > 3));
        }
    }
    Ok(tally)
}

/// Whether a file starts as a pickle: a zip archive since PyTorch 1.6, protocol 2 and later before.
fn is_pickle(path: &Path) -> bool {
    let mut start = [0; 4];
    let read = std::fs::File::open(path).and_then(|mut file| file.read(&mut start)).unwrap_or(0);
    start[..read].starts_with(b"PK\x03\x04") || (start[0] == 0x80 && (2..=5).contains(&start[1]))
}

fn torch<T>(doing: &'static str, result: Result<T, TchError>) -> Result<T, Error> {
    result.map_err(|source| Error::Torch { doing, source })
}

//! Predictors: everything between a sequence and its expression, in one file.
//!
//! A predictor file is safetensors: the weights, and a [`Description`] that says how they were made and how sequences
//! become their input. It is loaded with one call and refused unless everything fits.

mod attributions;
mod averaged;
mod card;
mod description;
mod ensemble;
mod gradients;
mod labels;
mod run;

use std::io::Read as _;
use std::path::Path;

use promoter_encode::file::write_whole;
use promoter_label::Fitted;
use promoter_seq::Table;
use promoter_seq::read::Rows;
use promoter_torch::Params;
use promoter_torch::file::Tensors;
pub use promoter_train::batch::Averaging;
use promoter_train::batch::Encoder;
use promoter_train::encoding::Fitter;
use promoter_train::run::Folder;
use promoter_train::{OfLabel, Readout};
use promoter_zoo::{Mode, Network};
use tch::{Device, TchError, Tensor};

pub use self::attributions::{Attribution, Rule};
pub use self::averaged::Averaged;
pub use self::description::{Description, FORMAT, Training};
pub use self::ensemble::Ensemble;
use crate::Error;

/// Sequences that go through a network at once. The predictions of a part of an input that begins at a multiple of it
/// are those of the whole input to the last bit.
pub const BATCH: usize = 1024;

/// Tensor of a predictor file that holds the vectors of k-mers, (4^k + 1, dimension).
const VECTORS: &str = "encoding.vectors";

/// What was done to the sequences on their way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Sequences.
    pub rows: u64,
    /// Those cut because they are longer than the length of a model.
    pub longer: u64,
    /// Those padded because they are shorter than the length of a model.
    pub shorter: u64,
    /// Those with letters other than A, C, G and T.
    pub ambiguous: u64,
}

impl Tally {
    /// Counts a sequence that goes to these models.
    fn add(&mut self, codes: &[u8], members: &[Predictor]) {
        // Ridge regression sees whole sequences.
        let networks = || members.iter().filter(|member| !member.description.network.is_ridge());
        let fits = || networks().map(|member| member.description.encoding.fit());
        self.rows += 1;
        self.longer += u64::from(fits().any(|fit| fit.before(codes.len()) > fit.length));
        self.shorter += u64::from(fits().any(|fit| fit.before(codes.len()) < fit.length));
        self.ambiguous += u64::from(codes.iter().any(|&code| code > 3));
    }
}

/// A trained network that goes from sequences to expression.
///
/// ```no_run
/// use promoter::predictor::Predictor;
/// use promoter::seq::read::{Columns, ReadOptions, Rows};
/// use tch::Device;
/// let predictor = Predictor::load("yeast.safetensors".as_ref(), Device::Cpu)?;
/// let options = ReadOptions { columns: Columns::Sequence, ..ReadOptions::default() };
/// let mut rows = Rows::open("test_sequences.txt.gz", &options)?;
/// predictor.predict(&mut rows, None, |_, predictions| {
///     predictions.iter().for_each(|expression| println!("{expression}"));
///     Ok::<(), promoter::Error>(())
/// })?;
/// # Ok::<(), promoter::Error>(())
/// ```
///
/// Predictions are averaged in units of the transformed label, and then brought back to those of the labels.
#[derive(Debug)]
pub struct Predictor {
    description: Description,
    params: Params,
    network: Box<dyn Network>,
    encoder: Encoder,
    fitter: Fitter,
    /// The transform of each label, and what brings outputs to it.
    labels: Vec<(Fitted, Readout)>,
    /// The label that is predicted, from 0.
    chosen: usize,
    device: Device,
}

impl Predictor {
    /// A predictor with the weights that `tensors` holds, and the vectors as `encoding.vectors` where the encoding has
    /// some; `path` is for messages.
    ///
    /// # Errors
    /// [`Error::Network`], [`Error::Window`], [`Error::Training`] for vectors that do not fit, [`Error::Weights`]
    /// unless names, shapes and kinds all match; f16 stands for f32.
    pub fn new(description: Description, mut tensors: Tensors, path: &Path, device: Device) -> Result<Self, Error> {
        description.encoding.check()?;
        tensors.widen()?;
        let vectors = tensors.tensors.remove(VECTORS);
        let take = |(i, said): (usize, OfLabel)| Ok((Readout::take(&said, i, &mut tensors)?, said.label));
        let labels: Vec<_> = description.labels().enumerate().map(take).collect::<Result<_, Error>>()?;
        let labels: Vec<_> = labels.into_iter().map(|(readout, label)| (label, readout)).collect();
        // A description may claim any size: nothing is built before the file has the tensors for it.
        let differences = tensors.compare(&description.network.plan()?);
        if !differences.0.is_empty() {
            return Err(promoter_torch::Error::Mismatch { path: path.to_owned(), differences }.into());
        }
        let mut params = Params::new(device, 0);
        let network = description.network.build(&mut params)?;
        let (predicted, names) = (network.labels() as usize, description.names.len());
        if predicted != labels.len() || (names != predicted && !(names == 0 && predicted == 1)) {
            let value = format!("{names} names of {} labels", labels.len());
            return Err(Error::Setting { name: "description", value, expected: format!("{predicted} of each") });
        }
        let encoder = Encoder::new(&description.encoding, vectors.as_ref(), device)?;
        let (input, found) = (network.input(), encoder.output());
        if found != (input.length, input.channels) {
            return Err(Error::Window {
                expected: format!("{} x {}", input.length, input.channels),
                found: format!("{} x {}", found.0, found.1),
            });
        }
        tensors.load_into(&params, path)?;
        let fitter = Fitter::new(&description.encoding);
        Ok(Self { description, params, network, encoder, fitter, labels, chosen: 0, device })
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
        Self::new(Description::parse(&tensors.metadata, path)?, tensors, path, device)
    }

    /// A predictor from the contents of its file, as a program has it that carries one along; `path` is for messages.
    ///
    /// # Errors
    /// [`Error::NoDescription`], [`Error::Version`], [`Error::Description`]; as [`new`](Self::new).
    pub fn from_bytes(bytes: &[u8], path: &Path, device: Device) -> Result<Self, Error> {
        let tensors = Tensors::from_bytes(bytes, path)?;
        Self::new(Description::parse(&tensors.metadata, path)?, tensors, path, device)
    }

    /// The network of a run's best epoch.
    ///
    /// # Errors
    /// [`Error::Unfinished`], [`Error::NoExpression`], [`Error::Training`], [`Error::Description`]; as
    /// [`new`](Self::new).
    pub fn of_run(folder: &Path, device: Device) -> Result<Self, Error> {
        run::read(&Folder::open(folder)?, device)
    }

    /// The network of a checkpoint, as a run leaves some on its way; `labels` has the transform of each label, fitted
    /// to its training labels.
    ///
    /// # Errors
    /// [`Error::Training`], [`Error::Weights`]; as [`new`](Self::new).
    pub fn of_checkpoint(run: &Folder, checkpoint: &Path, labels: Vec<Fitted>, device: Device) -> Result<Self, Error> {
        run::read_checkpoint(run, checkpoint, labels, device)
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
        self.write(path, Tensors::of(&self.params)?)
    }

    /// The same with the network's weights in f16: about half the size. Compare its predictions with the whole ones.
    ///
    /// # Errors
    /// As [`save`](Self::save).
    pub fn save_f16(&self, path: &Path) -> Result<(), Error> {
        let mut tensors = Tensors::of(&self.params)?;
        tensors.narrow()?;
        self.write(path, tensors)
    }

    fn write(&self, path: &Path, mut tensors: Tensors) -> Result<(), Error> {
        if let Some(vectors) = self.encoder.vectors() {
            tensors.insert(VECTORS, vectors)?;
        }
        for (label, (_, readout)) in self.labels.iter().enumerate() {
            readout.store(label, &mut tensors)?;
        }
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

    /// Number of trainable parameters of the network.
    pub fn parameters(&self) -> usize {
        self.params.parameter_count()
    }

    /// Predicts all rows of a reader in their order and in constant memory: each batch of sequences is handed to
    /// `take` with its predictions. They are averaged as the network was evaluated in training unless `averaging` says
    /// how.
    ///
    /// # Errors
    /// Those of the reader and of [`predict_table`](Self::predict_table), and what `take` returns.
    pub fn predict<E: From<Error>>(
        &self,
        rows: &mut Rows,
        averaging: Option<Averaging>,
        mut take: impl FnMut(&Table, &[f32]) -> Result<(), E>,
    ) -> Result<Tally, E> {
        let members = std::slice::from_ref(self);
        let predict = |table: &Table, first| self.predict_batch(self::rows(table), averaging, first);
        stream(rows, members, predict, |table, values: &Vec<f32>| take(table, values))
    }

    /// Predictions of the rows of a table, in sorting bins or what else the training labels were in.
    ///
    /// # Errors
    /// [`Error::Row`] for a sequence that the policies refuse, [`Error::Setting`] for a shift beyond the sequence,
    /// [`Error::Label`], [`Error::Network`], [`Error::Torch`].
    pub fn predict_table(&self, table: &Table, averaging: Option<Averaging>) -> Result<Vec<f32>, Error> {
        let mut predictions = Vec::with_capacity(table.len());
        for first in (0..table.len()).step_by(BATCH) {
            let rows = (first..table.len().min(first + BATCH)).map(|row| table.codes(row));
            predictions.extend(self.predict_batch(rows, averaging, first as u64)?);
        }
        Ok(predictions)
    }

    /// The same for a list of base codes.
    fn predict_sequences(&self, sequences: &[Vec<u8>], averaging: Option<Averaging>) -> Result<Vec<f32>, Error> {
        let mut predictions = Vec::with_capacity(sequences.len());
        for batch in sequences.chunks(BATCH) {
            let first = predictions.len() as u64;
            predictions.extend(self.predict_batch(batch.iter().map(Vec::as_slice), averaging, first)?);
        }
        Ok(predictions)
    }

    /// The predictions, and behind them, as columns of their own, those of each network that an ensemble consists of.
    fn predict_members(&self, sequences: &[Vec<u8>], averaging: Option<Averaging>) -> Result<Vec<Vec<f32>>, Error> {
        let all = |output: &Tensor| {
            let output = &self.output_of(output, self.chosen)?;
            let mean = self.network.expression(output)?.f_unsqueeze(1);
            let parts = [Some(mean), self.network.members(output).map(Ok)];
            let parts = parts.into_iter().flatten().collect::<Result<Vec<_>, _>>();
            torch("collecting predictions", parts.and_then(|parts| Tensor::f_cat(&parts, 1)))
        };
        let mut columns: Vec<Vec<f32>> = Vec::new();
        for (batch, chunk) in sequences.chunks(BATCH).enumerate() {
            let chunk: Vec<&[u8]> = chunk.iter().map(Vec::as_slice).collect();
            let outputs = self.outputs(&chunk, averaging, (batch * BATCH) as u64, all)?;
            let outputs = torch("collecting predictions", outputs.f_unbind(1))?;
            columns.resize(outputs.len(), Vec::new());
            for (column, output) in columns.iter_mut().zip(outputs) {
                let values: Vec<f32> = torch("collecting predictions", output.f_contiguous().and_then(Vec::try_from))?;
                column.extend(self.in_units(&self.readout().apply(&values, &chunk)?)?);
            }
        }
        Ok(columns)
    }

    /// Predictions of a few sequences; `first` came before them.
    fn predict_batch<'a>(
        &self,
        sequences: impl ExactSizeIterator<Item = &'a [u8]>,
        averaging: Option<Averaging>,
        first: u64,
    ) -> Result<Vec<f32>, Error> {
        let sequences: Vec<&[u8]> = sequences.collect();
        let outputs = self.outputs(&sequences, averaging, first, |output| self.expression_of(output))?;
        let values: Vec<f32> = torch("collecting predictions", Vec::try_from(outputs))?;
        self.in_units(&self.readout().apply(&values, &sequences)?)
    }

    /// What `of` makes of the network's outputs for a few sequences, averaged, on the host.
    fn outputs(
        &self,
        sequences: &[&[u8]],
        averaging: Option<Averaging>,
        first: u64,
        of: impl Fn(&Tensor) -> Result<Tensor, Error>,
    ) -> Result<Tensor, Error> {
        let averaging = averaging.unwrap_or(self.description.evaluation);
        self.check_shift(averaging.shift)?;
        let codes = self.codes(sequences.iter().copied(), first)?;
        let _guard = tch::no_grad_guard();
        let mean = averaging.mean(&codes, &self.encoder, |x| -> Result<Tensor, Error> {
            of(&self.network.forward(x, Mode::Evaluate)?)
        })?;
        torch("collecting predictions", mean.f_to_device(Device::Cpu))
    }

    /// Base codes of sequences, brought to the model's length, (sequences, length) u8.
    fn codes<'a>(&self, sequences: impl ExactSizeIterator<Item = &'a [u8]>, first: u64) -> Result<Tensor, Error> {
        let (rows, length) = (sequences.len(), self.fitter.length());
        let mut codes = vec![0u8; rows * length];
        for (row, (sequence, out)) in sequences.zip(codes.chunks_exact_mut(length)).enumerate() {
            let refuse = |source| Error::Row { row: first + row as u64 + 1, source };
            self.fitter.codes_into(sequence, out).map_err(refuse)?;
        }
        let codes = Tensor::f_from_slice(&codes).and_then(|t| t.f_view([rows as i64, length as i64]));
        let codes = codes.and_then(|codes| codes.f_to_device(self.device));
        codes.map_err(|source| Error::Torch { doing: "sending sequences", source })
    }

    fn check_shift(&self, shift: usize) -> Result<(), Error> {
        let room = self.description.encoding.room();
        if shift <= room {
            return Ok(());
        }
        let expected = format!("at most {room}, the bases beside this model's window");
        Err(Error::Setting { name: "shift", value: shift.to_string(), expected })
    }
}

fn torch<T>(doing: &'static str, result: Result<T, TchError>) -> Result<T, Error> {
    result.map_err(|source| Error::Torch { doing, source })
}

/// The base codes of a table's rows.
fn rows(table: &Table) -> impl ExactSizeIterator<Item = &[u8]> {
    table.rows().map(|(codes, _)| codes)
}

/// Reads batches, predicts them, hands them on.
fn stream<T, E: From<Error>>(
    rows: &mut Rows,
    members: &[Predictor],
    predict: impl Fn(&Table, u64) -> Result<T, Error>,
    mut take: impl FnMut(&Table, &T) -> Result<(), E>,
) -> Result<Tally, E> {
    let (mut table, mut tally) = (Table::default(), Tally::default());
    while rows.batch(BATCH, &mut table).map_err(Error::from)? > 0 {
        take(&table, &predict(&table, tally.rows)?)?;
        for (codes, _) in table.rows() {
            tally.add(codes, members);
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

//! The predictor of a program: the given one, or one that is trained on simulated promoters.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use promoter::predictor::{Ensemble, Predictor};
use promoter::train::{Experiment, Session};
use promoter::{libtorch, torch};
use tch::Device;

/// A small network: convolutions and an LSTM on 110 bases.
const EXPERIMENT: &str = "
split = { kind = 'random', validation = 0.1, seed = 1 }
encoding.one_hot.fit = { length = 110, longer = 'keep_last', shorter = { pad_left = 'N' } }
loss.name = 'mse'
optimiser = { name = 'adam_w', lr = 0.003 }
schedule.name = 'one_cycle'

[network]
name = 'noisy-chardonnay'
length = 110
filters = [64, 64, 32]
widths = [15, 9, 5]
pooling = 'max_and_average'
lstm_units = 32

[training]
epochs = 6
batch_size = 64
best = 'pearson'
batch_norm_averages = 'estimated'
calibrate = true
";

/// Where the predictor comes from.
#[derive(Debug, Args)]
pub struct Choice {
    /// Predictor files, run folders or names of `promoter models`; several are averaged [default: a network trained on
    /// simulated promoters]
    #[arg(value_name = "MODEL")]
    models: Vec<PathBuf>,
    /// Simulated promoters to train on
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    training_rows: u32,
    /// Threads of LibTorch [default: one for each core]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
}

impl Choice {
    /// Loads the predictors, or trains one.
    pub fn open(&self) -> Result<Ensemble> {
        torch::memory::keep_freed();
        libtorch::load_cuda();
        if let Some(threads) = self.threads {
            tch::set_num_threads(i32::from(threads));
        }
        let device = Device::cuda_if_available();
        if !self.models.is_empty() {
            let members = self.models.iter().map(|path| promoter_models::open(path, device));
            return Ok(Ensemble::new(members.collect::<Result<_, _>>()?)?);
        }
        let text = format!("data.simulated.rows = {}\n{EXPERIMENT}", self.training_rows);
        let experiment = Experiment::from_table(text.parse()?, &[])?;
        let folder = tempfile::tempdir()?;
        let mut session = Session::start(experiment, &folder.path().join("run"), device)?;
        let outcome = session.train(&mut |_| {})?;
        session.report(&outcome)?;
        Ok(Ensemble::new(vec![Predictor::of_run(session.folder().path(), device)?])?)
    }
}

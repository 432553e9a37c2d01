//! Where LibTorch computes.

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use promoter::train;
use tch::Device;

use crate::launcher::Launch;

/// Where LibTorch computes.
#[derive(Debug, Args)]
pub(crate) struct Choice {
    /// Device to compute on
    #[arg(long, value_enum, default_value_t = Place::Auto)]
    device: Place,
    /// Threads of LibTorch; 0 chooses one per core
    #[arg(long, value_name = "NUMBER", default_value_t = 0, value_parser = threads)]
    threads: u16,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Place {
    /// The GPU if there is one, else the processor
    Auto,
    /// The processor
    Cpu,
    /// The first NVIDIA GPU
    Cuda,
}

/// Reads a number of threads: far more than there are cores only wait for each other.
fn threads(text: &str) -> Result<u16, String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let most = (4 * cores).min(1024);
    match text.parse::<u16>() {
        Ok(threads) if usize::from(threads) <= most => Ok(threads),
        _ => Err(format!("expected 0 to {most}: at most four threads for each of the {cores} cores")),
    }
}

impl Choice {
    /// The place of one of several processes, which share the threads of their machine unless `--threads` or
    /// OMP_NUM_THREADS says how many there are.
    pub(crate) fn place(&self, launch: Option<&Launch>) -> Result<train::Place> {
        let device = self.device()?;
        let Some(launch) = launch else { return Ok(device.into()) };
        if self.threads == 0 && std::env::var_os("OMP_NUM_THREADS").is_none() {
            tch::set_num_threads(launch.share(tch::get_num_threads()));
        }
        Ok(train::Place { device, group: launch.join()? })
    }

    /// The device; sets the threads.
    pub(crate) fn device(&self) -> Result<Device> {
        // Before anything else of LibTorch: it asks for its CUDA half once.
        let cuda = promoter::libtorch::load_cuda();
        if self.threads > 0 {
            tch::set_num_threads(i32::from(self.threads));
        }
        Ok(match self.device {
            Place::Cpu => Device::Cpu,
            Place::Auto => Device::cuda_if_available(),
            Place::Cuda if tch::Cuda::is_available() => Device::Cuda(0),
            Place::Cuda => bail!("no CUDA device found ({cuda}): use `--device cpu`"),
        })
    }
}

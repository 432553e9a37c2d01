//! Where LibTorch computes.

use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use tch::Device;

/// Where LibTorch computes.
#[derive(Debug, Args)]
pub(crate) struct Choice {
    /// Where to compute
    #[arg(long, value_enum, default_value_t = Place::Auto)]
    device: Place,
    /// Threads of LibTorch [default: one for each core]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    threads: Option<u16>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Place {
    /// CUDA when there is a device, else the CPU
    Auto,
    /// The processor
    Cpu,
    /// The first CUDA device
    Cuda,
}

impl Choice {
    /// The device; sets the threads.
    pub(crate) fn device(&self) -> Result<Device> {
        // Before anything else of LibTorch: it asks for its CUDA half once.
        let cuda = promoter::libtorch::load_cuda();
        if let Some(threads) = self.threads {
            tch::set_num_threads(i32::from(threads));
        }
        Ok(match self.device {
            Place::Cpu => Device::Cpu,
            Place::Auto => Device::cuda_if_available(),
            Place::Cuda if tch::Cuda::is_available() => Device::Cuda(0),
            Place::Cuda => bail!("there is no CUDA device ({cuda}): `--device cpu` computes on the processor"),
        })
    }
}

//! How much memory a run takes.

use promoter_torch::backend;
use tch::Device;

/// Most memory so far, in bytes: of the process on a CPU, of LibTorch's tensors on a GPU.
pub(crate) fn peak(device: Device) -> Option<u64> {
    if let Device::Cuda(index) = device {
        return backend::cuda_memory(index).ok().map(|(_, peak)| peak as u64);
    }
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * kilobytes)
}

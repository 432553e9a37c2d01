//! Sizes that a command line claims, checked before anything is allocated.

use anyhow::{Result, bail};
#[cfg(feature = "torch")]
use promoter::train::Experiment;
#[cfg(feature = "torch")]
use promoter::train::experiment::Data;

/// Refuses work that needs more memory than this machine has free, or this process may have; where that is not known,
/// nothing is refused.
pub(crate) fn check(bytes: u64, what: impl FnOnce() -> String) -> Result<()> {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let free = available(&read("/proc/meminfo"));
    let allowed = allowed(&read("/proc/self/limits"), &read("/proc/self/status"));
    match free.into_iter().chain(allowed).min() {
        Some(free) if bytes > free => {
            let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
            bail!("{} needs about {:.1} GiB of memory, {:.1} GiB are free", what(), gib(bytes), gib(free));
        }
        _ => Ok(()),
    }
}

/// Refuses a simulation, and on a CPU a network, that training could not hold.
#[cfg(feature = "torch")]
pub(crate) fn check_experiment(experiment: &Experiment, device: tch::Device) -> Result<()> {
    if let Data::Simulated(assay) = &experiment.data {
        check(assay.bytes(), || format!("a simulation of {} rows", assay.rows))?;
    }
    if device != tch::Device::Cpu {
        return Ok(());
    }
    let numbers: i64 = experiment.network.plan()?.iter().map(|tensor| tensor.shape.iter().product::<i64>()).sum();
    check(OF_A_PARAMETER * numbers as u64, || format!("training {numbers} parameters"))
}

/// Bytes that a parameter takes in training: itself, its gradient and most optimisers' two averages.
#[cfg(feature = "torch")]
const OF_A_PARAMETER: u64 = 16;

/// Bytes that Linux can give to a program.
fn available(meminfo: &str) -> Option<u64> {
    kilobytes(meminfo, "MemAvailable:")
}

/// Bytes that the process may still take below the limit of its address space (`ulimit -v`).
fn allowed(limits: &str, status: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    // The soft limit; `unlimited` is none.
    let limit: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(limit.saturating_sub(kilobytes(status, "VmSize:")?))
}

/// Bytes of a line `name N kB`.
fn kilobytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_memory_is_read_as_linux_writes_it() {
        assert_eq!(available("MemTotal:  9 kB\nMemAvailable:      16 kB\n"), Some(16384));
        assert_eq!(available(""), None);
        assert_eq!(available("MemAvailable: many\n"), None);
    }

    #[test]
    fn a_limit_of_the_address_space_is_one_of_memory() {
        let limits = "Max open files       1024     4096    files\nMax address space    8192     unlimited    bytes\n";
        assert_eq!(allowed(limits, "VmPeak: 9 kB\nVmSize:\t  3 kB\n"), Some(5120));
        assert_eq!(allowed(limits, "VmSize: 9 kB\n"), Some(0));
        assert_eq!(allowed(&limits.replace("8192", "unlimited"), "VmSize: 3 kB\n"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn more_than_there_can_be_is_refused_with_its_size() {
        check(1, || unreachable!()).unwrap();
        let error = check(1 << 60, || "a claim".into()).unwrap_err().to_string();
        assert!(error.starts_with("a claim needs about 1073741824.0 GiB of memory, "), "{error}");
    }
}

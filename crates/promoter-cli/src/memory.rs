//! Sizes that a command line claims, checked before anything is allocated.

use anyhow::{Result, bail};

/// Refuses work that needs more memory than this machine has free; where that is not known, nothing is refused.
pub(crate) fn check(bytes: u64, what: impl FnOnce() -> String) -> Result<()> {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    match available(&text) {
        Some(free) if bytes > free => {
            let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
            bail!("{} needs about {:.1} GiB of memory, {:.1} GiB are free", what(), gib(bytes), gib(free));
        }
        _ => Ok(()),
    }
}

/// Bytes that Linux can give to a program.
fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
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
    #[cfg(target_os = "linux")]
    fn more_than_there_can_be_is_refused_with_its_size() {
        check(1, || unreachable!()).unwrap();
        let error = check(1 << 60, || "a claim".into()).unwrap_err().to_string();
        assert!(error.starts_with("a claim needs about 1073741824.0 GiB of memory, "), "{error}");
    }
}

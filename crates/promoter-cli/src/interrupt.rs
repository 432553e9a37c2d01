//! Ctrl-C and TERM: temporary files are removed before the program ends.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::NamedTempFile;

/// Temporary files that this process has created. Those that got their final name meanwhile are no longer there.
static TEMPORARY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn temporary_files() -> MutexGuard<'static, Vec<PathBuf>> {
    TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Creates a temporary file that an interrupt removes.
pub(crate) fn temporary(create: impl FnOnce() -> std::io::Result<NamedTempFile>) -> std::io::Result<NamedTempFile> {
    // Held while the file is created, so that an interrupt finds either no file or one it knows.
    let mut files = temporary_files();
    let file = create()?;
    files.push(file.path().to_owned());
    Ok(file)
}

/// From now on Ctrl-C and TERM remove temporary files and end the program with 128 + the signal's number.
#[cfg(unix)]
pub(crate) fn watch() -> std::io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    std::thread::Builder::new().name("interrupt".into()).spawn(move || {
        if let Some(signal) = signals.forever().next() {
            // Kept until the process is gone: no other temporary file can appear.
            let files = temporary_files();
            for path in files.iter() {
                // One that has its final name is not there any more.
                let _ = std::fs::remove_file(path);
            }
            // At once: LibTorch's threads may be computing, and destructors must not run beside them.
            signal_hook::low_level::exit(128 + signal);
        }
    })?;
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn watch() -> std::io::Result<()> {
    Ok(())
}

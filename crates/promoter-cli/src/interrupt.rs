//! Ctrl-C and TERM: temporary files are removed before the program ends.

#[cfg(unix)]
use promoter::encode::file::remove_unfinished;

/// From now on Ctrl-C and TERM remove temporary files and end the program with 128 + the signal's number.
#[cfg(unix)]
pub(crate) fn watch() -> std::io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    std::thread::Builder::new().name("interrupt".into()).spawn(move || {
        if let Some(signal) = signals.forever().next() {
            // Kept until the process is gone: no other temporary file can appear.
            let _removed = remove_unfinished();
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

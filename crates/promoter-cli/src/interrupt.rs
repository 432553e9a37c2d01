//! Signals: temporary files are removed before the program ends, and training writes a checkpoint first.

use std::sync::Arc;
#[cfg(unix)]
use std::sync::Mutex;
#[cfg(unix)]
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
#[cfg(unix)]
use std::sync::atomic::Ordering;

#[cfg(unix)]
use promoter::encode::file::remove_unfinished;

/// The flag of what ends by itself when it is asked to.
#[cfg(unix)]
static GRACEFUL: Mutex<Option<Arc<AtomicBool>>> = Mutex::new(None);

/// From now on Ctrl-C and TERM remove temporary files and end the program with 128 + the signal's number. While there
/// is a flag of [`set_flag`], TERM and USR2 set it instead.
#[cfg(unix)]
pub(crate) fn watch() -> std::io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR2};
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGUSR2])?;
    std::thread::Builder::new().name("interrupt".into()).spawn(move || {
        for signal in signals.forever() {
            if signal != SIGINT && ask() {
                continue;
            }
            // Kept until the process is gone: no other temporary file can appear.
            let _removed = remove_unfinished();
            // At once: LibTorch's threads may be computing, and destructors must not run beside them.
            signal_hook::low_level::exit(128 + signal);
        }
    })?;
    Ok(())
}

/// Asks what ends by itself to do so; false where there is none. Launchers may send a signal more than once.
#[cfg(unix)]
fn ask() -> bool {
    let flag = GRACEFUL.lock().unwrap_or_else(PoisonError::into_inner);
    flag.as_ref().inspect(|flag| flag.store(true, Ordering::Relaxed)).is_some()
}

/// Sets the flag of what ends by itself, or that there is none.
#[cfg(unix)]
pub(crate) fn set_flag(flag: Option<Arc<AtomicBool>>) {
    *GRACEFUL.lock().unwrap_or_else(PoisonError::into_inner) = flag;
}

#[cfg(not(unix))]
pub(crate) fn watch() -> std::io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn set_flag(_flag: Option<Arc<AtomicBool>>) {}

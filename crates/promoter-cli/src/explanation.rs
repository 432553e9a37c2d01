//! How an error is told to people.

use std::io::ErrorKind;

/// Prints an error with its causes on standard error.
pub(crate) fn print(error: &anyhow::Error) {
    crate::progress::tell(format_args!("error: {}", text(error)));
}

/// The error with its causes, each once: many messages already hold their cause.
fn text(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// Whether the reader of standard output went away.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

/// Whether training was asked to stop, and has written a checkpoint.
#[cfg(feature = "torch")]
pub(crate) fn is_stopped(error: &anyhow::Error) -> bool {
    use promoter::train::Error;
    matches!(error.downcast_ref(), Some(Error::Stopped | Error::SearchStopped))
}

#[cfg(not(feature = "torch"))]
pub(crate) fn is_stopped(_error: &anyhow::Error) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_cause_is_told_once() {
        let error = anyhow::anyhow!("the disk is full").context("out.tsv: the disk is full").context("cannot write");
        assert_eq!(text(&error), "cannot write: out.tsv: the disk is full");
    }
}

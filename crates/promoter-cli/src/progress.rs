//! Progress on standard error, when it is a terminal.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Where bars are drawn.
pub(crate) fn target() -> ProgressDrawTarget {
    if std::io::stderr().is_terminal() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() }
}

/// A count of which the end is not known.
pub(crate) fn count(what: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, target());
    let style = ProgressStyle::with_template(&format!("{{spinner}} {{pos}} {what}  {{per_sec}}"));
    style.map(|style| bar.clone().with_style(style)).unwrap_or(bar)
}

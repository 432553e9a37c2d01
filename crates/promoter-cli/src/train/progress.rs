//! A bar while a run goes on, when standard error is a terminal, and a line for each epoch.

use std::io::Write;

use anyhow::Result;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use promoter::train::{EpochRecord, Outcome, Progress, Session};

pub(super) fn train(session: &mut Session, out: &mut impl Write) -> Result<Outcome> {
    let target = match session.place().group.leads() {
        true => crate::progress::target(),
        false => ProgressDrawTarget::hidden(),
    };
    let bar = ProgressBar::with_draw_target(None, target);
    bar.set_style(ProgressStyle::with_template("{prefix} [{bar:32}] {pos}/{len} rows  {per_sec}  {eta} left  {msg}")?);
    let masked = !session.experiment().loss.uses_labels();
    match masked {
        _ if session.experiment().network.is_ridge() => {}
        true => writeln!(out, "\nepoch   train loss   validation loss   accuracy   rows/s")?,
        false => writeln!(out, "\nepoch   train loss   r        validation loss   r        rho      rows/s")?,
    }
    // Training goes on when standard output is closed.
    let mut written = Ok(());
    let outcome = session.train(&mut |progress| match progress {
        Progress::Step { epoch, epochs, step, steps, rows } => {
            if step == 1 {
                bar.reset();
            }
            bar.set_length(steps * rows);
            bar.set_prefix(format!("epoch {}/{epochs}", epoch + 1));
            bar.set_position(step * rows);
            bar.set_message("");
        }
        Progress::Evaluating => bar.set_message("evaluating"),
        Progress::Epoch(record) => written = bar.suspend(|| writeln!(out, "{}", line(record, masked))),
        _ => {}
    })?;
    bar.finish_and_clear();
    written?;
    Ok(outcome)
}

fn line(record: &EpochRecord, masked: bool) -> String {
    let best = if record.best { "  best" } else { "" };
    if masked {
        let EpochRecord { epoch, train_loss, validation_loss, chosen_by, rows_per_second, .. } = record;
        return format!(
            "{:>5}   {train_loss:>10.4}   {validation_loss:>15.4}   {chosen_by:>8.4}   {rows_per_second:>6.0}{best}",
            epoch + 1
        );
    }
    format!(
        "{:>5}   {:>10.4}   {:.4}   {:>15.4}   {:.4}   {:.4}   {:>6.0}{best}",
        record.epoch + 1,
        record.train_loss,
        record.train_pearson,
        record.validation_loss,
        record.validation.pearson,
        record.validation.spearman,
        record.rows_per_second,
    )
}

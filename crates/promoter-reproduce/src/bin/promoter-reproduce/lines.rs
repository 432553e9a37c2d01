//! What is printed while reproductions run.

use std::io::{IsTerminal as _, Write as _};
use std::time::Instant;

use promoter_reproduce::{Event, duration};
use promoter_train::Progress;

/// A line for each reproduction; on a terminal also one that moves.
#[derive(Default)]
pub(super) struct Lines {
    started: Option<Instant>,
    head: String,
    left: f64,
    runs: usize,
    kept: usize,
}

impl Lines {
    pub(super) fn observer(mut self) -> impl FnMut(Event<'_>) {
        let moving = std::io::stderr().is_terminal();
        move |event| self.show(event, moving)
    }

    fn show(&mut self, event: Event<'_>, moving: bool) {
        match event {
            Event::Reproduction { one, number, of, left } => {
                self.head = format!("{:>3}/{of} {:<12}", number + 1, one.id);
                (self.started, self.left, self.runs, self.kept) = (Some(Instant::now()), left, 0, 0);
            }
            Event::Training(name, progress) if moving => {
                let doing = match progress {
                    Progress::Step { epoch, step, steps, .. } => format!("epoch {} step {step}/{steps}", epoch + 1),
                    _ => "evaluating".into(),
                };
                eprint!("\r\x1b[K{} {name}: {doing}", self.head);
            }
            Event::Run { before, outcome } => {
                self.runs += 1;
                self.kept += usize::from(before);
                if self.head.is_empty() {
                    println!("trained {} seed {} ({:.0} s)", outcome.name, outcome.seed, outcome.seconds);
                }
            }
            Event::Done { outcome, before } => {
                if moving {
                    eprint!("\r\x1b[K");
                }
                let took = self.started.map_or(0.0, |started| started.elapsed().as_secs_f64());
                let what = if before {
                    "up to date".into()
                } else {
                    format!("{} runs, {} of them kept, {took:.0} s", self.runs, self.kept)
                };
                println!("{} {}: {what}; {} left", self.head, outcome.verdict.text(), duration(self.left - took));
            }
            Event::Failed(error) => {
                if moving {
                    eprint!("\r\x1b[K");
                }
                println!("{} FAILED: {}", self.head, error.chain());
            }
            Event::Training(..) => {}
        }
        let _ = std::io::stdout().flush();
    }
}

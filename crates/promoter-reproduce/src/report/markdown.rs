//! Tables for `docs/experiments.md` and `README.md`.

use super::line::{extent, lines};
use super::{Ranked, Results};
use crate::outcome::Verdict;
use crate::verdict::show_number;

const HEAD: &str = include_str!("head.txt");

/// The ranking of the systems that were trained for equal seconds.
pub(super) fn ranking(ranked: &[Ranked<'_>]) -> String {
    if ranked.is_empty() {
        return "Not run yet: `cargo xtask reproduce all --scale small`.\n".into();
    }
    let mut text = String::from(
        "| system | parameters | rows seen | seconds laid out | seconds taken | Pearson score | Spearman score | r, all public rows | validation r |\n\
         |---|---:|---|---:|---:|---|---|---|---:|\n",
    );
    for Ranked { name, run, budget } in ranked {
        let value = |name: &str| run.values.get(name).map_or("-".into(), |value| format!("{value:.3}"));
        let with_interval = |name: &str| match run.intervals.get(name) {
            Some((low, high)) => format!("{} ({low:.3} to {high:.3})", value(name)),
            None => value(name),
        };
        text += &format!(
            "| {name} | {} | {} | {} | {:.0} | {} | {} | {} | {} |\n",
            run.values.get("parameters").map_or("-".into(), |n| show_number(*n)),
            run.failure.as_ref().map_or_else(|| extent(run), |_| "broke down".into()),
            budget.map_or("-".into(), |seconds| format!("{seconds:.0}")),
            run.seconds,
            with_interval("public_pearson_score"),
            with_interval("public_spearman_score"),
            with_interval("public_pearson"),
            value("validation_pearson"),
        );
    }
    text
}

/// The whole of `docs/experiments.md`.
pub(super) fn experiments(results: &Results<'_>) -> String {
    let mut text = HEAD.trim_end().to_owned();
    text += "\n\n## Systems trained for equal seconds\n\n";
    text += &ranking(&results.ranking());
    if let Some(ranked) = results.ranking().first() {
        let environment = &ranked.run.environment;
        text += &format!(
            "\nScores on the 9,045 public rows with 95 % bootstrap intervals; `small` scale, rows: {}, {} held out; \
             device: {} with {} threads ({}). A system's steps follow from the seconds that were laid out and from a stated \
             cost of a row on two idle cores; on a busy or another machine they take other seconds, and the numbers \
             stay the same.\n",
            ranked.run.data,
            show_number(ranked.run.validation_rows as f64),
            environment.device,
            environment.threads,
            environment.cpu
        );
    }
    text += "\n## Status\n\n| verdict | experiments |\n|---|---|\n";
    for verdict in [Verdict::Held, Verdict::DidNotHold, Verdict::Undecided, Verdict::NoClaim] {
        let ids: Vec<&str> =
            results.outcomes.iter().filter(|(_, o)| o.verdict == verdict).map(|(id, _)| id.as_str()).collect();
        text += &format!("| {} | {} |\n", verdict.text(), if ids.is_empty() { "-".into() } else { ids.join(", ") });
    }
    let ones = &results.catalogue.reproductions;
    let missing: Vec<&str> =
        ones.iter().filter(|one| results.outcome(one).is_none()).map(|one| one.id.as_str()).collect();
    if !missing.is_empty() {
        text += &format!("| not run | {} |\n", missing.join(", "));
    }
    for (team, ones) in results.teams() {
        text += &format!("\n## {team}\n\n| id | title | verdict |\n|---|---|---|\n");
        for one in &ones {
            let verdict = results.outcome(one).map_or("not run", |outcome| outcome.verdict.text());
            let anchor = format!("{} {}", one.id, one.title);
            text += &format!("| [{}](#{}) | {} | {verdict} |\n", one.id, slug(&anchor), one.title);
        }
        for one in ones {
            let outcome = results.outcome(one);
            text += &format!("\n### {} {}\n\n{} *({})*\n", one.id, one.title, one.claim, one.source);
            let lines = lines(one, outcome);
            if !lines.is_empty() {
                text += "\n| what | metric | reported | ours | trained on |\n|---|---|---|---|---|\n";
                for line in lines {
                    let cells = [line.what, line.metric, line.reported, line.ours, line.on];
                    text += &format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "));
                }
            }
            if let Some(outcome) = outcome {
                text += &format!("\n**{}**", sentence(outcome.verdict));
                let failures: Vec<String> = outcome
                    .runs
                    .iter()
                    .filter_map(|run| {
                        Some(format!(" {} (seed {}) broke down: {}.", run.name, run.seed, run.failure.as_ref()?))
                    })
                    .collect();
                text += &(failures.concat() + "\n");
            }
            if !one.note.is_empty() {
                text += &format!("\n{}\n", one.note);
            }
            for (id, what) in &one.discrepancies {
                text += &format!("\n- {id}: {what}");
            }
            if !one.discrepancies.is_empty() {
                text.push('\n');
            }
        }
    }
    text
}

fn sentence(verdict: Verdict) -> String {
    let text = verdict.text();
    format!("{}{}.", text[..1].to_uppercase(), &text[1..])
}

/// The anchor that pages of Markdown give a heading.
fn slug(heading: &str) -> String {
    heading
        .chars()
        .filter_map(|c| match c {
            ' ' | '-' => Some('-'),
            c if c.is_alphanumeric() => Some(c.to_ascii_lowercase()),
            _ => None,
        })
        .collect()
}

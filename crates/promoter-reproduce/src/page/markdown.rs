//! Tables for `docs/experiments.md` and `README.md`.

use super::line::lines;
use super::ranking::Ranking;
use super::{PENDING, Results};
use crate::catalogue::protocol::{Change, Protocol};
use crate::catalogue::reproduction::Reproduction;
use crate::outcome::{Outcome, SearchOutcome, Verdict};

const HEAD: &str = include_str!("head.txt");

/// Trials of a search that are shown.
const TRIALS: usize = 10;

/// The ranking of the systems that were trained for equal seconds, with floor and anchors.
pub(super) fn ranking(ranking: &Ranking<'_>) -> String {
    if ranking.rows.is_empty() {
        return format!("The ranking is {PENDING}: `cargo xtask reproduce all --scale small`.\n");
    }
    let mut text = String::from(
        "| system | parameters | trained on | time budget (s) | time used (s) | Pearson score | Spearman score | \
         r, all public rows | validation r |\n\
         |---|---:|---|---:|---:|---|---|---|---:|\n",
    );
    for row in &ranking.rows {
        let cells = [
            &row.name,
            &row.parameters,
            &row.trained,
            &row.budget,
            &row.taken,
            &row.score,
            &row.spearman,
            &row.all,
            &row.validation,
        ];
        text += &format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "));
    }
    if !ranking.pending.is_empty() {
        text += &format!("\n{}: {}.\n", capital(PENDING), ranking.pending.join(", "));
    }
    text
}

/// The whole of `docs/experiments.md`.
pub(super) fn experiments(results: &Results<'_>) -> String {
    let mut text = HEAD.trim_end().to_owned();
    text += "\n\n## Systems trained for equal seconds\n\n";
    text += &ranking(&results.ranking);
    text += &rule(results);
    text += "\n## Status\n\n| verdict | experiments |\n|---|---|\n";
    for verdict in Verdict::ALL {
        let of = results.outcomes.iter().filter(|(_, outcome)| outcome.verdict == verdict);
        let ids: Vec<&str> = of.map(|(id, _)| id.as_str()).collect();
        text += &format!("| {} | {} |\n", verdict.text(), if ids.is_empty() { "-".into() } else { ids.join(", ") });
    }
    let ones = &results.catalogue.reproductions;
    let pending: Vec<&str> =
        ones.iter().filter(|one| results.outcome(one).is_none()).map(|one| one.id.as_str()).collect();
    if !pending.is_empty() {
        text += &format!("| {PENDING} | {} |\n", pending.join(", "));
    }
    for (team, ones) in results.teams() {
        text += &format!("\n## {team}\n\n| id | title | verdict |\n|---|---|---|\n");
        for one in &ones {
            let verdict = results.outcome(one).map_or(PENDING, |outcome| outcome.verdict.text());
            let anchor = format!("{} {}", one.id, one.title);
            text += &format!("| [{}](#{}) | {} | {verdict} |\n", one.id, slug(&anchor), one.title);
        }
        for one in ones {
            text += &experiment(one, results.outcome(one));
        }
    }
    text += &protocols(results);
    wrapped(&text)
}

/// The rule of the ranking: what every system gets, and what was chosen for it.
fn rule(results: &Results<'_>) -> String {
    let ranking = &results.ranking;
    let mut text = format!("\n**The rule.** {}\n", ranking.rule.rule);
    let chosen = ranking.rows.iter().filter(|row| row.is_system && !row.chosen.is_empty());
    for row in chosen {
        text += &format!("\n- {}: {}", row.name, row.chosen);
    }
    if let Some(run) = ranking.runs.values().next() {
        let environment = &run.environment;
        text += &format!(
            "\n\nScores on the 9,045 public rows with 95 % bootstrap intervals over rows; one seed. Rows: {}, {} held \
             out; device: {} with {} threads, products in {} ({}).\n",
            run.data,
            crate::text::number(run.validation_rows as f64),
            environment.device,
            environment.threads,
            run.precision.name(),
            environment.cpu
        );
    }
    text
}

fn experiment(one: &Reproduction, outcome: Option<&Outcome>) -> String {
    let mut text = format!("\n### {} {}\n\n{} *({})*\n", one.id, one.title, one.claim, one.source);
    let lines = lines(one, outcome);
    if !lines.is_empty() {
        text += "\n| what | metric | reported | ours | trained on |\n|---|---|---|---|---|\n";
        for line in lines {
            let cells = [line.what, line.metric, line.reported, line.ours, line.on];
            text += &format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "));
        }
    }
    match outcome {
        None => text += &format!("\n**{}.**\n", capital(PENDING)),
        Some(outcome) => {
            text += &outcome.searches.iter().map(trials).collect::<String>();
            text += &format!("\n**{}.**", capital(outcome.verdict.text()));
            for run in &outcome.runs {
                if let Some(failure) = &run.failure {
                    text += &format!(" {} (seed {}) broke down: {failure}.", run.name, run.seed);
                }
            }
            text.push('\n');
        }
    }
    if let Some(needs) = &one.needs {
        text += &format!("\nOn fewer than all rows nothing is decided: {needs}.\n");
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
    text
}

/// The best trials of a search.
fn trials(search: &SearchOutcome) -> String {
    let keys: Vec<&String> = search.trials.first().map(|trial| trial.settings.keys().collect()).unwrap_or_default();
    let names: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
    let mut text = format!("\nSearch {}, the best {TRIALS} of {} trials:\n\n", search.name, search.trials.len());
    text +=
        &format!("| rank | {} | {} |\n|---:|---:|{}\n", search.metric, names.join(" | "), "---|".repeat(keys.len()));
    for (rank, trial) in search.trials.iter().take(TRIALS).enumerate() {
        let value = trial.value.map_or("failed".into(), |value| format!("{value:.4}"));
        let cells: Vec<&str> = keys.iter().map(|key| trial.settings.get(*key).map_or("", String::as_str)).collect();
        text += &format!("| {} | {value} | {} |\n", rank + 1, cells.join(" | "));
    }
    text
}

/// What differs from the teams' own training, and why.
fn protocols(results: &Results<'_>) -> String {
    let mut text = String::from(
        "\n## Protocols\n\nA protocol is the experiment file of an example and what differs from it here. `small` \
         changes are for few rows.\n\n| protocol | base | at | key | value | reason |\n|---|---|---|---|---|---|\n",
    );
    for (name, protocol) in &results.catalogue.protocols {
        let Protocol { base, change, smoke, small, .. } = protocol;
        let mut add = |at: &str, changes: &[Change]| {
            for Change { key, value, reason } in changes {
                let value = value.to_string().replace('|', "\\|");
                text += &format!("| {name} | [{base}](../{base}) | {at} | `{key}` | `{value}` | {reason} |\n");
            }
        };
        add("every scale", change);
        add("smoke", smoke);
        add("small", small);
    }
    text
}

/// Prose in lines of the width that the repository's texts have; tables and headings stay.
fn wrapped(text: &str) -> String {
    let options = textwrap::Options::new(120)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .break_words(false);
    let line = |line: &str| match line {
        table if table.starts_with(['|', '#']) => table.to_owned(),
        item if item.starts_with("- ") => textwrap::fill(item, options.clone().subsequent_indent("  ")),
        prose => textwrap::fill(prose, &options),
    };
    text.lines().map(|text| line(text) + "\n").collect()
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
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

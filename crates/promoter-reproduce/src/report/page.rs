//! One page with everything: tables, curves, networks. It needs nothing from outside itself.

use minijinja::{AutoEscape, Environment, Value, context};

use super::diagram::{self, Diagram, Stage};
use super::line::{extent, lines};
use super::plot::{self, Curve};
use super::{Ranked, Results};
use crate::Error;
use crate::outcome::{Outcome, Point, RunOutcome};
use crate::reproduction::{Figure, Reproduction};
use crate::verdict::show_number;

/// The networks that are drawn.
const NETWORKS: [&str; 7] = ["auth", "noisy-chardonnay", "madlab", "nad", "peppa", "legnet", "dream-rnn"];

/// Draws the page.
///
/// # Errors
/// [`Error::Report`].
pub(super) fn page(results: &Results<'_>) -> Result<String, Error> {
    let mut teams = Vec::new();
    for (team, ones) in results.teams() {
        let mut experiments = Vec::new();
        for one in ones {
            experiments.push(experiment(one, results.outcome(one))?);
        }
        teams.push(context! { name => team, experiments });
    }
    let mut networks = Vec::new();
    for name in NETWORKS {
        networks.push(network(&diagram::diagram(name)?));
    }
    let ranking: Vec<Value> = results.ranking().iter().map(ranked).collect();
    let environment = results.outcomes.values().flat_map(|outcome| &outcome.runs).next().map(|run| {
        let env = &run.environment;
        format!("{} with {} threads, {}, LibTorch {}", env.device, env.threads, env.cpu, env.libtorch)
    });
    let done = results.outcomes.len();
    let page = context! {
        teams, networks, ranking, environment, done, all => results.catalogue.reproductions.len(),
    };
    let mut templates = Environment::new();
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    templates.render_str(include_str!("page.html"), page).map_err(|error| Error::Report(error.to_string()))
}

fn ranked(ranked: &Ranked<'_>) -> Value {
    let run = ranked.run;
    let value = |name: &str| run.values.get(name).map_or("-".into(), |value| format!("{value:.3}"));
    let interval =
        |name: &str| run.intervals.get(name).map_or(String::new(), |(low, high)| format!("{low:.3} to {high:.3}"));
    context! {
        name => ranked.name,
        parameters => run.values.get("parameters").map_or("-".into(), |n| show_number(*n)),
        extent => extent(run), seconds => format!("{:.0}", run.seconds),
        budget => ranked.budget.map_or("-".into(), |seconds| format!("{seconds:.0}")),
        score => value("public_pearson_score"), score_interval => interval("public_pearson_score"),
        rank => value("public_spearman_score"), rank_interval => interval("public_spearman_score"),
        all => value("public_pearson"), validation => value("validation_pearson"),
        // A bar from 0 to 1.
        bar => run.values.get("public_pearson_score").map_or(0.0, |value| (value * 100.0).clamp(0.0, 100.0)),
    }
}

fn experiment(one: &Reproduction, outcome: Option<&Outcome>) -> Result<Value, Error> {
    let lines: Vec<Value> = lines(one, outcome)
        .into_iter()
        .map(|line| {
            context! {
                what => &line.what, metric => &line.metric, reported => &line.reported, ours => &line.ours, on => &line.on,
            }
        })
        .collect();
    let mut figures = Vec::new();
    for asked in &one.figures {
        figures.push(figure(asked, outcome)?);
    }
    let runs: Vec<Value> = outcome.map_or(Vec::new(), |outcome| outcome.runs.iter().map(run).collect());
    let verdict = outcome.map_or("not run", |outcome| outcome.verdict.text());
    Ok(context! {
        id => &one.id, title => &one.title, claim => &one.claim, source => &one.source, note => &one.note,
        discrepancies => &one.discrepancies, lines, figures, runs, verdict,
    })
}

fn run(run: &RunOutcome) -> Value {
    let value = |name: &str| run.values.get(name).map_or("-".into(), |value| format!("{value:.4}"));
    context! {
        name => &run.name, seed => run.seed, data => &run.data, extent => extent(run), batch => run.batch,
        steps => show_number(run.steps as f64), seconds => format!("{:.0}", run.seconds),
        parameters => run.values.get("parameters").map_or("-".into(), |n| show_number(*n)),
        pearson => value("validation_pearson"), spearman => value("validation_spearman"), r2 => value("label_r2"),
        mse => value("label_mse"), public => value("public_pearson_score"),
        failure => run.failure.clone().unwrap_or_default(),
    }
}

fn figure(figure: &Figure, outcome: Option<&Outcome>) -> Result<String, Error> {
    let mut curves: Vec<Curve> = figure
        .reported
        .iter()
        .map(|points| Curve { name: points.name.clone(), points: points.points.clone(), ours: false })
        .collect();
    for asked in &figure.ours {
        let run = outcome.and_then(|outcome| outcome.runs.iter().find(|run| run.name == asked.run));
        let point = |point: &Point| Some((point.passes, *point.values.get(&asked.value)?));
        if let Some(run) = run {
            let points = run.curve.iter().filter_map(point).collect();
            curves.push(Curve { name: asked.name.clone(), points, ours: true });
        }
    }
    plot::curves(&figure.title, &figure.x, &figure.y, &curves)
}

fn network(diagram: &Diagram) -> Value {
    let stage = |stage: &Stage| {
        context! {
            name => &stage.name, kinds => &stage.kinds, output => &stage.output, layers => stage.layers,
            parameters => &stage.parameters,
        }
    };
    context! {
        name => &diagram.name, parameters => &diagram.parameters, trainable => &diagram.trainable,
        multiply_adds => &diagram.multiply_adds, input => &diagram.input, svg => &diagram.svg,
        stages => diagram.stages.iter().map(stage).collect::<Vec<_>>(),
    }
}

//! One page with everything: tables, curves, networks. It needs nothing from outside itself.

use minijinja::{AutoEscape, Environment, Value, context};

use super::diagram::{self, Diagram, Stage};
use super::line::{extent, lines};
use super::plot::{self, Curve, Kind};
use super::ranking::{Ranking, Row};
use super::{PENDING, Results};
use crate::Error;
use crate::catalogue::reproduction::{Figure, Reproduction};
use crate::outcome::{Outcome, Point, RunOutcome};
use crate::text;
use crate::value::Name;

/// The networks that are drawn.
const NETWORKS: [&str; 9] =
    ["auth", "noisy-chardonnay", "madlab", "nad", "peppa", "legnet", "dream-cnn", "dream-rnn", "dream-attn"];

/// Draws the page.
///
/// # Errors
/// [`Error::Page`], [`Error::Figure`].
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
    let ranking: Vec<Value> = results.ranking.rows.iter().map(ranked).collect();
    let plots = plots(&results.ranking)?;
    let environment = results.outcomes.values().flat_map(|outcome| &outcome.runs).next().map(|run| {
        let env = &run.environment;
        format!("{} with {} threads, {}, LibTorch {}", env.device, env.threads, env.cpu, env.libtorch)
    });
    let done = results.outcomes.len();
    let page = context! {
        teams, networks, ranking, plots, environment, done, all => results.catalogue.reproductions.len(),
        rule => &results.ranking.rule.rule, pending => results.ranking.pending.join(", "), unfinished => PENDING,
    };
    let mut templates = Environment::new();
    templates.set_auto_escape_callback(|_| AutoEscape::Html);
    Ok(templates.render_str(include_str!("page.html"), page)?)
}

fn ranked(row: &Row) -> Value {
    context! {
        name => &row.name, parameters => &row.parameters, extent => &row.trained, chosen => &row.chosen,
        budget => &row.budget, seconds => &row.taken, score => &row.score, rank => &row.spearman,
        all => &row.all, validation => &row.validation, is_system => row.is_system,
        // A bar from 0 to 1.
        bar => (row.value * 100.0).clamp(0.0, 100.0),
    }
}

/// Public score and validation r against the seconds of training, the floor as a line.
fn plots(ranking: &Ranking<'_>) -> Result<Vec<String>, Error> {
    if ranking.runs.is_empty() {
        return Ok(Vec::new());
    }
    let mut plots = Vec::new();
    for (value, y) in
        [(Name::PublicPearsonScore, "Pearson score, public rows"), (Name::ValidationPearson, "validation r")]
    {
        let floor = ranking.floor.as_ref().and_then(|floor| floor.values.get(&value));
        let line = floor.map(|&floor| vec![(0.0, floor), (ranking.rule.seconds, floor)]);
        let mut curves: Vec<Curve> = (ranking.curves(value).into_iter())
            .map(|(name, points)| Curve { name: name.to_owned(), points, kind: Kind::Ours })
            .collect();
        curves.extend(line.map(|points| Curve { name: "ridge".into(), points, kind: Kind::Floor }));
        plots.push(plot::curves(y, "seconds of training on two idle cores", y, &curves)?);
    }
    Ok(plots)
}

fn experiment(one: &Reproduction, outcome: Option<&Outcome>) -> Result<Value, Error> {
    let lines: Vec<Value> = lines(one, outcome)
        .into_iter()
        .map(|line| {
            context! {
                what => &line.what, metric => &line.metric, reported => &line.reported, ours => &line.ours,
                on => &line.on,
            }
        })
        .collect();
    let mut figures = Vec::new();
    for asked in &one.figures {
        figures.push(figure(asked, outcome)?);
    }
    let runs: Vec<Value> = outcome.map_or(Vec::new(), |outcome| outcome.runs.iter().map(run).collect());
    let verdict = outcome.map_or(PENDING, |outcome| outcome.verdict.text());
    Ok(context! {
        id => &one.id, title => &one.title, claim => &one.claim, source => &one.source, note => &one.note,
        discrepancies => &one.discrepancies, lines, figures, runs, verdict,
    })
}

fn run(run: &RunOutcome) -> Value {
    let value = |name: Name| run.values.get(&name).map_or("-".into(), |value| format!("{value:.4}"));
    context! {
        name => &run.name, seed => run.seed, data => &run.data, extent => extent(run), batch => run.batch,
        steps => text::number(run.steps as f64), seconds => format!("{:.0}", run.seconds),
        parameters => run.values.get(&Name::Parameters).map_or("-".into(), |n| text::number(*n)),
        pearson => value(Name::ValidationPearson), spearman => value(Name::ValidationSpearman),
        r2 => value(Name::LabelR2), mse => value(Name::LabelMse), public => value(Name::PublicPearsonScore),
        failure => run.failure.clone().unwrap_or_default(),
    }
}

fn figure(figure: &Figure, outcome: Option<&Outcome>) -> Result<String, Error> {
    let mut curves: Vec<Curve> = figure
        .reported
        .iter()
        .map(|points| Curve { name: points.name.clone(), points: points.points.clone(), kind: Kind::Reported })
        .collect();
    for asked in &figure.ours {
        let run = outcome.and_then(|outcome| outcome.runs.iter().find(|run| run.name == asked.run));
        let point = |point: &Point| Some((point.passes, *point.values.get(&asked.value)?));
        if let Some(run) = run {
            let points = run.curve.iter().filter_map(point).collect();
            curves.push(Curve { name: asked.name.clone(), points, kind: Kind::Ours });
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

//! Scores what explanations and designs say against the truth, which a simulation knows: sites, factors, marginal
//! effects, and the expression of every designed promoter.
#![allow(clippy::print_stdout, reason = "a program talks to its user")]

mod trained;

use std::collections::BTreeSet;
use std::ops::Range;

use anyhow::Result;
use clap::Parser;
use promoter::design::{Brief, Constraints, Design, Target};
use promoter::explain::{Discovery, Effects, Element, Failure, Marginal, recovery, shuffled};
use promoter::libtorch;
use promoter::metrics::Regression;
use promoter::motif::{Motif, Strand};
use promoter::predictor::{Averaging, Ensemble};
use promoter::seq::Table;
use promoter::sim::{Assay, Simulation, Site, Truth, simulate};

/// Sites whose effect is at least this are looked for, in sorting bins.
const LEAST_EFFECT: f32 = 1.0;

/// Score explanations and designs of predictors that were trained on simulated promoters.
#[derive(Debug, Parser)]
#[command(after_help = "Examples:
  known_truth
  known_truth runs/a runs/b runs/c --rows 2000 --designs 200")]
struct Arguments {
    #[command(flatten)]
    predictor: trained::Choice,
    /// Promoters to explain, which no predictor was trained on
    #[arg(long, value_name = "COUNT", default_value_t = 500)]
    rows: u32,
    /// Designs for each target, with and without the penalty on the spread
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    designs: u32,
    /// Seed of promoters, backgrounds and starts
    #[arg(long, default_value_t = 77)]
    seed: u64,
}

fn main() -> Result<()> {
    libtorch::launch::wait_passively();
    let arguments = Arguments::parse();
    let mut ensemble = arguments.predictor.open()?;
    let assay = Assay { rows: arguments.rows as usize, seed: arguments.seed, ..Assay::default() };
    let simulation = simulate(&assay)?;
    let predicted = ensemble.predict_table(&simulation.table, None)?;
    let r = Regression::of(&doubles(&simulation.truth), &doubles(&predicted))?.pearson;
    println!(
        "predictors  {}; r with the true expression of {} promoters: {r:.3}",
        ensemble.members().len(),
        assay.rows
    );

    let rows: Vec<&[u8]> = simulation.table.rows().map(|(codes, _)| codes).collect();
    let effects = Effects::of(&mut ensemble, &rows)?;
    sites("mutagenesis", &simulation, &effects)?;
    sites("gradient", &simulation, &gradients(&ensemble, &simulation.table)?)?;
    motifs(&assay, &rows, &effects)?;
    marginal_effects(&assay, &rows, &mut ensemble)?;
    for value in [3.0, 8.0, 14.0] {
        for weight in if ensemble.members().len() > 1 { &[0.0, 1.0][..] } else { &[0.0] } {
            designs(&arguments, &assay, &mut ensemble, value, *weight)?;
        }
    }
    Ok(())
}

fn doubles(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

fn gradients(ensemble: &Ensemble, table: &Table) -> Result<Vec<Effects>> {
    Ok(ensemble.gradients(table, Some(Averaging::default()))?)
}

/// Whether attributions find planted sites that matter.
fn sites(method: &str, simulation: &Simulation, effects: &[Effects]) -> Result<()> {
    let matters = |site: &&Site| site.planted && site.effect.abs() >= LEAST_EFFECT;
    let bases = |site: &Site| -> Range<usize> { site.start as usize..(site.start + site.length) as usize };
    let planted: Vec<Vec<_>> =
        simulation.sites.iter().map(|sites| sites.iter().filter(matters).map(bases).collect()).collect();
    let strengths: Vec<Vec<f32>> =
        effects.iter().zip(simulation.table.rows()).map(|(effects, (codes, _))| effects.strengths(codes)).collect();
    let found = recovery(&strengths, &planted)?;
    println!(
        "sites       {method}: area under the precision-recall curve {:.3}, chance {:.3} ({} of {} positions)",
        found.area, found.chance, found.positives, found.n
    );
    Ok(())
}

/// Which factors of the assay are discovered, and what else is.
fn motifs(assay: &Assay, rows: &[&[u8]], effects: &[Effects]) -> Result<()> {
    let known: Vec<Motif> = assay
        .factors
        .iter()
        .map(|factor| Motif::from_consensus(&factor.name, &factor.consensus))
        .collect::<Result<_, _>>()?;
    let tracks: Vec<Vec<f32>> = effects.iter().zip(rows).map(|(effects, codes)| effects.contributions(codes)).collect();
    let found = Discovery::default().find(rows, &tracks, &known)?;
    let mut names = BTreeSet::new();
    for motif in &found.motifs {
        let factor = motif.best.map(|best| &assay.factors[best.target]);
        // One that pulls the other way is not that factor.
        names.extend(
            factor.filter(|factor| (factor.effect > 0.0) == (motif.effect > 0.0)).map(|factor| &factor.name[..]),
        );
    }
    let is_false = |motif: &&promoter::explain::Found| {
        motif.best.is_none_or(|best| (assay.factors[best.target].effect > 0.0) != (motif.effect > 0.0))
    };
    let (factors, wrong) = (assay.factors.len(), found.motifs.iter().filter(is_false).count());
    let share = wrong as f64 / found.motifs.len().max(1) as f64;
    println!(
        "motifs      {} of {factors} factors are found, {wrong} of {} motifs are none of them ({share:.2})",
        names.len(),
        found.motifs.len()
    );
    println!("            {}", names.into_iter().collect::<Vec<_>>().join(", "));
    Ok(())
}

/// The effect of each factor's consensus, on either strand and at three places, beside the simulation's own.
fn marginal_effects(assay: &Assay, rows: &[&[u8]], ensemble: &mut Ensemble) -> Result<()> {
    let backgrounds = shuffled(&rows[..rows.len().min(50)], 1, assay.seed)?;
    let truth = Truth::new(assay)?;
    let mut own = |sequences: &[Vec<u8>]| -> Result<Vec<f32>, Failure> {
        Ok(sequences.iter().map(|codes| truth.expression(codes)).collect::<Result<_, _>>()?)
    };
    let (mut expected, mut found) = (Vec::new(), Vec::new());
    for factor in &assay.factors {
        let element = Element::word(&factor.consensus)?;
        for (start, strand) in
            [25, 45, 65].into_iter().flat_map(|start| [(start, Strand::Forward), (start, Strand::Reverse)])
        {
            let marginal = Marginal { strand, ..Marginal::new(element.clone(), start) };
            expected.push(marginal.effect(&mut own, &backgrounds)?.mean);
            found.push(marginal.effect(ensemble, &backgrounds)?.mean);
        }
    }
    let r = Regression::of(&expected, &found)?.pearson;
    println!(
        "effects     r {r:.3} between predicted and true marginal effects ({} places of {} factors)",
        expected.len(),
        assay.factors.len()
    );
    Ok(())
}

/// The share of designs whose true expression is within one bin of the target.
fn designs(
    arguments: &Arguments,
    assay: &Assay,
    ensemble: &mut Ensemble,
    value: f64,
    spread_weight: f64,
) -> Result<()> {
    let truth = Truth::new(assay)?;
    let starts = simulate(&Assay { rows: arguments.designs as usize, seed: arguments.seed + 1, ..assay.clone() })?;
    let brief = |(codes, _): (&[u8], f32)| Brief { start: codes.to_vec(), target: Target::Value(value) };
    let briefs: Vec<Brief> = starts.table.rows().map(brief).collect();
    let design = Design {
        constraints: Constraints {
            protected: vec![0..17, 97..110],
            distance_to_each_other: 5,
            ..Constraints::default()
        },
        spread_weight,
        least_gain: 0.05,
        ..Design::default()
    };
    let traces = design.run(ensemble, &briefs, &mut |_| {})?;
    let (mut predicted, mut within, mut edits, mut error) = (0, 0, 0, 0.0);
    for trace in &traces {
        let off = (f64::from(truth.expression(&trace.sequence)?) - value).abs();
        predicted += usize::from((trace.after.prediction - value).abs() <= 1.0);
        within += usize::from(off <= 1.0);
        edits += trace.steps.len();
        error += off;
    }
    let count = traces.len() as f64;
    println!(
        "designs     for {value:>2}, spread weight {spread_weight}: {within} of {} within one bin in truth \
         ({predicted} as predicted), {:.2} bins off, {:.1} edits on average",
        traces.len(),
        error / count,
        edits as f64 / count
    );
    Ok(())
}

//! Scores what explanations and designs say against the truth, which a simulation knows: sites, factors, marginal
//! effects, and the expression of every designed promoter.
#![allow(clippy::print_stdout, reason = "a program talks to its user")]

mod trained;

use std::collections::BTreeSet;
use std::ops::Range;

use anyhow::{Error, Result};
use clap::Parser;
use promoter::design::{Brief, Constraints, Design, Method, Predict as _, Target};
use promoter::explain::{Contributions, Discovery, Effects, Element, Failure, Marginal, recovery, shuffled};
use promoter::libtorch;
use promoter::metrics::Regression;
use promoter::motif::{Motif, Strand};
use promoter::predictor::{Attribution, Averaging, Ensemble, Rule};
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
    sites("mutagenesis", &simulation, &strengths(&effects, &rows))?;
    let gradients = ensemble.gradients(&simulation.table, Some(Averaging::default()))?;
    sites("gradient", &simulation, &strengths(&gradients, &rows))?;
    let integrated = Attribution { rule: Rule::IntegratedGradients { steps: 20 }, references: 5, seed: 1 };
    for (method, how) in [("integrated gradients", integrated), ("DeepLIFT", Attribution::deep_lift())] {
        sites(method, &simulation, &contributions(&ensemble.attributions(&simulation.table, None, how)?, &rows))?;
    }
    motifs(&assay, &rows, &effects)?;
    marginal_effects(&assay, &rows, &mut ensemble)?;
    // A single network has no spread to penalise.
    let has_spread = ensemble.predict_with_spread(&[rows[0].to_vec()]).map_err(Error::from_boxed)?.is_some();
    let weights = if has_spread { &[0.0, 1.0][..] } else { &[0.0] };
    let gradient = Method::Gradient { steps: 100, rate: 0.1 };
    for value in [3.0, 8.0, 14.0] {
        for (name, method) in [("greedy", Method::Greedy), ("gradient", gradient)] {
            for weight in weights {
                let design = Design { method, spread_weight: *weight, ..design() };
                designs(name, &design, &arguments, &mut ensemble, value)?;
            }
        }
    }
    Ok(())
}

fn doubles(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

/// How much each base matters.
fn strengths(effects: &[Effects], rows: &[&[u8]]) -> Vec<Vec<f32>> {
    effects.iter().zip(rows).map(|(effects, codes)| effects.strengths(codes)).collect()
}

fn contributions(found: &[Contributions], rows: &[&[u8]]) -> Vec<Vec<f32>> {
    let strengths = |(found, codes): (&Contributions, &&[u8])| found.own(codes).into_iter().map(f32::abs).collect();
    found.iter().zip(rows).map(strengths).collect()
}

/// Whether attributions find planted sites that matter.
fn sites(method: &str, simulation: &Simulation, strengths: &[Vec<f32>]) -> Result<()> {
    let matters = |site: &&Site| site.planted && site.effect.abs() >= LEAST_EFFECT;
    let bases = |site: &Site| -> Range<usize> { site.start as usize..(site.start + site.length) as usize };
    let planted: Vec<Vec<_>> =
        simulation.sites.iter().map(|sites| sites.iter().filter(matters).map(bases).collect()).collect();
    let found = recovery(strengths, &planted)?;
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

/// The insert may change, the plasmid not, and no two designs are alike.
fn design() -> Design {
    let constraints =
        Constraints { protected: vec![0..17, 97..110], distance_to_each_other: 5, ..Constraints::default() };
    Design { constraints, least_gain: 0.05, ..Design::default() }
}

/// The share of designs whose true expression is within one bin of the target, and how far the network is fooled.
fn designs(name: &str, design: &Design, arguments: &Arguments, ensemble: &mut Ensemble, value: f64) -> Result<()> {
    let assay = Assay { rows: arguments.designs as usize, seed: arguments.seed + 1, ..Assay::default() };
    let truth = Truth::new(&assay)?;
    let starts = simulate(&assay)?;
    let brief = |(codes, _): (&[u8], f32)| Brief { start: codes.to_vec(), target: Target::Value(value) };
    let briefs: Vec<Brief> = starts.table.rows().map(brief).collect();
    let traces = design.run(ensemble, &briefs, &mut |_| {})?;
    let (mut predicted, mut within, mut edits, mut error, mut fooled) = (0, 0, 0, 0.0, 0.0);
    for trace in &traces {
        let own = f64::from(truth.expression(&trace.sequence)?);
        predicted += usize::from((trace.after.prediction - value).abs() <= 1.0);
        within += usize::from((own - value).abs() <= 1.0);
        edits += trace.steps.len();
        error += (own - value).abs();
        fooled += trace.after.prediction - own;
    }
    let count = traces.len() as f64;
    println!(
        "designs     {name} for {value:>2}, spread weight {}: {within} of {} within one bin in truth ({predicted} as \
         predicted), {:.2} bins off, predicted {:+.2} above truth, {:.1} edits on average",
        design.spread_weight,
        traces.len(),
        error / count,
        fooled / count,
        edits as f64 / count
    );
    Ok(())
}

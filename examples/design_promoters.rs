//! Designs promoters for a value: changes bases of simulated promoters until the predictor says what is wanted, and
//! compares with the simulation's own noise-free expression of each design.
//!
//! A [`Brief`] says where from and where to, [`Constraints`] what every design must hold to, and a [`Design`] makes a
//! trace of edits, each with what it brought.
#![allow(clippy::print_stdout, reason = "a program talks to its user")]

mod trained;

use anyhow::Result;
use clap::Parser;
use promoter::design::{Brief, Constraints, Design, Method, Target, Word};
use promoter::encode::base;
use promoter::libtorch;
use promoter::sim::{Assay, Truth, simulate};

/// Bring simulated promoters to an expression.
#[derive(Debug, Parser)]
#[command(after_help = "Examples:
  design_promoters
  design_promoters runs/a runs/b runs/c --target 14 --spread-weight 1")]
struct Arguments {
    #[command(flatten)]
    predictor: trained::Choice,
    /// Expression that is wanted, in sorting bins
    #[arg(long, value_name = "BIN", default_value_t = 12.0)]
    target: f64,
    /// Promoters to start from
    #[arg(long, value_name = "COUNT", default_value_t = 5)]
    designs: u32,
    /// Weight of the spread of several predictors, which is taken off the score
    #[arg(long, value_name = "WEIGHT", default_value_t = 0.0)]
    spread_weight: f64,
}

fn main() -> Result<()> {
    libtorch::launch::wait_passively();
    let arguments = Arguments::parse();
    let mut ensemble = arguments.predictor.open()?;
    let assay = Assay { rows: arguments.designs as usize, seed: 3, ..Assay::default() };
    let (promoters, truth) = (simulate(&assay)?.table, Truth::new(&assay)?);

    let target = Target::Value(arguments.target);
    let briefs: Vec<Brief> = promoters.rows().map(|(codes, _)| Brief { start: codes.to_vec(), target }).collect();
    let design = Design {
        constraints: Constraints {
            protected: vec![0..17, 97..110], // the flanks
            gc: Some(0.25..=0.75),
            forbidden: vec![Word::cut_by("EcoRI")?, Word::cut_by("BsaI")?],
            longest_homopolymer: Some(8),
            most_edits: Some(12),
            distance_to_each_other: 5,
            ..Constraints::default()
        },
        method: Method::Beam { width: 4 },
        spread_weight: arguments.spread_weight,
        least_gain: 0.05,
        ..Design::default()
    };
    let traces = design.run(&mut ensemble, &briefs, &mut |_| {})?;
    for (number, trace) in traces.iter().enumerate() {
        let letters: String = trace.sequence.iter().map(|&code| char::from(base::to_ascii(code))).collect();
        println!("{}  {letters}", number + 1);
        let (before, after) = (truth.expression(&trace.start)?, truth.expression(&trace.sequence)?);
        println!(
            "   predicted {:.2} -> {:.2}, true {before:.2} -> {after:.2}",
            trace.before.prediction, trace.after.prediction
        );
        let steps: Vec<String> = trace.steps.iter().map(|step| format!("{} ({:+.2})", step.edit, step.gain)).collect();
        println!("   {}", steps.join(", "));
    }
    Ok(())
}

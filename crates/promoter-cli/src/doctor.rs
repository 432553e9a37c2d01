//! `promoter doctor`: whether a device computes what the processor does, and how fast.

mod page;

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, bail};
use clap::Args;
use promoter::train::environment::Environment;
use promoter::train::precision::Precision;
use promoter::train::probe::Probe;
use promoter::zoo::registry::NetworkConfig;
use serde::Serialize;
use tch::Device;

use crate::device;
use crate::output::Output;
use crate::progress;

/// Sequences that the comparison is made of.
const COMPARED: usize = 16;

/// Steps that are measured, of which the median counts.
const ROUNDS: usize = 5;

/// Compare a device with the processor, and measure it, network by network
///
/// Each network gets the same weights and random sequences on the device and, in f32, on the processor. Compared are its
/// predictions and the gradients of a training step without dropout: the length of the difference, relative to that of
/// the processor's. Then training steps are timed at several batch sizes. The result is a page in Markdown; the status
/// is 1 when a difference is above its tolerance.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  promoter doctor
  promoter doctor --device cuda --json doctor.json -o doctor.md
  promoter doctor peppa nad --device cpu --batches 16,64")]
pub(crate) struct Arguments {
    /// Networks to look at [default: all]
    #[arg(value_name = "NETWORK")]
    networks: Vec<String>,
    #[command(flatten)]
    device: device::Choice,
    /// Batch sizes that are timed; 0 times nothing
    #[arg(long, value_name = "ROWS,..", value_delimiter = ',', default_values_t = [64, 256, 1024])]
    batches: Vec<u16>,
    /// Write the page to this file; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    out: PathBuf,
    /// Write the figures to this file too, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// Everything that was found.
#[derive(Debug, Serialize)]
struct Findings {
    environment: Environment,
    /// Whether the device has instructions for bf16; without them it is left out.
    has_bf16: bool,
    networks: Vec<Found>,
}

/// What was found of a network.
#[derive(Debug, Serialize)]
struct Found {
    name: String,
    parameters: usize,
    comparisons: Vec<Comparison>,
    steps: Vec<Timing>,
}

/// Predictions and gradients of the device beside the processor's in f32.
#[derive(Debug, Serialize)]
struct Comparison {
    precision: &'static str,
    predictions: f64,
    gradients: f64,
    /// Whether both are within their tolerance.
    agrees: bool,
}

/// A training step.
#[derive(Debug, Serialize)]
struct Timing {
    precision: &'static str,
    rows: usize,
    /// Median seconds of a forward pass and of a training step; `None` where memory or time does not reach.
    predict: Option<f64>,
    step: Option<f64>,
}

/// Largest relative differences of predictions and of gradients. bf16 has 8 bits of precision: a rounding of 2^-9 at
/// each of some dozen layers; gradients pass them twice.
fn tolerances(precision: Precision) -> (f64, f64) {
    match precision {
        Precision::F32 => (1e-4, 1e-2),
        _ => (0.05, 0.5),
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut out = Output::create(&arguments.out)?;
    let json = arguments.json.as_deref().map(Output::create).transpose()?;
    let names = names(&arguments.networks)?;
    let device = arguments.device.device()?;
    let mut precisions = vec![Precision::F32];
    if !Precision::Bf16.is_emulated(device) {
        precisions.push(Precision::Bf16);
    }
    let mut networks = Vec::new();
    let bar = progress::count("networks");
    for name in names {
        networks.push(examine(name, &precisions, &arguments.batches, device)?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let findings = Findings { environment: Environment::of(device), has_bf16: precisions.len() > 1, networks };
    out.write_all(page::of(&findings).as_bytes())?;
    out.finish()?;
    if let Some(mut json) = json {
        json.write_all((serde_json::to_string_pretty(&findings)? + "\n").as_bytes())?;
        json.finish()?;
    }
    let differing: Vec<&str> = findings
        .networks
        .iter()
        .filter(|found| found.comparisons.iter().any(|comparison| !comparison.agrees))
        .map(|found| found.name.as_str())
        .collect();
    if differing.is_empty() {
        return Ok(());
    }
    bail!("the device differs from the processor by more than the tolerance: {}", differing.join(", "))
}

fn names(asked: &[String]) -> Result<Vec<&'static str>> {
    let known = NetworkConfig::names();
    if asked.is_empty() {
        return Ok(known);
    }
    asked
        .iter()
        .map(|name| {
            NetworkConfig::by_name(name)?;
            Ok(known.iter().copied().find(|known| known == name).unwrap_or_default())
        })
        .collect()
}

fn examine(name: &str, precisions: &[Precision], batches: &[u16], device: Device) -> Result<Found> {
    let network = NetworkConfig::by_name(name)?;
    let still = without_dropout(&network)?;
    let processor = Probe::new(&still, COMPARED, Precision::F32, Device::Cpu)?;
    let parameters = processor.parameters();
    let reference = (processor.outputs()?, processor.gradients()?);
    let mut comparisons = Vec::new();
    for &precision in precisions {
        let probe = Probe::new(&still, COMPARED, precision, device)?;
        let predictions = difference(&reference.0, &probe.outputs()?);
        let gradients = difference(&reference.1, &probe.gradients()?);
        let (most, steepest) = tolerances(precision);
        let agrees = predictions <= most && gradients <= steepest;
        comparisons.push(Comparison { precision: precision.name(), predictions, gradients, agrees });
    }
    let mut steps = Vec::new();
    for &rows in batches.iter().filter(|&&rows| rows > 0) {
        for &precision in precisions {
            steps.push(timing(&network, usize::from(rows), precision, device));
        }
    }
    Ok(Found { name: name.to_owned(), parameters, comparisons, steps })
}

/// The network with all rates of dropout 0: devices draw differently.
fn without_dropout(network: &NetworkConfig) -> Result<NetworkConfig> {
    let mut fields = serde_json::to_value(network)?;
    if let Some(fields) = fields.as_object_mut() {
        let rates = fields.iter_mut().filter(|(key, _)| key.contains("dropout"));
        rates.for_each(|(_, rate)| *rate = 0.0.into());
    }
    Ok(serde_json::from_value(fields)?)
}

/// Length of the difference, relative to that of the reference.
fn difference(reference: &[f32], found: &[f32]) -> f64 {
    let length = |values: &mut dyn Iterator<Item = f64>| values.map(|value| value * value).sum::<f64>().sqrt();
    let apart = length(&mut reference.iter().zip(found).map(|(a, b)| f64::from(*a) - f64::from(*b)));
    // Untrained networks that put out nothing below 0 may put out 0 only.
    if apart == 0.0 {
        return 0.0;
    }
    apart / length(&mut reference.iter().map(|&value| f64::from(value)))
}

fn timing(network: &NetworkConfig, rows: usize, precision: Precision, device: Device) -> Timing {
    let probe = Probe::new(network, rows, precision, device);
    let (predict, step) = match probe {
        // A batch that does not fit into the device's memory is a finding, not the end.
        Err(_) => (None, None),
        Ok(mut probe) => (median(|| probe.predict().is_ok()), median(|| probe.step().is_ok())),
    };
    Timing { precision: precision.name(), rows, predict, step }
}

/// Median seconds after one round to warm up; `None` when it fails.
fn median(mut work: impl FnMut() -> bool) -> Option<f64> {
    if !work() {
        return None;
    }
    let mut seconds = Vec::new();
    for _ in 0..ROUNDS {
        let started = Instant::now();
        if !work() {
            return None;
        }
        seconds.push(started.elapsed().as_secs_f64());
    }
    seconds.sort_by(f64::total_cmp);
    Some(seconds[ROUNDS / 2])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_relative_to_the_reference() {
        assert_eq!(difference(&[3.0, 4.0], &[3.0, 4.0]), 0.0);
        assert_eq!(difference(&[3.0, 4.0], &[3.0, 9.0]), 1.0);
        assert_eq!(difference(&[0.0], &[0.0]), 0.0);
        assert!(difference(&[1.0], &[f32::NAN]).is_nan());
    }

    #[test]
    fn every_rate_of_dropout_becomes_0() {
        let peppa = NetworkConfig::by_name("peppa").unwrap();
        let text = serde_json::to_string(&without_dropout(&peppa).unwrap()).unwrap();
        assert!(text.contains("\"attention_dropout\":0.0") && !text.contains("dropout\":0.4"), "{text}");
    }
}

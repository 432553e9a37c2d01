//! What was found, for people.

use super::{Findings, Precision, tolerances};

/// Markdown.
pub(super) fn of(findings: &Findings) -> String {
    let environment = &findings.environment;
    let bf16 = if findings.has_bf16 { "in f32 and bf16" } else { "in f32; the device has no instructions for bf16" };
    let mut text = format!(
        "# {} beside the processor\n\npromoter {} ({}), LibTorch {}, {} threads, {}; {bf16}.\n\n",
        environment.device,
        environment.version,
        environment.commit,
        environment.libtorch,
        environment.threads,
        environment.cpu
    );
    let tolerance = |precision| {
        let (predictions, gradients) = tolerances(precision);
        format!("{predictions} and {gradients}")
    };
    text += &format!(
        "## Agreement\n\nRelative difference from the processor in f32; tolerated are {} in f32, {} in bf16.\n\n| network \
         | parameters | precision | predictions | gradients | agrees |\n|---|---:|---|---:|---:|---|\n",
        tolerance(Precision::F32),
        tolerance(Precision::Bf16)
    );
    for network in &findings.networks {
        for comparison in &network.comparisons {
            let agrees = if comparison.agrees { "yes" } else { "**no**" };
            text += &format!(
                "| {} | {} | {} | {:.1e} | {:.1e} | {agrees} |\n",
                network.name, network.parameters, comparison.precision, comparison.predictions, comparison.gradients
            );
        }
    }
    if findings.networks.iter().all(|network| network.steps.is_empty()) {
        return text;
    }
    text += "\n## Speed\n\nMedian milliseconds of a batch, and sequences a second of training; - where it does not \
             fit.\n\n| network | precision | rows | forward | step | trained a second |\n|---|---|---:|---:|---:|---:|\n";
    for network in &findings.networks {
        for timing in &network.steps {
            let milliseconds = |seconds: Option<f64>| seconds.map_or("-".to_owned(), |s| format!("{:.1}", 1e3 * s));
            let rate = timing.step.map_or("-".to_owned(), |step| format!("{:.0}", timing.rows as f64 / step));
            text += &format!(
                "| {} | {} | {} | {} | {} | {rate} |\n",
                network.name,
                timing.precision,
                timing.rows,
                milliseconds(timing.predict),
                milliseconds(timing.step)
            );
        }
    }
    text
}

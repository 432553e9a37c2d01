//! Designs on their way into files.

use std::io::Write as _;

use anyhow::Result;
use promoter::design::{Constraints, Trace};
use promoter::encode::base;

use super::refusal;
use crate::form::Sink;
use crate::output::Output;
use crate::table::{Header, Kind, Table, Value};

fn letters(codes: &[u8]) -> String {
    codes.iter().map(|&code| char::from(base::to_ascii(code))).collect()
}

/// Bases that differ from the start.
fn edits(trace: &Trace) -> usize {
    trace.start.iter().zip(&trace.sequence).filter(|(a, b)| a != b).count()
}

/// A row for each design, checked once more.
pub(super) fn write_designs(
    sink: Sink,
    names: &[String],
    traces: &[Trace],
    spreads: Option<&[f32]>,
    constraints: &Constraints,
) -> Result<()> {
    let columns = [
        ("name", Kind::Text),
        ("start", Kind::Text),
        ("design", Kind::Text),
        ("before", Kind::Real),
        ("predicted", Kind::Real),
        ("spread", Kind::Real),
        ("edits", Kind::Whole),
        ("violations", Kind::Text),
    ];
    let mut table = Table::create(sink, Header::Yes, &columns)?;
    let designs: Vec<Vec<u8>> = traces.iter().map(|trace| trace.sequence.clone()).collect();
    for (row, (name, trace)) in names.iter().zip(traces).enumerate() {
        let violations = constraints.check(&trace.start, &trace.sequence, &designs[..row]);
        table.row(&[
            Value::Text(name),
            Value::Text(&letters(&trace.start)),
            Value::Text(&letters(&trace.sequence)),
            Value::Real(trace.before.prediction as f32),
            Value::Real(trace.after.prediction as f32),
            Value::Real(spreads.map_or(f32::NAN, |spreads| spreads[row])),
            Value::Whole(edits(trace) as u64),
            Value::Text(&refusal::list(&violations)),
        ])?;
    }
    table.finish()
}

/// A row for each edit of each design, in the order in which they lead from the start to the design.
pub(super) fn write_steps(sink: Sink, names: &[String], traces: &[Trace]) -> Result<()> {
    let columns = [
        ("name", Kind::Text),
        ("step", Kind::Whole),
        ("position", Kind::Whole),
        ("from", Kind::Text),
        ("to", Kind::Text),
        ("motif", Kind::Text),
        ("strand", Kind::Text),
        ("predicted", Kind::Real),
        ("gain", Kind::Real),
    ];
    let mut table = Table::create(sink, Header::Yes, &columns)?;
    for (name, trace) in names.iter().zip(traces) {
        for (number, step) in trace.steps.iter().enumerate() {
            let site = step.edit.site.as_ref();
            table.row(&[
                Value::Text(name),
                Value::Whole(number as u64 + 1),
                Value::Whole(step.edit.position as u64 + 1),
                Value::Text(&letters(&step.edit.from)),
                Value::Text(&letters(&step.edit.to)),
                Value::Text(site.map_or("", |site| &site.motif)),
                Value::Text(&site.map_or(String::new(), |site| site.strand.to_string())),
                Value::Real(step.outcome.prediction as f32),
                Value::Real(step.gain as f32),
            ])?;
        }
    }
    table.finish()
}

/// Each design under its name, with what is predicted.
pub(super) fn write_fasta(mut out: Output, names: &[String], traces: &[Trace]) -> Result<()> {
    for (name, trace) in names.iter().zip(traces) {
        let (predicted, edits) = (trace.after.prediction, edits(trace));
        writeln!(out, ">{name} predicted={predicted:.4} edits={edits}\n{}", letters(&trace.sequence))?;
    }
    out.finish()
}

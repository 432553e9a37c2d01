//! Why there are no designs, in the words of the command line: names of sequences, positions from 1.

use anyhow::anyhow;
use promoter::design::{Error, Violation};

/// The error with the names of the starts in place of their numbers.
pub(super) fn explain(error: Error, names: &[String]) -> anyhow::Error {
    let name = |brief: usize| names.get(brief).map_or("?", String::as_str);
    match error {
        Error::Protected { brief, start, end, length } => {
            anyhow!("--protect {}..{end}: sequence {} has {length} bases", start + 1, name(brief))
        }
        Error::NothingToEdit { brief, length } => {
            anyhow!("--protect covers all {length} bases of sequence {}: leave some to edit", name(brief))
        }
        Error::Motif { motif, width, brief, length } => {
            anyhow!("--motifs: {motif} has {width} columns, sequence {} has {length} bases", name(brief))
        }
        Error::Length { known, brief, expected, found } => anyhow!(
            "--known: sequence {} has {found} bases, sequence {} has {expected}: distances need one length",
            known + 1,
            name(brief)
        ),
        Error::Unmendable { brief, violations } => anyhow!(
            "no design from sequence {} meets the limits: {}; allow more, or start from another sequence",
            name(brief),
            list(&violations)
        ),
        Error::NoSpread { weight } => anyhow!("--spread-weight {weight} needs several models: one has no spread"),
        other => other.into(),
    }
}

/// Limits that are not met, positions from 1.
pub(super) fn list(violations: &[Violation]) -> String {
    violations.iter().map(text).collect::<Vec<_>>().join("; ")
}

fn text(violation: &Violation) -> String {
    // Messages count positions as these fields do.
    let mut from_1 = violation.clone();
    match &mut from_1 {
        Violation::NotABase { position, .. }
        | Violation::Protected { position }
        | Violation::Word { position, .. }
        | Violation::Homopolymer { position, .. } => *position += 1,
        Violation::NearDesign { design: number, .. } | Violation::NearKnown { known: number, .. } => *number += 1,
        Violation::Length { .. } | Violation::Gc { .. } | Violation::Edits { .. } => {}
    }
    from_1.to_string()
}

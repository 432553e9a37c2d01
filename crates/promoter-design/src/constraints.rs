//! What every design must hold to.

mod violation;

use std::ops::{Range, RangeInclusive};

use crate::error::{Error, Result, check, check_bases};
use crate::word::Word;

pub use violation::Violation;

/// What every design must hold to. The default allows everything.
///
/// ```
/// use promoter_design::{Constraints, Violation, Word};
/// let constraints = Constraints { forbidden: vec![Word::cut_by("EcoRI")?], ..Constraints::default() };
/// let (start, design) = ([2, 0, 0, 3, 3, 0], [2, 0, 0, 3, 3, 1]); // GAATTA, GAATTC
/// let violations = constraints.check(&start, &design, &[]);
/// assert_eq!(violations[0].to_string(), "EcoRI stands at position 0 (+)");
/// # Ok::<(), promoter_design::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Constraints {
    /// Positions that stay as they are, counted from 0.
    pub protected: Vec<Range<usize>>,
    /// Least and largest share of G and C, from 0 to 1.
    pub gc: Option<RangeInclusive<f64>>,
    /// Words that may stand on neither strand.
    pub forbidden: Vec<Word>,
    /// Longest run of one base.
    pub longest_homopolymer: Option<usize>,
    /// Most bases that may differ from the start. A motif counts with the bases that it changes.
    pub most_edits: Option<usize>,
    /// Least number of bases by which designs differ from each other, where they have the same length.
    pub distance_to_each_other: usize,
    /// Least number of bases by which a design differs from each known sequence.
    pub distance_to_known: usize,
    /// Known sequences, such as those that the predictor was trained on, as base codes. With `most_edits` only those
    /// near a start are compared again and again; else all are.
    pub known: Vec<Vec<u8>>,
}

impl Constraints {
    /// All that `sequence`, made from `start`, violates, given the other designs. Nothing else in this crate decides
    /// what a design may be.
    pub fn check(&self, start: &[u8], sequence: &[u8], others: &[Vec<u8>]) -> Vec<Violation> {
        let mut violations = Vec::new();
        if let Some(position) = sequence.iter().position(|&code| code > 3) {
            violations.push(Violation::NotABase { position, code: sequence[position] });
        }
        if start.len() != sequence.len() {
            violations.push(Violation::Length { expected: start.len(), found: sequence.len() });
        }
        let differ = |position: &usize| start.get(*position) != sequence.get(*position);
        let longer = start.len().max(sequence.len());
        let touched = self.protected.iter().flat_map(|range| range.start..range.end.min(longer)).filter(differ);
        violations.extend(touched.map(|position| Violation::Protected { position }));
        self.check_gc(sequence, &mut violations);
        for word in &self.forbidden {
            let word_at = |(position, strand)| Violation::Word { word: word.name().to_owned(), position, strand };
            violations.extend(word.find(sequence).map(word_at));
        }
        self.check_homopolymers(sequence, &mut violations);
        let edits = distance(start, sequence);
        if let Some(most) = self.most_edits.filter(|&most| edits > most) {
            violations.push(Violation::Edits { found: edits, most });
        }
        for (design, other) in others.iter().enumerate().filter(|(_, other)| other.len() == sequence.len()) {
            let (found, least) = (distance(other, sequence), self.distance_to_each_other);
            if found < least {
                violations.push(Violation::NearDesign { design, found, least });
            }
        }
        for (known, other) in self.known.iter().enumerate().filter(|(_, other)| other.len() == sequence.len()) {
            let (found, least) = (distance(other, sequence), self.distance_to_known);
            if found < least {
                violations.push(Violation::NearKnown { known, found, least });
            }
        }
        violations
    }

    fn check_gc(&self, sequence: &[u8], violations: &mut Vec<Violation>) {
        let Some(range) = &self.gc else { return };
        let count = sequence.iter().filter(|&&code| code == 1 || code == 2).count();
        let found = count as f64 / sequence.len().max(1) as f64;
        if !range.contains(&found) {
            let away = (range.start() - found).max(found - range.end()) * sequence.len() as f64;
            let (least, most) = (*range.start(), *range.end());
            violations.push(Violation::Gc { found, least, most, bases: (away.ceil() as usize).max(1) });
        }
    }

    fn check_homopolymers(&self, sequence: &[u8], violations: &mut Vec<Violation>) {
        let Some(most) = self.longest_homopolymer else { return };
        let mut position = 0;
        for run in sequence.chunk_by(|a, b| a == b) {
            if run.len() > most {
                violations.push(Violation::Homopolymer { base: run[0], position, found: run.len(), most });
            }
            position += run.len();
        }
    }

    /// Checks the settings for the start of one brief.
    pub(crate) fn check_settings(&self, brief: usize, start: &[u8]) -> Result<()> {
        let length = start.len();
        for range in &self.protected {
            if range.start > range.end || range.end > length {
                return Err(Error::Protected { brief, start: range.start, end: range.end, length });
            }
        }
        if !self.free(length).contains(&true) {
            return Err(Error::NothingToEdit { brief, length });
        }
        if let Some(gc) = &self.gc {
            let holds = *gc.start() >= 0.0 && gc.start() <= gc.end() && *gc.end() <= 1.0;
            check("gc", format_args!("{gc:?}"), holds, "a range of shares from 0 to 1")?;
        }
        if let Some(most) = self.longest_homopolymer {
            check("longest_homopolymer", most, most >= 1, "at least 1")?;
        }
        for (known, codes) in self.known.iter().enumerate() {
            check_bases("known sequence", known, codes)?;
            if codes.len() != length {
                return Err(Error::Length { known, brief, expected: length, found: codes.len() });
            }
        }
        Ok(())
    }

    /// Whether each of `length` positions may be edited.
    pub(crate) fn free(&self, length: usize) -> Vec<bool> {
        let mut free = vec![true; length];
        for position in self.protected.iter().flat_map(Clone::clone) {
            free[position] = false;
        }
        free
    }

    /// The same constraints for all sequences that `most_edits` allows: known sequences farther away are left out.
    pub(crate) fn near(&self, start: &[u8]) -> Self {
        let reach = self.most_edits.map(|most| most.saturating_add(self.distance_to_known));
        let is_near = |known: &&Vec<u8>| reach.is_none_or(|reach| distance(known, start) < reach);
        let is_needed = self.distance_to_known > 0;
        Self {
            protected: self.protected.clone(),
            gc: self.gc.clone(),
            forbidden: self.forbidden.clone(),
            known: if is_needed { self.known.iter().filter(is_near).cloned().collect() } else { Vec::new() },
            ..*self
        }
    }
}

/// Number of positions at which two sequences differ (Hamming), as far as both go.
pub(crate) fn distance(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).filter(|(a, b)| a != b).count()
}

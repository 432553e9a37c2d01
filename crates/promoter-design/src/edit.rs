//! One change of a sequence.

use promoter_encode::base;
use promoter_motif::Strand;

/// A motif that was written over a sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The motif's name.
    pub motif: String,
    /// Where it reads as its file has it.
    pub strand: Strand,
}

/// Bases that replace as many others.
///
/// ```
/// use promoter_design::Edit;
/// let edit = Edit { position: 1, from: vec![0], to: vec![3], site: None };
/// assert_eq!(edit.to_string(), "1 A>T");
/// assert_eq!(edit.apply(&[2, 0, 2]), [2, 3, 2]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// First base, counted from 0.
    pub position: usize,
    /// Base codes that stood there.
    pub from: Vec<u8>,
    /// Base codes that stand there now.
    pub to: Vec<u8>,
    /// The motif whose site was written; nothing for a single base.
    pub site: Option<Site>,
}

impl Edit {
    /// The base `to` at `position` of `sequence`.
    pub(crate) fn base(sequence: &[u8], position: usize, to: u8) -> Self {
        Self { position, from: vec![sequence[position]], to: vec![to], site: None }
    }

    /// `sequence` with the new bases. Those beyond its end are left out.
    pub fn apply(&self, sequence: &[u8]) -> Vec<u8> {
        let mut edited = sequence.to_vec();
        for (code, &to) in edited.iter_mut().skip(self.position).zip(&self.to) {
            *code = to;
        }
        edited
    }
}

impl std::fmt::Display for Edit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let letters = |codes: &[u8]| codes.iter().map(|&code| char::from(base::to_ascii(code))).collect::<String>();
        write!(f, "{} {}>{}", self.position, letters(&self.from), letters(&self.to))?;
        match &self.site {
            Some(site) => write!(f, " {} ({})", site.motif, site.strand),
            None => Ok(()),
        }
    }
}

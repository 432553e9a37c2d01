//! From occupied sites to expression.

use crate::error::{Error, finite, positive, range};
use crate::factor::{Factor, Role};
use crate::scan::{Candidate, Motif};
use crate::site::Strand;

/// How bound sites become expression. The formulas are in `docs/simulation.md`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Expression {
    /// Log-odds of expression when nothing is bound.
    pub basal: f64,
    /// Log-odds that a fully occupied core element adds without activators.
    pub core: f64,
    /// Log-odds that it adds on top when activators are plenty.
    pub synergy: f64,
    /// Share of a regulator's effect that depends on the side of the helix, 0 to 1.
    pub phase: f64,
    /// Bases per turn of the helix.
    pub turn: f64,
    /// Log-odds that a regulator bound at the very end of the insert takes away, because it is in the way.
    pub roadblock: f64,
    /// Reach of that, in bp.
    pub roadblock_reach: f64,
    /// Natural logarithm of the nucleosome's weight on a sequence with half of its bases G or C.
    pub nucleosome: f64,
    /// How much this logarithm changes from no G and C to only G and C.
    pub nucleosome_gc: f64,
}

impl Default for Expression {
    fn default() -> Self {
        Self {
            basal: 0.15,
            core: 0.2,
            synergy: 2.0,
            phase: 0.2,
            turn: 10.5,
            roadblock: 0.5,
            roadblock_reach: 8.0,
            nucleosome: 2.0,
            nucleosome_gc: 4.0,
        }
    }
}

impl Expression {
    pub(crate) fn check(&self) -> Result<(), Error> {
        finite("expression.basal", self.basal)?;
        finite("expression.core", self.core)?;
        finite("expression.synergy", self.synergy)?;
        range("expression.phase", self.phase, (0.0..=1.0).contains(&self.phase), "a share from 0 to 1")?;
        positive("expression.turn", self.turn)?;
        finite("expression.roadblock", self.roadblock)?;
        positive("expression.roadblock_reach", self.roadblock_reach)?;
        let most = |value: f64| value.is_finite() && value.abs() <= 100.0;
        range("expression.nucleosome", self.nucleosome, most(self.nucleosome), "-100 to 100")?;
        range("expression.nucleosome_gc", self.nucleosome_gc, most(self.nucleosome_gc), "-100 to 100")
    }

    /// Statistical weight of the nucleosome on a sequence.
    pub(crate) fn nucleosome_weight(&self, codes: &[u8]) -> f64 {
        let strong = codes.iter().filter(|&&code| code == 1 || code == 2).count();
        libm::exp(self.nucleosome + self.nucleosome_gc * (strong as f64 / codes.len() as f64 - 0.5))
    }

    /// What a fully bound site of `motif` does at each start, for an insert that ends before base `end`.
    fn responses(&self, factor: &Factor, motif: &Motif, end: usize, length: usize) -> Vec<f64> {
        let strand = if motif.strand == Strand::Reverse { factor.reverse } else { 1.0 };
        let site = motif.consensus.len();
        let bell = |x: f64| libm::exp(-0.5 * x * x);
        (0..(length + 1).saturating_sub(site))
            .map(|start| {
                let distance = end as f64 - (start as f64 + site as f64 / 2.0);
                let effect = factor.effect * strand * bell((distance - factor.distance) / factor.width);
                match factor.role {
                    Role::Core => effect,
                    Role::Regulator => {
                        let side = libm::cos(std::f64::consts::TAU * (distance - factor.distance) / self.turn);
                        let blocked = self.roadblock * bell(distance / self.roadblock_reach);
                        effect * (1.0 - self.phase * (1.0 - side) / 2.0) - blocked
                    }
                }
            })
            .collect()
    }
}

/// The responses of all motifs at all positions of one construct.
#[derive(Debug)]
pub(crate) struct Responses {
    expression: Expression,
    roles: Vec<Role>,
    by_start: Vec<Vec<f64>>,
}

impl Responses {
    /// For an insert that ends before base `end` of `length`.
    pub(crate) fn new(expression: Expression, factors: &[Factor], motifs: &[Motif], end: usize, length: usize) -> Self {
        let factor = |motif: &Motif| &factors[motif.factor];
        Self {
            expression,
            roles: motifs.iter().map(|motif| factor(motif).role).collect(),
            by_start: motifs.iter().map(|motif| expression.responses(factor(motif), motif, end, length)).collect(),
        }
    }

    /// Expression between 0 and 1 of a sequence whose `candidates` are bound with the probabilities `occupancy`.
    pub(crate) fn level(&self, candidates: &[Candidate], occupancy: &[f64]) -> f64 {
        let (mut sum, mut activation, mut core) = (0.0, 0.0, 0.0);
        for (site, bound) in candidates.iter().zip(occupancy) {
            let effect = bound * self.by_start[site.motif][site.start];
            match self.roles[site.motif] {
                Role::Core => core += effect,
                Role::Regulator => {
                    sum += effect;
                    activation += effect.max(0.0);
                }
            }
        }
        let Expression { basal, core: alone, synergy, .. } = self.expression;
        let odds = basal + sum + core * (alone + synergy * activation / (1.0 + activation));
        1.0 / (1.0 + libm::exp(-odds))
    }
}

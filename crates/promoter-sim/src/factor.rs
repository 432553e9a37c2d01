//! Factors and their binding sites.

use promoter_encode::base;

use crate::error::{Error, finite, positive, range};

/// A factor that binds DNA: where, how strongly, and what it does to expression.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Factor {
    /// Name; each factor has its own.
    pub name: String,
    /// Site in IUPAC letters. `N` stands for a base that does not matter.
    pub consensus: String,
    /// Energy of each base that the consensus does not allow, in kT; above 0.
    pub mismatch: f64,
    /// Natural logarithm of the statistical weight of a site without mismatch: 0 binds half the time when nothing
    /// competes, 3 binds 95 % of the time. At most 20.
    pub affinity: f64,
    /// How `effect` enters expression.
    pub role: Role,
    /// What a fully bound site at the best position does: log-odds of expression for a regulator (negative for a
    /// repressor), core promoter strength for a core element.
    pub effect: f64,
    /// Distance from the middle of the site to the downstream end of the insert at which it acts best, in bp.
    pub distance: f64,
    /// Standard deviation of the bell around `distance` over which the effect falls off, in bp.
    pub width: f64,
    /// The effect of a site on the reverse strand is multiplied by this. It is not used when the consensus is its own
    /// reverse complement.
    pub reverse: f64,
}

/// How a bound site takes part in expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Role {
    /// Its effects add up; it opens chromatin by binding.
    Regulator,
    /// Part of the core promoter, such as TATA: its effect grows with the activators that are bound.
    Core,
}

impl Factor {
    /// Whether the consensus reads the same on both strands.
    pub fn is_palindromic(&self) -> bool {
        let codes = self.codes();
        codes.iter().rev().map(|&code| base::COMPLEMENT[usize::from(code)]).eq(codes.iter().copied())
    }

    /// The consensus as base codes; letters were checked.
    pub(crate) fn codes(&self) -> Vec<u8> {
        self.consensus.bytes().map(base::from_ascii).collect()
    }

    pub(crate) fn check(&self, insert: usize) -> Result<(), Error> {
        let key = |field: &str| format!("factors.{}.{field}", self.name);
        if let Some((position, letter)) =
            self.consensus.chars().enumerate().find(|(_, letter)| !"ACGTRYSWKMBDHVN".contains(*letter))
        {
            return Err(Error::Letter { name: key("consensus"), letter, position, expected: "an IUPAC letter" });
        }
        let length = self.consensus.len();
        range(&key("consensus"), length as f64, length > 0, "at least one letter")?;
        if length > insert {
            return Err(Error::TooLong { factor: self.name.clone(), length, insert });
        }
        positive(&key("mismatch"), self.mismatch)?;
        range(&key("affinity"), self.affinity, self.affinity.is_finite() && self.affinity <= 20.0, "at most 20")?;
        finite(&key("effect"), self.effect)?;
        finite(&key("distance"), self.distance)?;
        positive(&key("width"), self.width)?;
        finite(&key("reverse"), self.reverse)
    }
}

/// The default factors: well-known sites of budding yeast. Roles and consensus sites follow the literature; strengths
/// and distances are chosen, so that the assay looks like the measured one.
pub fn yeast() -> Vec<Factor> {
    use Role::{Core, Regulator};
    #[rustfmt::skip]
    let table = [
        // name        consensus            kT   ln w  role        effect  at    width reverse
        ("TBP",        "TATAWAWR",          2.2, 2.6, Core,        1.0,   28.0, 20.0, 0.25),
        ("polyA",      "AAAAAAAA",          2.6, 2.6, Regulator,   0.6,   30.0, 30.0, 1.0),
        ("Reb1",       "TTACCCGK",          2.4, 3.2, Regulator,   1.1,   55.0, 22.0, 0.8),
        ("Abf1",       "RTCRYNNNNNACG",     2.6, 3.4, Regulator,   1.1,   50.0, 22.0, 1.0),
        ("Rap1",       "ACACCCRYACAYM",     1.7, 3.6, Regulator,   1.2,   48.0, 20.0, 0.3),
        ("Gcn4",       "TGASTCA",           2.6, 2.8, Regulator,   1.1,   42.0, 20.0, 1.0),
        ("Cbf1",       "CACGTG",            2.8, 2.4, Regulator,   0.8,   55.0, 20.0, 1.0),
        ("Mcm1",       "CCYAATNNGG",        2.2, 3.0, Regulator,   0.9,   40.0, 20.0, 1.0),
        ("Gal4",       "CGGNNNNNNNNNNNCCG", 2.8, 3.2, Regulator,   1.3,   50.0, 22.0, 1.0),
        ("Hap1",       "CGGNNNTANCGG",      2.2, 3.0, Regulator,   1.1,   45.0, 20.0, 0.6),
        ("Hsf1",       "TTCNNGAANNTTC",     2.2, 3.0, Regulator,   1.2,   38.0, 20.0, 1.0),
        ("Ste12",      "TGAAACR",           2.6, 2.4, Regulator,   0.9,   40.0, 18.0, 0.5),
        ("Mbp1",       "ACGCGT",            2.8, 2.4, Regulator,   0.8,   50.0, 20.0, 1.0),
        ("Swi5",       "RCCAGCR",           2.6, 2.4, Regulator,   0.9,   48.0, 18.0, 0.4),
        ("Rox1",       "YYYATTGTTCTC",      1.8, 3.0, Regulator,  -0.8,   35.0, 26.0, 0.7),
        ("Mig1",       "WWWWNGYGGGG",       2.2, 3.0, Regulator,  -0.8,   45.0, 28.0, 0.7),
        ("Ume6",       "TAGCCGCCGA",        1.9, 3.0, Regulator,  -0.9,   40.0, 26.0, 1.0),
        ("Mot3",       "YAGGYA",            3.0, 1.4, Regulator,  -0.5,   30.0, 24.0, 1.0),
        ("Matalpha2",  "CRTGTWWWW",         2.4, 2.2, Regulator,  -0.6,   30.0, 22.0, 0.5),
    ];
    table
        .into_iter()
        .map(|(name, consensus, mismatch, affinity, role, effect, distance, width, reverse)| Factor {
            name: name.to_owned(),
            consensus: consensus.to_owned(),
            mismatch,
            affinity,
            role,
            effect,
            distance,
            width,
            reverse,
        })
        .collect()
}

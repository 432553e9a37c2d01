//! The two strands of DNA.

/// A strand.
///
/// ```
/// use promoter_motif::Strand;
/// assert_eq!(Strand::Reverse.to_string(), "-");
/// assert_eq!(Strand::Reverse.other(), Strand::Forward);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Strand {
    /// As the sequence is written.
    #[default]
    #[cfg_attr(feature = "serde", serde(rename = "+"))]
    Forward,
    /// Its reverse complement.
    #[cfg_attr(feature = "serde", serde(rename = "-"))]
    Reverse,
}

impl Strand {
    /// The other one.
    pub const fn other(self) -> Self {
        match self {
            Self::Forward => Self::Reverse,
            Self::Reverse => Self::Forward,
        }
    }
}

impl std::fmt::Display for Strand {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Forward => "+",
            Self::Reverse => "-",
        })
    }
}

/// Which strands are looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Strands {
    /// Both.
    #[default]
    Both,
    /// The forward strand only.
    Forward,
}

impl Strands {
    /// The strands, forward first.
    pub(crate) fn each(self) -> &'static [Strand] {
        match self {
            Self::Both => &[Strand::Forward, Strand::Reverse],
            Self::Forward => &[Strand::Forward],
        }
    }
}

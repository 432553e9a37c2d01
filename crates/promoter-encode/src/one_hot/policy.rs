//! The choices of a one-hot encoding, each a value with a name.

use crate::{Error, Result, base};

/// Which base each of the four channels stands for.
///
/// ```
/// use promoter_encode::one_hot::ChannelOrder;
/// assert_eq!(ChannelOrder::new("AGCT")?, ChannelOrder::AGCT);
/// assert!(ChannelOrder::new("AACT").is_err());
/// # Ok::<(), promoter_encode::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("pattern" = "^[ACGT]{4}$")))]
pub struct ChannelOrder([u8; 4]);

impl ChannelOrder {
    /// Alphabetical: most of the field.
    pub const ACGT: Self = Self(*b"ACGT");
    /// Purines first: DeepSEA, autosome.org, Prix Fixe, LegNet.
    pub const AGCT: Self = Self(*b"AGCT");

    /// The order that four letters name.
    ///
    /// # Errors
    /// [`Error::ChannelOrder`] unless they are A, C, G and T in some order.
    pub fn new(order: &str) -> Result<Self> {
        let mut sorted = order.as_bytes().to_vec();
        sorted.sort_unstable();
        match order.as_bytes().try_into() {
            Ok(letters) if sorted == *b"ACGT" => Ok(Self(letters)),
            _ => Err(Error::ChannelOrder { order: order.to_owned() }),
        }
    }

    /// The letter of each channel.
    pub const fn letters(&self) -> [u8; 4] {
        self.0
    }

    /// The base code of each channel.
    pub(super) fn codes(&self) -> [u8; 4] {
        self.0.map(base::from_ascii)
    }
}

impl std::fmt::Display for ChannelOrder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|&letter| write!(f, "{}", char::from(letter)))
    }
}

impl TryFrom<String> for ChannelOrder {
    type Error = Error;

    fn try_from(order: String) -> Result<Self> {
        Self::new(&order)
    }
}

impl From<ChannelOrder> for String {
    fn from(order: ChannelOrder) -> Self {
        order.to_string()
    }
}

/// Which axis comes last, that is, lies together in memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Layout {
    /// (length, channels), as Keras and Sonnet take it.
    #[default]
    ChannelsLast,
    /// (channels, length), as PyTorch takes it.
    ChannelsFirst,
}

/// What `N`, any base, becomes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum AnyBase {
    /// 0, 0, 0, 0.
    #[default]
    Zeros,
    /// 0.25 in every base channel.
    Uniform,
    /// 1 in every base channel.
    Ones,
    /// Refused.
    Error,
}

/// What the ten other ambiguity codes of IUPAC (`R`, `Y`, ...) become.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Iupac {
    /// The same as `N`.
    #[default]
    AsN,
    /// Equal shares in the channels of the bases that the letter stands for: `R` is 1/2 in A and 1/2 in G.
    Spread,
    /// Refused.
    Error,
}

/// What lower-case letters are. Base codes have no case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Case {
    /// The same as upper case.
    #[default]
    Fold,
    /// The same as `N`, as where lower case marks repeats.
    AsN,
    /// Refused.
    Error,
}

/// What a byte becomes that is neither an IUPAC letter nor the padding `.`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Other {
    /// Refused.
    #[default]
    Error,
    /// The same as `N`. Several toolkits do so without a word.
    AsN,
}

/// A channel after the four bases that says something of the whole sequence; see
/// [`OneHot::set_flag`](super::OneHot::set_flag).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Flag {
    /// 1 in the reverse complement of a sequence.
    IsReverse,
    /// 1 where the label is integer-valued, that is, was read from one cell.
    IsSingleton,
}

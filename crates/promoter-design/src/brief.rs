//! What is wanted.

use crate::error::{Result, check, check_bases};

/// Where a prediction should go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Target {
    /// As high as possible.
    Maximize,
    /// As low as possible.
    Minimize,
    /// As close as possible to this value, in the predictions' unit.
    Value(f64),
}

impl Target {
    /// How good a prediction is; more is better. The prediction, its negative, or the negative distance to the value.
    ///
    /// ```
    /// use promoter_design::Target;
    /// assert_eq!(Target::Minimize.score(3.0), -3.0);
    /// assert_eq!(Target::Value(8.0).score(9.5), -1.5);
    /// ```
    pub fn score(self, prediction: f64) -> f64 {
        match self {
            Self::Maximize => prediction,
            Self::Minimize => -prediction,
            Self::Value(value) => -(prediction - value).abs(),
        }
    }

    /// The derivative of the score by the prediction: 1, -1, or 0 at the value itself.
    pub(crate) fn slope(self, prediction: f64) -> f64 {
        match self {
            Self::Maximize => 1.0,
            Self::Minimize => -1.0,
            Self::Value(value) if value > prediction => 1.0,
            Self::Value(value) if value < prediction => -1.0,
            Self::Value(_) => 0.0,
        }
    }
}

/// One design that is wanted. For several designs from one start, give several briefs.
#[derive(Debug, Clone, PartialEq)]
pub struct Brief {
    /// The sequence to edit, as base codes.
    pub start: Vec<u8>,
    /// Where its prediction should go.
    pub target: Target,
}

impl Brief {
    pub(crate) fn check(&self, index: usize) -> Result<()> {
        check_bases("start", index, &self.start)?;
        match self.target {
            Target::Value(value) => check("target", value, value.is_finite(), "a finite value"),
            _ => Ok(()),
        }
    }
}

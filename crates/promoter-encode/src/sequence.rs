//! What goes into an encoding: letters or base codes. Both are bytes, so types tell them apart.

use crate::letters::{are_base_codes, are_bases, code, to_letters};
use crate::{Result, base};

pub(crate) use sealed::Alphabet;

/// Letters of a sequence in ASCII: `A`, `C`, `G`, `T`, the ambiguity codes of IUPAC, and `.` for padding.
///
/// Text (`&str`) is letters too, so `encode("GATTACA")` needs no wrapper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Letters<'a>(pub &'a [u8]);

/// Base codes of a sequence ([`base`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Codes<'a>(pub &'a [u8]);

/// A sequence that an encoding takes: [`Letters`], [`Codes`] or text.
///
/// ```
/// use promoter_encode::one_hot::OneHot;
/// use promoter_encode::{Codes, Letters};
/// let encoded = OneHot::default().encode::<f32>("GAT")?;
/// assert_eq!(OneHot::default().encode::<f32>(Letters(b"GAT"))?, encoded);
/// assert_eq!(OneHot::default().encode::<f32>(Codes(&[2, 0, 3]))?, encoded);
/// # Ok::<(), promoter_encode::Error>(())
/// ```
pub trait Sequence: sealed::Sealed + Copy {}

impl Sequence for Letters<'_> {}
impl Sequence for Codes<'_> {}
impl Sequence for &str {}

impl Letters<'_> {
    /// The code of each letter, upper and lower case alike.
    ///
    /// # Errors
    /// [`Error::Byte`](crate::Error::Byte) for a byte that is not an IUPAC letter and not `.`.
    ///
    /// ```
    /// use promoter_encode::Letters;
    /// assert_eq!(Letters(b"GATn").to_codes()?, [2, 0, 3, 4]);
    /// # Ok::<(), promoter_encode::Error>(())
    /// ```
    pub fn to_codes(self) -> Result<Vec<u8>> {
        if are_bases(self.0) {
            // Arithmetic instead of a look-up for each letter.
            return Ok(self.0.iter().map(|&letter| code(letter)).collect());
        }
        self.0.iter().enumerate().map(|(position, &letter)| Alphabet::Letters.code(letter, position)).collect()
    }
}

impl Codes<'_> {
    /// The letter of each code.
    ///
    /// # Errors
    /// [`Error::Code`](crate::Error::Code) for a number that is not a base code.
    ///
    /// ```
    /// use promoter_encode::Codes;
    /// assert_eq!(Codes(&[2, 0, 3, 4]).to_letters()?, b"GATN");
    /// # Ok::<(), promoter_encode::Error>(())
    /// ```
    pub fn to_letters(self) -> Result<Vec<u8>> {
        if are_base_codes(self.0) {
            let mut letters = self.0.to_vec();
            to_letters(&mut letters);
            return Ok(letters);
        }
        let letter = |(position, &code)| Ok(base::to_ascii(Alphabet::Codes.code(code, position)?));
        self.0.iter().enumerate().map(letter).collect()
    }
}

mod sealed {
    use super::{Codes, Letters};

    /// What the bytes of a sequence are.
    #[derive(Debug, Clone, Copy, PartialEq)]
    pub enum Alphabet {
        Letters,
        Codes,
    }

    /// A sequence as its bytes and what they are.
    pub trait Sealed {
        fn alphabet(&self) -> Alphabet;
        fn symbols(&self) -> &[u8];
    }

    impl Sealed for Letters<'_> {
        fn alphabet(&self) -> Alphabet {
            Alphabet::Letters
        }

        fn symbols(&self) -> &[u8] {
            self.0
        }
    }

    impl Sealed for Codes<'_> {
        fn alphabet(&self) -> Alphabet {
            Alphabet::Codes
        }

        fn symbols(&self) -> &[u8] {
            self.0
        }
    }

    impl Sealed for &str {
        fn alphabet(&self) -> Alphabet {
            Alphabet::Letters
        }

        fn symbols(&self) -> &[u8] {
            self.as_bytes()
        }
    }
}

//! From base codes to a network's input, on the device.

use promoter_encode::base;
use promoter_encode::kmer::Oov;
use promoter_encode::one_hot::Flag;
use tch::{Device, Kind, TchError, Tensor};

use crate::Error;
use crate::encoding::Encoding;
use crate::error::{Doing, experiment};

/// From base codes to a network's input: the window of each row, and in it each symbol's row of a table.
#[derive(Debug)]
pub struct Encoder {
    /// (symbols, C) f32.
    table: Tensor,
    /// Bases of the window, first and number.
    start: i64,
    length: i64,
    words: Option<Words>,
    flags: Vec<Flag>,
    /// (16,) u8.
    complement: Tensor,
}

/// Symbols that are k-mers.
#[derive(Debug, Clone, Copy)]
struct Words {
    k: i64,
    /// Whether there may be other letters than A, C, G and T.
    other: bool,
}

/// How rows are looked at.
#[derive(Debug, Default)]
pub struct View {
    /// How far the window of each row moves, (B,) i64; `None`: no window moves.
    pub shift: Option<Tensor>,
    /// Which rows' windows are seen as their reverse complements, (B,) bool; `None`: no window is turned.
    pub reverse: Option<Tensor>,
    /// Which rows were measured by a single cell, (B,); `None`: it is not said, as in prediction.
    pub singleton: Option<Tensor>,
}

impl View {
    /// The same view of every row.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn of_all(reverse: bool, shift: i64, rows: i64, device: Device) -> Result<Self, Error> {
        let view = || {
            let shift = (shift != 0).then(|| Tensor::f_full([rows], shift, (Kind::Int64, device)));
            let reverse = reverse.then(|| Tensor::f_ones([rows], (Kind::Bool, device)));
            Ok(Self { shift: shift.transpose()?, reverse: reverse.transpose()?, singleton: None })
        };
        view().doing("choosing a view")
    }
}

impl Encoder {
    /// The encoder of an experiment; `vectors` are those of [`vectors::table`](crate::vectors::table) for k-mers.
    ///
    /// # Errors
    /// [`Error::Experiment`] for an impossible window or vectors that are missing or of another number of k-mers,
    /// [`Error::Torch`].
    pub fn new(encoding: &Encoding, vectors: Option<&Tensor>, device: Device) -> Result<Self, Error> {
        encoding.check()?;
        let (start, end) = encoding.window();
        let (table, words) = match encoding {
            Encoding::OneHot { policy, .. } => {
                let size = [base::CODES as i64, policy.channels() as i64];
                let table = Tensor::f_from_slice(&policy.table()).and_then(|table| table.f_view(size));
                (table.doing("encoder")?, None)
            }
            Encoding::Kmer { k, oov, .. } => {
                let words = Words { k: *k as i64, other: *oov == Oov::Token };
                let (rows, size) = ((1i64 << (2 * k)) + 1, vectors.map_or(vec![], Tensor::size));
                match vectors {
                    Some(vectors) if size.len() == 2 && size[0] == rows => (vectors.shallow_clone(), Some(words)),
                    _ => {
                        let expected = format!("a table of {rows} rows");
                        return Err(experiment("encoding.kmer.vectors", format_args!("{size:?}"), expected));
                    }
                }
            }
        };
        let complement = Tensor::f_from_slice(&base::COMPLEMENT);
        Ok(Self {
            table: table.f_to_device(device).doing("encoder")?,
            start: start as i64,
            length: (end - start) as i64,
            words,
            flags: encoding.flags().to_vec(),
            complement: complement.and_then(|t| t.f_to_device(device)).doing("encoder")?,
        })
    }

    /// Another handle on the same tables.
    pub(crate) fn shallow_clone(&self) -> Self {
        Self {
            table: self.table.shallow_clone(),
            complement: self.complement.shallow_clone(),
            flags: self.flags.clone(),
            ..*self
        }
    }

    /// Positions and channels of what comes out.
    pub fn output(&self) -> (i64, i64) {
        let positions = self.words.map_or(self.length, |words| self.length - words.k + 1);
        (positions, self.table.size()[1])
    }

    /// The vectors of k-mers, (4^k + 1, dimension) f32.
    pub fn vectors(&self) -> Option<&Tensor> {
        self.words.is_some().then_some(&self.table)
    }

    /// Encodes rows.
    ///
    /// # Shapes
    /// (B, length) u8 to (B, L, C) f32.
    ///
    /// # Errors
    /// [`Error::Torch`].
    pub fn encode(&self, codes: &Tensor, view: &View) -> Result<Tensor, Error> {
        self.look_up(codes, view).doing("encoding rows")
    }

    fn look_up(&self, codes: &Tensor, view: &View) -> Result<Tensor, TchError> {
        let window = match &view.shift {
            None => codes.f_narrow(1, self.start, self.length)?,
            Some(shift) => {
                let window =
                    Tensor::f_arange_start(self.start, self.start + self.length, (Kind::Int64, codes.device()));
                codes.f_gather(1, &shift.f_unsqueeze(1)?.f_add(&window?)?, false)?
            }
        };
        // The window is turned and not the whole sequence: flanks of unequal length would move the insert in it.
        let turned = view.reverse.as_ref().map(|reverse| self.turn(&window, reverse)).transpose()?;
        let codes = turned.unwrap_or(window).f_to_kind(Kind::Int)?;
        let symbols = self.words.map(|words| self.tokens(&codes, words)).transpose()?.unwrap_or(codes);
        let x = Tensor::f_embedding(&self.table, &symbols, -1, false, false)?;
        for (channel, flag) in (4..).zip(&self.flags) {
            let values = match flag {
                Flag::IsReverse => &view.reverse,
                Flag::IsSingleton => &view.singleton,
            };
            if let Some(values) = values {
                x.f_narrow(2, channel, 1)?.f_copy_(&values.f_view([-1, 1, 1])?)?;
            }
        }
        Ok(x)
    }

    /// The chosen rows as their reverse complements.
    fn turn(&self, codes: &Tensor, rows: &Tensor) -> Result<Tensor, TchError> {
        let back = codes.f_flip([1])?.f_flatten(0, 1)?.f_to_kind(Kind::Int)?;
        let turned = self.complement.f_index_select(0, &back)?.f_view_as(codes)?;
        turned.f_where_self(&rows.f_unsqueeze(1)?, codes)
    }

    /// Numbers of k-mers, in base 4; the last for those with other letters.
    ///
    /// # Shapes
    /// (B, bases) i32 to (B, L) i32.
    fn tokens(&self, codes: &Tensor, Words { k, other }: Words) -> Result<Tensor, TchError> {
        let bases = codes.f_unfold(1, k, 1)?;
        let mut tokens = bases.f_select(2, 0)?;
        for base in 1..k {
            tokens = tokens.f_mul_scalar(4)?.f_add(&bases.f_select(2, base)?)?;
        }
        if other {
            let other = bases.f_amax([2], false)?.f_gt(3)?;
            tokens = tokens.f_masked_fill(&other, self.table.size()[0] - 1)?;
        }
        Ok(tokens)
    }
}

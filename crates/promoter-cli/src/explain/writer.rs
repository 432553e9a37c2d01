//! Effects on their way into a file.

use anyhow::{Result, bail};
use promoter::encode::base;
use promoter::explain::Contributions;

use crate::attribution::Explained;
use crate::form::{Form, Sink};
use crate::keep::{self, Keep};
use crate::npz::{self, Array};
use crate::output::Output;
use crate::table::{Header, Kind, Table, Value};

/// Columns of the effects.
const COLUMNS: [(&str, Kind); 5] = [
    ("sequence", Kind::Text),
    ("position", Kind::Whole),
    ("reference", Kind::Text),
    ("alternative", Kind::Text),
    ("effect", Kind::Real),
];

/// The effects on their way into a file.
pub(super) enum Writer {
    Rows(Table),
    Arrays(Box<Arrays>),
}

impl Writer {
    pub(super) fn create(sink: Sink, keep: &Keep) -> Result<Self> {
        if sink.form == Form::Npz {
            return Ok(Self::Arrays(Box::new(Arrays::create(sink.out, keep)?)));
        }
        Ok(Self::Rows(keep.begin(sink, Header::Yes, &COLUMNS)?))
    }

    /// Adds what was found of a sequence with its kept cells.
    pub(super) fn write<'a>(
        &mut self,
        cells: impl Iterator<Item = &'a str> + Clone,
        name: &str,
        codes: &[u8],
        found: &Explained,
    ) -> Result<()> {
        match self {
            Self::Rows(table) => {
                for (position, (&code, changes)) in codes.iter().zip(&found.effects.changes).enumerate() {
                    let reference = base::to_ascii(code);
                    for (&alternative, &effect) in base::LETTERS[..4].iter().zip(changes) {
                        if alternative == reference {
                            continue;
                        }
                        let letters = [reference, alternative].map(char::from);
                        let mut buffers = [[0; 4]; 2];
                        let [reference, alternative] = &mut buffers;
                        let values = [
                            Value::Text(name),
                            Value::Whole(position as u64 + 1),
                            Value::Text(letters[0].encode_utf8(reference)),
                            Value::Text(letters[1].encode_utf8(alternative)),
                            Value::Real(effect),
                        ];
                        table.row(&keep::row(cells.clone(), &values))?;
                    }
                }
            }
            Self::Arrays(arrays) => arrays.push(cells, name, codes, found)?,
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<()> {
        match self {
            Self::Rows(table) => table.finish(),
            Self::Arrays(arrays) => arrays.finish(),
        }
    }
}

/// Effects as an array of (sequences, positions, A C G T), with the sequences and their predictions; contributions
/// beside them where the method gives some.
pub(super) struct Arrays {
    out: Output,
    /// The kept columns.
    kept: Vec<Array>,
    sequence: Array,
    prediction: Array,
    /// Bases of the first sequence, which all others must have.
    effects: Option<(usize, Array)>,
    /// Of all four bases, and the predictions of the references.
    contributions: Option<[Array; 2]>,
}

impl Arrays {
    fn create(out: Output, keep: &Keep) -> Result<Self> {
        keep.check(&["sequence", "prediction", "effects"])?;
        let kept = keep.columns().iter().map(|name| Array::text(name)).collect::<Result<_>>()?;
        let (sequence, prediction) = (Array::text("sequence")?, Array::numbers("prediction", "<f4", &[])?);
        Ok(Self { out, kept, sequence, prediction, effects: None, contributions: None })
    }

    fn push<'a>(
        &mut self,
        cells: impl Iterator<Item = &'a str>,
        name: &str,
        codes: &[u8],
        found: &Explained,
    ) -> Result<()> {
        self.kept.iter_mut().zip(cells).try_for_each(|(array, cell)| array.push_text(cell))?;
        let letters: String = codes.iter().map(|&code| char::from(base::to_ascii(code))).collect();
        self.sequence.push_text(&letters)?;
        self.prediction.push(&found.effects.prediction.to_le_bytes())?;
        let (length, array) = match &mut self.effects {
            Some(effects) => effects,
            none => none.insert((codes.len(), Array::numbers("effects", "<f4", &[codes.len(), 4])?)),
        };
        if *length != codes.len() {
            bail!(
                "sequence {name} has {} bases, the first has {length}: an .npz file needs sequences of one length",
                codes.len()
            );
        }
        array.push(&bytes(&found.effects.changes))?;
        found.contributions.as_ref().map_or(Ok(()), |found| self.contribute(found))
    }

    fn contribute(&mut self, found: &Contributions) -> Result<()> {
        let [bases, references] = match &mut self.contributions {
            Some(contributions) => contributions,
            none => none.insert([
                Array::numbers("contributions", "<f4", &[found.hypothetical.len(), 4])?,
                Array::numbers("reference", "<f4", &[])?,
            ]),
        };
        bases.push(&bytes(&found.hypothetical))?;
        references.push(&found.reference.to_le_bytes())
    }

    fn finish(self) -> Result<()> {
        let effects = self.effects.map(|(_, array)| array).into_iter();
        let contributions = self.contributions.into_iter().flatten();
        let arrays = self.kept.into_iter().chain([self.sequence, self.prediction]);
        npz::write(arrays.chain(effects).chain(contributions).collect(), self.out)
    }
}

fn bytes(values: &[[f32; 4]]) -> Vec<u8> {
    values.as_flattened().iter().flat_map(|value| value.to_le_bytes()).collect()
}

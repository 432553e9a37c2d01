//! Effects on their way into a file.

use anyhow::{Result, bail};
use promoter::encode::base;
use promoter::explain::Effects;

use crate::form::{Form, Sink};
use crate::npz::{self, Array};
use crate::output::Output;
use crate::table::{Header, Kind, Table, Value};

/// The effects on their way into a file.
pub(super) enum Writer {
    Rows(Table),
    Arrays(Box<Arrays>),
}

impl Writer {
    pub(super) fn create(sink: Sink) -> Result<Self> {
        if sink.form == Form::Npz {
            return Ok(Self::Arrays(Box::new(Arrays::create(sink.out)?)));
        }
        let columns = [
            ("sequence", Kind::Text),
            ("position", Kind::Whole),
            ("reference", Kind::Text),
            ("alternative", Kind::Text),
            ("effect", Kind::Real),
        ];
        Ok(Self::Rows(Table::create(sink, Header::Yes, &columns)?))
    }

    pub(super) fn write(&mut self, name: &str, codes: &[u8], found: &Effects) -> Result<()> {
        match self {
            Self::Rows(table) => {
                for (position, (&code, changes)) in codes.iter().zip(&found.changes).enumerate() {
                    let reference = base::to_ascii(code);
                    for (&alternative, &effect) in base::LETTERS[..4].iter().zip(changes) {
                        if alternative == reference {
                            continue;
                        }
                        let letters = [reference, alternative].map(char::from);
                        let mut buffers = [[0; 4]; 2];
                        let [reference, alternative] = &mut buffers;
                        table.row(&[
                            Value::Text(name),
                            Value::Whole(position as u64 + 1),
                            Value::Text(letters[0].encode_utf8(reference)),
                            Value::Text(letters[1].encode_utf8(alternative)),
                            Value::Real(effect),
                        ])?;
                    }
                }
            }
            Self::Arrays(arrays) => arrays.push(name, codes, found)?,
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

/// Effects as an array of (sequences, positions, A C G T), with the sequences and their predictions.
pub(super) struct Arrays {
    out: Output,
    sequence: Array,
    prediction: Array,
    /// Bases of the first sequence, which all others must have.
    effects: Option<(usize, Array)>,
}

impl Arrays {
    fn create(out: Output) -> Result<Self> {
        let (sequence, prediction) = (Array::text("sequence")?, Array::numbers("prediction", "<f4", &[])?);
        Ok(Self { out, sequence, prediction, effects: None })
    }

    fn push(&mut self, name: &str, codes: &[u8], found: &Effects) -> Result<()> {
        let letters: String = codes.iter().map(|&code| char::from(base::to_ascii(code))).collect();
        self.sequence.push_text(&letters)?;
        self.prediction.push(&found.prediction.to_le_bytes())?;
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
        let bytes: Vec<u8> = found.changes.iter().flatten().flat_map(|effect| effect.to_le_bytes()).collect();
        array.push(&bytes)
    }

    fn finish(self) -> Result<()> {
        let effects = self.effects.map(|(_, array)| array);
        npz::write([self.sequence, self.prediction].into_iter().chain(effects).collect(), self.out)
    }
}

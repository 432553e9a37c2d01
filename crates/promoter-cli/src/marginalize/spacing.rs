//! Two elements at all distances.

use anyhow::{Result, bail};
use promoter::explain::{self, Spacing};
use promoter::predictor::Averaged;

use super::backgrounds;
use super::elements::Named;
use crate::form::Sink;
use crate::progress;
use crate::table::{Header, Kind, Table, Value};

/// Two elements, the first of which stands still.
pub(super) struct Spaced<'a> {
    pub(super) first: &'a Named,
    pub(super) second: &'a Named,
    /// First base of the first one.
    pub(super) start: usize,
    pub(super) seed: u64,
}

impl Spaced<'_> {
    pub(super) fn write(
        self,
        sink: Sink,
        predictor: &mut Averaged<'_>,
        backgrounds: &backgrounds::Named,
    ) -> Result<()> {
        let Self { first, second, .. } = self;
        let spacing = Spacing {
            first: first.element.clone(),
            second: second.element.clone(),
            start: self.start,
            seed: self.seed,
        };
        let rows = match spacing.table(predictor, &backgrounds.sequences) {
            Err(explain::Error::Length { expected, found, .. }) => {
                bail!("--spacing needs backgrounds of one length, found {expected} and {found} bases")
            }
            other => other?,
        };
        let columns = [
            ("first", Kind::Text),
            ("second", Kind::Text),
            ("position", Kind::Whole),
            ("gap", Kind::Whole),
            ("strand", Kind::Text),
            ("effect", Kind::Real),
            ("low", Kind::Real),
            ("high", Kind::Real),
            ("interaction", Kind::Real),
            ("interaction_low", Kind::Real),
            ("interaction_high", Kind::Real),
        ];
        let mut table = Table::create(sink, Header::Yes, &columns)?;
        for row in &rows {
            let (both, beyond) = (row.both.bounds(), row.interaction.bounds());
            table.row(&[
                Value::Text(&first.name),
                Value::Text(&second.name),
                Value::Whole((self.start.saturating_add_signed(row.offset) + 1) as u64),
                Value::Whole(row.gap as u64),
                Value::Text(&row.strand.to_string()),
                Value::Real(row.both.mean as f32),
                Value::Real(both.0 as f32),
                Value::Real(both.1 as f32),
                Value::Real(row.interaction.mean as f32),
                Value::Real(beyond.0 as f32),
                Value::Real(beyond.1 as f32),
            ])?;
        }
        table.finish()?;
        let (places, first, at) = (rows.len(), &first.name, self.start + 1);
        progress::tell(format_args!(
            "{places} places beside {first} at {at}, {} backgrounds",
            backgrounds.sequences.len()
        ));
        Ok(())
    }
}

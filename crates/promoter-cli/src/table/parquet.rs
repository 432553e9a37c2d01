//! Tables as Parquet files.

use std::sync::Arc;

use anyhow::Result;
use parquet::basic::{ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, FloatType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::{Kind, Value};
use crate::output::Output;

/// Rows that are kept in memory until they are written together.
const GROUP: usize = 1 << 16;

/// A Parquet file on its way.
pub(super) struct Writer {
    file: SerializedFileWriter<Output>,
    columns: Vec<Column>,
}

/// The values of a column that are not written yet.
enum Column {
    Text(Vec<ByteArray>),
    Whole(Vec<i64>),
    Real(Vec<f32>),
}

impl Column {
    fn len(&self) -> usize {
        match self {
            Self::Text(values) => values.len(),
            Self::Whole(values) => values.len(),
            Self::Real(values) => values.len(),
        }
    }
}

impl Writer {
    pub(super) fn create(out: Output, columns: &[(&str, Kind)]) -> Result<Self> {
        let field = |&(name, kind): &(&str, Kind)| {
            let field = match kind {
                Kind::Text => Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
                    .with_converted_type(ConvertedType::UTF8)
                    .with_logical_type(Some(LogicalType::String)),
                Kind::Whole => Type::primitive_type_builder(name, Physical::INT64),
                Kind::Real => Type::primitive_type_builder(name, Physical::FLOAT),
            };
            field.with_repetition(Repetition::REQUIRED).build().map(Arc::new)
        };
        let fields = columns.iter().map(field).collect::<Result<_, _>>()?;
        let schema = Type::group_type_builder("rows").with_fields(fields).build()?;
        let file = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(WriterProperties::default()))?;
        let column = |&(_, kind): &(&str, Kind)| match kind {
            Kind::Text => Column::Text(Vec::new()),
            Kind::Whole => Column::Whole(Vec::new()),
            Kind::Real => Column::Real(Vec::new()),
        };
        Ok(Self { file, columns: columns.iter().map(column).collect() })
    }

    pub(super) fn row(&mut self, values: &[Value<'_>]) -> Result<()> {
        for (column, value) in self.columns.iter_mut().zip(values) {
            match (column, *value) {
                (Column::Text(values), Value::Text(text)) => values.push(text.as_bytes().to_vec().into()),
                (Column::Whole(values), Value::Whole(number)) => values.push(i64::try_from(number)?),
                (Column::Real(values), Value::Real(number)) => values.push(number),
                (_, value) => anyhow::bail!("{value:?} does not belong into its column"),
            }
        }
        if self.columns[0].len() == GROUP { self.write_group() } else { Ok(()) }
    }

    fn write_group(&mut self) -> Result<()> {
        let mut group = self.file.next_row_group()?;
        for column in &mut self.columns {
            let Some(mut writer) = group.next_column()? else { break };
            match column {
                Column::Text(values) => {
                    writer.typed::<ByteArrayType>().write_batch(values, None, None)?;
                    values.clear();
                }
                Column::Whole(values) => {
                    writer.typed::<Int64Type>().write_batch(values, None, None)?;
                    values.clear();
                }
                Column::Real(values) => {
                    writer.typed::<FloatType>().write_batch(values, None, None)?;
                    values.clear();
                }
            }
            writer.close()?;
        }
        group.close()?;
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<()> {
        if self.columns[0].len() > 0 {
            self.write_group()?;
        }
        self.file.into_inner()?.finish()
    }
}

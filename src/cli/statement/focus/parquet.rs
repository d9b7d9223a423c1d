//! FOCUS as Parquet: text, decimals of nine places and instants in milliseconds, each column by itself.

use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};

use super::cell::{Cell, Kind};
use super::columns::{COLUMNS, Column};
use super::rows::{Focus, Row};
use crate::cli::statement::StatementError;

/// Rows of one group: few enough to be held at once by whoever reads it.
const GROUP: usize = 100_000;
/// Places behind the point of every decimal.
const SCALE: u32 = 9;

/// The export as a Parquet file.
///
/// # Errors
/// When a day lies beyond the calendar, or the file cannot be written.
pub fn focus_parquet(focus: &Focus) -> Result<Vec<u8>, StatementError> {
    let rows = focus.rows()?;
    written(focus, &rows).map_err(|error| StatementError::Parquet(Box::new(error)))
}

fn written(focus: &Focus, rows: &[Row<'_>]) -> Result<Vec<u8>, ParquetError> {
    let note = |key: &str, value: &str| KeyValue::new(key.to_owned(), value.to_owned());
    let notes = vec![
        note("focus_version", "1.2"),
        note("ledger_seq", &focus.ledger_seq.to_string()),
        note("ledger_hash", &focus.ledger_hash),
    ];
    let properties = WriterProperties::builder()
        // the same bytes, whichever version of the library wrote them
        .set_created_by(format!("lightsout {}", env!("CARGO_PKG_VERSION")))
        .set_key_value_metadata(Some(notes))
        .build();
    let mut bytes = Vec::new();
    let mut file = SerializedFileWriter::new(&mut bytes, schema()?, Arc::new(properties))?;
    for chunk in rows.chunks(GROUP) {
        let mut group = file.next_row_group()?;
        for column in COLUMNS {
            let Some(mut writer) = group.next_column()? else { break };
            fill(column, chunk, &mut writer)?;
            writer.close()?;
        }
        group.close()?;
    }
    file.close()?;
    Ok(bytes)
}

fn schema() -> Result<TypePtr, ParquetError> {
    let fields = COLUMNS.iter().map(field).collect::<Result<Vec<TypePtr>, _>>()?;
    Ok(Arc::new(Type::group_type_builder("focus").with_fields(fields).build()?))
}

fn field(column: &Column) -> Result<TypePtr, ParquetError> {
    let physical = match column.kind {
        Kind::Text => Physical::BYTE_ARRAY,
        Kind::Decimal | Kind::Time => Physical::INT64,
    };
    let builder = Type::primitive_type_builder(column.name, physical).with_repetition(Repetition::OPTIONAL);
    let builder = match column.kind {
        Kind::Text => builder.with_logical_type(Some(LogicalType::String)),
        Kind::Decimal => {
            let scale = i32::try_from(SCALE).unwrap_or(0);
            builder.with_converted_type(ConvertedType::DECIMAL).with_precision(18).with_scale(scale)
        }
        Kind::Time => builder.with_converted_type(ConvertedType::TIMESTAMP_MILLIS),
    };
    Ok(Arc::new(builder.build()?))
}

fn fill(column: &Column, rows: &[Row<'_>], writer: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
    let cells: Vec<Cell> = rows.iter().map(|row| (column.cell)(row)).collect();
    let there: Vec<i16> = cells.iter().map(|cell| i16::from(*cell != Cell::Null)).collect();
    match column.kind {
        Kind::Text => {
            let values: Vec<ByteArray> = cells.iter().filter_map(text).collect();
            writer.typed::<ByteArrayType>().write_batch(&values, Some(&there), None)?;
        }
        Kind::Decimal | Kind::Time => {
            let values = cells.iter().filter_map(|cell| number(cell, column.name).transpose());
            let values: Vec<i64> = values.collect::<Result<_, _>>()?;
            writer.typed::<Int64Type>().write_batch(&values, Some(&there), None)?;
        }
    }
    Ok(())
}

fn text(cell: &Cell) -> Option<ByteArray> {
    match cell {
        Cell::Text(text) => Some(text.as_str().into()),
        Cell::Null | Cell::Decimal(_) | Cell::Time(_) => None,
    }
}

fn number(cell: &Cell, name: &str) -> Result<Option<i64>, ParquetError> {
    match cell {
        Cell::Null | Cell::Text(_) => Ok(None),
        Cell::Time(second) => Ok(Some(second.saturating_mul(1_000))),
        Cell::Decimal(decimal) => {
            let mut scaled = *decimal;
            scaled.rescale(SCALE);
            let whole = i64::try_from(scaled.mantissa()).ok().filter(|_| scaled.scale() == SCALE);
            whole.map(Some).ok_or_else(|| ParquetError::General(format!("{name}: {decimal} has more than 18 digits")))
        }
    }
}

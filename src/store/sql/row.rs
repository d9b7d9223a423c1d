//! A row of either database, read by the names or places of its columns.

use std::sync::Arc;

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{ColumnIndex, Error, Row as _, TypeInfo as _, ValueRef as _};

/// A row.
#[derive(Debug)]
pub(in crate::store) enum Row {
    /// Of SQLite.
    Sqlite(SqliteRow),
    /// Of PostgreSQL.
    Postgres(PgRow),
}

/// A name or a place.
pub(in crate::store) trait At: ColumnIndex<SqliteRow> + ColumnIndex<PgRow> + Copy {}

impl<T: ColumnIndex<SqliteRow> + ColumnIndex<PgRow> + Copy> At for T {}

/// What can be read of a column.
pub(in crate::store) trait Column<'r>: Sized {
    /// Out of a row of SQLite.
    fn of_sqlite(row: &'r SqliteRow, at: impl At) -> Result<Self, Error>;
    /// Out of a row of PostgreSQL.
    fn of_postgres(row: &'r PgRow, at: impl At) -> Result<Self, Error>;
}

/// What a whole row is read as.
pub(in crate::store) trait OfRow: Sized {
    /// Reads it.
    fn of_row(row: &Row) -> Result<Self, Error>;
}

impl Row {
    /// The value of a column.
    pub(in crate::store) fn try_get<'r, T: Column<'r>, I: At>(&'r self, at: I) -> Result<T, Error> {
        match self {
            Self::Sqlite(row) => T::of_sqlite(row, at),
            Self::Postgres(row) => T::of_postgres(row, at),
        }
    }
}

macro_rules! columns {
    ($($type:ty),+) => {
        $(impl<'r> Column<'r> for $type {
            fn of_sqlite(row: &'r SqliteRow, at: impl At) -> Result<Self, Error> {
                row.try_get(at)
            }
            fn of_postgres(row: &'r PgRow, at: impl At) -> Result<Self, Error> {
                row.try_get(at)
            }
        })+
    };
}

columns!(String, &'r str, Vec<u8>, Option<Vec<u8>>, Option<String>, Option<&'r str>);

impl<'r> Column<'r> for Arc<str> {
    fn of_sqlite(row: &'r SqliteRow, at: impl At) -> Result<Self, Error> {
        <&str as Column>::of_sqlite(row, at).map(Self::from)
    }
    fn of_postgres(row: &'r PgRow, at: impl At) -> Result<Self, Error> {
        <&str as Column>::of_postgres(row, at).map(Self::from)
    }
}

impl<'r> Column<'r> for Option<i64> {
    fn of_sqlite(row: &'r SqliteRow, at: impl At) -> Result<Self, Error> {
        row.try_get(at)
    }

    /// A number that stands in a statement is narrower in PostgreSQL than a column, and a comparison is a truth.
    fn of_postgres(row: &'r PgRow, at: impl At) -> Result<Self, Error> {
        let raw = row.try_get_raw(at)?;
        let (is_null, kind) = (raw.is_null(), raw.type_info().name().to_owned());
        match kind.as_str() {
            _ if is_null => Ok(None),
            "BOOL" => Ok(Some(i64::from(row.try_get::<bool, _>(at)?))),
            "INT4" => Ok(Some(i64::from(row.try_get::<i32, _>(at)?))),
            _ => row.try_get(at),
        }
    }
}

impl<'r> Column<'r> for i64 {
    fn of_sqlite(row: &'r SqliteRow, at: impl At) -> Result<Self, Error> {
        row.try_get(at)
    }
    fn of_postgres(row: &'r PgRow, at: impl At) -> Result<Self, Error> {
        let number = <Option<Self> as Column>::of_postgres(row, at)?;
        number.ok_or_else(|| Error::Decode("a number is absent".into()))
    }
}

impl<'r> Column<'r> for bool {
    fn of_sqlite(row: &'r SqliteRow, at: impl At) -> Result<Self, Error> {
        row.try_get(at)
    }
    fn of_postgres(row: &'r PgRow, at: impl At) -> Result<Self, Error> {
        <i64 as Column>::of_postgres(row, at).map(|number| number != 0)
    }
}

/// The bytes of a text too.
impl<'r> Column<'r> for &'r [u8] {
    fn of_sqlite(row: &'r SqliteRow, at: impl At) -> Result<Self, Error> {
        row.try_get(at)
    }
    fn of_postgres(row: &'r PgRow, at: impl At) -> Result<Self, Error> {
        row.try_get_unchecked(at)
    }
}

impl<A, B> OfRow for (A, B)
where
    A: for<'r> Column<'r>,
    B: for<'r> Column<'r>,
{
    fn of_row(row: &Row) -> Result<Self, Error> {
        Ok((row.try_get(0)?, row.try_get(1)?))
    }
}

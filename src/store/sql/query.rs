//! A statement and its values, and running it where it is asked.
//!
//! Placeholders are SQLite's `?` and `?1`; for PostgreSQL they are spelt `$1`. Nothing stays in a PostgreSQL session: each
//! statement is unnamed, and runs within a transaction, so that a pooler may hand the connection on between transactions.

use std::borrow::Cow;
use std::marker::PhantomData;

use sqlx::{AssertSqlSafe, Error};

use super::link::{Link, On, Pool};
use super::row::{Column, OfRow, Row};
use super::value::{Bind, Value};

/// A statement with its values.
#[derive(Debug, Clone)]
pub(in crate::store) struct Query {
    text: Cow<'static, str>,
    values: Vec<Value>,
    kept: bool,
}

/// A statement of this text.
pub(in crate::store) fn query(text: impl Into<Cow<'static, str>>) -> Query {
    Query::of(text.into(), Vec::new())
}

/// A statement that answers with one column.
pub(in crate::store) fn query_scalar<T>(text: impl Into<Cow<'static, str>>) -> Scalar<T> {
    Scalar { query: query(text), of: PhantomData }
}

/// A statement whose rows are read by place.
pub(in crate::store) fn query_as<T>(text: impl Into<Cow<'static, str>>) -> Typed<T> {
    Typed { query: query(text), of: PhantomData }
}

/// What a statement did.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) struct Done(u64);

impl Done {
    /// To how many rows.
    pub(in crate::store) const fn rows_affected(self) -> u64 {
        self.0
    }
}

/// Gives the values to the driver's own statement.
macro_rules! bound {
    ($query:expr, $values:expr) => {{
        let mut query = $query;
        for value in $values {
            query = match value {
                Value::Number(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
                Value::Bytes(value) => query.bind(value),
            };
        }
        query
    }};
}

/// Runs a statement in a way of the driver's, on whatever it is asked of.
macro_rules! run {
    ($self:expr, $on:expr, $how:ident, |$answer:ident| $sqlite:expr, $postgres:expr) => {{
        let Query { text, values, kept } = $self;
        match $on.into() {
            On::Link(Link::Sqlite(tx)) => {
                let query = bound!(sqlx::query(AssertSqlSafe(text)).persistent(kept), values);
                let $answer = query.$how(&mut **tx).await?;
                Ok($sqlite)
            }
            On::Link(Link::Postgres(tx)) => {
                let query = bound!(sqlx::query(AssertSqlSafe(numbered(&text))).persistent(false), values);
                let $answer = query.$how(&mut **tx).await?;
                Ok($postgres)
            }
            On::Pool(Pool::Sqlite(pool)) => {
                let query = bound!(sqlx::query(AssertSqlSafe(text)).persistent(kept), values);
                let $answer = query.$how(pool).await?;
                Ok($sqlite)
            }
            On::Pool(pool @ Pool::Postgres(..)) => {
                let mut tx = pool.begin().await?;
                let query = bound!(sqlx::query(AssertSqlSafe(numbered(&text))).persistent(false), values);
                let $answer = query.$how(&mut **tx.postgres()?).await?;
                let answer = $postgres;
                tx.rollback().await?;
                Ok(answer)
            }
        }
    }};
}

impl Query {
    pub(super) const fn of(text: Cow<'static, str>, values: Vec<Value>) -> Self {
        Self { text, values, kept: true }
    }

    /// Not kept by the driver for another time.
    pub(super) fn passing(self) -> Self {
        Self { kept: false, ..self }
    }

    /// Gives it its next value.
    pub(in crate::store) fn bind(mut self, value: impl Bind) -> Self {
        self.values.push(value.value());
        self
    }

    /// Runs it.
    #[expect(clippy::cognitive_complexity, reason = "one arm for each database and way to it; none decides anything")]
    pub(in crate::store) async fn execute(self, on: impl Into<On<'_>>) -> Result<Done, Error> {
        run!(self, on, execute, |done| Done(done.rows_affected()), Done(done.rows_affected()))
    }

    /// All of its rows.
    #[expect(clippy::cognitive_complexity, reason = "one arm for each database and way to it; none decides anything")]
    pub(in crate::store) async fn fetch_all(self, on: impl Into<On<'_>>) -> Result<Vec<Row>, Error> {
        run!(
            self,
            on,
            fetch_all,
            |rows| rows.into_iter().map(Row::Sqlite).collect(),
            rows.into_iter().map(Row::Postgres).collect()
        )
    }

    /// Its row, if there is one.
    #[expect(clippy::cognitive_complexity, reason = "one arm for each database and way to it; none decides anything")]
    pub(in crate::store) async fn fetch_optional(self, on: impl Into<On<'_>>) -> Result<Option<Row>, Error> {
        run!(self, on, fetch_optional, |row| row.map(Row::Sqlite), row.map(Row::Postgres))
    }

    /// Its row.
    #[expect(clippy::cognitive_complexity, reason = "one arm for each database and way to it; none decides anything")]
    pub(in crate::store) async fn fetch_one(self, on: impl Into<On<'_>>) -> Result<Row, Error> {
        run!(self, on, fetch_one, |row| Row::Sqlite(row), Row::Postgres(row))
    }
}

/// A statement that answers with one column.
#[derive(Debug)]
pub(in crate::store) struct Scalar<T> {
    query: Query,
    of: PhantomData<fn() -> T>,
}

impl<T: for<'r> Column<'r>> Scalar<T> {
    /// Gives it its next value.
    pub(in crate::store) fn bind(self, value: impl Bind) -> Self {
        Self { query: self.query.bind(value), ..self }
    }

    /// Every value.
    pub(in crate::store) async fn fetch_all(self, on: impl Into<On<'_>>) -> Result<Vec<T>, Error> {
        self.query.fetch_all(on).await?.iter().map(|row| row.try_get(0)).collect()
    }

    /// The value, if there is one.
    pub(in crate::store) async fn fetch_optional(self, on: impl Into<On<'_>>) -> Result<Option<T>, Error> {
        self.query.fetch_optional(on).await?.map(|row| row.try_get(0)).transpose()
    }

    /// The value.
    pub(in crate::store) async fn fetch_one(self, on: impl Into<On<'_>>) -> Result<T, Error> {
        self.query.fetch_one(on).await?.try_get(0)
    }
}

/// A statement whose rows are read by place.
#[derive(Debug)]
pub(in crate::store) struct Typed<T> {
    query: Query,
    of: PhantomData<fn() -> T>,
}

impl<T: OfRow> Typed<T> {
    /// Gives it its next value.
    pub(in crate::store) fn bind(self, value: impl Bind) -> Self {
        Self { query: self.query.bind(value), ..self }
    }

    /// Every row.
    pub(in crate::store) async fn fetch_all(self, on: impl Into<On<'_>>) -> Result<Vec<T>, Error> {
        self.query.fetch_all(on).await?.iter().map(T::of_row).collect()
    }

    /// The row, if there is one.
    pub(in crate::store) async fn fetch_optional(self, on: impl Into<On<'_>>) -> Result<Option<T>, Error> {
        self.query.fetch_optional(on).await?.as_ref().map(T::of_row).transpose()
    }
}

/// The same statement with PostgreSQL's placeholders. No text of ours has a question mark of another meaning.
pub(super) fn numbered(text: &str) -> String {
    let mut spelt = String::with_capacity(text.len().saturating_add(16));
    let mut count = 0_usize;
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        if sign != '?' {
            spelt.push(sign);
            continue;
        }
        spelt.push('$');
        if !signs.peek().is_some_and(char::is_ascii_digit) {
            count = count.saturating_add(1);
            spelt.push_str(&count.to_string());
        }
    }
    spelt
}

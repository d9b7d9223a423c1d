//! Statements whose length depends on what is written: rows of values, and lists.

use super::query::Query;
use super::value::{Bind, Value};

/// A statement in the making. Only text of ours and placeholders go into it.
#[derive(Debug, Clone)]
pub(in crate::store) struct Builder {
    text: String,
    values: Vec<Value>,
}

impl Builder {
    /// Begins with text.
    pub(in crate::store) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), values: Vec::new() }
    }

    /// Adds text.
    pub(in crate::store) fn push(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.text.push_str(text.as_ref());
        self
    }

    /// Adds a value.
    pub(in crate::store) fn push_bind(&mut self, value: impl Bind) -> &mut Self {
        self.text.push('?');
        self.values.push(value.value());
        self
    }

    /// A list, with this between its parts.
    pub(in crate::store) const fn separated(&mut self, between: &'static str) -> List<'_> {
        List { to: self, between, begun: false }
    }

    /// `VALUES` and a row for each of these.
    pub(in crate::store) fn push_values<T>(
        &mut self,
        rows: impl IntoIterator<Item = T>,
        mut fill: impl FnMut(List<'_>, T),
    ) -> &mut Self {
        self.push("VALUES ");
        for (place, row) in rows.into_iter().enumerate() {
            self.push(if place == 0 { "(" } else { ", (" });
            fill(self.separated(", "), row);
            self.push(")");
        }
        self
    }

    /// The statement; not kept by the driver, for its text is seldom the same.
    pub(in crate::store) fn build(self) -> Query {
        Query::of(self.text.into(), self.values).passing()
    }
}

/// A list within a statement.
#[derive(Debug)]
pub(in crate::store) struct List<'a> {
    to: &'a mut Builder,
    between: &'static str,
    begun: bool,
}

impl List<'_> {
    /// Adds text.
    pub(in crate::store) fn push(&mut self, text: &str) -> &mut Self {
        self.next();
        self.to.push(text);
        self
    }

    /// Adds a value.
    pub(in crate::store) fn push_bind(&mut self, value: impl Bind) -> &mut Self {
        self.next();
        self.to.push_bind(value);
        self
    }

    fn next(&mut self) {
        if std::mem::replace(&mut self.begun, true) {
            self.to.push(self.between);
        }
    }
}

//! The fields of a table: plain values, lists, tags and tables, each knowing where it was written.

use super::amount::RateValues;
use super::tables::{Kind, TableDocument};
use super::values::{Plain, TagValues, Texts};
use crate::document::{Located, Read, TableReader};

/// One field of a table.
pub(super) trait Field: Sized {
    /// Takes it out of an open table.
    fn taken(table: &mut TableReader<'_, '_, '_, '_>, key: &'static str) -> Self;

    /// This field laid over that of a lower layer.
    fn over(self, lower: Self) -> Self;

    /// Its plain values by key, for those who set them from elsewhere.
    fn scalars(key: &str, into: &mut Vec<(String, Kind)>);
}

/// A plain value, or nothing.
#[derive(Debug, Clone)]
pub(super) struct Value<T>(pub(super) Option<Located<T>>);

/// A list of text, or nothing; an empty list is something.
#[derive(Debug, Clone, Default)]
pub(super) struct List(pub(super) Option<Located<Texts>>);

/// Tag names with a value each.
#[derive(Debug, Clone, Default)]
pub(super) struct Tags(pub(super) TagValues);

/// Currencies with what one unit of each is worth.
#[derive(Debug, Clone, Default)]
pub(super) struct Rates(pub(super) RateValues);

/// A table, or nothing.
#[derive(Debug, Clone)]
pub(super) struct Table<D>(pub(super) Option<Located<D>>);

/// A table whose keys another room reads.
#[derive(Debug, Clone, Default)]
pub(super) struct Elsewhere;

impl<T> Default for Value<T> {
    fn default() -> Self {
        Self(None)
    }
}
impl<D> Default for Table<D> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Clone> Value<T> {
    /// The value, or nothing.
    pub(super) fn get(&self) -> Option<&T> {
        self.0.as_ref().map(|written| &written.value)
    }

    /// The value, or a default.
    pub(super) fn or(&self, default: T) -> T {
        self.get().cloned().unwrap_or(default)
    }
}

impl List {
    /// The entries; none where nothing was written.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Located<String>> {
        self.0.iter().flat_map(|written| written.value.0.iter())
    }
}

impl<D: TableDocument> Table<D> {
    /// The table, or nothing.
    pub(super) fn get(&self) -> Option<&D> {
        self.0.as_ref().map(|written| &written.value)
    }

    /// The table, or an empty one.
    pub(super) fn or_empty(&self) -> D {
        self.get().cloned().unwrap_or_default()
    }
}

impl<T: Plain> Field for Value<T> {
    fn taken(table: &mut TableReader<'_, '_, '_, '_>, key: &'static str) -> Self {
        Self(table.take(key))
    }
    fn over(self, lower: Self) -> Self {
        Self(self.0.or(lower.0))
    }
    fn scalars(key: &str, into: &mut Vec<(String, Kind)>) {
        into.push((key.to_owned(), T::KIND));
    }
}

impl Field for List {
    fn taken(table: &mut TableReader<'_, '_, '_, '_>, key: &'static str) -> Self {
        Self(table.take(key))
    }
    fn over(self, lower: Self) -> Self {
        Self(self.0.or(lower.0))
    }
    fn scalars(key: &str, into: &mut Vec<(String, Kind)>) {
        into.push((key.to_owned(), Kind::Texts));
    }
}

impl Field for Tags {
    fn taken(table: &mut TableReader<'_, '_, '_, '_>, key: &'static str) -> Self {
        Self(table.take(key).map(|tags| tags.value).unwrap_or_default())
    }
    fn over(self, lower: Self) -> Self {
        if self.0.0.is_empty() { lower } else { self }
    }
    fn scalars(_: &str, _: &mut Vec<(String, Kind)>) {}
}

impl Field for Rates {
    fn taken(table: &mut TableReader<'_, '_, '_, '_>, key: &'static str) -> Self {
        Self(table.take(key).map(|rates| rates.value).unwrap_or_default())
    }
    fn over(self, lower: Self) -> Self {
        if self.0.0.is_empty() { lower } else { self }
    }
    fn scalars(_: &str, _: &mut Vec<(String, Kind)>) {}
}

impl<D: TableDocument + Read> Field for Table<D> {
    fn taken(table: &mut TableReader<'_, '_, '_, '_>, key: &'static str) -> Self {
        Self(table.take(key))
    }
    fn over(self, lower: Self) -> Self {
        match (self.0, lower.0) {
            (Some(upper), Some(lower)) => Self(Some(Located { value: upper.value.over(lower.value), at: lower.at })),
            (upper, lower) => Self(upper.or(lower)),
        }
    }
    fn scalars(key: &str, into: &mut Vec<(String, Kind)>) {
        D::scalars(key, into);
    }
}

impl Field for Elsewhere {
    fn taken(table: &mut TableReader<'_, '_, '_, '_>, key: &'static str) -> Self {
        table.leave(key);
        Self
    }
    fn over(self, _: Self) -> Self {
        self
    }
    fn scalars(_: &str, _: &mut Vec<(String, Kind)>) {}
}

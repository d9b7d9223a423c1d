//! The fields of a document: plain values, lists, tags and tables, each knowing where it was written.

use toml::Spanned;
use toml::de::DeValue;

use super::place::Written;
use super::reader::{Kind, Reader, TableDocument, join};
use super::values::FromToml;

/// One field of a document.
pub(super) trait Field: Default {
    /// Takes a value in.
    fn read(&mut self, value: &Spanned<DeValue<'_>>, key: &str, reader: &mut Reader<'_>);

    /// This field laid over that of a lower layer.
    fn over(self, lower: Self) -> Self;

    /// Its plain values by key, for those who set them from elsewhere.
    fn scalars(key: &str, into: &mut Vec<(String, Kind)>);
}

/// A plain value, or nothing.
#[derive(Debug, Clone)]
pub(super) struct Value<T>(pub(super) Option<Written<T>>);

/// A list of text, or nothing; an empty list is something.
#[derive(Debug, Clone, Default)]
pub(super) struct List(pub(super) Option<Written<Vec<Written<String>>>>);

/// Tag names with a value each.
#[derive(Debug, Clone, Default)]
pub(super) struct Tags(pub(super) Vec<(String, Written<String>)>);

/// A table, or nothing.
#[derive(Debug, Clone)]
pub(super) struct Table<D>(pub(super) Option<Written<D>>);

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
    pub(super) fn iter(&self) -> impl Iterator<Item = &Written<String>> {
        self.0.iter().flat_map(|written| written.value.iter())
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

impl<T: FromToml> Field for Value<T> {
    fn read(&mut self, value: &Spanned<DeValue<'_>>, key: &str, reader: &mut Reader<'_>) {
        let at = reader.at(value.span().start);
        self.0 = T::from_toml(value, key, reader).map(|value| Written { value, at });
    }
    fn over(self, lower: Self) -> Self {
        Self(self.0.or(lower.0))
    }
    fn scalars(key: &str, into: &mut Vec<(String, Kind)>) {
        into.push((key.to_owned(), T::KIND));
    }
}

impl Field for List {
    fn read(&mut self, value: &Spanned<DeValue<'_>>, key: &str, reader: &mut Reader<'_>) {
        let Some(items) = value.get_ref().as_array() else {
            reader.wrong_kind(value, key, "a list", "write it in brackets, such as [\"one\", \"two\"]");
            return;
        };
        let mut read = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let mut entry = Value::<String>::default();
            entry.read(item, &format!("{key}[{index}]"), reader);
            read.extend(entry.0);
        }
        self.0 = Some(Written { value: read, at: reader.at(value.span().start) });
    }
    fn over(self, lower: Self) -> Self {
        Self(self.0.or(lower.0))
    }
    fn scalars(key: &str, into: &mut Vec<(String, Kind)>) {
        into.push((key.to_owned(), Kind::Texts));
    }
}

impl Field for Tags {
    fn read(&mut self, value: &Spanned<DeValue<'_>>, key: &str, reader: &mut Reader<'_>) {
        let Some(table) = value.get_ref().as_table() else {
            reader.wrong_kind(value, key, "a table of tags", "write { env = \"dev\" }");
            return;
        };
        for (name, item) in table {
            let mut entry = Value::<String>::default();
            entry.read(item, &join(key, name.get_ref()), reader);
            self.0.extend(entry.0.map(|text| (name.get_ref().to_string(), text)));
        }
    }
    fn over(self, lower: Self) -> Self {
        if self.0.is_empty() { lower } else { self }
    }
    fn scalars(_: &str, _: &mut Vec<(String, Kind)>) {}
}

impl<D: TableDocument> Field for Table<D> {
    fn read(&mut self, value: &Spanned<DeValue<'_>>, key: &str, reader: &mut Reader<'_>) {
        let Some(table) = value.get_ref().as_table() else {
            let help =
                format!("write [{key}] above its keys, each on a line of its own; its keys are {}", D::KEYS.join(", "));
            reader.wrong_kind(value, key, "a table", &help);
            return;
        };
        let at = reader.at(value.span().start);
        let mut read = D::default();
        reader.table(&mut read, table, key);
        self.0 = Some(Written { value: read, at });
    }
    fn over(self, lower: Self) -> Self {
        match (self.0, lower.0) {
            (Some(upper), Some(lower)) => Self(Some(Written { value: upper.value.over(lower.value), at: lower.at })),
            (upper, lower) => Self(upper.or(lower)),
        }
    }
    fn scalars(key: &str, into: &mut Vec<(String, Kind)>) {
        D::scalars(key, into);
    }
}

impl Field for Elsewhere {
    fn read(&mut self, _: &Spanned<DeValue<'_>>, _: &str, _: &mut Reader<'_>) {}
    fn over(self, _: Self) -> Self {
        self
    }
    fn scalars(_: &str, _: &mut Vec<(String, Kind)>) {}
}

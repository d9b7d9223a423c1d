//! Walking through a TOML table by hand, so that one mistake does not hide the next.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::findings::{Findings, Trouble};
use super::nearest::nearest;
use super::place::Located;

/// A value that can be read out of a file.
pub(crate) trait Read: Sized {
    /// Reads it, or reports every problem there is and gives nothing.
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self>;
}

impl<T: Read> Read for Located<T> {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        let at = findings.place(&value.span(), key);
        T::read(value, key, findings).map(|value| Self { value, at })
    }
}

/// A list is read whole: each bad element is reported, and a list with one is none.
impl<T: Read> Read for Vec<T> {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        elements(value, key, findings)?.into_iter().collect()
    }
}

/// The elements of a list, each as far as it can be read; anything but a list is reported.
pub(crate) fn elements<T: Read>(
    value: &Spanned<DeValue<'_>>,
    key: &str,
    findings: &mut Findings<'_>,
) -> Option<Vec<Option<T>>> {
    let Some(list) = value.get_ref().as_array() else {
        let wanted = match value.get_ref() {
            DeValue::Table(_) => format!("a list; of tables as [[{key}]]"),
            DeValue::String(text) => format!("a list, such as [{text:?}]"),
            DeValue::Integer(_)
            | DeValue::Float(_)
            | DeValue::Boolean(_)
            | DeValue::Datetime(_)
            | DeValue::Array(_) => "a list, such as [\"…\"]".to_owned(),
        };
        wrong_type(value, key, &wanted, findings);
        return None;
    };
    Some(list.iter().enumerate().map(|(index, one)| T::read(one, &format!("{key}[{index}]"), findings)).collect())
}

/// Reports a value of the wrong type.
pub(crate) fn wrong_type(value: &Spanned<DeValue<'_>>, key: &str, wanted: &str, findings: &mut Findings<'_>) {
    let found = match value.get_ref() {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date without quotes",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    let at = findings.place(&value.span(), key);
    findings.error(&at, Trouble::new(format!("this is {found}"), format!("write {wanted}")));
}

/// A table being read. It knows which keys were asked for, and so which are unknown.
pub(crate) struct TableReader<'t, 'i, 'f, 'x> {
    table: &'t DeTable<'i>,
    path: String,
    asked: Vec<&'static str>,
    findings: &'f mut Findings<'x>,
}

impl<'t, 'i, 'f, 'x> TableReader<'t, 'i, 'f, 'x> {
    /// Opens the table at a key; anything else is reported.
    pub(crate) fn open(value: &'t Spanned<DeValue<'i>>, key: &str, findings: &'f mut Findings<'x>) -> Option<Self> {
        Self::wanted(value, key, &format!("a table, such as [{key}]"), findings)
    }

    /// The same, with words of one's own for what is to be written.
    pub(crate) fn wanted(
        value: &'t Spanned<DeValue<'i>>,
        key: &str,
        wanted: &str,
        findings: &'f mut Findings<'x>,
    ) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            wrong_type(value, key, wanted, findings);
            return None;
        };
        Some(Self::of(table, key, findings))
    }

    /// Reads a table that is at hand; the path of the whole file is empty.
    pub(crate) fn of(table: &'t DeTable<'i>, path: &str, findings: &'f mut Findings<'x>) -> Self {
        Self { table, path: path.to_owned(), asked: Vec::new(), findings }
    }

    /// The value of a key, where it stands in the file and can be read.
    pub(crate) fn take<T: Read>(&mut self, key: &'static str) -> Option<Located<T>> {
        self.asked.push(key);
        let value = self.table.get(key)?;
        Located::<T>::read(value, &join(&self.path, key), self.findings)
    }

    /// Leaves a key to somebody else, who knows it.
    pub(crate) fn leave(&mut self, key: &'static str) {
        self.asked.push(key);
    }

    /// Reports every key that nobody asked for.
    pub(crate) fn finish(self) {
        self.finish_with(|_| None);
    }

    /// The same, with other help for keys of which more is known.
    pub(crate) fn finish_with(self, help: impl Fn(&str) -> Option<String>) {
        for (key, _) in self.table.iter() {
            let name: &str = key.get_ref();
            if self.asked.contains(&name) {
                continue;
            }
            let help = help(name).unwrap_or_else(|| self.meant(name));
            let at = self.findings.place(&key.span(), &join(&self.path, &shown(name)));
            self.findings.error(&at, Trouble::new("unknown key", help));
        }
    }

    fn meant(&self, name: &str) -> String {
        nearest(name, self.asked.iter().copied()).map_or_else(
            || format!("known here are {}", self.asked.join(", ")),
            |known| format!("did you mean `{known}`?"),
        )
    }
}

/// A key of any length as it may be shown.
fn shown(name: &str) -> String {
    name.chars().take(80).collect()
}

/// A key with the path to it.
pub(crate) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

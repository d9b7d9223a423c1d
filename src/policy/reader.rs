//! Walking through a TOML table by hand, so that one mistake does not hide the next.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::place::{Findings, Located, Trouble};

/// A value that can be read out of a policy file.
pub(super) trait Read: Sized {
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
        let Some(list) = value.get_ref().as_array() else {
            let wanted = match value.get_ref() {
                DeValue::Table(_) => format!("a list; of tables as [[{key}]]"),
                DeValue::String(text) => format!("a list, such as [{text:?}]"),
                DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) | DeValue::Array(_) => "a list, such as [\"…\"]".to_owned(),
            };
            wrong_type(value, key, &wanted, findings);
            return None;
        };
        let read: Vec<Option<T>> = list.iter().enumerate().map(|(index, one)| T::read(one, &format!("{key}[{index}]"), findings)).collect();
        read.into_iter().collect()
    }
}

/// Reports a value of the wrong type.
pub(super) fn wrong_type(value: &Spanned<DeValue<'_>>, key: &str, wanted: &str, findings: &mut Findings<'_>) {
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
pub(super) struct TableReader<'t, 'i, 'f, 'x> {
    table: &'t DeTable<'i>,
    path: String,
    asked: Vec<&'static str>,
    findings: &'f mut Findings<'x>,
}

impl<'t, 'i, 'f, 'x> TableReader<'t, 'i, 'f, 'x> {
    /// Opens the table at a key; anything else is reported.
    pub(super) fn open(value: &'t Spanned<DeValue<'i>>, key: &str, findings: &'f mut Findings<'x>) -> Option<Self> {
        let Some(table) = value.get_ref().as_table() else {
            wrong_type(value, key, &format!("a table, such as [{key}]"), findings);
            return None;
        };
        Some(Self::of(table, key, findings))
    }

    /// Reads a table that is at hand; the path of the whole file is empty.
    pub(super) fn of(table: &'t DeTable<'i>, path: &str, findings: &'f mut Findings<'x>) -> Self {
        Self { table, path: path.to_owned(), asked: Vec::new(), findings }
    }

    /// The value of a key, where it stands in the file and can be read.
    pub(super) fn take<T: Read>(&mut self, key: &'static str) -> Option<Located<T>> {
        self.asked.push(key);
        let value = self.table.get(key)?;
        Located::<T>::read(value, &join(&self.path, key), self.findings)
    }

    /// Reports every key that nobody asked for.
    pub(super) fn finish(self) {
        for (key, _) in self.table.iter() {
            let name: &str = key.get_ref();
            if self.asked.contains(&name) {
                continue;
            }
            let help = nearest(name, self.asked.iter().copied())
                .map_or_else(|| format!("known here are {}", self.asked.join(", ")), |known| format!("did you mean `{known}`?"));
            let at = self.findings.place(&key.span(), &join(&self.path, &shown(name)));
            self.findings.error(&at, Trouble::new("unknown key", help));
        }
    }
}

/// A key of any length as it may be shown.
fn shown(name: &str) -> String {
    name.chars().take(80).collect()
}

/// A key with the path to it.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The known word closest to what was written, where it is close enough to be meant.
pub(super) fn nearest<'k>(written: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let folded = written.to_lowercase();
    let near = known.map(|word| (distance(&folded, &word.to_lowercase()), word));
    near.filter(|(steps, word)| *steps <= word.chars().count().div_ceil(3)).min_by_key(|(steps, _)| *steps).map(|(_, word)| word)
}

/// How many letters must be put in, left out, changed or swapped with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    if from.chars().count().abs_diff(to.len()) > 16 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=to.len()).collect();
    let mut older: Vec<usize> = Vec::new();
    let mut last = None;
    for (line, letter) in from.chars().enumerate() {
        let mut next = vec![line.saturating_add(1)];
        for (column, other) in to.iter().enumerate() {
            let at = |row: &[usize], place: usize| row.get(place).copied().unwrap_or(usize::MAX);
            let changed = at(&row, column).saturating_add(usize::from(letter != *other));
            let added = at(&row, column.saturating_add(1)).min(at(&next, column)).saturating_add(1);
            let swapped = match column.checked_sub(1) {
                Some(before) if last == Some(*other) && to.get(before) == Some(&letter) => at(&older, before).saturating_add(1),
                Some(_) | None => usize::MAX,
            };
            next.push(changed.min(added).min(swapped));
        }
        older = std::mem::replace(&mut row, next);
        last = Some(letter);
    }
    row.last().copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_finds_its_word_and_a_stranger_finds_none() {
        let known = ["allowed", "zone", "holidays", "no_action"];
        for (written, meant) in [("alowed", Some("allowed")), ("Allowed", Some("allowed")), ("zoen", Some("zone")), ("holiday", Some("holidays")), ("colour", None), ("", None)] {
            assert_eq!(nearest(written, known.into_iter()), meant, "{written}");
        }
        assert_eq!(distance("abcd", "acbd"), 1);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("kitten", "sitting"), 3);
    }
}

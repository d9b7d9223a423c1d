//! Reads the settings file key by key, so that one pass finds every problem of it.

use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::place::{At, nearest};
use crate::policy::Diagnostic;

/// The key under which a file that is no TOML is reported: there is none then.
pub(super) const SYNTAX: &str = "";

/// A file being read: knows its lines, gathers what is wrong.
#[derive(Debug)]
pub(super) struct Reader<'t> {
    file: Arc<str>,
    text: &'t str,
    pub(super) found: Vec<Diagnostic>,
}

/// What kind of TOML value a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Text in quotes.
    Text,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Truth,
    /// A list of text.
    Texts,
}

/// A table of the file as written; the macro `document!` makes them.
pub(super) trait TableDocument: Clone + Default {
    /// Its keys.
    const KEYS: &'static [&'static str];

    /// Takes one value in; false when it has no such key.
    fn read_key(&mut self, key: &str, value: &Spanned<DeValue<'_>>, path: &str, reader: &mut Reader<'_>) -> bool;

    /// This table laid over a lower one, value by value.
    fn over(self, lower: Self) -> Self;

    /// The keys of its plain values, with their tables, and what kind of value each takes.
    fn scalars(path: &str, into: &mut Vec<(String, Kind)>);
}

impl<'t> Reader<'t> {
    pub(super) fn new(file: &str, text: &'t str) -> Self {
        Self { file: file.into(), text, found: Vec::new() }
    }

    /// Reads the whole file. One that is no TOML gives what could be read of it.
    pub(super) fn document<D: TableDocument>(&mut self) -> D {
        let (table, faults) = DeTable::parse_recoverable(self.text);
        self.syntax(&faults);
        let mut document = D::default();
        if faults.is_empty() {
            self.table(&mut document, table.get_ref(), "");
        }
        document
    }

    /// The place of a byte.
    pub(super) fn at(&self, offset: usize) -> At {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.bytes().filter(|byte| *byte == b'\n').count().saturating_add(1);
        let column = before.chars().rev().take_while(|c| *c != '\n').count().saturating_add(1);
        let small = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        At { file: Arc::clone(&self.file), line: small(line), column: small(column) }
    }

    /// Notes an error at a value.
    pub(super) fn error(
        &mut self,
        value: &Spanned<DeValue<'_>>,
        key: &str,
        problem: impl Into<String>,
        help: impl Into<String>,
    ) {
        let at = self.at(value.span().start);
        self.found.push(at.error(key, problem, help));
    }

    /// Notes that a value is of the wrong kind. Text is not shown: it may be a secret in the wrong place.
    pub(super) fn wrong_kind(&mut self, value: &Spanned<DeValue<'_>>, key: &str, expected: &str, help: &str) {
        let found = match value.get_ref() {
            DeValue::String(_) => "text".to_owned(),
            DeValue::Integer(number) => format!("the number {}", number.as_str()),
            DeValue::Float(number) => format!("the fraction {}", number.as_str()),
            DeValue::Boolean(truth) => truth.to_string(),
            DeValue::Datetime(_) => "a date".to_owned(),
            DeValue::Array(_) => "a list".to_owned(),
            DeValue::Table(_) => "a table".to_owned(),
        };
        self.error(value, key, format!("expected {expected}, found {found}"), help);
    }

    /// Reads a table into its document, each key apart.
    pub(super) fn table<D: TableDocument>(&mut self, document: &mut D, table: &DeTable<'_>, path: &str) {
        for (key, value) in table {
            let name: &str = key.get_ref();
            let full = join(path, name);
            if !document.read_key(name, value, &full, self) {
                let problem = if path.is_empty() {
                    "there is no such table".to_owned()
                } else {
                    format!("there is no such key in [{path}]")
                };
                let at = self.at(key.span().start);
                self.found.push(at.error(&full, problem, unknown_key_help(name, D::KEYS)));
            }
        }
    }

    fn syntax(&mut self, faults: &[toml::de::Error]) {
        let mut lines = Vec::new();
        for fault in faults {
            let at = self.at(fault.span().map_or(0, |span| span.start));
            // One slip of the pen often breaks the parser several times on its line.
            if !lines.contains(&at.line) {
                lines.push(at.line);
                let problem = fault.message().lines().collect::<Vec<_>>().join(", ");
                self.found.push(at.error(
                    SYNTAX,
                    format!("not valid TOML: {problem}"),
                    "correct this line; the rest is read once it is TOML",
                ));
            }
        }
    }
}

/// `sweep` and `interval` make `sweep.interval`.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// Words under which people put secrets into files, and must not.
const SECRET_WORDS: [&str; 8] =
    ["secret", "password", "token", "passphrase", "bearer", "api_key", "private_key", "sas"];

fn unknown_key_help(key: &str, known: &[&'static str]) -> String {
    let folded = key.to_ascii_lowercase().replace('-', "_");
    if SECRET_WORDS.iter().any(|word| folded == *word || folded.ends_with(&format!("_{word}"))) {
        return "secrets are never written in this file: put it in a file of mode 0600 and name that with secret_file, or in an environment \
                variable and name that with secret_env"
            .to_owned();
    }
    match nearest(key, known.iter().copied()) {
        Some(meant) => format!("did you mean \"{meant}\"?"),
        None => format!("the keys here are {}", known.join(", ")),
    }
}

/// Declares tables of the file: each a struct of fields, read key by key.
macro_rules! document {
    ($($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty),+ $(,)? })+) => { $(
        $(#[$about])*
        #[derive(Debug, Clone, Default)]
        pub(super) struct $name {
            $($(#[$doc])* pub(super) $field: $type,)+
        }

        impl TableDocument for $name {
            const KEYS: &'static [&'static str] = &[$(stringify!($field)),+];

            fn read_key(&mut self, key: &str, value: &toml::Spanned<toml::de::DeValue<'_>>, path: &str, reader: &mut Reader<'_>) -> bool {
                match key {
                    $(stringify!($field) => self.$field.read(value, path, reader),)+
                    _ => return false,
                }
                true
            }

            fn over(self, lower: Self) -> Self {
                Self { $($field: self.$field.over(lower.$field),)+ }
            }

            fn scalars(path: &str, into: &mut Vec<(String, Kind)>) {
                $(<$type as Field>::scalars(&join(path, stringify!($field)), into);)+
            }
        }
    )+ };
}
pub(super) use document;

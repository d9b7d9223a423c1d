//! Settings given from outside the file, each written out as a line of TOML so that it is read and judged like one.

use std::collections::BTreeMap;

use super::document::{self, SettingsDocument};
use super::environment::{Environment, PREFIX};
use super::tables::{Kind, TableDocument};
use crate::document::{Diagnostic, Place, Severity, Trouble, nearest};

/// The name under which findings about the environment are reported.
const ENVIRONMENT: &str = "environment";

/// The name under which findings about flags are reported.
const COMMAND_LINE: &str = "command line";

/// Variables with the prefix that are no settings: they have a meaning of their own.
const OTHER_VARIABLES: [&str; 2] = ["FREEZE", "CONFIG"];

/// Settings given on the command line, by key: `sweep.interval` and its value as text. Relative paths are relative to
/// the settings file, as in the file itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    values: BTreeMap<String, String>,
}

impl Overrides {
    /// No flags.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds one; the last of a key holds. A key that does not exist is found by `load`.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        self.values.insert(key.to_owned(), value.to_owned());
        self
    }
}

/// One layer: what was written there, and what is wrong with it.
#[derive(Debug, Default)]
pub(super) struct Layer {
    pub(super) document: SettingsDocument,
    pub(super) found: Vec<Diagnostic>,
    /// How each key was named there, for findings that come later.
    names: BTreeMap<String, String>,
}

impl Layer {
    /// Makes findings about what is written here name the variable or flag instead of a line that nobody wrote.
    fn rename(&self, found: &mut [Diagnostic], file: &str) {
        for finding in found.iter_mut().filter(|finding| &*finding.file == file) {
            let key = finding.key.split('[').next().unwrap_or_default();
            if let Some(name) = self.names.get(key) {
                finding.key.clone_from(name);
            }
            (finding.line, finding.column) = (1, 1);
        }
    }
}

/// Makes findings that came later name the variable or flag too.
pub(super) fn rename(found: &mut [Diagnostic], environment: &Layer, flags: &Layer) {
    environment.rename(found, ENVIRONMENT);
    flags.rename(found, COMMAND_LINE);
}

/// The name of the variable that overrides a key.
#[must_use]
pub fn variable_name(key: &str) -> String {
    format!("{PREFIX}{}", key.to_ascii_uppercase().replace(['.', '-'], "_"))
}

/// The keys that can be set from outside, and what kind of value each takes.
fn settable() -> Vec<(String, Kind)> {
    let mut keys = Vec::new();
    SettingsDocument::scalars("", &mut keys);
    keys
}

/// Every key that an environment variable can set, with that variable's name.
#[must_use]
pub fn variables() -> Vec<(String, String)> {
    settable().into_iter().map(|(key, _)| (variable_name(&key), key)).map(|(name, key)| (key, name)).collect()
}

/// What the environment says.
pub(super) fn of_environment(environment: &Environment) -> Layer {
    let keys = settable();
    let mut given = Vec::new();
    let mut unknown = Vec::new();
    for (rest, value) in environment.overrides() {
        let name = format!("{PREFIX}{rest}");
        match keys.iter().find(|(key, _)| variable_name(key) == name) {
            Some((key, kind)) => given.push((key.clone(), *kind, value.to_owned(), name)),
            None if is_foreign(rest) => {}
            None => unknown.push(unknown_variable(&name, &keys)),
        }
    }
    let mut layer = read(ENVIRONMENT, given);
    layer.found.extend(unknown);
    layer
}

/// What the command line says.
pub(super) fn of_flags(overrides: &Overrides) -> Layer {
    let keys = settable();
    let mut given = Vec::new();
    let mut unknown = Vec::new();
    for (key, value) in &overrides.values {
        match keys.iter().find(|(known, _)| known == key) {
            Some((_, kind)) => given.push((key.clone(), *kind, value.clone(), key.clone())),
            None => {
                let meant = nearest(key, keys.iter().map(|(key, _)| key.as_str()));
                let help = meant.map_or_else(
                    || "config/lightsout.toml lists all of them".to_owned(),
                    |meant| format!("did you mean \"{meant}\"?"),
                );
                let trouble = Trouble::new("there is no such setting", help);
                unknown.push(Place::start_of(COMMAND_LINE).keyed(key).finding(Severity::Error, &trouble));
            }
        }
    }
    let mut layer = read(COMMAND_LINE, given);
    layer.found.extend(unknown);
    layer
}

/// Variables that Kubernetes sets for a Service called `lightsout`, and ours that are no settings.
fn is_foreign(rest: &str) -> bool {
    let service =
        rest == "PORT" || rest.starts_with("PORT_") || rest.ends_with("_SERVICE_HOST") || rest.starts_with("SERVICE_");
    service || rest.contains("_SERVICE_PORT") || rest.contains("_PORT_") || OTHER_VARIABLES.contains(&rest)
}

/// A warning and no error: the environment is shared with others.
fn unknown_variable(name: &str, keys: &[(String, Kind)]) -> Diagnostic {
    let names: Vec<String> = keys.iter().map(|(key, _)| variable_name(key)).collect();
    let help = match nearest(name, names.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean {meant}?"),
        None => format!("names are {PREFIX}SECTION_KEY, such as {}", variable_name("sweep.interval")),
    };
    let trouble = Trouble::new("no setting has this name; it does nothing", help);
    Place::start_of(ENVIRONMENT).keyed(name).finding(Severity::Warning, &trouble)
}

/// Reads values as if they stood in a file, one a line.
fn read(file: &str, given: Vec<(String, Kind, String, String)>) -> Layer {
    let mut text = String::new();
    let mut names = BTreeMap::new();
    for (key, kind, value, name) in given {
        text.push_str(&format!("{key} = {}\n", literal(kind, &value)));
        names.insert(key, name);
    }
    let (document, mut found) = document::read(file, &text);
    let mut layer = Layer { document, found: Vec::new(), names };
    layer.rename(&mut found, file);
    layer.found = found;
    layer
}

/// A value as TOML would have it: what should be a number or a truth and is none becomes text, and is refused as such.
fn literal(kind: Kind, value: &str) -> String {
    let quoted = |text: &str| toml::Value::String(text.trim().to_owned()).to_string();
    let value = value.trim();
    match kind {
        Kind::Number if value.parse::<i64>().is_ok() => value.to_owned(),
        Kind::Truth if matches!(value, "true" | "false") => value.to_owned(),
        Kind::Texts => {
            let entries: Vec<String> =
                value.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(quoted).collect();
            format!("[{}]", entries.join(", "))
        }
        Kind::Number | Kind::Truth | Kind::Text => quoted(value),
    }
}

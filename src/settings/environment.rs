//! The environment of the process, read once: the only place that reads it.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

/// The prefix of the variables that override settings.
pub(super) const PREFIX: &str = "LIGHTSOUT_";

/// A snapshot of the environment. Its values are shown by nothing: any of them may be a secret.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, SecretString>,
}

impl Environment {
    /// Takes the snapshot. Names and values that are not Unicode are left out.
    #[must_use]
    pub fn read() -> Self {
        let unicode =
            std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Self::of(unicode)
    }

    /// From pairs of name and value, for tests and for processes started inside others.
    #[must_use]
    pub fn of(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self { variables: pairs.into_iter().map(|(name, value)| (name, SecretString::from(value))).collect() }
    }

    /// A value that is no secret; empty counts as absent.
    #[must_use]
    pub fn plain(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(ExposeSecret::expose_secret).filter(|value| !value.is_empty())
    }

    /// A value that is a secret.
    pub(super) fn secret(&self, name: &str) -> Option<SecretString> {
        self.variables.get(name).cloned()
    }

    /// True when there is a variable of that name that is not empty.
    #[must_use]
    pub fn holds(&self, name: &str) -> bool {
        self.plain(name).is_some()
    }

    /// The variables that override settings: what follows the prefix, and the value.
    pub(super) fn overrides(&self) -> impl Iterator<Item = (&str, &str)> {
        self.variables.iter().filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?, value.expose_secret())))
    }

    /// Why the process is frozen from outside for as long as it lives (`LIGHTSOUT_FREEZE`, G12). Words for no mean no;
    /// any other text freezes and is the reason.
    #[must_use]
    pub fn freeze(&self) -> Option<String> {
        let value = self.plain("LIGHTSOUT_FREEZE")?.trim();
        match value.to_ascii_lowercase().as_str() {
            "" | "0" | "false" | "no" | "off" => None,
            "1" | "true" | "yes" | "on" => Some("LIGHTSOUT_FREEZE is set".to_owned()),
            _ => Some(value.chars().take(200).collect()),
        }
    }
}

//! What is wrong with settings beyond the kind of each value: ranges, addresses, names, what belongs together.

use std::fmt::Display;
use std::path::PathBuf;

use url::{Host, Url};

use super::fields::{Table, Value};
use super::tables::TableDocument;
use crate::document::{Diagnostic, Located, Place, Severity, Trouble};

/// Gathers findings; knows the place to name when a key is absent.
#[derive(Debug)]
pub(super) struct Findings {
    pub(super) all: Vec<Diagnostic>,
    file: Place,
}

/// Whether plain http will do for a host on loopback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Http {
    /// https only.
    Never,
    /// http on loopback too.
    OnLoopback,
    /// http to any host: what is sent is no secret, and the file says that it is meant.
    Anywhere,
}

impl Findings {
    /// Goes on from what the reader found.
    pub(super) const fn new(file: Place, all: Vec<Diagnostic>) -> Self {
        Self { all, file }
    }

    /// True when there is an error at a key or below it.
    pub(super) fn has_error_at(&self, key: &str) -> bool {
        self.all.iter().any(|found| found.is_error_within(key) || found.is_syntax())
    }

    /// True when there is an error at a key of a table that has a word in its name.
    pub(super) fn has_error_about(&self, table: &str, word: &str) -> bool {
        let about = |key: &str| {
            key.strip_prefix(table).and_then(|rest| rest.strip_prefix('.')).is_some_and(|key| key.contains(word))
        };
        self.all.iter().any(|found| found.is_error() && about(&found.key))
    }

    /// The place of a table, or of the file where it has none.
    pub(super) fn place<D: TableDocument>(&self, table: &Table<D>) -> Place {
        table.0.as_ref().map_or_else(|| self.file.clone(), |written| written.at.clone())
    }

    pub(super) fn error(&mut self, at: &Place, key: &str, problem: impl Into<String>, help: impl Into<String>) {
        self.all.push(at.keyed(key).finding(Severity::Error, &Trouble::new(problem, help)));
    }

    pub(super) fn warning(&mut self, at: &Place, key: &str, problem: impl Into<String>, help: impl Into<String>) {
        self.all.push(at.keyed(key).finding(Severity::Warning, &Trouble::new(problem, help)));
    }

    /// A value within bounds, or its default where nothing was written.
    pub(super) fn within<T: PartialOrd + Copy + Display>(
        &mut self,
        value: &Value<T>,
        key: &str,
        default: T,
        (least, most): (T, T),
    ) -> T {
        let Some(written) = &value.0 else { return default };
        if written.value < least || written.value > most {
            self.error(
                &written.at,
                key,
                format!("{} is out of range", written.value),
                format!("choose from {least} to {most}"),
            );
            return default;
        }
        written.value
    }

    /// An origin, `https://host[:port]`, without a slash at its end.
    pub(super) fn origin(&mut self, written: &Located<String>, key: &str, http: Http) -> Option<String> {
        let url = self.url(written, key, http)?;
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            self.error(
                &written.at,
                key,
                "it has more than scheme, host and port",
                "write only https://HOST or https://HOST:PORT",
            );
            return None;
        }
        Some(url.as_str().trim_end_matches('/').to_owned())
    }

    /// A URL of a host, encrypted, without user and password.
    pub(super) fn url(&mut self, written: &Located<String>, key: &str, http: Http) -> Option<Url> {
        let parsed =
            Url::parse(&written.value).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        let Some(url) = parsed else {
            // The text itself is not shown: a URL may hold a credential.
            self.error(
                &written.at,
                key,
                "it is not a URL",
                "write it with scheme and host, such as \"https://example.org\"",
            );
            return None;
        };
        if !url.username().is_empty() || url.password().is_some() {
            self.error(
                &written.at,
                key,
                "it holds a user or password",
                "secrets are never written in this file: take them out of the URL",
            );
            return None;
        }
        let problem = "plain http would send secrets in the clear";
        let refused = match http {
            _ if url.scheme() == "https" => None,
            Http::Never => Some((problem, "write https")),
            Http::OnLoopback if is_loopback(&url) => None,
            Http::OnLoopback if key == "promql.url" => {
                let help = "write https, or allow_http = true where the network between is trusted: who can forge its answers can \
                            have instances stopped";
                Some(("plain http to another machine", help))
            }
            Http::OnLoopback => {
                Some((problem, "write https; plain http is taken for 127.0.0.1, [::1] and localhost only"))
            }
            Http::Anywhere => None,
        };
        if let Some((problem, help)) = refused {
            self.error(&written.at, key, problem, help);
            return None;
        }
        Some(url)
    }

    /// The name of an environment variable. What was written is not shown: it may be the secret itself.
    pub(super) fn variable(&mut self, written: &Located<String>, key: &str) -> Option<String> {
        let name = &written.value;
        let letters = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !letters || name.starts_with(|c: char| c.is_ascii_digit()) || name.len() > 100 {
            let help = "write the variable's name here, such as \"LIGHTSOUT_WEBHOOK_KEY\", and never the secret itself";
            self.error(&written.at, key, "it is not the name of an environment variable", help);
            return None;
        }
        Some(name.clone())
    }
}

/// True when the URL's host is this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// A path, or nothing where nothing was written.
pub(super) fn path(value: &Value<String>) -> Option<PathBuf> {
    value.get().map(PathBuf::from)
}

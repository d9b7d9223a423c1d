//! `[store]`: where memory is kept.

use std::path::PathBuf;

use url::Url;

use super::azure::secret_source;
use super::document::StoreDocument;
use super::fields::Table;
use super::findings::{Findings, path};
use super::secret::SecretSource;

/// Where memory is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// The folder: of the journal, and of what belongs to this machine alone.
    pub dir: PathBuf,
    /// The server that has the journal in the folder's place.
    pub server: Option<StoreServer>,
    /// What this replica is called; none: by the machine's name.
    pub replica: Option<String>,
}

impl Default for Store {
    fn default() -> Self {
        Self { dir: PathBuf::from("/var/lib/lightsout"), server: None, replica: None }
    }
}

/// A PostgreSQL server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreServer {
    /// Its address, without a password.
    pub url: String,
    /// Where the password is, where it wants one.
    pub secret: Option<SecretSource>,
}

/// Reads `[store]`.
pub(super) fn store(table: &Table<StoreDocument>, found: &mut Findings) -> Store {
    let document = table.or_empty();
    let dir = path(&document.dir).unwrap_or_else(|| Store::default().dir);
    let secret = secret_source(&document.secret_file, &document.secret_env, "store", found);
    let Some(written) = &document.url.0 else {
        if secret.is_some() {
            let help = "write url = \"postgres://USER@HOST:5432/DATABASE\", or leave the secret out";
            found.error(&found.place(table), "store.url", "a password without a server", help);
        }
        return Store { dir, server: None, replica: None };
    };
    let url = Url::parse(&written.value).ok().filter(|url| matches!(url.scheme(), "postgres" | "postgresql"));
    // The text itself is not shown: it may hold a password.
    let server = match url {
        Some(url) if url.password().is_none() && !url.query_pairs().any(|(key, _)| key == "password") => {
            Some(StoreServer { url: written.value.clone(), secret })
        }
        Some(_) => {
            let help = "take it out, and name a file of mode 0600 with secret_file, or an environment variable with secret_env";
            found.error(&written.at, "store.url", "it holds a password", help);
            None
        }
        None => {
            let help = "write postgres://USER@HOST:5432/DATABASE?sslmode=verify-full";
            found.error(&written.at, "store.url", "it is no address of a PostgreSQL server", help);
            None
        }
    };
    let replica = document.replica.get().filter(|name| !name.is_empty()).cloned();
    Store { dir, server, replica }
}

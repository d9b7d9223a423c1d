//! What can go wrong with the journal, each with what to do about it.

use std::path::PathBuf;

use crate::ports::{Fault, FaultKind};

/// The journal could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory cannot be made, read or written.
    #[error("cannot use {} ([store] dir): {doing}; make it a directory that this user may write", path.display())]
    Directory {
        /// The path.
        path: PathBuf,
        /// What failed.
        doing: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Another process holds it (L1).
    #[error("{} is in use by {holder}; one lightsout per [store] dir: stop the other one, or give this one another directory", dir.display())]
    InUse {
        /// The directory.
        dir: PathBuf,
        /// Who holds it, as far as the lock file tells.
        holder: String,
    },
    /// It lies on a file system whose locks or flushes cannot be trusted (L1).
    #[error("{} is on {kind}, where SQLite's locks cannot be trusted; put [store] dir on a local disk", dir.display())]
    Network {
        /// The directory.
        dir: PathBuf,
        /// Which file system.
        kind: &'static str,
    },
    /// A newer version wrote it.
    #[error(
        "{place} was written by a newer lightsout (schema {found}); run that version, or restore the copy made before the upgrade"
    )]
    Newer {
        /// The database: a file, or a server's.
        place: String,
        /// The schema version that this program does not know.
        found: i64,
    },
    /// An older version wrote it, before there was a ledger.
    #[error("{place} was written by an older lightsout and has no ledger; let this version's service run on it once")]
    Older {
        /// The database.
        place: String,
    },
    /// There is none.
    #[error("there is no journal at {}; name the folder in [store] dir, or a copy of the lightsout.db in it", path.display())]
    NoJournal {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Its schema could not be brought up to date.
    #[error("cannot bring the schema of {place} up to date")]
    Schema {
        /// The database.
        place: String,
        /// Why.
        #[source]
        source: Box<sqlx::migrate::MigrateError>,
    },
    /// A server was named in no way that can be read; what was written is not repeated, for a password may stand in it.
    #[error("[store] url is no address of a PostgreSQL server; write postgres://USER@HOST:5432/DATABASE")]
    NoServer,
    /// A server does not keep what it must.
    #[error("{place} cannot hold the journal: {rule}")]
    Server {
        /// The database.
        place: String,
        /// What is asked of it.
        rule: &'static str,
    },
    /// One of several replicas, and no member.
    #[error("this replica is no member and writes nothing; its log says what keeps it from joining the others")]
    NoMember,
    /// Another replica took over, or may.
    #[error("the lease of this replica is over, and nothing is written any more (L3)")]
    LeaseLost,
    /// All are frozen.
    #[error("all replicas are frozen (`lightsout freeze --status`), and nothing is begun")]
    Frozen,
    /// Another replica decides about it.
    #[error("this replica does not decide about that workspace any more, and writes nothing about it (L3)")]
    Elsewhere,
    /// The server said nothing for too long.
    #[error("the database server did not answer in time; check that it runs and that the way there is open")]
    Silent,
    /// The server has lost what it confirmed (L11).
    #[error(
        "the database server has forgotten {lost} writes that it had confirmed: it was put back, or another took over from it without \
         its last commits (L11). No replica writes or stops anything until a person has looked: compare `lightsout ledger verify` with \
         the last export, set holds anew that are missing or put a copy back, and then say `lightsout journal accept-loss`"
    )]
    WentBack {
        /// So many turns of writing.
        lost: i64,
    },
    /// The database refused or failed.
    #[error("the journal {}", trouble(source))]
    Database {
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// A row does not say what it must.
    #[error(
        "the journal's table {table} holds something unreadable at {row}; restore a copy, or move the file away to start afresh"
    )]
    Unreadable {
        /// The table.
        table: &'static str,
        /// Which row.
        row: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A value cannot be written as text.
    #[error("cannot write {what} as JSON")]
    Unwritable {
        /// What.
        what: &'static str,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The audit log was changed after it was written.
    #[error("the audit log is broken at line {seq}: {what}; it was changed by something other than lightsout")]
    Tampered {
        /// The first line that does not fit.
        seq: i64,
        /// What does not fit.
        what: &'static str,
    },
    /// Something else stands in the way: a second stop, a reason already spent.
    #[error("{0}")]
    Conflict(String),
    /// A copy would go where a file is.
    #[error("{} is there already, and no copy replaces a file; name another one", path.display())]
    Taken {
        /// The file.
        path: PathBuf,
    },
    /// A copy could not be made or put back.
    #[error("cannot {doing} {}", path.display())]
    Copy {
        /// The file.
        path: PathBuf,
        /// What failed.
        doing: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A copy has something wrong with it.
    #[error("{} is damaged: {}; nothing was put in the journal's place", path.display(), found.join("; "))]
    Damaged {
        /// The copy.
        path: PathBuf,
        /// What is wrong with it.
        found: Vec<String>,
    },
    /// No such row.
    #[error("the journal knows no {0}")]
    Absent(String),
}

impl From<sqlx::Error> for StoreError {
    fn from(source: sqlx::Error) -> Self {
        Self::Database { source }
    }
}

impl StoreError {
    /// As the engine understands it; `doing` completes "could not …".
    #[must_use]
    pub fn fault(self, doing: impl Into<String>) -> Fault {
        let kind = match &self {
            Self::Conflict(_) => FaultKind::Conflict,
            Self::Directory { .. }
            | Self::InUse { .. }
            | Self::Network { .. }
            | Self::Newer { .. }
            | Self::Older { .. }
            | Self::NoJournal { .. }
            | Self::Schema { .. }
            | Self::NoServer
            | Self::Server { .. }
            | Self::NoMember
            | Self::LeaseLost
            | Self::Elsewhere
            | Self::Frozen
            | Self::Silent
            | Self::WentBack { .. }
            | Self::Database { .. }
            | Self::Unreadable { .. }
            | Self::Unwritable { .. }
            | Self::Tampered { .. }
            | Self::Taken { .. }
            | Self::Copy { .. }
            | Self::Damaged { .. }
            | Self::Absent(_) => FaultKind::Storage,
        };
        Fault::new(kind, doing).because(self)
    }
}

/// True when a UNIQUE rule of the schema refused a row.
pub(super) fn is_duplicate(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|e| e.is_unique_violation())
}

/// What the database's answer means for a person (fault 40, 41).
fn trouble(error: &sqlx::Error) -> &'static str {
    let Some(answer) = error.as_database_error() else { return silence(error) };
    let code = answer.code().unwrap_or_default();
    if answer.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() {
        return of_postgres(&code);
    }
    // without its extension
    of_sqlite(code.parse().unwrap_or(0_u32) & 0xff)
}

/// Nothing was answered.
fn silence(error: &sqlx::Error) -> &'static str {
    if matches!(error, sqlx::Error::PoolTimedOut) {
        "did not answer in time; its server cannot be reached, it or the disk is too slow, or a write hangs"
    } else if matches!(error, sqlx::Error::PoolClosed) {
        "is closed"
    } else if matches!(error, sqlx::Error::Io(_)) {
        "cannot be reached; check that its server runs and that the way there is open"
    } else if matches!(error, sqlx::Error::Tls(_)) {
        "cannot be reached over TLS; check sslmode and sslrootcert in [store] url"
    } else {
        "failed"
    }
}

fn of_sqlite(code: u32) -> &'static str {
    match code {
        5 | 6 => "is locked by another program; close whatever has the database open",
        8 => "is read-only; give this user the right to write the file and its directory, and mount it writable",
        10 => "could not be read or written by the disk; check the disk before anything else",
        11 => "is damaged (a corrupt page); restore a copy, or move the file away to start afresh",
        13 => "does not fit on the disk; free some space",
        14 => "cannot be opened; check that the file and its directory may be written",
        26 => "is not an SQLite database; move the file away to start afresh",
        _ => "refused",
    }
}

/// By the codes of PostgreSQL's manual, appendix A.
fn of_postgres(code: &str) -> &'static str {
    match (code, code.get(..2).unwrap_or_default()) {
        ("25006", _) => "is read-only: its server is a standby, or was made one; name the primary in [store] url",
        ("25P03", _) | ("55P03", _) => "was held too long by another replica; nothing was written",
        ("42501", _) => "does not let this user in; grant it all rights on its database's schema",
        ("3D000", _) => "is not there: its server has no such database; make it with CREATE DATABASE",
        ("53100", _) => "does not fit on its server's disk; free some space",
        ("53300", _) => "has no connection left; raise its server's max_connections, or put a pooler before it",
        ("57P01" | "57P02" | "57P03", _) | (_, "08") => "is being started or stopped by its server; it is tried again",
        (_, "28") => "does not let this user in; check the user and the password in [store] url",
        _ => "refused",
    }
}

//! What survives a restart: the journal and the ledger, in SQLite or PostgreSQL, and the freeze file.
//!
//! One process holds a journal in SQLite at a time (L1). A write is on disk when it returns. `created` is part of an instance's
//! identity in every table, so that a name used again inherits nothing (fault 28).

mod audit;
mod bills;
mod copies;
mod error;
mod freeze;
mod happenings;
mod holds;
mod in_use;
mod intents;
mod journal;
mod lease;
mod ledger;
mod marks;
mod moving;
mod open;
mod operations;
mod outbox;
mod past;
mod past_states;
mod place;
mod proposals;
mod prune;
mod read_only;
mod recall;
mod record;
mod rows;
mod server;
mod sightings;
mod sql;
#[cfg(test)]
mod tests;

pub use audit::AuditHead;
pub use copies::{Copied, Restore, copy_journal};
pub use error::StoreError;
pub use freeze::{FileFreeze, FreezeFileError};
pub use lease::{Lease, Request, Table, Turn};
pub use ledger::{Verified, VerifyError};
pub use moving::{copy_server, move_to_folder, move_to_server};
pub use open::Store;
pub use prune::Pruned;
pub use read_only::LedgerReader;
pub use server::Server;

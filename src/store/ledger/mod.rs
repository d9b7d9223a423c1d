//! The ledger in SQLite: appended to in the transaction of the sweep that causes it (L8), and never changed.

mod answer;
mod append;
mod avoided;
mod claims;
mod corrections;
mod cut;
mod days;
mod dims;
mod marks;
mod meters;
mod open;
mod packed;
mod prices;
mod read;
mod spent;
mod sums;
#[cfg(test)]
mod tests;
mod verify;

pub use verify::{Verified, VerifyError};

pub(super) use dims::hash_of;
pub(super) use meters::{ReadBefore, write};

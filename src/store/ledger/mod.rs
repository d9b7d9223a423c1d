//! The ledger in SQLite: appended to in the transaction of the sweep that causes it (L8), and never changed.

mod answer;
mod append;
mod claims;
mod corrections;
mod cut;
mod dims;
mod meters;
mod open;
mod prices;
mod read;
mod sums;
#[cfg(test)]
mod tests;
mod verify;

pub use verify::{Verified, VerifyError};

pub(super) use meters::{ReadBefore, write};

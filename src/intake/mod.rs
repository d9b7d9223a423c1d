//! What agents tell: their tokens, what of their heartbeats is believed, and the accounts that come of it.

mod account;
mod desk;
mod entra;
mod keys;
mod revoked;
mod token;

pub use desk::{Desk, DeskOptions};
pub use entra::{Entra, EntraError, KeyServer};
pub use keys::{KeyError, Keys};
pub use revoked::Revoked;
pub use token::{Claim, TokenError, mint};

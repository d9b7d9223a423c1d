//! What agents tell: their tokens, what of their heartbeats is believed, and the accounts that come of it.

mod account;
mod desk;
mod entra;
mod revoked;
mod token;

pub use desk::{Desk, DeskOptions, PassOn};
pub use entra::{Entra, EntraError, KeyServer};
pub use revoked::Revoked;
pub use token::{Claim, TokenError, agent_keys, mint};

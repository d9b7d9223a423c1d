//! Tokens of the instance's managed identity: where the platform gives them, what it answers, and how long one is kept.

mod door;
mod grant;
mod managed;
mod trouble;

pub(super) use door::IMDS;
pub use door::{Door, DoorError, Ways};
pub use grant::{Grant, Named};
pub use managed::Managed;
pub use trouble::IdentityError;
pub(super) use trouble::is_here;

//! Telling people: the channels a message goes out on.
//!
//! One channel exists, a signed webhook; others join `Channels` through the same port. Nothing here remembers: the
//! outbox is the journal's.

mod address;
mod body;
mod channels;
pub mod render;
mod webhook;

pub use address::{AddressRule, Cidr, CidrError};
pub use channels::{Channel, Channels};
pub use webhook::{Looking, Lookup, Now, SystemLookup, Webhook, WebhookError, WebhookOptions};

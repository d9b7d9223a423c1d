//! Telling people: the channels a message goes out on.
//!
//! Every channel takes the same message and gives it its own form (`render`); what is posted goes through one client that
//! checks where it leads (`post`). Nothing here remembers: the outbox is the journal's.

mod address;
mod alertmanager;
mod body;
mod channels;
#[cfg(any(test, fuzzing))]
pub mod fuzzed;
mod linker;
mod post;
pub mod render;
mod slack;
mod smtp;
mod teams;
mod webhook;
mod wording;

pub use address::{AddressRule, Cidr, CidrError};
pub use alertmanager::Alertmanager;
pub use channels::{Channel, Channels};
pub use linker::Linker;
pub use post::{HookOptions, Looking, Lookup, Now, SystemLookup, WebhookError};
pub use slack::Slack;
pub use smtp::{Smtp, SmtpError, SmtpOptions, SmtpTls};
pub use teams::Teams;
pub use webhook::{Webhook, WebhookFormat, WebhookOptions};
pub use wording::{WordingError, wording};

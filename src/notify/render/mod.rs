//! A message in the words of each channel: pure functions from a message to what is sent.
//!
//! Names, tags, owners and reasons come from whoever can create an instance, so each form makes them harmless in its own
//! way: as plain text where the channel has a kind of text that knows no markup, as escaped text elsewhere.

mod alerts;
mod blocks;
mod card;
mod event;
mod parts;
mod samples;
mod sheet;
mod templates;
mod together;

pub use alerts::alerts;
pub use blocks::blocks;
pub use card::card;
pub use event::{EVENT_TYPE, event};
pub use sheet::{Link, Sheet, Tone, when};
pub use templates::{Letter, Part, TemplateError, Templates, html, text};

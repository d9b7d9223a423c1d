//! The face on an instance: looks at how the machine is used, remembers it, tells the service, and shows the person what it sees.
//!
//! `read` reads, `judge` says what it means, `record` remembers, `send` tells, `identity` has tokens, `status` shows, `run` puts them in order.

pub mod args;
pub mod beat;
pub mod clock;
mod entry;
pub mod facts;
pub mod hidden;
pub mod identity;
pub mod judge;
pub mod keep;
mod out;
pub mod pace;
pub mod parse;
pub mod read;
pub mod record;
pub mod rules;
mod run;
pub mod send;
pub mod setting_up;
pub mod slope;
pub mod speaker;
pub mod status;
#[cfg(test)]
mod tests_support;
pub mod token;
pub mod usage;

pub use entry::{EXAMPLES, Ended, alone, main};

//! Faults at the boundary: rules that say which answers are spoilt, and how.

mod effect;
mod gzip;
mod parse;
mod rule;

pub use effect::Effect;
pub(in crate::sandbox) use gzip::gzip_of_spaces;
pub use parse::FaultSyntax;
pub use rule::{FaultOperation, FaultRule, Faults};

#[cfg(test)]
mod tests;

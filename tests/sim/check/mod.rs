//! The checker: it reads rows and nothing else, shares no code with the engine, and says which invariant a row breaks.

mod checker;
mod hours;
mod journal;
mod known;
mod liveness;
mod rows;
mod stop;
#[cfg(test)]
mod tests;

pub(crate) use checker::{Breach, Checker};
pub(crate) use hours::Hours;
pub(crate) use journal::check_journal;

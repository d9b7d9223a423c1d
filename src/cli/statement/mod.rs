//! Statements: the account of a period with its head and its notes, in every form that people and programs read.
//!
//! A statement is made once and then only written: no form asks a clock, a locale or the machine (C13).

mod amounts;
mod calendar;
mod csv;
mod error;
mod gather;
mod json;
mod notes;
mod table;
mod value;

pub use amounts::{hours, money};
pub use calendar::{Days, days_of};
pub use csv::csv;
pub use error::StatementError;
pub use gather::{Wanted, gather};
pub use json::json;
pub use notes::{Headline, headlines, notes};
pub use table::table;
pub use value::{Head, Statement};

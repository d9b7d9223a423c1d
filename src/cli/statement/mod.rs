//! Statements: the account of a period with its head and its notes, in every form that people and programs read.
//!
//! A statement is made once and then only written: no form asks a clock, a locale or the machine (C13).

mod amounts;
mod calendar;
mod columns;
mod csv;
mod error;
mod focus;
mod gather;
mod json;
mod notes;
pub(in crate::cli) mod page;
mod residual;
mod table;
mod value;

pub use amounts::{hours, money};
pub use calendar::{Days, days_between, days_of};
pub use csv::csv;
pub use error::StatementError;
pub use focus::{Focus, focus_csv, focus_parquet};
pub use gather::{Wanted, charges, gather};
pub use json::json;
pub use notes::{Headline, headlines, notes};
pub use page::page;
pub use residual::residual_csv;
pub use table::table;
pub use value::{Head, Statement};

use table::origin;

//! Cost arithmetic: prices, metered intervals, what stopping avoided, and sums that an auditor can redo.
//!
//! Pure: equal rows in, equal figures out. An unknown price stays unknown, a gap stays a gap, and nothing is rounded before
//! it is shown (RULES section 7).

mod price;
mod sheet;

pub use price::{NoPrice, Price, PriceId, PriceKey, PriceSource, Quote};
pub use sheet::{Sheet, SheetLine, Terms};

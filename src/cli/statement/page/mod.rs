//! A statement as one HTML file for those who forward and print it: no script, no outside asset, a chart over each table.

mod chart;
mod curve;
mod html;
mod parts;
mod series;
mod write;

pub(in crate::cli) use chart::{Named, paired};
pub(in crate::cli) use curve::{Dot, curve};
pub(in crate::cli) use html::Table;
pub(in crate::cli) use parts::course as course_table;
pub(in crate::cli) use series::{Course, Series};
pub use write::page;
pub(in crate::cli) use write::{begin, section};

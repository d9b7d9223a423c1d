//! A statement as one HTML file for those who forward and print it: no script, no outside asset, a chart over each table.

mod chart;
mod html;
mod parts;
mod series;
mod write;

pub use write::page;

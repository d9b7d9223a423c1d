//! The face for people: the command line, its tables, its exit codes.

pub mod args;
pub mod complete;
pub mod exit;
pub mod render;

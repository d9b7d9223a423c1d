//! The face for people: the command line, its tables, its exit codes.

pub mod args;
pub mod clock;
pub mod complete;
pub mod demo;
pub mod exit;
pub mod outside;
pub mod render;
pub mod wire_up;

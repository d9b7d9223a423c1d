//! The face for people: the command line, its tables, its exit codes; and the wiring of everything.

pub mod agents_desk;
pub mod args;
pub mod channels;
pub mod clock;
pub mod commands;
pub mod complete;
mod crash;
pub mod demo;
mod demo_command;
mod entry;
pub mod exit;
pub mod leadership;
pub mod manual;
pub mod needs;
pub mod out;
pub mod outside;
pub mod people;
pub mod people_door;
pub mod records;
pub mod relay;
pub mod render;
pub mod replayed;
pub mod statement;
pub mod store_place;
pub mod switch;
pub mod tzdata;
pub mod wire_up;
pub mod witnesses;

pub use entry::main;

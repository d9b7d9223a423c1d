//! The world lives by itself, exactly, and the same for the same seed.

mod change;
mod costs;
mod lived;
mod native;
mod operations;
mod people;

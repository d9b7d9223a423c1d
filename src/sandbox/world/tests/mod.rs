//! The world lives by itself, exactly, and the same for the same seed.

mod lived;
mod operations;
mod people;

//! `lightsout demo`: the real engine over real HTTP against a simulated Azure, time sped up, and the truth at the end.

mod agents;
mod drive;
mod figures;
mod money;
mod people;
mod setup;
mod story;
mod truth;

pub use drive::{DemoError, DemoOptions, Open, demo};
pub use figures::{Figures, FleetLine};

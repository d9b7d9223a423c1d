//! What is proposed: verdicts in, an ordered plan of steps and notices out.

mod draft;
mod step;

pub use draft::draft;
pub use step::{Expected, Notice, Plan, Step};

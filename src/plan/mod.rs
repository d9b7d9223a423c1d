//! What is proposed: verdicts in, an ordered plan of steps and notices out.

mod draft;
mod step;

pub use draft::draft;
pub use step::{Announcement, Expected, Notice, Plan, Step};

//! What is proposed: verdicts in, an ordered plan of steps and notices out.

mod draft;
mod start;
mod step;

pub use draft::draft;
pub use start::StartStep;
pub use step::{Announcement, Expected, Notice, Plan, Step};

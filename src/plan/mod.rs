//! What is proposed: verdicts in, an ordered plan of steps and notices out.

mod counterfactual;
mod draft;
mod start;
mod step;

pub use counterfactual::counterfactual;
pub use draft::draft;
pub use start::StartStep;
pub use step::{Announcement, Expected, Notice, Plan, Step};

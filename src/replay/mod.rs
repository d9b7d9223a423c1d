//! Another policy over what was recorded: what it would have stopped, warned of and avoided, and whom it would have hurt,
//! beside what happened. The same rules, plan and guard decide as in the service.
//!
//! What the record does not tell is not guessed: everything is reckoned twice, as if nobody had used a machine where nobody
//! looked, and as if somebody had, and both figures are given.

mod check;
mod course;
mod fleet;
mod knee;
mod machine;
mod notes;
mod real;
mod run;
mod segments;
mod stopping;
mod tally;
mod uses;
mod value;

pub use check::{Checked, Difference, check};
pub use course::Untold;
pub use knee::{Knee, Point, knee};
pub use run::{Asked, replay};
pub use value::{Compared, DayCosts, Figures, Hurt, InstanceReplay, Regret, Replay, ReplayedStop, Spread, Worked};

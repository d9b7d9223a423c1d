//! One rule a file; `evaluate` puts their findings together. Pure: policy, facts, history and the hour in, verdict out.

mod activity;
mod announce;
mod budget;
mod calm;
mod candidate;
mod evaluate;
mod exempt;
mod hours;
mod idle;
mod moment;
mod native;
mod operation;
mod purse;
mod run;
mod settled;
mod start;
mod stopped;
mod stuck;
mod unused;
mod uptime;
mod verdict;
mod words;

pub use activity::Activity;
pub use budget::{Spending, Standing};
pub use calm::{Calm, calm};
pub use evaluate::evaluate;
pub use moment::{Moment, opens_after, terms_of};
pub use native::{LOWERS, NativeFinding, native, used_by, wanted_timer};
pub use operation::{UnderWay, operation_end};
pub use purse::{Purse, promised};
pub use start::{StartFinding, StartGround, is_started_by, start};
pub use stopped::{Disposal, OffBy, OffSince, disposal, off_since, proposes, void_of};
pub use stuck::{Stuck, stuck};
pub use verdict::{Action, Due, Finding, Ground, Rule, Under, Verdict};
pub use words::Words;

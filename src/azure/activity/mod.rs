//! What Azure tells of use beside states: jobs that wait for an instance, and the metrics of the runs of jobs.
//!
//! Both speak of jobs alone. A workspace without a job, or without a series, says nothing of notebooks and terminals: absence
//! is unknown, and never quiet. So both give accounts only of instances that they have seen something of. But a source that can
//! only accuse must be able to take its word back, or an instance would be in use for ever by what was said of it once: whoever
//! was said to be busy is said to be quiet once an answer that is whole has nothing of it, with nothing watched, so that this
//! quiet outweighs the old word and counts for nothing else.
//!
//! Answers are kept for some minutes: a second look costs no request, and a fleet no more than its share.

mod account;
mod job;
mod jobs;
mod memory;
mod metrics;
mod monitor;
mod options;
mod port;
mod region;

pub use options::{JobsOptions, MonitorOptions};
pub(super) use port::Watch;

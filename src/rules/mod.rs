//! One rule a file; `evaluate` puts their findings together. Pure: policy, facts, history and the hour in, verdict out.

mod verdict;

pub use verdict::{Action, Due, Finding, Ground, Rule, Verdict};

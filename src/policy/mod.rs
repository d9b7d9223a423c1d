//! The policy language: text in, valid policy out.

mod matching;
mod model;
mod set;

pub use matching::{Pattern, Scope, Subject};
pub use model::{
    Cap, Exemptions, HoldTerms, HoursRule, IdleRule, Limits, Mode, OptOut, Origin, Override, Policy, Terms, UptimeRule, Warning, WarningProof,
    WhenUndelivered, opt_out,
};
pub use set::{Governing, PolicySet};

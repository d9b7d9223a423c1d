//! The policy language: text in, valid policy out.

mod budget;
mod budget_checks;
mod checks;
mod compile;
mod document;
mod evidence_checks;
mod forecast;
mod layers;
mod limits;
mod matching;
mod model;
mod native_checks;
mod parse;
mod revision;
mod schema;
mod set;
mod start;
mod start_table;
mod stopped;
mod stopped_checks;
mod values;
mod words;
mod written;

pub use crate::document::{Diagnostic, Severity};
pub use budget::{AtLimit, BudgetRule, Per};
pub use forecast::{ClockChange, Forecast, ForecastEdge, OverrideForecast, forecast};
pub use limits::{Cap, Limits, part_of};
pub use matching::{Pattern, Scope, Subject};
pub use model::{
    ApplyTimer, Exemptions, HoldTerms, HoursRule, IdleRule, Mode, NativeRule, OptOut, Origin, Override, Policy,
    PromqlQuestion, Terms, UptimeRule, Warning, WarningProof, WhenUndelivered, opt_out,
};
pub use parse::{DefaultsSource, Parsed, SourceText, Sources, calendar_paths, parse};
pub use schema::policy_schema;
pub use set::{Broken, Governing, PolicySet};
pub use start::StartRule;
pub use stopped::{Deletion, StoppedRule};

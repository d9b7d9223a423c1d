//! `lightsout check`: every problem of every file at once, and what the policies will do.

mod messages;

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use messages::of_messages;

use super::context::{CommandError, Context, say};
use crate::cli::args::Check;
use crate::cli::clock::SystemClock;
use crate::cli::exit::Exit;
use crate::policy::{Diagnostic, Forecast, Policy, Severity, forecast};
use crate::ports::Clock as _;
use crate::settings::check_files;

#[derive(Serialize)]
struct Checked<'a> {
    diagnostics: Vec<&'a Diagnostic>,
    policies: Vec<Forecast>,
}

/// Checks settings and policies, or the policy files that are named.
///
/// # Errors
/// When a date cannot be reckoned with.
pub fn check(asked: &Check, context: &Context) -> Result<Exit, CommandError> {
    let named: &[PathBuf] = &asked.files;
    let loaded =
        if named.is_empty() { context.load() } else { check_files(&context.config, &context.environment, named) };
    let messages = of_messages(&loaded);
    let diagnostics: Vec<&Diagnostic> = loaded.findings().chain(&messages).collect();
    let forecasts: Result<Vec<Forecast>, CommandError> = loaded
        .policies
        .set
        .policies
        .iter()
        .map(|policy| Ok(forecast(policy, first_day(asked, policy)?, asked.days)))
        .collect();
    let checked = Checked { diagnostics, policies: forecasts? };
    let errors = checked.diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
    if context.global.json {
        context.print(&checked, String::new)?;
    } else {
        tell(&checked, errors);
    }
    Ok(if errors == 0 { Exit::Well } else { Exit::BadConfiguration })
}

fn tell(checked: &Checked<'_>, errors: usize) {
    checked.diagnostics.iter().for_each(|found| say(&found.to_string()));
    for policy in &checked.policies {
        policy.in_words().iter().for_each(|line| say(line));
    }
    let warnings = checked.diagnostics.len().saturating_sub(errors);
    say(&format!("{errors} error(s), {warnings} warning(s), {} valid policies", checked.policies.len()));
}

/// The first instant of the asked day in the policy's own zone, or now.
fn first_day(asked: &Check, policy: &Policy) -> Result<Timestamp, CommandError> {
    let Some(date) = asked.from else { return Ok(SystemClock.now()) };
    let zone = policy.hours().map_or(TimeZone::UTC, |hours| hours.zone().clone());
    // Just before the first instant, so that an edge at midnight belongs to the day.
    Ok(zone
        .to_zoned(date.to_datetime(jiff::civil::Time::midnight()))?
        .start_of_day()?
        .timestamp()
        .checked_sub(jiff::SignedDuration::from_nanos(1))?)
}

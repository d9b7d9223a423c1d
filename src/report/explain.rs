//! One decision in full, as the service tells it: what was known, what each rule found and by which line, what won.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::facts::{History, InstanceFacts};
use crate::policy::{Mode, Terms};
use crate::rules::{Rule, Verdict};
use crate::units::PolicyId;

/// The policy that decided, for the reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecidedBy {
    /// Its name.
    pub name: PolicyId,
    /// Its file.
    pub file: Arc<str>,
    /// Its revision.
    pub revision: Arc<str>,
    /// Whether it stops or only observes.
    pub mode: Mode,
}

/// A decision with what led to it. What an old record does not hold is absent: a decision recorded long ago has its
/// facts and its verdict, and no policy to point into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// As observed.
    pub facts: Arc<InstanceFacts>,
    /// As decided.
    pub verdict: Arc<Verdict>,
    /// What was remembered.
    #[serde(default)]
    pub history: Option<History>,
    /// The policy's zone by its IANA name.
    #[serde(default)]
    pub zone: Option<String>,
    /// The policy.
    #[serde(default)]
    pub policy: Option<DecidedBy>,
    /// By key as written (`idle.after`): the file and line, or the built-in default.
    #[serde(default)]
    pub origins: BTreeMap<String, String>,
    /// By key: the value in words, where one line can hold it.
    #[serde(default)]
    pub values: BTreeMap<String, String>,
    /// Why the guard would refuse a stop now, in words; empty when it would not.
    #[serde(default)]
    pub refusals: Vec<String>,
    /// When it was recorded; none when it is decided now.
    #[serde(default)]
    pub recorded_at: Option<Timestamp>,
}

impl Explanation {
    /// The keys that a rule reads, with value and origin.
    pub fn terms_of(&self, rule: Rule) -> impl Iterator<Item = (&str, Option<&str>, &str)> {
        self.origins
            .iter()
            .filter(move |(key, _)| rule_of(key) == Some(rule))
            .map(|(key, origin)| (key.as_str(), self.values.get(key).map(String::as_str), origin.as_str()))
    }
}

/// Which rule reads a key.
fn rule_of(key: &str) -> Option<Rule> {
    let (section, name) = key.split_once('.').unwrap_or(("", key));
    match (section, name) {
        ("hours" | "calendar" | "holidays", _) | ("", "zone" | "timezone" | "holidays" | "no_action") => Some(Rule::Hours),
        (_, "min_uptime" | "between_stops" | "stops_per_day") => Some(Rule::JustStarted),
        (_, "busy_cap") => Some(Rule::Busy),
        (_, "opt_out_tag" | "include_unknown_owner") | ("exempt", _) => Some(Rule::Exempt),
        ("idle", _) => Some(Rule::Idle),
        ("uptime", _) => Some(Rule::Uptime),
        ("warning", _) => Some(Rule::Warning),
        ("hold", _) => Some(Rule::Hold),
        _ => None,
    }
}

/// Every value of the terms that one line can hold, by its key.
#[must_use]
pub fn term_values(terms: &Terms) -> BTreeMap<String, String> {
    let values = terms.origins.keys().filter_map(|key| value_of(terms, key).map(|value| ((*key).to_owned(), value)));
    values.collect()
}

/// A value in words, for those keys whose value is one amount or word.
fn value_of(terms: &Terms, key: &str) -> Option<String> {
    let (section, name) = key.split_once('.').unwrap_or(("", key));
    match section {
        "hours" => hours_value(terms, name),
        "idle" => idle_value(terms, name),
        "warning" => warning_value(terms, name),
        "uptime" if name == "max" => terms.uptime.map(|uptime| uptime.max.to_string()),
        "hold" if name == "max" => Some(terms.hold.max.to_string()),
        "hold" if name == "per_week" => Some(terms.hold.per_week.to_string()),
        _ => plain_value(terms, name),
    }
}

fn hours_value(terms: &Terms, name: &str) -> Option<String> {
    let hours = terms.hours.as_ref()?;
    match name {
        "zone" | "timezone" => Some(hours.hours.zone_name().to_owned()),
        "respect_start_for" => Some(hours.respect_start_for.map_or_else(|| "until the next edge".to_owned(), |span| span.to_string())),
        "catch_up" => Some(hours.catch_up.map_or_else(|| "until the window ends".to_owned(), |span| span.to_string())),
        "spread" => Some(hours.spread.to_string()),
        _ => None,
    }
}

fn idle_value(terms: &Terms, name: &str) -> Option<String> {
    let idle = terms.idle?;
    match name {
        "after" => Some(idle.after.to_string()),
        "coverage" => Some(idle.coverage.to_string()),
        "fresh_within" => Some(idle.fresh_within.to_string()),
        _ => None,
    }
}

fn warning_value(terms: &Terms, name: &str) -> Option<String> {
    match name {
        "lead" => Some(terms.warning.lead.to_string()),
        "lead_unknown_owner" => Some(terms.warning.lead_unknown_owner.to_string()),
        "max_postpone" => Some(terms.warning.max_postpone.to_string()),
        _ => None,
    }
}

fn plain_value(terms: &Terms, name: &str) -> Option<String> {
    match name {
        "busy_cap" => Some(terms.busy_cap.map_or_else(|| "for ever".to_owned(), |span| span.to_string())),
        "min_uptime" => Some(terms.min_uptime.to_string()),
        "between_stops" => Some(terms.between_stops.to_string()),
        "stops_per_day" => Some(terms.stops_per_day.to_string()),
        "opt_out_tag" => Some(terms.opt_out_tag.to_string()),
        "include_unknown_owner" => Some(terms.include_unknown_owner.to_string()),
        _ => None,
    }
}

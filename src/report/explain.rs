//! One decision in full, as the service tells it: what was known, what each rule found and by which line, what won.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::facts::{History, InstanceFacts};
use crate::policy::{Mode, Terms, WarningProof, WhenUndelivered};
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
            .map(|(key, origin)| {
                (
                    key.as_str(),
                    self.values.get(key).map(String::as_str),
                    origin.as_str(),
                )
            })
    }
}

/// Which rule reads a key. A rule that is switched off has its section's name alone.
fn rule_of(key: &str) -> Option<Rule> {
    let (section, name) = key.split_once('.').unwrap_or((key, ""));
    match (section, name) {
        ("hours", _) => Some(Rule::Hours),
        ("idle", _) => Some(Rule::Idle),
        ("uptime", _) => Some(Rule::Uptime),
        ("busy", _) => Some(Rule::Busy),
        ("warning", _) => Some(Rule::Warning),
        ("hold", _) => Some(Rule::Hold),
        ("exempt", _) | ("guard", "opt_out_tag" | "include_unknown_owner") => Some(Rule::Exempt),
        ("guard", "min_uptime" | "between_stops" | "stops_per_day") => Some(Rule::JustStarted),
        _ => None,
    }
}

/// Every value of the terms that one line can hold, by its key.
#[must_use]
pub fn term_values(terms: &Terms) -> BTreeMap<String, String> {
    let values = terms
        .origins
        .keys()
        .filter_map(|key| value_of(terms, key).map(|value| ((*key).to_owned(), value)));
    values.collect()
}

/// A value in words, for those keys whose value one line can hold.
fn value_of(terms: &Terms, key: &str) -> Option<String> {
    let (section, name) = key.split_once('.').unwrap_or((key, ""));
    match section {
        "hours" => hours_value(terms, name),
        "idle" => idle_value(terms, name),
        "uptime" => terms
            .uptime
            .filter(|_| name == "max")
            .map(|uptime| uptime.max.to_string()),
        "busy" => Some(terms.busy_cap.map_or_else(
            || "as long as it is in use".to_owned(),
            |cap| cap.to_string(),
        )),
        "warning" => warning_value(terms, name),
        "guard" => guard_value(terms, name),
        "hold" if name == "max" => Some(terms.hold.max.to_string()),
        "hold" if name == "per_week" => Some(terms.hold.per_week.to_string()),
        _ => None,
    }
}

fn hours_value(terms: &Terms, name: &str) -> Option<String> {
    let Some(hours) = terms.hours.as_ref() else {
        return Some("off".to_owned()).filter(|_| name.is_empty());
    };
    match name {
        "zone" => Some(hours.hours.zone_name().to_owned()),
        "allowed" => Some(
            hours
                .hours
                .windows()
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", "),
        ),
        "respect_start_for" => Some(hours.respect_start_for.map_or_else(
            || "until hours end the next time".to_owned(),
            |span| span.to_string(),
        )),
        "catch_up" => Some(hours.catch_up.map_or_else(
            || "until hours begin again".to_owned(),
            |span| span.to_string(),
        )),
        "spread" => Some(hours.spread.to_string()),
        _ => None,
    }
}

fn idle_value(terms: &Terms, name: &str) -> Option<String> {
    let Some(idle) = terms.idle else {
        return Some("off".to_owned()).filter(|_| name.is_empty());
    };
    match name {
        "after" => Some(idle.after.to_string()),
        "coverage" => Some(idle.coverage.to_string()),
        "fresh_within" => Some(idle.fresh_within.to_string()),
        _ => None,
    }
}

fn warning_value(terms: &Terms, name: &str) -> Option<String> {
    let warning = &terms.warning;
    match name {
        "lead" => Some(warning.lead.to_string()),
        "lead_unknown_owner" => Some(warning.lead_unknown_owner.to_string()),
        "proof" => Some(match warning.proof {
            WarningProof::Delivered => "delivered".to_owned(),
            WarningProof::Recorded => "recorded".to_owned(),
        }),
        "max_postpone" => Some(warning.max_postpone.to_string()),
        "undelivered" => Some(match warning.undelivered {
            WhenUndelivered::Keep => "keep".to_owned(),
            WhenUndelivered::Stop => "stop".to_owned(),
        }),
        "notify" => Some(warning.notify.join(", ")),
        _ => None,
    }
}

fn guard_value(terms: &Terms, name: &str) -> Option<String> {
    match name {
        "min_uptime" => Some(terms.min_uptime.to_string()),
        "between_stops" => Some(terms.between_stops.to_string()),
        "stops_per_day" => Some(terms.stops_per_day.to_string()),
        "opt_out_tag" => Some(terms.opt_out_tag.to_string()),
        "include_unknown_owner" => Some(terms.include_unknown_owner.to_string()),
        _ => None,
    }
}

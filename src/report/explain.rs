//! One decision in full: what was known, what each rule found and by which line, what won, what the guard would say.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::facts::{Hold, InstanceFacts};
use crate::guard::Refusal;
use crate::policy::{Mode, Origin, Terms};
use crate::rules::{Rule, Verdict};

/// One effective value of a policy and where it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermLine {
    /// Its key as written in files: `idle.after`.
    pub key: String,
    /// Its value in words, where one line can hold it.
    pub value: Option<String>,
    /// Its file and line, or the built-in default.
    pub origin: Origin,
}

/// A decision with everything that led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// As observed.
    pub facts: Arc<InstanceFacts>,
    /// As decided.
    pub verdict: Arc<Verdict>,
    /// The policy's zone by its IANA name, for the reader.
    pub zone: Option<String>,
    /// Whether the policy stops or only observes; none when the decision is an old one and the policy is gone.
    pub mode: Option<Mode>,
    /// Values that hold for this instance.
    pub terms: Vec<TermLine>,
    /// The hold in force.
    pub hold: Option<Hold>,
    /// Why the guard would refuse a stop now; empty when it would not.
    pub refusals: Vec<Refusal>,
    /// True when this is the decision as recorded at that time, not one made now.
    pub recorded: bool,
}

impl Explanation {
    /// A decision made now on the facts at hand.
    #[must_use]
    pub fn new(facts: Arc<InstanceFacts>, verdict: Arc<Verdict>, terms: &Terms) -> Self {
        let zone = None;
        Self { facts, verdict, zone, mode: None, terms: term_lines(terms), hold: None, refusals: Vec::new(), recorded: false }
    }

    /// When it was decided.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.verdict.at
    }

    /// The lines that a rule's values come from.
    pub fn lines_of(&self, rule: Rule) -> impl Iterator<Item = &TermLine> {
        self.terms.iter().filter(move |line| rule_of(&line.key) == Some(rule))
    }
}

/// Which rule reads a key.
fn rule_of(key: &str) -> Option<Rule> {
    let (section, name) = key.split_once('.').unwrap_or(("", key));
    match (section, name) {
        ("hours", _) | ("", "zone" | "time_zone" | "timezone" | "holidays" | "no_action") | ("calendar", _) => Some(Rule::Hours),
        ("idle", _) => Some(Rule::Idle),
        (_, "min_uptime" | "between_stops" | "stops_per_day") => Some(Rule::JustStarted),
        ("uptime", _) => Some(Rule::Uptime),
        (_, "busy_cap") => Some(Rule::Busy),
        ("warning", _) => Some(Rule::Warning),
        ("hold", _) => Some(Rule::Hold),
        ("exempt", _) | (_, "opt_out_tag" | "include_unknown_owner") => Some(Rule::Exempt),
        _ => None,
    }
}

/// Every value of the terms with its line, in the order of the keys.
#[must_use]
pub fn term_lines(terms: &Terms) -> Vec<TermLine> {
    let line = |(key, origin): (&&'static str, &Origin)| TermLine { key: (*key).to_owned(), value: value_of(terms, key), origin: origin.clone() };
    terms.origins.iter().map(line).collect()
}

/// A value in words, for those keys whose value is one amount or word.
fn value_of(terms: &Terms, key: &str) -> Option<String> {
    let (section, name) = key.split_once('.').unwrap_or(("", key));
    match section {
        "hours" => terms.hours.as_ref().and_then(|hours| match name {
            "respect_start_for" => Some(hours.respect_start_for.map_or_else(|| "until the next edge".to_owned(), |span| span.to_string())),
            "catch_up" => Some(hours.catch_up.map_or_else(|| "until the window ends".to_owned(), |span| span.to_string())),
            "spread" => Some(hours.spread.to_string()),
            _ => None,
        }),
        "idle" => terms.idle.and_then(|idle| match name {
            "after" => Some(idle.after.to_string()),
            "coverage" => Some(idle.coverage.to_string()),
            "fresh_within" => Some(idle.fresh_within.to_string()),
            _ => None,
        }),
        "warning" => match name {
            "lead" => Some(terms.warning.lead.to_string()),
            "lead_unknown_owner" => Some(terms.warning.lead_unknown_owner.to_string()),
            "max_postpone" => Some(terms.warning.max_postpone.to_string()),
            _ => None,
        },
        _ => plain_value_of(terms, section, name),
    }
}

fn plain_value_of(terms: &Terms, section: &str, name: &str) -> Option<String> {
    match (section, name) {
        ("uptime", "max") => terms.uptime.map(|uptime| uptime.max.to_string()),
        ("hold", "max") => Some(terms.hold.max.to_string()),
        ("hold", "per_week") => Some(terms.hold.per_week.to_string()),
        (_, "busy_cap") => Some(terms.busy_cap.map_or_else(|| "for ever".to_owned(), |span| span.to_string())),
        (_, "min_uptime") => Some(terms.min_uptime.to_string()),
        (_, "between_stops") => Some(terms.between_stops.to_string()),
        (_, "stops_per_day") => Some(terms.stops_per_day.to_string()),
        (_, "opt_out_tag") => Some(terms.opt_out_tag.to_string()),
        (_, "include_unknown_owner") => Some(terms.include_unknown_owner.to_string()),
        _ => None,
    }
}

//! One decision in full, as the service tells it: what was known, what each rule found and by which line, what won.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::facts::{Evidence, History, Hold, InstanceFacts, Source};
use crate::guard::Refusal;
use crate::policy::{ApplyTimer, Mode, Origin, Terms, WarningProof, WhenUndelivered};
use crate::rules::{NativeFinding, Rule, StartFinding, Verdict};

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

/// A decision with what led to it. What an old record does not hold is absent: a decision recorded long ago has its
/// facts and its verdict, and no policy to point into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// As observed.
    pub facts: Arc<InstanceFacts>,
    /// What sources beside Azure Resource Manager said of its use.
    #[serde(default)]
    pub evidence: Option<Arc<Evidence>>,
    /// As decided.
    pub verdict: Arc<Verdict>,
    /// What was remembered; none for a decision of the past.
    #[serde(default)]
    pub history: Option<History>,
    /// The policy's zone by its IANA name, for the reader.
    pub zone: Option<String>,
    /// Whether the policy stops or only observes; none when the decision is an old one and the policy is gone.
    pub mode: Option<Mode>,
    /// Values that hold for this instance.
    pub terms: Vec<TermLine>,
    /// The hold in force.
    pub hold: Option<Hold>,
    /// What there is to say of Azure's own timers on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub native: Vec<NativeFinding>,
    /// What there is to say of starting it when its hours begin, while it is off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<StartFinding>,
    /// Why the guard would refuse a stop now; empty when it would not.
    pub refusals: Vec<Refusal>,
    /// What becomes of it while it stays off, in words; none where nothing is to be said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion: Option<String>,
    /// True when this is the decision as recorded at that time, not one made now.
    pub recorded: bool,
}

impl Explanation {
    /// A decision made now on the facts at hand.
    #[must_use]
    pub fn new(facts: Arc<InstanceFacts>, verdict: Arc<Verdict>, terms: &Terms) -> Self {
        Self {
            facts,
            evidence: None,
            verdict,
            history: None,
            zone: None,
            mode: None,
            terms: term_lines(terms),
            hold: None,
            native: Vec::new(),
            start: None,
            refusals: Vec::new(),
            deletion: None,
            recorded: false,
        }
    }

    /// When it was decided.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.verdict.at
    }

    /// Since when it should be off and is on; also where nobody is warned of it, since the guard holds it back.
    #[must_use]
    pub fn overdue_since(&self) -> Option<Timestamp> {
        let held_back = || self.verdict.held_back_since().filter(|_| !self.refusals.is_empty());
        self.verdict.overdue_since().or_else(held_back)
    }

    /// The lines that a rule's values come from.
    pub fn lines_of(&self, rule: Rule) -> impl Iterator<Item = &TermLine> {
        self.terms.iter().filter(move |line| rule_of(&line.key) == Some(rule))
    }
}

/// Which rule reads a key. A rule that is switched off has its section's name alone.
fn rule_of(key: &str) -> Option<Rule> {
    let (section, name) = key.split_once('.').unwrap_or((key, ""));
    match (section, name) {
        ("hours", _) => Some(Rule::Hours),
        ("idle", _) => Some(Rule::Idle),
        ("uptime", _) => Some(Rule::Uptime),
        ("budget", _) => Some(Rule::Budget),
        ("start", _) => Some(Rule::Start),
        ("busy" | "promql", _) => Some(Rule::Busy),
        ("warning", _) => Some(Rule::Warning),
        ("hold", _) => Some(Rule::Hold),
        ("exempt", _) | ("guard", "opt_out_tag" | "include_unknown_owner") => Some(Rule::Exempt),
        ("guard", "min_uptime" | "between_stops" | "stops_per_day") => Some(Rule::JustStarted),
        _ => None,
    }
}

/// Every value of the terms with its line, in the order of the keys.
#[must_use]
pub fn term_lines(terms: &Terms) -> Vec<TermLine> {
    let lines = terms.origins.iter().map(|(key, origin)| TermLine {
        key: (*key).to_owned(),
        value: value_of(terms, key),
        origin: origin.clone(),
    });
    lines.collect()
}

/// A value in words, for those keys whose value one line can hold.
fn value_of(terms: &Terms, key: &str) -> Option<String> {
    let (section, name) = key.split_once('.').unwrap_or((key, ""));
    match section {
        "hours" => hours_value(terms, name),
        "idle" => idle_value(terms, name),
        "uptime" => terms.uptime.filter(|_| name == "max").map(|uptime| uptime.max.to_string()),
        "budget" => budget_value(terms, name),
        "busy" if name == "fresh_within" => Some(terms.busy_fresh.to_string()),
        "busy" => Some(terms.busy_cap.map_or_else(|| "as long as it is in use".to_owned(), |cap| cap.to_string())),
        "promql" => promql_value(terms, name),
        "native" => native_value(terms, name),
        "warning" => warning_value(terms, name),
        "guard" => guard_value(terms, name),
        "hold" if name == "max" => Some(terms.hold.max.to_string()),
        "hold" if name == "per_week" => Some(terms.hold.per_week.to_string()),
        "hold" if name == "monthly" => terms
            .hold
            .monthly
            .map(|micros| crate::units::Money::micros(micros, crate::units::Currency::USD).cost().text(2)),
        _ => None,
    }
}

fn hours_value(terms: &Terms, name: &str) -> Option<String> {
    let Some(hours) = terms.hours.as_ref() else {
        return Some("off".to_owned()).filter(|_| name.is_empty());
    };
    match name {
        "zone" => Some(hours.hours.zone_name().to_owned()),
        "allowed" => Some(hours.hours.windows().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        "respect_start_for" => Some(
            hours.respect_start_for.map_or_else(|| "until hours end the next time".to_owned(), |span| span.to_string()),
        ),
        "catch_up" => {
            Some(hours.catch_up.map_or_else(|| "until hours begin again".to_owned(), |span| span.to_string()))
        }
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
        "needs" => Some(idle.needs.iter().map(Source::label).collect::<Vec<_>>().join(", ")),
        _ => None,
    }
}

fn promql_value(terms: &Terms, name: &str) -> Option<String> {
    let Some(promql) = terms.promql.as_deref() else {
        return Some("off".to_owned()).filter(|_| name.is_empty());
    };
    match name {
        "query" => Some(promql.query.to_string()),
        "label" => Some(promql.label.to_string()),
        _ => None,
    }
}

fn native_value(terms: &Terms, name: &str) -> Option<String> {
    let Some(native) = terms.native else {
        return Some("off".to_owned()).filter(|_| name.is_empty());
    };
    match name {
        "idle_shutdown" => Some(native.idle_shutdown.to_string()),
        "apply" => Some(match native.apply {
            ApplyTimer::Never => "never".to_owned(),
            ApplyTimer::Service => "service".to_owned(),
        }),
        _ => None,
    }
}

fn budget_value(terms: &Terms, name: &str) -> Option<String> {
    let Some(budget) = terms.budget.as_deref() else {
        return Some("off".to_owned()).filter(|_| name.is_empty());
    };
    match name {
        "monthly" => Some(budget.monthly.to_string()),
        "currency" => Some(budget.monthly.currency().to_string()),
        "per" => Some(budget.per.label().to_owned()),
        "zone" => Some(budget.zone_name().to_owned()),
        "warn_at" => Some(budget.warn_at.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
        "at_limit" => Some(budget.at_limit.label().to_owned()),
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
        "respect_quiet" => Some(terms.respect_quiet.to_string()),
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

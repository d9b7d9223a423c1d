//! A valid policy: what a compiled file means. Nothing here can be half right; `compile` is the only way in.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::budget::BudgetRule;
use super::limits::Limits;
use super::matching::{Pattern, Scope, Subject};
use super::start::StartRule;
use super::stopped::StoppedRule;
use crate::facts::SourceSet;
use crate::schedule::Hours;
use crate::units::{Percent, PolicyId, Span};

/// Whether stops are carried out or only recorded as what would have been done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Records what it would have done (the default; G1).
    Observe,
    /// Stops.
    Enforce,
}

/// Where an effective value was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Nobody wrote it: the product's default.
    BuiltIn,
    /// A line of a file.
    Written {
        /// The file as given.
        file: Arc<str>,
        /// From 1.
        line: u32,
    },
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built-in default"),
            Self::Written { file, line } => write!(f, "{file}:{line}"),
        }
    }
}

/// Stop outside the allowed hours.
#[derive(Debug, Clone)]
pub struct HoursRule {
    /// The allowed hours with zone, holidays and no-action days.
    pub hours: Arc<Hours>,
    /// How long a start in the off window is respected; none: until the next edge (S9).
    pub respect_start_for: Option<Span>,
    /// After an edge was missed, how long it may still be acted on; none: until the window ends (S7).
    pub catch_up: Option<Span>,
    /// Each instance's edge comes up to this much later, by a hash of its id; never earlier (S19).
    pub spread: Span,
}

/// Stop after so long without use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdleRule {
    /// How long it must have been quiet.
    pub after: Span,
    /// How much of that time fresh readings must cover (G17).
    pub coverage: Percent,
    /// How old the newest reading may be.
    pub fresh_within: Span,
    /// Which sources have to say quiet; never empty.
    pub needs: SourceSet,
}

/// A question to Prometheus that tells of use: above zero is use, zero or below is none, no sample is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromqlQuestion {
    /// The expression.
    pub query: Arc<str>,
    /// The label whose value is the name of an instance, with or without a port behind it.
    pub label: Arc<str>,
}

/// Who sets Azure's idle timer where it is not as the policy wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplyTimer {
    /// A person, by `lightsout native apply` (the default).
    Never,
    /// The service too, in mode enforce.
    Service,
}

/// Azure's own idle timer, as the policy wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NativeRule {
    /// After how long without use Azure is to stop it.
    pub idle_shutdown: Span,
    /// Who sets it.
    pub apply: ApplyTimer,
}

/// Stop after so long running, whatever else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UptimeRule {
    /// The ceiling.
    pub max: Span,
}

/// What a stop needs of its warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningProof {
    /// A channel confirmed it (the default).
    Delivered,
    /// It stands in the journal.
    Recorded,
}

/// What happens when a warning could not be delivered within `max_postpone`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenUndelivered {
    /// Go on keeping it, and say so (the default: a stop must never surprise).
    Keep,
    /// Stop without a delivered warning.
    Stop,
}

/// How a stop is announced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// How long before.
    pub lead: Span,
    /// How long before, when nobody knows whose it is (G9).
    pub lead_unknown_owner: Span,
    /// What counts as warned.
    pub proof: WarningProof,
    /// How long a failed delivery may postpone a stop.
    pub max_postpone: Span,
    /// And then.
    pub undelivered: WhenUndelivered,
    /// Who is told beside the owner: addresses, and the words `team` and `workspace` for the people they stand for.
    pub notify: Vec<String>,
}

/// What people may ask for themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct HoldTerms {
    /// The longest single hold.
    pub max: Span,
    /// How many of one instance in any seven days.
    pub per_week: u32,
    /// What the holds of one owner may cost in a calendar month in UTC, in millionths of the prices' currency; none: no limit.
    pub monthly: Option<i64>,
}

/// What is never stopped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exemptions {
    /// By name.
    pub names: Vec<Pattern>,
    /// By owner.
    pub owners: Vec<Pattern>,
    /// By VM size.
    pub sizes: Vec<Pattern>,
    /// By tag: name, and pattern of the value.
    pub tags: Vec<(String, Pattern)>,
}

/// Every value that holds for one kind of instance under one policy.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Stop outside allowed hours.
    pub hours: Option<HoursRule>,
    /// Stop when idle.
    pub idle: Option<IdleRule>,
    /// Stop when too long on.
    pub uptime: Option<UptimeRule>,
    /// What may be spent in a month; the same for every instance of the policy.
    pub budget: Option<Arc<BudgetRule>>,
    /// A running job or other sign of use holds a due stop back this long after it was due; none: for ever.
    pub busy_cap: Option<Span>,
    /// How old a sign of use may be that holds a stop back as what is so now.
    pub busy_fresh: Span,
    /// What Prometheus is asked about use; the same for every instance of the policy.
    pub promql: Option<Arc<PromqlQuestion>>,
    /// Azure's own idle timer, as it is wanted.
    pub native: Option<NativeRule>,
    /// What becomes of instances that stay off; the same for every instance of the policy.
    pub stopped: Option<Arc<StoppedRule>>,
    /// How it is announced.
    pub warning: Warning,
    /// No warning is given in quiet hours; the stop comes so much later.
    pub respect_quiet: bool,
    /// No stop sooner after a start (G15).
    pub min_uptime: Span,
    /// No stop sooner after the last one (G15).
    pub between_stops: Span,
    /// At most so many stops of one instance in 24 hours (G15).
    pub stops_per_day: u32,
    /// What people may ask for.
    pub hold: HoldTerms,
    /// The tag by which an owner opts out.
    pub opt_out_tag: Arc<str>,
    /// Whether instances that name no owner are governed (G22).
    pub include_unknown_owner: bool,
    /// What is never stopped.
    pub exempt: Exemptions,
    /// Which line each value comes from, by its key as written (`hours.allowed`, `idle.after`, …).
    pub origins: BTreeMap<&'static str, Origin>,
}

/// Other terms for instances that match; the first matching override of a policy holds.
#[derive(Debug, Clone)]
pub struct Override {
    /// Its name, or its place in the file.
    pub name: Arc<str>,
    /// Which instances; every non-empty list must match.
    pub matches: Exemptions,
    /// What holds for them.
    pub terms: Arc<Terms>,
}

/// One policy, valid by construction.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Its name.
    pub id: PolicyId,
    /// The file it was read from.
    pub file: Arc<str>,
    /// Digest of what it means: a change of comments or order of keys is no new revision.
    pub revision: Arc<str>,
    /// Which workspaces.
    pub scope: Scope,
    /// Observe or enforce.
    pub mode: Mode,
    /// Its limits.
    pub limits: Limits,
    /// A changed revision stops at most this share of the running instances in its first `canary_for` (G19).
    pub canary: Percent,
    /// How long a changed revision is held to `canary`.
    pub canary_for: Span,
    /// How old what is known of a workspace may become; none: what the service's pace comes to.
    pub seen_within: Option<Span>,
    /// What holds where no override matches.
    pub terms: Arc<Terms>,
    /// In the order of the file.
    pub overrides: Vec<Override>,
    /// Start what is off when the hours begin; none: nothing is ever started under it.
    pub start: Option<Arc<StartRule>>,
}

impl Exemptions {
    /// The first entry that matches, in words; any list suffices (for exemptions).
    #[must_use]
    pub fn first_match(&self, subject: &Subject<'_>) -> Option<String> {
        let by = |what: &str, patterns: &[Pattern], text: &str| {
            patterns.iter().find(|p| p.matches(text)).map(|p| format!("{what} matches \"{}\"", p.text()))
        };
        by("name", &self.names, subject.name)
            .or_else(|| subject.owners.iter().find_map(|owner| by("owner", &self.owners, owner)))
            .or_else(|| by("size", &self.sizes, subject.size))
            .or_else(|| {
                self.tags.iter().find_map(|(tag, pattern)| {
                    let value = subject.tag(tag)?;
                    pattern.matches(value).then(|| format!("tag {tag} = \"{value}\""))
                })
            })
    }

    /// True when every list that is not empty matches (for overrides). Nothing at all matches nothing (G2).
    #[must_use]
    pub fn all_match(&self, subject: &Subject<'_>) -> bool {
        let any = |patterns: &[Pattern], text: &str| patterns.is_empty() || patterns.iter().any(|p| p.matches(text));
        let owners = self.owners.is_empty() || subject.owners.iter().any(|owner| any(&self.owners, owner));
        let tags = self.tags.iter().all(|(tag, pattern)| subject.tag(tag).is_some_and(|value| pattern.matches(value)));
        !self.is_empty() && any(&self.names, subject.name) && owners && any(&self.sizes, subject.size) && tags
    }

    /// True when it names nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.owners.is_empty() && self.sizes.is_empty() && self.tags.is_empty()
    }
}

impl Policy {
    /// The terms that hold for one instance, and the override's name when one matches.
    #[must_use]
    pub fn terms_for(&self, subject: &Subject<'_>) -> (&Arc<Terms>, Option<&Arc<str>>) {
        self.overrides
            .iter()
            .find(|over| over.matches.all_match(subject))
            .map_or((&self.terms, None), |over| (&over.terms, Some(&over.name)))
    }

    /// What it asks Prometheus, overrides included.
    pub fn questions(&self) -> impl Iterator<Item = &Arc<PromqlQuestion>> {
        let terms = std::iter::once(&self.terms).chain(self.overrides.iter().map(|over| &over.terms));
        terms.filter_map(|terms| terms.promql.as_ref())
    }

    /// True when the service is to set Azure's idle timers under it.
    #[must_use]
    pub fn sets_timers(&self) -> bool {
        let terms = std::iter::once(&self.terms).chain(self.overrides.iter().map(|over| &over.terms));
        let mut wanted = terms.filter_map(|terms| terms.native);
        self.mode == Mode::Enforce && wanted.any(|rule| rule.apply == ApplyTimer::Service)
    }

    /// True when the service is to start instances under it.
    #[must_use]
    pub fn starts(&self) -> bool {
        self.mode == Mode::Enforce && self.start.is_some()
    }

    /// True when instances may be deleted under it, by whoever's yes.
    #[must_use]
    pub fn deletes(&self) -> bool {
        self.mode == Mode::Enforce && self.terms.stopped.is_some()
    }

    /// The edges of its base hours, for those that list them.
    #[must_use]
    pub fn hours(&self) -> Option<&Arc<Hours>> {
        self.terms.hours.as_ref().map(|rule| &rule.hours)
    }
}

/// When an opted-out tag's value ends, or that it cannot be read; see [`opt_out`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OptOut {
    /// Not opted out.
    No,
    /// Opted out for good.
    Always,
    /// Opted out until then.
    Until(Timestamp),
    /// The value means nothing: opted out, and an alarm (G13).
    Unreadable(String),
}

/// Reads the value of an opt-out tag: `true`, `yes`, `keep` or empty opts out, `false` or `no` does not, an RFC 3339
/// instant opts out until then, and anything else opts out and is reported (G13).
#[must_use]
pub fn opt_out(value: Option<&str>) -> OptOut {
    let Some(value) = value else {
        return OptOut::No;
    };
    let word = value.trim().to_ascii_lowercase();
    match word.as_str() {
        "" | "true" | "yes" | "keep" | "on" | "1" => OptOut::Always,
        "false" | "no" | "off" | "0" => OptOut::No,
        _ => value
            .trim()
            .parse::<Timestamp>()
            .map_or_else(|_| OptOut::Unreadable(value.chars().take(80).collect()), OptOut::Until),
    }
}

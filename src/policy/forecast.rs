//! What the hours of a policy will do: every edge of a span with its instants, and the clock changes among them.

use std::sync::Arc;

use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan, Zoned};
use serde::Serialize;

use super::budget::AtLimit;
use super::matching::Pattern;
use super::model::{Exemptions, HoursRule, Mode, Override, Policy, Terms};
use crate::schedule::{Edge, EdgeKind, EdgeNote, Hours, Unreadable, transitions};
use crate::units::PolicyId;

/// The most days that one forecast covers: ten years.
const MOST_DAYS: u32 = 3660;

/// The most edges of one forecast, so that an answer stays an answer.
const MOST_EDGES: usize = 20_000;

/// What a policy will do in a span.
#[derive(Debug, Clone, Serialize)]
pub struct Forecast {
    /// The policy.
    pub name: PolicyId,
    /// The IANA name of its time zone; none where it has no hours.
    pub zone: Option<String>,
    /// Observe or enforce.
    pub mode: Mode,
    /// Its revision.
    pub revision: Arc<str>,
    /// The span's first instant.
    pub from: Timestamp,
    /// The first instant after the span.
    pub until: Timestamp,
    /// The edges of its base hours, in order.
    pub edges: Vec<ForecastEdge>,
    /// The clock changes of its zone in the span, in order.
    pub changes: Vec<ClockChange>,
    /// Calendars that could not be read: while there is one, none of the edges is acted on (S21).
    pub unreadable: Vec<Unreadable>,
    /// Its overrides, in their order.
    pub overrides: Vec<OverrideForecast>,
    /// The other rules of the base, in words.
    pub rules: Vec<String>,
}

/// What differs where an override holds.
#[derive(Debug, Clone, Serialize)]
pub struct OverrideForecast {
    /// The override's name.
    pub name: Arc<str>,
    /// What it holds for, in words.
    pub applies_to: String,
    /// True when its hours are those of the base, which are not listed again.
    pub same_hours: bool,
    /// The IANA name of its time zone; none where it has no hours of its own.
    pub zone: Option<String>,
    /// The edges of its hours, in order.
    pub edges: Vec<ForecastEdge>,
    /// The clock changes of its zone in the span, in order.
    pub changes: Vec<ClockChange>,
    /// Calendars that could not be read.
    pub unreadable: Vec<Unreadable>,
    /// Its rules that differ from the base's, in words.
    pub rules: Vec<String>,
}

/// One edge.
#[derive(Debug, Clone, Serialize)]
pub struct ForecastEdge {
    /// The instant, in UTC.
    pub at: Timestamp,
    /// The same instant by the policy's clock, with its offset, such as `2026-11-23T20:00:00+01:00`.
    pub local: String,
    /// Whether hours begin or end.
    pub kind: EdgeKind,
    /// Why it is not where, or what, the week would have it: a gap, a fold, a holiday, a no-action day; else none.
    pub note: Option<String>,
    /// True where the policy starts what it names then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub starts: bool,
}

/// A change of the policy's clock.
#[derive(Debug, Clone, Serialize)]
pub struct ClockChange {
    /// The first instant with the new offset, in UTC.
    pub at: Timestamp,
    /// The same instant by the policy's clock, with its new offset.
    pub local: String,
    /// The offset until then, in seconds east of UTC.
    pub from_offset: i32,
    /// The offset from then on, in seconds east of UTC.
    pub to_offset: i32,
}

/// What a policy's hours will do from an instant on, for so many days of its own calendar (at most ten years).
#[must_use]
pub fn forecast(policy: &Policy, from: Timestamp, days: u32) -> Forecast {
    let base = policy.terms.hours.as_ref();
    let zone = base.map_or(TimeZone::UTC, |rule| rule.hours.zone().clone());
    let until = days_later(from, days, &zone);
    let mut rules = rules(&policy.terms);
    if let Some(start) = &policy.start {
        rules.insert(0, start.in_words(&matched(&start.whom)));
    }
    let of_override = |over: &Override| {
        let rule = over.terms.hours.as_ref();
        let same_hours = same_hours(rule, base);
        let shown = rule.filter(|_| !same_hours);
        OverrideForecast {
            name: Arc::clone(&over.name),
            applies_to: matched(&over.matches),
            same_hours,
            zone: zone_name(shown),
            edges: edges(shown, policy.start.is_some(), (from, until)),
            changes: changes(shown, from, until),
            unreadable: shown.map(|rule| rule.hours.unreadable()).unwrap_or_default(),
            rules: self::rules(&over.terms).into_iter().filter(|rule| !rules.contains(rule)).collect(),
        }
    };
    Forecast {
        name: policy.id.clone(),
        zone: zone_name(base),
        mode: policy.mode,
        revision: Arc::clone(&policy.revision),
        from,
        until,
        edges: edges(base, policy.start.is_some(), (from, until)),
        changes: changes(base, from, until),
        unreadable: base.map(|rule| rule.hours.unreadable()).unwrap_or_default(),
        overrides: policy.overrides.iter().map(of_override).collect(),
        rules,
    }
}

fn zone_name(rule: Option<&HoursRule>) -> Option<String> {
    rule.map(|rule| rule.hours.zone_name().to_owned())
}

fn same_hours(one: Option<&HoursRule>, other: Option<&HoursRule>) -> bool {
    let hours = |rule: Option<&HoursRule>| -> Option<Arc<Hours>> { rule.map(|rule| Arc::clone(&rule.hours)) };
    hours(one) == hours(other)
}

fn days_later(from: Timestamp, days: u32, zone: &TimeZone) -> Timestamp {
    let days = i64::from(days.min(MOST_DAYS));
    from.to_zoned(zone.clone()).checked_add(days.days()).map_or(Timestamp::MAX, |later| later.timestamp())
}

/// On a date on which nothing is done.
fn is_silent(edge: &Edge) -> bool {
    edge.note.as_ref().is_some_and(|note| matches!(note, EdgeNote::NoAction { .. }))
}

/// The edges in [from, until).
fn edges(rule: Option<&HoursRule>, starts: bool, (from, until): (Timestamp, Timestamp)) -> Vec<ForecastEdge> {
    let Some(rule) = rule else { return Vec::new() };
    let before = from.checked_sub(1.nanosecond()).unwrap_or(from);
    let walk = rule.hours.walk(before).take_while(|edge| edge.at < until).take(MOST_EDGES);
    let shown = walk.map(|edge| ForecastEdge {
        at: edge.at,
        local: local(&edge.at.to_zoned(rule.hours.zone().clone())),
        kind: edge.kind,
        starts: starts && edge.kind == EdgeKind::On && !is_silent(&edge),
        note: edge.note.map(|note| note.to_string()),
    });
    shown.collect()
}

fn changes(rule: Option<&HoursRule>, from: Timestamp, until: Timestamp) -> Vec<ClockChange> {
    let Some(rule) = rule else { return Vec::new() };
    let zone = rule.hours.zone();
    let shown = transitions(zone, from, until).into_iter().map(|change| ClockChange {
        at: change.at,
        local: local(&change.at.to_zoned(zone.clone())),
        from_offset: change.from_offset,
        to_offset: change.to_offset,
    });
    shown.collect()
}

/// RFC 3339 with the zone's own offset.
fn local(at: &Zoned) -> String {
    at.timestamp().display_with_offset(at.offset()).to_string()
}

/// What a set of patterns names, in words.
fn matched(patterns: &Exemptions) -> String {
    let listed = |what: &str, patterns: &[Pattern]| {
        let texts = patterns.iter().map(Pattern::text).collect::<Vec<_>>().join(" or ");
        (!patterns.is_empty()).then(|| format!("{what} {texts}"))
    };
    let plain = [listed("name", &patterns.names), listed("owner", &patterns.owners), listed("size", &patterns.sizes)];
    let tags = patterns.tags.iter().map(|(tag, pattern)| format!("tag {tag} = {}", pattern.text()));
    plain.into_iter().flatten().chain(tags).collect::<Vec<_>>().join(", ")
}

/// The rules beside hours, in words.
fn rules(terms: &Terms) -> Vec<String> {
    let idle = terms.idle.map(|rule| format!("stops what has been idle for {}", rule.after));
    let uptime = terms.uptime.map(|rule| format!("stops what has been running for {}", rule.max));
    let budget = terms.budget.as_ref().map(|budget| budget.in_words());
    let by_budget = terms.budget.as_ref().is_some_and(|budget| budget.at_limit == AtLimit::Stop);
    let warning = (terms.hours.is_some() || idle.is_some() || uptime.is_some() || by_budget).then(|| {
        let unknown = if terms.include_unknown_owner {
            format!("; {} ahead where nobody knows the owner", terms.warning.lead_unknown_owner)
        } else {
            "; leaves alone what names no owner".to_owned()
        };
        format!("warns {} ahead{unknown}", terms.warning.lead)
    });
    let exempt = (!terms.exempt.is_empty()).then(|| format!("never stops {}", matched(&terms.exempt)));
    let opt_out = format!("never stops what has the tag {}", terms.opt_out_tag);
    let hold =
        format!("lets people hold theirs for {} at most, {} times in seven days", terms.hold.max, terms.hold.per_week);
    [idle, uptime, budget, warning, exempt, Some(opt_out), Some(hold)].into_iter().flatten().collect()
}

impl Forecast {
    /// The forecast as lines to read, the earliest edge first.
    #[must_use]
    pub fn in_words(&self) -> Vec<String> {
        let mode = match self.mode {
            Mode::Observe => "observe: it only records what it would do",
            Mode::Enforce => "enforce",
        };
        let mut lines = vec![format!("policy {} (revision {}, {mode})", self.name, self.revision)];
        lines.extend(self.rules.iter().map(|rule| format!("  {rule}")));
        lines.extend(hours_in_words(self.zone.as_deref(), &self.edges, &self.changes, &self.unreadable));
        for over in &self.overrides {
            lines.push(format!("  override {}: {}", over.name, over.applies_to));
            lines.extend(over.rules.iter().map(|rule| format!("    {rule}")));
            if over.same_hours {
                continue;
            }
            let inner = hours_in_words(over.zone.as_deref(), &over.edges, &over.changes, &over.unreadable);
            lines.extend(inner.into_iter().map(|line| format!("  {line}")));
        }
        lines
    }
}

/// Edges and clock changes of one list of hours in the order of their instants.
fn hours_in_words(
    zone: Option<&str>,
    edges: &[ForecastEdge],
    changes: &[ClockChange],
    unreadable: &[Unreadable],
) -> Vec<String> {
    let Some(zone) = zone else { return vec!["  has no hours".to_owned()] };
    let mut lines = vec![if edges.is_empty() {
        format!("  hours in {zone}: no edge in this span")
    } else {
        format!("  hours in {zone}")
    }];
    for calendar in unreadable {
        lines.push(format!(
            "  calendar {} cannot be read ({}), so none of this is acted on",
            calendar.source, calendar.problem
        ));
    }
    let tz = crate::schedule::load_zone(zone).unwrap_or(TimeZone::UTC);
    let mut timed: Vec<(Timestamp, String)> = edges.iter().map(|edge| (edge.at, edge_in_words(edge, &tz))).collect();
    timed.extend(changes.iter().map(|change| (change.at, change_in_words(change, &tz))));
    timed.sort_by_key(|(at, _)| *at);
    lines.extend(timed.into_iter().map(|(_, line)| line));
    lines
}

fn edge_in_words(edge: &ForecastEdge, zone: &TimeZone) -> String {
    let what = match edge.kind {
        EdgeKind::On if edge.starts => "on, starts",
        EdgeKind::On => "on ",
        EdgeKind::Off => "off",
    };
    let note = edge.note.as_ref().map(|note| format!("  ({note})")).unwrap_or_default();
    format!("    {}  {what}  = {}{note}", shown(edge.at, zone), edge.at)
}

fn change_in_words(change: &ClockChange, zone: &TimeZone) -> String {
    let offset =
        |seconds: i32| Offset::from_seconds(seconds).map_or_else(|_| seconds.to_string(), |offset| offset.to_string());
    let way = if change.to_offset > change.from_offset { "forward" } else { "back" };
    let (from, to) = (offset(change.from_offset), offset(change.to_offset));
    format!("    {}  clocks go {way} from UTC{from} to UTC{to}  = {}", shown(change.at, zone), change.at)
}

fn shown(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M %Z").to_string()
}

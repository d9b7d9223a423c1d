//! The page of the week ahead: when policies let instances be on, hour by hour, and the stops that are coming.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _, Zoned};
use serde::Serialize;

use super::common::Common;
use super::line::Span;
use super::shown::{Clocks, When};
use crate::policy::{ClockChange, Forecast, ForecastEdge};
use crate::report::words::{clean, mode};
use crate::report::{FleetView, InstanceView, NextKind, next};
use crate::schedule::EdgeKind;
use crate::web::api::shapes::page_path;

/// Days that the page covers.
pub(in crate::web) const DAYS: u32 = 7;
/// Stops that it lists.
const STOPS_MAX: usize = 50;

#[derive(Debug, Serialize)]
struct Day {
    date: String,
    label: String,
    notes: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Cell {
    #[serde(flatten)]
    span: Span,
    state: &'static str,
}

#[derive(Debug, Serialize)]
struct Lane {
    label: String,
    cells: Vec<Cell>,
}

#[derive(Debug, Serialize)]
struct PolicyCell {
    name: String,
    mode: &'static str,
    zone: Option<String>,
    place: String,
    problem: Option<String>,
    rows: Vec<Lane>,
}

#[derive(Debug, Serialize)]
struct Load {
    day: usize,
    hour: usize,
    level: usize,
    on: usize,
    title: String,
    x: usize,
    width: usize,
}

#[derive(Debug, Serialize)]
struct Coming {
    name: String,
    url: String,
    owner: Option<String>,
    next: &'static str,
    why: &'static str,
    at: Option<When>,
}

/// The whole page.
#[derive(Debug, Serialize)]
pub(in crate::web) struct WeekPage {
    /// What every page has.
    #[serde(flatten)]
    pub(in crate::web) common: Common,
    zone: String,
    days: Vec<Day>,
    policies: Vec<PolicyCell>,
    load: Vec<Load>,
    people: Vec<Coming>,
}

/// The days, in the zone in which they are drawn.
#[derive(Debug, Clone)]
struct Frame {
    from: Timestamp,
    until: Timestamp,
    zone: TimeZone,
    name: String,
}

/// One list of hours: when it lets instances be on.
#[derive(Debug)]
struct Hours<'a> {
    policy: &'a Forecast,
    over: Option<&'a str>,
    edges: &'a [ForecastEdge],
    /// Nothing is known or nothing is limited: the policy has no hours, or they cannot be read.
    free: bool,
}

impl Hours<'_> {
    /// Whether it lets instances be on at an instant: as the last edge before says, else the opposite of the first after.
    fn is_on(&self, at: Timestamp) -> bool {
        if self.free {
            return true;
        }
        let before = self.edges.iter().rev().find(|edge| edge.at <= at).map(|edge| edge.kind == EdgeKind::On);
        let after = || self.edges.first().map(|edge| edge.kind == EdgeKind::Off);
        before.or_else(after).unwrap_or(true)
    }
}

/// Where the week begins: at the first instant of today in the zone of the first policy that has hours.
#[must_use]
pub(in crate::web) fn begins(view: &FleetView, now: Timestamp) -> (Timestamp, Option<String>) {
    let name = view.policies.iter().find_map(|policy| policy.zone.clone());
    let zone = name.as_deref().and_then(|name| crate::schedule::load_zone(name).ok()).unwrap_or(TimeZone::UTC);
    let start = now.to_zoned(zone).start_of_day().map_or(now, |start| start.timestamp());
    (start, name)
}

/// Makes the page.
#[must_use]
pub(in crate::web) fn week_page(
    common: Common,
    view: &FleetView,
    forecasts: &[Forecast],
    (from, zone): (Timestamp, Option<&str>),
    clocks: &Clocks,
) -> WeekPage {
    let tz = zone.and_then(|name| crate::schedule::load_zone(name).ok()).unwrap_or(TimeZone::UTC);
    let until = from.to_zoned(tz.clone()).checked_add(i64::from(DAYS).days()).map_or(from, |later| later.timestamp());
    let frame = Frame { from, until, zone: tz, name: zone.unwrap_or("UTC").to_owned() };
    let hours: Vec<Hours<'_>> = forecasts.iter().flat_map(all_hours).collect();
    WeekPage {
        common,
        zone: frame.name.clone(),
        days: days(&frame, forecasts),
        policies: forecasts.iter().map(|forecast| policy(&frame, view, forecast)).collect(),
        load: load(&frame, view, &hours),
        people: people(view, clocks),
    }
}

fn all_hours(forecast: &Forecast) -> Vec<Hours<'_>> {
    let free = |zone: &Option<String>, unreadable: bool| zone.is_none() || unreadable;
    let base = Hours {
        policy: forecast,
        over: None,
        edges: &forecast.edges,
        free: free(&forecast.zone, !forecast.unreadable.is_empty()),
    };
    let overs = forecast.overrides.iter().filter(|over| !over.same_hours).map(|over| Hours {
        policy: forecast,
        over: Some(&over.name),
        edges: &over.edges,
        free: free(&over.zone, !over.unreadable.is_empty()),
    });
    std::iter::once(base).chain(overs).collect()
}

impl Frame {
    fn x(&self, at: Timestamp) -> i128 {
        let whole = self.until.duration_since(self.from).as_secs().max(1);
        let part = at.duration_since(self.from).as_secs().clamp(0, whole);
        i128::from(part).saturating_mul(1_000).checked_div(i128::from(whole)).unwrap_or(0)
    }

    fn told(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%a %-d %b %H:%M").to_string()
    }

    /// The beginning of each day.
    fn starts(&self) -> Vec<Zoned> {
        let first = self.from.to_zoned(self.zone.clone());
        (0..DAYS).filter_map(|day| first.checked_add(i64::from(day).days()).ok()).collect()
    }
}

/// Each day with what is unusual about it: holidays and other notes of edges, and clock changes.
fn days(frame: &Frame, forecasts: &[Forecast]) -> Vec<Day> {
    let changes = || {
        forecasts.iter().flat_map(|one| one.changes.iter().chain(one.overrides.iter().flat_map(|over| &over.changes)))
    };
    let edges =
        || forecasts.iter().flat_map(|one| one.edges.iter().chain(one.overrides.iter().flat_map(|over| &over.edges)));
    let day = |start: Zoned| {
        let date = start.date();
        let here = |at: Timestamp| at.to_zoned(frame.zone.clone()).date() == date;
        let clock = |change: &ClockChange| {
            let way = if change.to_offset > change.from_offset { "forward" } else { "back" };
            format!("clocks go {way}")
        };
        let mut notes: Vec<String> = changes().filter(|change| here(change.at)).map(clock).collect();
        notes.extend(edges().filter(|edge| here(edge.at)).filter_map(|edge| edge.note.as_deref().map(clean)));
        notes.sort();
        notes.dedup();
        Day { date: date.to_string(), label: start.strftime("%a %-d").to_string(), notes }
    };
    frame.starts().into_iter().map(day).collect()
}

fn policy(frame: &Frame, view: &FleetView, forecast: &Forecast) -> PolicyCell {
    let place = view.policies.iter().find(|policy| policy.id == forecast.name).map(|policy| policy.file.to_string());
    let unreadable = forecast.unreadable.first().map(|calendar| {
        format!("calendar {} cannot be read ({}), so none of this is acted on", calendar.source, calendar.problem)
    });
    let lane = |hours: Hours<'_>| Lane {
        label: hours.over.map_or_else(|| "base".to_owned(), clean),
        cells: cells(frame, &hours),
    };
    PolicyCell {
        name: forecast.name.to_string(),
        mode: mode(forecast.mode),
        zone: forecast.zone.clone(),
        place: place.unwrap_or_default(),
        problem: unreadable.map(|words| clean(&words)),
        rows: all_hours(forecast).into_iter().map(lane).collect(),
    }
}

/// From edge to edge: what holds in between, and what the edge that opened it says.
fn cells(frame: &Frame, hours: &Hours<'_>) -> Vec<Cell> {
    let inside = hours.edges.iter().filter(|edge| edge.at > frame.from && edge.at < frame.until);
    let mut bounds: Vec<(Timestamp, Option<&str>)> = vec![(frame.from, None)];
    bounds.extend(inside.filter(|_| !hours.free).map(|edge| (edge.at, edge.note.as_deref())));
    let ends = bounds.iter().skip(1).map(|(at, _)| *at).chain([frame.until]);
    let cell = |((from, note), to): (&(Timestamp, Option<&str>), Timestamp)| {
        let on = hours.is_on(*from);
        let state = match (hours.free, on, note) {
            (true, _, _) => "no_action",
            (false, true, _) => "on",
            (false, false, Some(note)) if note.contains("holiday") => "holiday",
            (false, false, _) => "off",
        };
        let what = match state {
            "no_action" => "no hours limit it",
            "on" => "may be on",
            "holiday" => "holiday: off",
            _ => "off",
        };
        let note = note.map_or_else(String::new, |note| format!(" ({})", clean(note)));
        let x = frame.x(*from);
        let title = format!("{what} {} to {}{note}", frame.told(*from), frame.told(to));
        Cell { span: Span { x, width: frame.x(to).saturating_sub(x).max(1), title }, state }
    };
    bounds.iter().zip(ends).map(cell).collect()
}

/// For each hour how many of the instances that there are their policies let be on.
fn load(frame: &Frame, view: &FleetView, hours: &[Hours<'_>]) -> Vec<Load> {
    let members: Vec<(&Hours<'_>, usize)> = hours.iter().map(|hours| (hours, governed(view, hours))).collect();
    let all: usize = members.iter().map(|(_, count)| count).sum();
    let mut cells = Vec::new();
    for (day, start) in frame.starts().iter().enumerate() {
        for hour in 0..24_usize {
            let at = start.timestamp().checked_add(SignedDuration::from_hours(i64::try_from(hour).unwrap_or(0)));
            let at = at.unwrap_or(frame.until);
            let on = members.iter().filter(|(hours, _)| hours.is_on(at)).map(|(_, count)| count).sum::<usize>();
            let level = on.saturating_mul(10).div_ceil(all.max(1)).min(10);
            let title = format!("{}: {on} of {all} may be on", frame.told(at));
            let place = day.saturating_mul(24).saturating_add(hour);
            let (x, next) = (place.saturating_mul(1_000) / 168, place.saturating_add(1).saturating_mul(1_000) / 168);
            cells.push(Load { day, hour, level, on, title, x, width: next.saturating_sub(x) });
        }
    }
    cells
}

fn governed(view: &FleetView, hours: &Hours<'_>) -> usize {
    let same = hours.policy.overrides.iter().filter(|over| over.same_hours).map(|over| &*over.name);
    let same: Vec<&str> = same.collect();
    let under = |instance: &&InstanceView| {
        instance.verdict.as_ref().is_some_and(|verdict| {
            let over = verdict.under.override_name.as_deref();
            let stands = over.filter(|name| !same.contains(name)) == hours.over;
            verdict.under.policy == hours.policy.name && stands
        })
    };
    view.workspaces.values().flat_map(|place| &place.instances).filter(under).count()
}

fn people(view: &FleetView, clocks: &Clocks) -> Vec<Coming> {
    let instances = view.workspaces.values().flat_map(|place| &place.instances);
    let is_coming = |kind: NextKind| matches!(kind, NextKind::Stop | NextKind::Start);
    let stops = instances.map(|one| (next(view, one), one)).filter(|(next, _)| is_coming(next.kind));
    let mut stops: Vec<_> = stops.filter_map(|(next, one)| Some((next.at?, next, one))).collect();
    stops.sort_by_key(|(at, _, one)| (*at, one.facts.id.clone()));
    let coming = |(at, next, one): (Timestamp, crate::report::Next, &InstanceView)| {
        let zone = one.verdict.as_ref().and_then(|verdict| verdict.under.zone.clone());
        Coming {
            name: clean(one.facts.id.name()),
            url: page_path(&one.facts.id),
            owner: one.facts.owner.name().map(clean),
            next: next.words(),
            why: next.why(),
            at: Some(Clocks::of_zone(clocks.now, zone.as_deref()).when(at)),
        }
    };
    stops.into_iter().take(STOPS_MAX).map(coming).collect()
}

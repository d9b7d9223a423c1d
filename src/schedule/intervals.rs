//! Windows of some dates worked out and merged into stretches of hours, as instants.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::edge::{Edge, EdgeKind, EdgeNote};
use super::hours::Hours;
use super::resolve::{Resolved, end_of_day, start_of_day, written_time};

/// Dates worked out beside a span, so that no window that reaches into it is missed: a window and a skipped date.
const MARGIN_DAYS: i32 = 3;

/// How far after an end of hours a holiday is looked for, to name it there.
const HOLIDAY_REACH_HOURS: i64 = 7 * 24;

/// Dates worked out after a span where holidays are to be named.
const HOLIDAY_MARGIN_DAYS: i32 = 11;

/// One end of a stretch, and the window it is an end of.
#[derive(Debug, Clone)]
struct End {
    when: Resolved,
    date: Date,
    index: u16,
}

/// One stretch of allowed hours, half-open; first single windows, then merged ones.
#[derive(Debug, Clone)]
struct Stretch {
    on: End,
    off: End,
}

/// What some dates hold.
struct Worked {
    stretches: Vec<Stretch>,
    /// The starts of windows that a holiday took away, with its name.
    taken: Vec<(Timestamp, Arc<str>)>,
}

/// The edges in (after, until], exact, and how many dates that took.
pub(super) fn edges_in(hours: &Hours, after: Timestamp, until: Timestamp) -> (Vec<Edge>, u32) {
    let (worked, dates) = work(hours, after, until);
    let mut edges = Vec::new();
    for (place, stretch) in worked.stretches.iter().enumerate() {
        let next_on = worked.stretches.get(place + 1).map(|next| next.on.when.at);
        let holiday = holiday_after(&worked.taken, stretch.off.when.at, next_on);
        edges.push(edge(hours, &stretch.on, EdgeKind::On, None));
        edges.push(edge(hours, &stretch.off, EdgeKind::Off, holiday));
    }
    edges.retain(|edge| edge.at > after && edge.at <= until);
    (edges, dates)
}

/// Whether `now` lies in a stretch.
pub(super) fn contains(hours: &Hours, now: Timestamp) -> bool {
    let (worked, _) = work(hours, now, now);
    worked.stretches.iter().any(|stretch| stretch.on.when.at <= now && now < stretch.off.when.at)
}

/// Works out the dates around a span.
fn work(hours: &Hours, after: Timestamp, until: Timestamp) -> (Worked, u32) {
    let ahead = if hours.holidays().is_empty() { MARGIN_DAYS } else { HOLIDAY_MARGIN_DAYS };
    let first = hours.zone().to_datetime(after).date().saturating_sub(MARGIN_DAYS.days());
    let last = hours.zone().to_datetime(until).date().saturating_add(ahead.days());
    let mut dates = 0;
    let mut worked = Worked { stretches: Vec::new(), taken: Vec::new() };
    let mut date = first;
    while date <= last {
        dates += 1;
        work_date(hours, date, &mut worked);
        match date.tomorrow() {
            Ok(next) => date = next,
            Err(_) => break,
        }
    }
    worked.stretches = merge(worked.stretches);
    (worked, dates)
}

/// Adds the windows that start on one date, or notes that a holiday took them.
fn work_date(hours: &Hours, date: Date, worked: &mut Worked) {
    let holiday = hours.holidays().on(date);
    for (index, window) in (0_u16..).zip(hours.windows()) {
        if !window.days().contains(date.weekday()) {
            continue;
        }
        let Some(stretch) = stretch(hours, date, index) else {
            continue;
        };
        match holiday {
            Some(holiday) => worked.taken.push((stretch.on.when.at, Arc::clone(&holiday.name))),
            None => worked.stretches.push(stretch),
        }
    }
}

/// One window on one date as instants; `None` where the zone leaves nothing of it.
fn stretch(hours: &Hours, date: Date, index: u16) -> Option<Stretch> {
    let window = hours.windows().get(usize::from(index))?;
    let (start, end) = window.written_on(date)?;
    let (on, off) = if window.is_whole_day() {
        (start_of_day(hours.zone(), date)?, end_of_day(hours.zone(), date)?)
    } else {
        (written_time(hours.zone(), start, EdgeKind::On)?, written_time(hours.zone(), end, EdgeKind::Off)?)
    };
    let real = on.at < off.at;
    real.then_some(Stretch { on: End { when: on, date, index }, off: End { when: off, date, index } })
}

/// Joins what overlaps or touches. Of several windows with the same end, the one with the least (date, index) names it.
fn merge(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    stretches.sort_by_key(|stretch| (stretch.on.when.at, stretch.on.date, stretch.on.index));
    let mut merged: Vec<Stretch> = Vec::with_capacity(stretches.len());
    for next in stretches {
        match merged.last_mut() {
            Some(open) if next.on.when.at <= open.off.when.at => {
                if ends_after(&next.off, &open.off) {
                    open.off = next.off;
                }
            }
            Some(_) | None => merged.push(next),
        }
    }
    merged
}

/// Whether `next` is the end of the joined stretch rather than `open`.
fn ends_after(next: &End, open: &End) -> bool {
    let lesser_name = (next.date, next.index) < (open.date, open.index);
    next.when.at > open.when.at || (next.when.at == open.when.at && lesser_name)
}

/// The first holiday that took hours between an end of hours and the next beginning, within a week.
fn holiday_after(taken: &[(Timestamp, Arc<str>)], off: Timestamp, next_on: Option<Timestamp>) -> Option<Arc<str>> {
    let reach = off.checked_add(jiff::SignedDuration::from_hours(HOLIDAY_REACH_HOURS)).unwrap_or(Timestamp::MAX);
    let before = next_on.map_or(reach, |next| next.min(reach));
    taken
        .iter()
        .filter(|(at, _)| *at >= off && *at < before)
        .min_by_key(|(at, _)| *at)
        .map(|(_, name)| Arc::clone(name))
}

/// The edge of one end, with the strongest of its notes.
fn edge(hours: &Hours, end: &End, kind: EdgeKind, holiday: Option<Arc<str>>) -> Edge {
    let quiet = hours.no_action().on(hours.zone().to_datetime(end.when.at).date());
    let note = match quiet {
        Some(day) => Some(EdgeNote::NoAction { name: Arc::clone(&day.name) }),
        None => end.when.note.clone().or(holiday.map(|name| EdgeNote::Holiday { name })),
    };
    Edge { kind, at: end.when.at, civil: end.when.written, date: end.date, index: end.index, note }
}

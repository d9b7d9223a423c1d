//! Walking along edges from an instant, forwards without end and backwards a bounded way.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

use super::edge::{Edge, Edges};
use super::hours::Hours;
use super::intervals::edges_in;

/// The most edges that are looked back over (S22).
const MOST_EDGES: usize = 64;

/// How many days without an edge are searched before there is held to be none.
const SEARCH_DAYS: i64 = 400;

/// How many days are worked out at once, at first and then.
const FIRST_CHUNK_DAYS: i64 = 4;
const CHUNK_DAYS: i64 = 32;

/// The edges after an instant, in order; ends where 400 days hold none, or at the end of the calendar.
#[derive(Debug, Clone)]
pub struct EdgeWalk<'a> {
    hours: &'a Hours,
    cursor: Timestamp,
    chunk: i64,
    empty_days: i64,
    ready: VecDeque<Edge>,
}

impl<'a> EdgeWalk<'a> {
    pub(super) fn new(hours: &'a Hours, after: Timestamp) -> EdgeWalk<'a> {
        EdgeWalk { hours, cursor: after, chunk: FIRST_CHUNK_DAYS, empty_days: 0, ready: VecDeque::new() }
    }
}

impl Iterator for EdgeWalk<'_> {
    type Item = Edge;

    fn next(&mut self) -> Option<Edge> {
        while self.ready.is_empty() {
            if self.cursor == Timestamp::MAX || self.empty_days >= SEARCH_DAYS {
                return None;
            }
            let until = days_from(self.cursor, self.chunk);
            self.ready = edges_in(self.hours, self.cursor, until).0.into();
            self.empty_days = if self.ready.is_empty() { self.empty_days + self.chunk } else { 0 };
            self.cursor = until;
            self.chunk = CHUNK_DAYS;
        }
        self.ready.pop_front()
    }
}

/// The last edge at or before an instant, searched 400 days back.
pub(super) fn last_edge(hours: &Hours, at: Timestamp) -> Option<Edge> {
    let mut until = at;
    let mut chunk = FIRST_CHUNK_DAYS;
    let mut searched = 0;
    while searched < SEARCH_DAYS && until > Timestamp::MIN {
        let after = days_from(until, -chunk);
        if let Some(edge) = edges_in(hours, after, until).0.pop() {
            return Some(edge);
        }
        searched += chunk;
        until = after;
        chunk = CHUNK_DAYS;
    }
    None
}

/// The last edges of (after, until]: at most 64, and at most 400 days without one, whatever the span (S22).
pub(super) fn look_back(hours: &Hours, after: Timestamp, until: Timestamp) -> Edges {
    let mut found: VecDeque<Edge> = VecDeque::new();
    let mut dates_worked = 0;
    let mut empty_days = 0;
    let mut to = until;
    while to > after && found.len() <= MOST_EDGES && empty_days < SEARCH_DAYS {
        let from = days_from(to, -CHUNK_DAYS).max(after);
        let (edges, dates) = edges_in(hours, from, to);
        dates_worked += dates;
        empty_days = if edges.is_empty() { empty_days + CHUNK_DAYS } else { 0 };
        for edge in edges.into_iter().rev() {
            found.push_front(edge);
        }
        to = from;
    }
    let skipped = skipped(&found, (after, to, until));
    let surplus = found.len().saturating_sub(MOST_EDGES);
    let edges = found.into_iter().skip(surplus).collect();
    Edges { edges, skipped, dates_worked, unreadable: Vec::new() }
}

/// How many edges of the span are not given: those found beyond the bound, and for the part not looked at a guess at
/// the rate of the part that was.
fn skipped(found: &VecDeque<Edge>, (after, looked_from, until): (Timestamp, Timestamp, Timestamp)) -> u64 {
    let surplus = count(found.len().saturating_sub(MOST_EDGES));
    let looked = seconds(until, looked_from).max(1);
    let left = seconds(looked_from, after).max(0);
    let guess = i128::from(count(found.len())) * i128::from(left) / i128::from(looked);
    surplus.saturating_add(u64::try_from(guess).unwrap_or(u64::MAX))
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

fn seconds(later: Timestamp, earlier: Timestamp) -> i64 {
    later.as_second().saturating_sub(earlier.as_second())
}

/// An instant so many times 24 hours away, held inside the library's calendar.
fn days_from(at: Timestamp, days: i64) -> Timestamp {
    let edge = if days < 0 { Timestamp::MIN } else { Timestamp::MAX };
    at.checked_add(SignedDuration::from_hours(days.saturating_mul(24))).unwrap_or(edge)
}

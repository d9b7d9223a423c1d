//! What an account is asked: which time, cut into which days, and by what to group.

use std::sync::Arc;

use super::group::Grouping;

/// A half-open stretch of time in whole seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period {
    /// Its first second.
    pub from: i64,
    /// The second after its last.
    pub to: i64,
}

impl Period {
    /// How much of `[from, to)` lies in it.
    #[must_use]
    pub fn overlap(self, from: i64, to: i64) -> i64 {
        to.min(self.to).saturating_sub(from.max(self.from)).max(0)
    }

    /// True when an instant lies in it.
    #[must_use]
    pub const fn holds(self, at: i64) -> bool {
        self.from <= at && at < self.to
    }
}

/// One day of a period: a civil date has 23 to 25 hours in most zones, and is named by those who know the zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// Its time.
    pub time: Period,
    /// Its date, such as `2026-11-20`.
    pub name: Arc<str>,
}

/// What an account is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pieces: Vec<Day>,
    by: Grouping,
    daily: bool,
}

impl Question {
    /// One sum of a period for each group.
    #[must_use]
    pub fn whole(period: Period, by: Grouping) -> Self {
        Self { pieces: vec![Day { time: period, name: Arc::default() }], by, daily: false }
    }

    /// The same, and what fell on each day beside it. The days follow each other without a gap.
    #[must_use]
    pub const fn daily(days: Vec<Day>, by: Grouping) -> Self {
        Self { pieces: days, by, daily: true }
    }

    /// By what it groups.
    #[must_use]
    pub const fn by(&self) -> Grouping {
        self.by
    }

    /// The days it is cut into; one nameless piece when it is not.
    #[must_use]
    pub fn pieces(&self) -> &[Day] {
        &self.pieces
    }

    /// True when each day is wanted.
    #[must_use]
    pub const fn is_daily(&self) -> bool {
        self.daily
    }

    /// From its first second to its last.
    #[must_use]
    pub fn period(&self) -> Period {
        let first = self.pieces.first().map_or(0, |day| day.time.from);
        Period { from: first, to: self.pieces.last().map_or(first, |day| day.time.to) }
    }

    /// The pieces that touch `[from, to]`, with their place. The end counts, since a charge falls on an instant.
    pub(super) fn touched(&self, from: i64, to: i64) -> impl Iterator<Item = (usize, Period)> {
        let first = self.pieces.partition_point(|day| day.time.to <= from);
        let pieces = self.pieces.iter().enumerate().skip(first).map(|(place, day)| (place, day.time));
        pieces.take_while(move |(_, time)| time.from <= to)
    }
}

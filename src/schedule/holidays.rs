//! Named civil dates, from single dates, ranges and calendars, and what is known of calendars that could not be read.

use std::sync::Arc;

use jiff::civil::Date;
use serde::Serialize;

use super::dates::DateRange;

/// One entry: the dates, what they are called, and where they were written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Holiday {
    /// The dates, both ends included.
    pub dates: DateRange,
    /// What the dates are called: the summary of a calendar entry, or the text of the policy.
    pub name: Arc<str>,
    /// Where it was written: a policy key or a calendar's file name.
    pub source: Arc<str>,
}

/// A calendar that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unreadable {
    /// The calendar, as the policy names it.
    pub source: String,
    /// Why it could not be read.
    pub problem: String,
}

/// A list of named dates that may know itself to be incomplete.
///
/// The same shape serves two lists: dates that *stay off* (no hours start on them) and dates on which Lightsout does
/// *not act* at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holidays {
    /// Ordered by first date; beside each entry the latest last date of it and all before it.
    days: Vec<(Holiday, Date)>,
    unreadable: Vec<Unreadable>,
}

impl Holidays {
    /// An empty list.
    pub fn new() -> Holidays {
        Holidays::default()
    }

    /// Adds dates under a name.
    pub fn add(&mut self, dates: DateRange, name: &str, source: &str) {
        self.add_all([(dates, name.to_owned())], source);
    }

    /// Adds what a calendar held, in any order.
    pub fn add_all(&mut self, entries: impl IntoIterator<Item = (DateRange, String)>, source: &str) {
        let source: Arc<str> = source.into();
        let added = entries.into_iter().map(|(dates, name)| {
            let day = Holiday { dates, name: name.into(), source: Arc::clone(&source) };
            (day, dates.last())
        });
        self.days.extend(added);
        self.days.sort_by_key(|(day, _)| day.dates);
        let mut latest = Date::MIN;
        for (day, last) in &mut self.days {
            latest = latest.max(day.dates.last());
            *last = latest;
        }
    }

    /// Notes a calendar that could not be read. From then on nobody knows which dates are meant.
    pub fn add_unreadable(&mut self, source: &str, problem: &str) {
        self.unreadable.push(Unreadable { source: source.to_owned(), problem: problem.to_owned() });
    }

    /// The entry that holds the date; of several the one that started last.
    pub fn on(&self, date: Date) -> Option<&Holiday> {
        let started = self.days.partition_point(|(day, _)| day.dates.first() <= date);
        let started = self.days.get(..started)?;
        started
            .iter()
            .rev()
            .take_while(|(_, latest)| *latest >= date)
            .map(|(day, _)| day)
            .find(|day| day.dates.contains(date))
    }

    /// Every entry, ordered by first date.
    pub fn iter(&self) -> impl Iterator<Item = &Holiday> {
        self.days.iter().map(|(day, _)| day)
    }

    /// Whether there is no entry. A list with an unreadable calendar can be empty too.
    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// The calendars that could not be read; empty where all is known.
    pub fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }
}

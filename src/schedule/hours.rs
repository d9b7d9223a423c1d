//! The allowed hours of one policy, and what they say of an instant.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;
use std::sync::Arc;

use super::edge::{Edge, Edges};
use super::holidays::{Holidays, Unreadable};
use super::intervals::contains;
use super::walk::{EdgeWalk, last_edge, look_back};
use super::window::WeeklyWindow;
use super::zone::{ZoneError, load_zone};

/// The most windows of one policy: a week has 10,080 minutes, and nobody reads a list of more than this.
const MOST_WINDOWS: usize = 256;

/// How many no-action dates in a row are walked over to find their end.
const MOST_QUIET_DAYS: usize = 400;

/// The allowed hours of a policy: weekly windows in a zone, less the holidays, and dates on which nothing is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    zone: TimeZone,
    zone_name: String,
    windows: Vec<WeeklyWindow>,
    holidays: Holidays,
    no_action: Holidays,
}

/// Why hours cannot be made. A policy with such hours takes no action (S17).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// There is no window, which would mean never.
    #[error("no allowed hours are given: write at least one window, such as \"Mon-Fri 08:00-20:00\"")]
    NoWindows,
    /// There are more windows than a list can sensibly hold.
    #[error(
        "{count} windows are given, at most 256 are read: join those with the same times, such as \"Mon-Fri 08:00-20:00\""
    )]
    TooManyWindows {
        /// How many were given.
        count: usize,
    },
    /// The zone is not known.
    #[error(transparent)]
    Zone(#[from] ZoneError),
}

/// What the hours say of an instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum HoursState {
    /// Allowed hours.
    On {
        /// The edge at which they began; `None` where there is none in 400 days.
        since: Option<Edge>,
        /// The edge at which they end; `None` where there is none in 400 days.
        until: Option<Edge>,
    },
    /// Outside the allowed hours.
    Off {
        /// The edge at which hours ended; `None` where there is none in 400 days.
        since: Option<Edge>,
        /// The edge at which hours begin; `None` where there is none in 400 days.
        until: Option<Edge>,
    },
    /// A date on which Lightsout does not act, whatever the hours.
    NoAction {
        /// What the date is called.
        name: Arc<str>,
        /// The first instant of the next date that is not such a date; `None` where there is none in 400 days.
        until: Option<Timestamp>,
    },
    /// Nobody knows, so nobody may act: calendars could not be read (S21).
    Unknown {
        /// The calendars, each with its problem.
        unreadable: Vec<Unreadable>,
    },
}

impl Hours {
    /// Hours in the zone of an IANA name.
    ///
    /// # Errors
    /// `HoursError` for an unknown zone, no window, or more than 256.
    pub fn new(
        zone: &str,
        windows: Vec<WeeklyWindow>,
        holidays: Holidays,
        no_action: Holidays,
    ) -> Result<Hours, HoursError> {
        let zone = load_zone(zone.trim())?;
        Hours::in_zone(zone, windows, holidays, no_action)
    }

    /// Hours in a zone that is at hand.
    ///
    /// # Errors
    /// `HoursError` for no window, more than 256, or the library's unknown zone.
    pub fn in_zone(
        zone: TimeZone,
        windows: Vec<WeeklyWindow>,
        holidays: Holidays,
        no_action: Holidays,
    ) -> Result<Hours, HoursError> {
        if zone.is_unknown() {
            return Err(ZoneError { name: "Etc/Unknown".to_owned() }.into());
        }
        match windows.len() {
            0 => Err(HoursError::NoWindows),
            count if count > MOST_WINDOWS => Err(HoursError::TooManyWindows { count }),
            _ => {
                let zone_name = zone.iana_name().unwrap_or("unnamed").to_owned();
                Ok(Hours { zone, zone_name, windows, holidays, no_action })
            }
        }
    }

    /// The zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The IANA name of the zone, spelt as the database has it.
    pub fn zone_name(&self) -> &str {
        &self.zone_name
    }

    /// The windows, in the order of the policy.
    pub fn windows(&self) -> &[WeeklyWindow] {
        &self.windows
    }

    /// The dates that stay off.
    pub fn holidays(&self) -> &Holidays {
        &self.holidays
    }

    /// The dates on which nothing is done.
    pub fn no_action(&self) -> &Holidays {
        &self.no_action
    }

    /// The calendars of either list that could not be read: while there is one, the hours are unknown (S21).
    pub fn unreadable(&self) -> Vec<Unreadable> {
        self.holidays.unreadable().iter().chain(self.no_action.unreadable()).cloned().collect()
    }

    /// What the hours say of an instant.
    pub fn state_at(&self, now: Timestamp) -> HoursState {
        if !self.is_known() {
            return HoursState::Unknown { unreadable: self.unreadable() };
        }
        if let Some(day) = self.no_action.on(self.zone.to_datetime(now).date()) {
            return HoursState::NoAction { name: Arc::clone(&day.name), until: self.action_resumes(now) };
        }
        let (since, until) = (self.previous_edge(now), self.next_edge(now));
        if self.contains(now) { HoursState::On { since, until } } else { HoursState::Off { since, until } }
    }

    /// Whether an instant lies in the weekly windows less the holidays, as far as the calendars could be read.
    ///
    /// For showing and counting: it knows neither no-action dates nor unreadable calendars, which `state_at` does.
    pub fn contains(&self, now: Timestamp) -> bool {
        contains(self, now)
    }

    /// The edges in (after, until]: the last 64 of them, whatever the span; none while a calendar is unreadable.
    ///
    /// Over any split of a span into parts that each stay under the bound, the parts together give the same edges (S1).
    pub fn edges_between(&self, after: Timestamp, until: Timestamp) -> Edges {
        if self.is_known() {
            look_back(self, after, until)
        } else {
            Edges { unreadable: self.unreadable(), ..Edges::default() }
        }
    }

    /// The edges after an instant in order, worked out as they are asked for, *whether or not* a calendar is unreadable:
    /// for showing, with `unreadable` beside it, not for acting.
    pub fn walk(&self, after: Timestamp) -> EdgeWalk<'_> {
        EdgeWalk::new(self, after)
    }

    /// The first edge after an instant, within 400 days; `None` also while a calendar is unreadable.
    pub fn next_edge(&self, after: Timestamp) -> Option<Edge> {
        if self.is_known() { self.walk(after).next() } else { None }
    }

    /// The last edge at or before an instant, within 400 days; `None` also while a calendar is unreadable.
    pub fn previous_edge(&self, at: Timestamp) -> Option<Edge> {
        if self.is_known() { last_edge(self, at) } else { None }
    }

    /// Whether every calendar could be read.
    pub fn is_known(&self) -> bool {
        self.holidays.unreadable().is_empty() && self.no_action.unreadable().is_empty()
    }

    /// The first instant after `now` whose civil date is not a no-action date.
    fn action_resumes(&self, now: Timestamp) -> Option<Timestamp> {
        let today = self.zone.to_datetime(now).date();
        (1_i32..)
            .take(MOST_QUIET_DAYS)
            .map_while(|days| today.checked_add(days.days()).ok())
            .find(|date| self.no_action.on(*date).is_none())
            .and_then(|date| super::resolve::start_of_day(&self.zone, date))
            .map(|first| first.at)
    }
}

#[cfg(test)]
mod tests;

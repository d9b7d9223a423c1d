//! The checker's own reading of weekly hours: nothing of the service's is in it, only the zone's data.

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};

/// Hours in which machines may be on, of every day of the week.
#[derive(Debug, Clone)]
pub(crate) struct Hours {
    zone: TimeZone,
    /// Days from Monday on, minutes from midnight; an end that is not after its beginning is on the next day.
    windows: Vec<([bool; 7], i64, i64)>,
    no_action: Option<Date>,
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

fn day(text: &str) -> Option<usize> {
    DAYS.iter().position(|name| *name == text)
}

fn days(text: &str) -> Option<[bool; 7]> {
    let mut found = [false; 7];
    if text == "daily" {
        return Some([true; 7]);
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (mut at, last) = (day(first)?, day(last)?);
    loop {
        *found.get_mut(at)? = true;
        if at == last {
            return Some(found);
        }
        at = (at + 1) % 7;
    }
}

fn minutes(text: &str) -> Option<i64> {
    let (hour, minute) = text.split_once(':')?;
    Some(hour.parse::<i64>().ok()? * 60 + minute.parse::<i64>().ok()?)
}

impl Hours {
    /// Of `Mon-Fri@08:00-20:00,daily@…`.
    pub(crate) fn read(zone: &str, allowed: &str, no_action: &str) -> Option<Self> {
        let window = |one: &str| {
            let (on, times) = one.split_once('@')?;
            let (from, to) = times.split_once('-')?;
            Some((days(on)?, minutes(from)?, minutes(to)?))
        };
        let windows: Option<Vec<_>> = allowed.split(',').map(window).collect();
        Some(Self { zone: TimeZone::get(zone).ok()?, windows: windows?, no_action: no_action.parse().ok() })
    }

    fn instant(&self, at: DateTime, is_end: bool) -> Option<i64> {
        let found = self.zone.to_ambiguous_timestamp(at);
        let instant = match found.offset() {
            // what begins in the hour that comes twice begins in the first of the two, and what ends there in the second
            AmbiguousOffset::Fold { .. } if !is_end => found.earlier(),
            AmbiguousOffset::Fold { .. } | AmbiguousOffset::Gap { .. } | AmbiguousOffset::Unambiguous { .. } => {
                found.later()
            }
        };
        Some(instant.ok()?.as_millisecond())
    }

    /// Every stretch of allowed time that begins on one of the days around an instant.
    fn around(&self, at: i64, before: i64, after: i64) -> Vec<(i64, i64)> {
        let Ok(instant) = Timestamp::from_millisecond(at) else { return Vec::new() };
        let today = instant.to_zoned(self.zone.clone()).date();
        let mut found = Vec::new();
        for distance in -before..=after {
            let Ok(date) = today.checked_add(distance.days()) else { continue };
            let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
            for (on, from, to) in &self.windows {
                if !on.get(weekday).copied().unwrap_or(false) {
                    continue;
                }
                let to = if to <= from { to + 24 * 60 } else { *to };
                let civil = |minutes: i64| {
                    let date = date.checked_add((minutes / 1440).days()).ok()?;
                    let (hour, minute) = ((minutes % 1440) / 60, minutes % 60);
                    Some(date.at(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0))
                };
                let begins = civil(*from).and_then(|at| self.instant(at, false));
                let ends = civil(to).and_then(|at| self.instant(at, true));
                found.extend(begins.zip(ends));
            }
        }
        found.sort_unstable();
        let mut joined: Vec<(i64, i64)> = Vec::new();
        for (from, to) in found {
            match joined.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                Some(_) | None => joined.push((from, to)),
            }
        }
        joined
    }

    /// Whether machines may be on then.
    pub(crate) fn allow(&self, at: i64) -> bool {
        self.around(at, 3, 1).iter().any(|(from, to)| (*from..*to).contains(&at))
    }

    /// The newest end of allowed time at or before an instant.
    pub(crate) fn last_end(&self, at: i64) -> Option<i64> {
        self.around(at, 9, 1).iter().map(|(_, to)| *to).filter(|to| *to <= at).max()
    }

    /// The next end of allowed time after an instant.
    pub(crate) fn next_end(&self, at: i64) -> Option<i64> {
        self.around(at, 3, 9).iter().map(|(_, to)| *to).filter(|to| *to > at).min()
    }

    /// Whether nothing is done on the day of that instant, or next to it.
    pub(crate) fn is_near_no_action(&self, at: i64) -> bool {
        let (Some(day), Ok(at)) = (self.no_action, Timestamp::from_millisecond(at)) else { return false };
        let date = at.to_zoned(self.zone.clone()).date();
        (date - day).get_days().abs() <= 1
    }

    /// Whether nothing is done on the day of that instant.
    pub(crate) fn is_no_action(&self, at: i64) -> bool {
        let (Some(day), Ok(at)) = (self.no_action, Timestamp::from_millisecond(at)) else { return false };
        at.to_zoned(self.zone.clone()).date() == day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn the_hour_that_comes_twice_is_kept_twice() {
        let hours = Hours::read("Europe/Madrid", "daily@06:00-02:30", "-").unwrap();
        // on 2026-10-25 the clock goes from 03:00 back to 02:00
        assert!(hours.allow(at("2026-10-25T00:29:59Z")));
        assert!(hours.allow(at("2026-10-25T00:45:00Z")), "02:45 comes again");
        assert!(hours.allow(at("2026-10-25T01:29:59Z")));
        assert!(!hours.allow(at("2026-10-25T01:30:00Z")));
        assert_eq!(hours.next_end(at("2026-10-24T20:00:00Z")), Some(at("2026-10-25T01:30:00Z")));
    }

    #[test]
    fn the_hour_that_is_left_out_ends_when_it_is_over() {
        let hours = Hours::read("Europe/Madrid", "daily@06:00-02:30", "-").unwrap();
        assert_eq!(
            hours.next_end(at("2026-03-28T20:00:00Z")),
            Some(at("2026-03-29T01:30:00Z")),
            "03:30 in summer time"
        );
        assert_eq!(hours.last_end(at("2026-03-29T09:00:00Z")), Some(at("2026-03-29T01:30:00Z")));
    }

    #[test]
    fn windows_that_meet_are_one() {
        let hours = Hours::read("America/Santiago", "Sun-Thu@09:00-24:00,Fri@09:00-16:30", "-").unwrap();
        assert_eq!(hours.next_end(at("2026-06-05T14:00:00Z")), Some(at("2026-06-05T20:30:00Z")));
        let all = Hours::read("Europe/Madrid", "daily@00:00-24:00", "2026-03-25").unwrap();
        assert!(all.is_no_action(at("2026-03-25T12:00:00Z")) && !all.is_no_action(at("2026-03-26T12:00:00Z")));
        assert_eq!(days("Fri-Mon"), Some([true, false, false, false, true, true, true]));
        assert_eq!(day("Foo"), None);
    }
}

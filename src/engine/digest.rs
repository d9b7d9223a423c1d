//! The week in figures: for each owner and for whoever leads a team what was spent, what stops avoided, and what is still on.
//! Each week once: the message's key names the person and the week.

use std::sync::atomic::Ordering;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::state::Engine;
use super::week::accounts;
use crate::facts::SHARDS;
use crate::ports::{Apart, Fault, SweepRecord, World};

/// A week is told so long after its time; then it is none's news any more.
const TOLD_FOR: SignedDuration = SignedDuration::from_hours(3 * 24);

/// When the week is told.
#[derive(Debug, Clone)]
pub struct Weekly {
    /// By whose clocks weeks begin.
    pub zone: TimeZone,
    /// At which hour of Monday.
    pub at: Time,
}

/// A week that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Week {
    /// As ISO 8601 has it: `2026-W13`.
    pub(super) name: String,
    /// Its first second.
    pub(super) from: i64,
    /// The second after its last.
    pub(super) to: i64,
}

impl Weekly {
    /// The week that is to be told at an instant: the one before, from its hour on Monday, for three days.
    fn due(&self, now: Timestamp) -> Option<Week> {
        let today = now.to_zoned(self.zone.clone()).date();
        let monday = today.checked_sub(i64::from(today.weekday().to_monday_zero_offset()).days()).ok()?;
        let since = monday.to_datetime(self.at).to_zoned(self.zone.clone()).ok()?.timestamp();
        if now < since || now.duration_since(since) > TOLD_FOR {
            return None;
        }
        let before = monday.checked_sub(1.weeks()).ok()?;
        let start = |date: jiff::civil::Date| {
            let midnight = date.to_datetime(Time::midnight()).to_zoned(self.zone.clone()).ok()?;
            Some(midnight.start_of_day().ok()?.timestamp().as_second())
        };
        let iso = before.iso_week_date();
        Some(Week { name: format!("{}-W{:02}", iso.year(), iso.week()), from: start(before)?, to: start(monday)? })
    }
}

impl<W: World> Engine<W> {
    /// For a sweep: tells of the week where no loop does.
    pub(super) async fn tell_of_week_once(&self) -> Result<(), Fault> {
        if self.has_loops.load(Ordering::Relaxed) { Ok(()) } else { self.tell_of_week().await }
    }

    /// Writes what is to be told of the week that is over, if it is time and that was not done.
    ///
    /// # Errors
    /// When the ledger cannot be read, or the outbox not be written: it is tried again.
    pub(super) async fn tell_of_week(&self) -> Result<(), Fault> {
        let now = self.world.now();
        let Some(week) = self.options.telling.weekly.as_ref().and_then(|weekly| weekly.due(now)) else { return Ok(()) };
        let parts = self.fleet_view().part.shards;
        {
            let state = self.lock();
            let is_told = state.told.week.as_deref() == Some(week.name.as_str());
            // by a clock that is wrong it is not known which week it is; before a look nobody knows what is on
            let is_others = !state.share.leads();
            // what a part has on is not known before its replica shows it
            if is_told || is_others || parts < SHARDS || state.clock_trouble.is_some() || state.last.ended_at.is_none()
            {
                return Ok(());
            }
        }
        let spent = self.world.spent(week.from, week.to, Apart { teams: true, owners: true }).await?;
        let avoided = self.world.avoided(week.from, week.to).await?;
        let others = self.others_show();
        let messages = {
            let state = self.lock();
            let still_on = state.still_on(&others, &self.options.accounting, now);
            let people = accounts(&spent, &avoided, &still_on);
            state.told_of(&week, &people, (&self.options.telling.people, &others), now)
        };
        let record = SweepRecord { at: Some(now), messages: self.fanned(messages), ..SweepRecord::default() };
        if !record.messages.is_empty() {
            self.world.record(&record).await?;
        }
        self.lock().told.week = Some(week.name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(now: &str) -> Option<String> {
        let weekly = Weekly { zone: TimeZone::get("Europe/Madrid").unwrap(), at: Time::constant(8, 0, 0, 0) };
        let week = weekly.due(now.parse().unwrap())?;
        let at = |second| Timestamp::from_second(second).unwrap();
        Some(format!("{} {} {}", week.name, at(week.from), at(week.to)))
    }

    #[test]
    fn the_week_before_is_told_from_monday_morning_for_three_days() {
        let week = "2026-W12 2026-03-15T23:00:00Z 2026-03-22T23:00:00Z".to_owned();
        assert_eq!(due("2026-03-23T06:59:59Z"), None, "07:59 in Madrid");
        assert_eq!(due("2026-03-23T07:00:00Z"), Some(week.clone()));
        assert_eq!(due("2026-03-26T07:00:00Z"), Some(week));
        assert_eq!(due("2026-03-26T07:00:01Z"), None);
    }

    #[test]
    fn weeks_are_of_the_zone_and_of_iso() {
        // the clocks go forward on Sunday 29 March: an hour less
        let short = due("2026-03-30T10:00:00Z").unwrap();
        assert_eq!(short, "2026-W13 2026-03-22T23:00:00Z 2026-03-29T22:00:00Z");
        assert_eq!(due("2027-01-04T10:00:00Z").unwrap().split(' ').next(), Some("2026-W53"));
        assert_eq!(due("2025-01-06T10:00:00Z").unwrap().split(' ').next(), Some("2025-W01"));
    }
}

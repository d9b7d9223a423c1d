//! What Azure does by itself: the instance's own schedules and idle timer.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::agenda::Event;
use super::machine::{Machine, State};
use super::operations::OperationFate;
use super::person::UseKind;
use super::spec::{NativeAction, NativeSchedule};
use super::truth::{StartCause, StopCause};

/// The first firing strictly after `after`; none if the schedule is disabled or names no day.
pub(super) fn next_firing(schedule: &NativeSchedule, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
    if !schedule.enabled {
        return None;
    }
    let mut date = after.to_zoned(zone.clone()).date();
    // Eight days hold every weekday, and the same weekday again when today's firing is past.
    for _ in 0..=8 {
        if schedule.weekdays.contains(&date.weekday().to_monday_one_offset()) {
            let at = date.at(schedule.hour, schedule.minute, 0, 0).to_zoned(zone.clone()).ok()?.timestamp();
            if at > after {
                return Some(at);
            }
        }
        date = date.tomorrow().ok()?;
    }
    None
}

impl Machine {
    /// A schedule is due: it acts if the machine is in the state for it, and is put on the agenda again.
    pub(super) fn fire_schedule(&mut self, seed: u64, at: Timestamp, index: usize) {
        let Some(schedule) = self.spec.schedules.get(index).cloned() else {
            return;
        };
        self.plan_schedule(at, index);
        match schedule.action {
            NativeAction::Start if self.state == State::Stopped => {
                self.begin_start(seed, at, StartCause::NativeSchedule, OperationFate::Normal);
            }
            NativeAction::Stop if self.is_up() && !self.disk_full => {
                self.begin_stop(seed, at, StopCause::NativeSchedule, OperationFate::Normal);
            }
            NativeAction::Start | NativeAction::Stop => {}
        }
    }

    /// Puts the next firing of a schedule on the agenda.
    pub(super) fn plan_schedule(&mut self, after: Timestamp, index: usize) {
        let Some(schedule) = self.spec.schedules.get(index) else {
            return;
        };
        // The zone was resolved once when the world was made; a name that fails here can only be a changed database.
        let Ok(zone) = TimeZone::get(&schedule.zone) else {
            return;
        };
        if let Some(at) = next_firing(schedule, &zone, after) {
            self.agenda.add(at, Event::ScheduleFires(index));
        }
    }

    /// The idle timer that was armed as `number` runs out: it stops the machine if nothing disarmed it since.
    pub(super) fn fire_idle(&mut self, seed: u64, at: Timestamp, number: u64) {
        if self.idle_timer == Some(number) && self.state == State::Running && !self.disk_full {
            self.idle_timer = None;
            self.begin_stop(seed, at, StopCause::NativeIdle, OperationFate::Normal);
        }
    }

    /// Gives it another length, from now on.
    pub(super) fn wind_idle_timer(&mut self, at: Timestamp, minutes: u32) {
        self.spec.idle_minutes = Some(minutes);
        if let Some(asked) = &mut self.spec.asked {
            asked.properties.remove("idleTimeBeforeShutdown");
        }
        self.modified_on = at;
        self.idle_timer = None;
        self.set_idle_timer(at);
    }

    /// Arms or disarms the idle timer. It sees kernels and jobs; a run under tmux is invisible to it. With custom
    /// applications, or an identity that is not Contributor, it never stops anything.
    pub(super) fn set_idle_timer(&mut self, at: Timestamp) {
        if !self.spec.custom_services.is_empty() || self.spec.identity {
            return;
        }
        let Some(minutes) = self.spec.idle_minutes else {
            return;
        };
        let quiet = self.state == State::Running && !self.wants(UseKind::Present) && !self.kernel_open;
        match (quiet, self.idle_timer) {
            (true, None) => {
                self.idle_timers = self.idle_timers.wrapping_add(1);
                self.idle_timer = Some(self.idle_timers);
                if let Ok(end) = at.checked_add(SignedDuration::from_mins(i64::from(minutes))) {
                    self.agenda.add(end, Event::IdleFires(self.idle_timers));
                }
            }
            (false, Some(_)) => self.idle_timer = None,
            (true, Some(_)) | (false, None) => {}
        }
    }
}

//! People and their machines over months: they work, forget, hold, restart in the evening, make machines and delete them.

use fastrand::Rng;
use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use lightsout::facts::Use;

use crate::story::{Event, Who};

/// Seconds since 1970, and what happens then.
pub(crate) type Agenda = Vec<(i64, Event)>;

/// One in so many.
fn chance(rng: &mut Rng, percent: u32) -> bool {
    rng.u32(0..100) < percent
}

/// One person with one machine.
pub(crate) struct Person {
    pub(crate) who: Who,
    pub(crate) zone: TimeZone,
    /// How often, in percent, they turn it off themselves in the evening.
    pub(crate) tidy: u32,
    /// Their machine has an agent.
    pub(crate) has_agent: bool,
    pub(crate) homes: u8,
}

impl Person {
    /// The day of this person.
    pub(crate) fn day(&self, rng: &mut Rng, date: Date, agenda: &mut Agenda) {
        let weekend = date.weekday().to_monday_zero_offset() >= 5;
        if !chance(rng, if weekend { 12 } else { 85 }) {
            return;
        }
        let minute = |minute: i64| {
            let midnight = self.zone.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
            Some(midnight.as_second() + minute * 60)
        };
        let begins = rng.i64(480..640);
        let ends = begins + rng.i64(240..620);
        let (Some(from), Some(to)) = (minute(begins), minute(ends)) else { return };
        agenda.push((from, Event::Start(self.who)));
        self.work(rng, (from, to), agenda);
        if chance(rng, self.tidy) {
            agenda.push((to + rng.i64(60..900), Event::Off(self.who)));
        }
        self.evening(rng, (from, to), agenda);
    }

    /// Busy, a pause, busy again, then quiet; what the agent says.
    fn work(&self, rng: &mut Rng, (from, to): (i64, i64), agenda: &mut Agenda) {
        if !self.has_agent {
            return;
        }
        let noon = from + (to - from) / 2;
        let pause = rng.i64(600..5400).min((to - from) / 3);
        agenda.push((from + 120, Event::Says(self.who, Some(Use::Busy))));
        agenda.push((noon, Event::Says(self.who, Some(Use::Quiet))));
        agenda.push((noon + pause, Event::Says(self.who, Some(Use::Busy))));
        let last = match rng.u32(0..20) {
            0 => None,
            1 => Some(Use::Connected),
            2 => Some(Use::Unknown),
            _quiet => Some(Use::Quiet),
        };
        agenda.push((to, Event::Says(self.who, last)));
    }

    fn evening(&self, rng: &mut Rng, (from, to): (i64, i64), agenda: &mut Agenda) {
        let evening = from + rng.i64(36_000..50_000);
        match rng.u32(0..100) {
            // back in the evening
            0..=5 => {
                agenda.push((evening, Event::Start(self.who)));
                if self.has_agent {
                    agenda.push((evening + 60, Event::Says(self.who, Some(Use::Busy))));
                    agenda.push((evening + rng.i64(1200..9000), Event::Says(self.who, Some(Use::Quiet))));
                }
            }
            // a training that goes on into the night
            6..=8 => {
                let ends = to + rng.i64(3600..40_000);
                agenda.push((to - 600, Event::Job(self.who, true)));
                if self.has_agent {
                    // its agent sees the job as well
                    agenda.push((to + 1, Event::Says(self.who, Some(Use::Busy))));
                    agenda.push((ends, Event::Says(self.who, Some(Use::Quiet))));
                }
                agenda.push((ends, Event::Job(self.who, false)));
            }
            9..=12 => self.hold(rng, evening, agenda),
            13 => agenda.push((to, Event::StopNow(self.who))),
            _nothing => {}
        }
    }

    /// Keeps it on for the evening, and now and then thinks better of it.
    fn hold(&self, rng: &mut Rng, at: i64, agenda: &mut Agenda) {
        let minutes = rng.u16(30..400);
        agenda.push((at, Event::Hold(self.who, minutes, chance(rng, 50))));
        if chance(rng, 30) {
            agenda.push((at + rng.i64(60..i64::from(minutes) * 60), Event::Lift(self.who)));
        }
    }

    /// What happens once in months.
    fn rarely(&self, rng: &mut Rng, at: i64, agenda: &mut Agenda) {
        match rng.u32(0..600) {
            0 => agenda.push((at + rng.i64(30_000..80_000), Event::Recreate(self.who))),
            2 => {
                agenda.push((at + rng.i64(30_000..80_000), Event::Delete(self.who)));
                let home = u8::try_from(self.who % u16::from(self.homes.max(1))).unwrap_or(0);
                agenda.push((at + 2 * 86_400, Event::Create(self.who, home, true)));
            }
            1 => {
                agenda.push((at + 40_000, Event::Tag(self.who, true)));
                agenda.push((at + rng.i64(1..6) * 86_400, Event::Tag(self.who, false)));
            }
            _nothing => {}
        }
    }
}

/// How many people, in how many workspaces.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Crowd {
    pub(crate) people: u16,
    pub(crate) homes: u8,
}

/// Everything that these people do between two instants.
pub(crate) fn lives(rng: &mut Rng, crowd: Crowd, zones: &[&str], (begins, ends): (i64, i64)) -> Agenda {
    let mut agenda = Agenda::new();
    let first = jiff::Timestamp::from_second(begins).unwrap_or_default().to_zoned(TimeZone::UTC).date();
    let days = (ends - begins) / 86_400;
    for who in 0..crowd.people {
        let home = u8::try_from(who % u16::from(crowd.homes.max(1))).unwrap_or(0);
        let zone = zones.get(usize::from(home)).and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
        let person = Person { who, zone, tidy: rng.u32(5..60), has_agent: chance(rng, 85), homes: crowd.homes };
        agenda.push((begins, Event::Create(who, home, chance(rng, 90))));
        for day in 0..days {
            let Ok(date) = first.checked_add(day.days()) else { continue };
            person.day(rng, date, &mut agenda);
            person.rarely(rng, begins + day * 86_400, &mut agenda);
        }
    }
    agenda.retain(|(at, _)| (begins..ends).contains(at));
    agenda
}

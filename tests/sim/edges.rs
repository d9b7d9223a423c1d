//! What happens around the ends of hours, where nearly every stop is: everybody is on, and then something comes in between.

use fastrand::Rng;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::check::Hours;
use crate::cloud::OnStop;
use crate::people::{Agenda, Crowd};
use crate::policies::Written;
use crate::story::{Event, Who, usual};

const MINUTE: i64 = 60;
const HOUR: i64 = 3600;

/// Whose ends, and how often something happens at them.
pub(crate) struct Edges<'a> {
    pub(crate) crowd: Crowd,
    pub(crate) written: &'a [Written],
    /// At so many of a hundred.
    pub(crate) percent: u32,
    /// How often a workspace is read, in seconds.
    pub(crate) interval: u32,
}

/// One end of hours: of which workspace, when, and who has a machine there.
struct Edge {
    at: i64,
    people: Vec<Who>,
    interval: i64,
}

/// What happens at ends of hours between two instants. One beside a change of clocks is never left out.
pub(crate) fn edges(rng: &mut Rng, of: &Edges<'_>, (begins, ends): (i64, i64)) -> Agenda {
    let mut agenda = Agenda::new();
    for (home, written) in of.written.iter().enumerate() {
        let allowed = written.allowed.replace(' ', "@");
        let hours = Hours::read(written.zone, &allowed, "-");
        let (Some(hours), Ok(zone)) = (hours, TimeZone::get(written.zone)) else { continue };
        let homes = usize::from(of.crowd.homes.max(1));
        let people: Vec<Who> = (0..of.crowd.people).filter(|who| usize::from(*who) % homes == home).collect();
        let mut next = hours.next_end((begins + 12 * HOUR) * 1000);
        while let Some(at) = next.map(|at| at.div_euclid(1000)).filter(|at| *at < ends - 6 * HOUR) {
            next = hours.next_end(at * 1000);
            if rng.u32(0..100) < of.percent || is_near_change(&zone, at) {
                let edge = Edge { at, people: people.clone(), interval: i64::from(of.interval) };
                edge.crowded(rng, &mut agenda);
                edge.crossed(rng, &mut agenda);
            }
        }
    }
    agenda.retain(|(at, _)| (begins..ends).contains(at));
    agenda
}

/// Whether the clocks of the zone change within three hours of an instant.
fn is_near_change(zone: &TimeZone, at: i64) -> bool {
    let near = SignedDuration::from_hours(3);
    let Ok(at) = Timestamp::from_second(at) else { return false };
    let offset = |at: Option<Timestamp>| at.map(|at| zone.to_offset(at));
    offset(at.checked_sub(near).ok()) != offset(at.checked_add(near).ok())
}

impl Edge {
    fn anyone(&self, rng: &mut Rng) -> Option<Who> {
        rng.choice(self.people.iter()).copied()
    }

    /// Most of them start theirs in the hours before, and leave it.
    fn crowded(&self, rng: &mut Rng, agenda: &mut Agenda) {
        for who in &self.people {
            if rng.u32(0..100) < 80 {
                agenda.push((self.at - rng.i64(3 * HOUR..5 * HOUR), Event::Start(*who)));
            }
        }
    }

    /// What comes in between.
    fn crossed(&self, rng: &mut Rng, agenda: &mut Agenda) {
        let Some(who) = self.anyone(rng) else { return };
        match rng.u32(0..6) {
            // the service sleeps over it, and finds many at once that were announced for several sweeps
            0 => {
                let minutes = rng.u16(15..60);
                let event = if rng.bool() { Event::Stall(minutes) } else { Event::Down(minutes) };
                agenda.push((self.at - rng.i64(0..8 * MINUTE), event));
            }
            // deleted, or made anew, while its stop takes long
            1 => {
                let long = OnStop::Takes(SignedDuration::from_secs(6 * HOUR));
                agenda.push((self.at - HOUR, Event::OnStop(who, long)));
                let later = self.at + 2 * self.interval + rng.i64(10 * MINUTE..2 * HOUR);
                agenda.push((later, Event::OnStop(who, usual())));
                if rng.bool() {
                    agenda.push((later, Event::Recreate(who)));
                } else {
                    let home = u8::try_from(usize::from(who) % 256).unwrap_or(0);
                    agenda.push((later, Event::Delete(who)));
                    agenda.push((later + HOUR, Event::Create(who, home, true)));
                }
            }
            // held over it, and the service begins anew meanwhile
            2 | 3 => {
                agenda.push((self.at - rng.i64(10 * MINUTE..HOUR), Event::Hold(who, rng.u16(120..400), rng.bool())));
                agenda.push((self.at - rng.i64(0..5 * MINUTE), Event::Down(rng.u16(1..4))));
                if rng.bool() {
                    agenda.push((self.at + rng.i64(20 * MINUTE..90 * MINUTE), Event::Lift(who)));
                }
            }
            _nothing => {}
        }
    }
}

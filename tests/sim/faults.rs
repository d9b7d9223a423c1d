//! What goes wrong: seasons of faults with calm between them, so that what was broken is seen to mend.

use fastrand::Rng;
use jiff::SignedDuration;
use lightsout::facts::Use;
use lightsout::ports::FaultKind;

use crate::cloud::OnStop;
use crate::people::{Agenda, Crowd};
use crate::run::variants;
use crate::story::{Crash, Event, Meanwhile};

const HOUR: i64 = 3600;

/// How much goes wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weather {
    /// A storm begins so many hours after the last one ended, about.
    pub(crate) calm: i64,
    /// And lasts so many hours, about.
    pub(crate) storm: i64,
    /// Faults of an hour in a storm.
    pub(crate) dense: u32,
    /// At so many of a hundred ends of hours something happens.
    pub(crate) edges: u32,
}

/// Faults between two instants, and after each storm an end of all of them.
pub(crate) fn faults(rng: &mut Rng, crowd: Crowd, weather: Weather, (begins, ends): (i64, i64)) -> Agenda {
    let mut agenda = Agenda::new();
    let mut at = begins + rng.i64(weather.calm / 2..weather.calm + 1) * HOUR;
    while at < ends {
        let length = rng.i64(weather.storm / 2 + 1..weather.storm + 2) * HOUR;
        for _ in 0..u32::try_from(length / HOUR).unwrap_or(0) * weather.dense {
            let when = at + rng.i64(0..length);
            one(rng, crowd, when, &mut agenda);
        }
        agenda.push((at + length, Event::Mend));
        at += length + rng.i64(weather.calm / 2 + 1..weather.calm * 3 / 2 + 2) * HOUR;
    }
    // comparisons come in fair weather and foul
    let mut at = begins + HOUR;
    while at < ends {
        agenda.push((at, Event::Twin));
        at += rng.i64(60..200) * HOUR + rng.i64(0..HOUR);
    }
    agenda.retain(|(at, _)| *at < ends);
    agenda
}

fn on_stop(rng: &mut Rng) -> OnStop {
    let kinds = [
        FaultKind::Throttled(None),
        FaultKind::Conflict,
        FaultKind::DiskFull,
        FaultKind::Unreachable,
        FaultKind::Refused,
    ];
    match rng.u32(0..11) {
        0 => OnStop::Takes(SignedDuration::from_secs(rng.i64(10..900))),
        1 => OnStop::Ignored,
        2 => OnStop::OperationFails,
        3 => OnStop::Lost(false),
        4 => OnStop::Lost(true),
        5 => OnStop::Takes(SignedDuration::from_hours(60)),
        _refused => OnStop::Refused(rng.choice(kinds).unwrap_or(FaultKind::Refused)),
    }
}

fn crash(rng: &mut Rng) -> Crash {
    match rng.u32(0..8) {
        0 => Crash::At("intended"),
        1 => Crash::At("posted"),
        2 => Crash::At("sent"),
        3 => Crash::At("recorded"),
        _write => Crash::Write(rng.u8(1..12), rng.bool()),
    }
}

/// One fault, and mostly its end.
fn one(rng: &mut Rng, crowd: Crowd, at: i64, agenda: &mut Agenda) {
    let who = rng.u16(0..crowd.people.max(1));
    let home = rng.u8(0..crowd.homes.max(1));
    let over = at + rng.i64(300..4 * HOUR);
    match rng.u32(0..34) {
        0..=6 => agenda.push((at, Event::OnStop(who, on_stop(rng)))),
        7 => pair(agenda, (at, Event::Listed(who, false)), (over, Event::Listed(who, true))),
        8 => pair(agenda, (at, Event::Lags(who, true)), (over, Event::Lags(who, false))),
        9 => pair(agenda, (at, Event::Odd(who, true)), (over, Event::Odd(who, false))),
        10 => pair(agenda, (at, Event::NoOperation(who, true)), (over, Event::NoOperation(who, false))),
        11 => pair(agenda, (at, Event::Tags(who, false)), (over, Event::Tags(who, true))),
        12 | 13 => {
            let whats = [Meanwhile::Restart, Meanwhile::Recreate, Meanwhile::Tag, Meanwhile::Slow, Meanwhile::Freeze];
            agenda.push((at, Event::AtLook(who, rng.choice(whats).unwrap_or(Meanwhile::Restart))));
        }
        14 | 15 => {
            let what = if rng.u32(0..4) == 0 { Meanwhile::Freeze } else { Meanwhile::Hold };
            agenda.push((at, Event::AtWire(who, what)));
        }
        16 | 17 => {
            let kinds = [FaultKind::Throttled(None), FaultKind::Unreachable, FaultKind::Denied, FaultKind::Garbled];
            let kind = rng.choice(kinds).unwrap_or(FaultKind::Unreachable);
            pair(agenda, (at, Event::Workspace(home, Some(kind))), (over, Event::Workspace(home, None)));
        }
        18 => pair(agenda, (at, Event::Lost(home, true)), (over, Event::Lost(home, false))),
        19 => pair(agenda, (at, Event::Freeze(Some(rng.u32(0..4) > 0))), (over, Event::Freeze(None))),
        20 | 21 => pair(agenda, (at, Event::Channel(false)), (over, Event::Channel(true))),
        22 => pair(agenda, (at, Event::Disk(false)), (over, Event::Disk(true))),
        23 => clock(rng, (at, over), agenda),
        24 => agenda.push((at, Event::Stall(rng.u16(3..400)))),
        25 | 26 => agenda.push((at, Event::Down(rng.u16(1..900)))),
        27..=29 => agenda.push((at, Event::Crash(crash(rng)))),
        30 => agenda.push((at, Event::Policy(home, rng.u8(0..variants())))),
        31 => agenda.push((at, Event::Acknowledge(home))),
        32 => agenda.push((at, Event::StopNow(who))),
        _silent => pair(agenda, (at, Event::Says(who, None)), (over, Event::Says(who, Some(Use::Quiet)))),
    }
}

fn clock(rng: &mut Rng, (at, over): (i64, i64), agenda: &mut Agenda) {
    let by = match rng.u32(0..4) {
        0 => rng.i32(-100..100),
        1 => rng.i32(-7200..-180),
        2 => 90_000,
        _forward => rng.i32(180..7200),
    };
    if by != 0 {
        pair(agenda, (at, Event::Clock(by)), (over, Event::Clock(0)));
    }
}

fn pair(agenda: &mut Agenda, begins: (i64, Event), ends: (i64, Event)) {
    agenda.push(begins);
    agenda.push(ends);
}

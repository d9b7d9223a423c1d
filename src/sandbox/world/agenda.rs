//! What is going to happen to one machine, in order of time.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::person::UseKind;

/// Something that happens to a machine at an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// A start, stop or restart reaches its end.
    TransitionEnds,
    /// The person's day is drawn and put on the agenda, and the day after it is asked for.
    PlanDay(Date),
    /// The person sits down, or a run begins.
    UseBegins(UseKind),
    /// The person leaves, or a run ends.
    UseEnds(UseKind),
    /// A notebook kernel stays open behind the person (`true`) or is closed (`false`).
    Kernel(bool),
    /// The person presses Stop before leaving.
    PersonStops,
    /// The person presses Start, having found the machine off.
    PersonStarts,
    /// The idle timer that was armed as number `.0` runs out.
    IdleFires(u64),
    /// Entry `.0` of the machine's own schedules is due.
    ScheduleFires(usize),
    /// The disk fills up.
    DiskFills,
    /// The owner has made room on the disk.
    DiskFreed,
    /// The person answers a notice: keep it on until then, for this reason.
    AsksHold {
        /// Until when the person wants to keep the machine.
        until: Timestamp,
        /// What the person does with it.
        kind: UseKind,
    },
}

impl Event {
    /// Order among events of the same instant: what Azure ends comes first, then uses, then what people decide on them.
    const fn rank(&self) -> u8 {
        match self {
            Self::TransitionEnds => 0,
            Self::PlanDay(_) => 1,
            Self::UseEnds(_) | Self::Kernel(_) => 2,
            Self::UseBegins(_) => 3,
            Self::DiskFills | Self::DiskFreed => 4,
            Self::PersonStarts => 5,
            Self::PersonStops => 6,
            Self::ScheduleFires(_) => 7,
            Self::IdleFires(_) => 8,
            Self::AsksHold { .. } => 9,
        }
    }
}

/// The events of one machine, soonest first.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    events: BTreeMap<(Timestamp, u8, u64), Event>,
    written: u64,
}

impl Agenda {
    /// Puts an event down.
    pub(super) fn add(&mut self, at: Timestamp, event: Event) {
        self.written = self.written.wrapping_add(1);
        self.events.insert((at, event.rank(), self.written), event);
    }

    /// When the next event is due.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.events.keys().next().map(|key| key.0)
    }

    /// When the use of that kind that is going on ends: the soonest end that is written down.
    pub(super) fn end_of(&self, kind: UseKind) -> Option<Timestamp> {
        self.events.iter().find(|(_, event)| **event == Event::UseEnds(kind)).map(|(key, _)| key.0)
    }

    /// When the next use of that kind begins.
    pub(super) fn beginning_of(&self, kind: UseKind) -> Option<Timestamp> {
        self.events.iter().find(|(_, event)| **event == Event::UseBegins(kind)).map(|(key, _)| key.0)
    }

    /// Takes the next event if it is due at or before `until`.
    pub(super) fn take(&mut self, until: Timestamp) -> Option<(Timestamp, Event)> {
        let at = self.next().filter(|at| *at <= until)?;
        let (_, event) = self.events.pop_first()?;
        Some((at, event))
    }
}

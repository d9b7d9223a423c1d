//! What each event does to a machine, and what its person does about the result.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::agenda::Event;
use super::machine::{Machine, State};
use super::operations::OperationFate;
use super::person::UseKind;
use super::stream::{chance, stream};
use super::truth::{HoldWish, StartCause, StopCause};

/// How long an owner takes to make room on a full disk after being told.
const FREES_DISK_AFTER: SignedDuration = SignedDuration::from_mins(22);

impl Machine {
    /// Lives through everything due until `until`; returns the wishes that were voiced.
    pub(super) fn live_until(&mut self, seed: u64, until: Timestamp) -> Vec<HoldWish> {
        let mut wishes = Vec::new();
        while let Some((at, event)) = self.agenda.take(until) {
            self.meter_to(at);
            wishes.extend(self.happen(seed, at, event));
            self.settle(seed, at);
        }
        wishes
    }

    /// One event.
    fn happen(&mut self, seed: u64, at: Timestamp, event: Event) -> Option<HoldWish> {
        match event {
            Event::TransitionEnds => self.end_transition(at),
            Event::PlanDay(date) => self.plan_day(at, date),
            Event::UseBegins(kind) => self.begin_use(kind),
            Event::UseEnds(kind) => self.change_want(kind, false),
            Event::Kernel(open) => self.kernel_open = open && self.is_up(),
            Event::PersonStops => self.person_stops(seed, at),
            Event::PersonStarts => self.person_starts(seed, at),
            Event::IdleFires(number) => self.fire_idle(seed, at, number),
            Event::ScheduleFires(index) => self.fire_schedule(seed, at, index),
            Event::DiskFills => self.disk_full = true,
            Event::DiskFreed => self.disk_full = false,
            Event::AsksHold { until, kind } => return self.wish(at, until, kind),
        }
        None
    }

    /// After every event and every command: state words, timers and wishes follow from what is now.
    pub(super) fn settle(&mut self, seed: u64, at: Timestamp) {
        // A machine of the estate without a person is a fixture: it stays in the state it was given. One that was made since
        // is none.
        match (self.state, self.wants(UseKind::Job)) {
            _ if self.person.is_none() && self.spec.asked.is_none() => {}
            (State::Running, true) => self.enter(State::JobRunning, at),
            (State::JobRunning, false) => self.enter(State::Running, at),
            _ => {}
        }
        self.set_idle_timer(at);
        self.note_uses(at);
        if self.state == State::Stopped && self.wants_any() && !self.start_planned {
            self.start_planned = true;
            let starts = at.checked_add(self.notices_after(seed, at)).unwrap_or(at);
            self.agenda.add(starts, Event::PersonStarts);
        }
    }

    /// How long the person takes to find the machine off and press Start.
    fn notices_after(&self, seed: u64, at: Timestamp) -> SignedDuration {
        let mut rng = stream(seed, &[&self.id, "notices", &at.as_second().to_string()]);
        SignedDuration::from_secs(match (self.interrupted, self.wants(UseKind::Present)) {
            (false, _) => rng.i64(20..=120),
            (true, true) => rng.i64(90..=420),
            (true, false) => rng.i64(240..=1_320),
        })
    }

    fn plan_day(&mut self, at: Timestamp, date: Date) {
        let Some(person) = &self.person else { return };
        let plan = person.plan_day(date);
        let zone = person.zone.clone();
        let tomorrow = date.tomorrow().ok().and_then(|next| Some((next, next.to_zoned(zone).ok()?.timestamp())));
        for (kind, from, to) in plan.uses {
            if to > at && to > from {
                self.agenda.add(from.max(at), Event::UseBegins(kind));
                self.agenda.add(to, Event::UseEnds(kind));
            }
        }
        for stop in plan.stops {
            self.agenda.add(stop.max(at), Event::PersonStops);
        }
        for left in plan.kernels_left {
            self.agenda.add(left.max(at), Event::Kernel(true));
        }
        if let Some((next, midnight)) = tomorrow {
            self.agenda.add(midnight.max(at), Event::PlanDay(next));
        }
    }

    fn begin_use(&mut self, kind: UseKind) {
        self.change_want(kind, true);
        if kind == UseKind::Present {
            self.kernel_open = false;
        }
    }

    /// The person stops the machine before leaving, unless something still runs on it or Azure refuses.
    fn person_stops(&mut self, seed: u64, at: Timestamp) {
        if self.is_up() && !self.wants_any() && !self.disk_full {
            self.begin_stop(seed, at, StopCause::User, OperationFate::Normal);
        }
    }

    fn person_starts(&mut self, seed: u64, at: Timestamp) {
        self.start_planned = false;
        if self.state == State::Stopped && self.wants_any() {
            self.interrupted = false;
            self.begin_start(seed, at, StartCause::User, OperationFate::Normal);
        }
    }

    /// A stop was refused for a full disk: the owner is told, and makes room.
    pub(super) fn tell_disk_full(&mut self, at: Timestamp) {
        if let Ok(freed) = at.checked_add(FREES_DISK_AFTER) {
            self.agenda.add(freed, Event::DiskFreed);
        }
    }

    /// The person reads that the machine will be stopped at `stop_at`, and may ask to keep it.
    pub(super) fn read_notice(&mut self, seed: u64, at: Timestamp, stop_at: Timestamp, link: Option<String>) {
        self.told.push((at, stop_at));
        self.link = link;
        if self.noticed.replace(stop_at) == Some(stop_at) {
            return;
        }
        let Some(person) = &self.person else { return };
        let mut rng = stream(seed, &[&self.id, "notice", &stop_at.as_second().to_string()]);
        let (asks, after) = (chance(&mut rng, person.habits.asks_hold), rng.i64(60..=420));
        let more = rng.i64(15..=45);
        let Some((kind, ends)) = self.use_that_would_suffer(stop_at) else {
            return;
        };
        if !asks {
            return;
        }
        let until = ends.checked_add(SignedDuration::from_mins(more)).unwrap_or(ends);
        if let Ok(answers) = at.checked_add(SignedDuration::from_secs(after)) {
            self.agenda.add(answers, Event::AsksHold { until, kind });
        }
    }

    /// A use going on now that lasts past `stop_at`, and when it ends; the one that ends last.
    fn use_that_would_suffer(&self, stop_at: Timestamp) -> Option<(UseKind, Timestamp)> {
        let running = UseKind::ALL.into_iter().filter(|kind| self.is_up() && self.wants(*kind));
        let ends = running.filter_map(|kind| Some((kind, self.agenda.end_of(kind)?)));
        ends.filter(|(_, end)| *end > stop_at).max_by_key(|(_, end)| *end)
    }

    fn wish(&self, at: Timestamp, until: Timestamp, kind: UseKind) -> Option<HoldWish> {
        if !self.is_up() || !self.wants(kind) {
            return None;
        }
        let owner = self.spec.owner.as_ref();
        let by = owner.map_or("someone", |owner| owner.user_name.as_deref().unwrap_or(&owner.object_id));
        let reason = match kind {
            UseKind::Job => "a training job is still running",
            UseKind::Tmux => "a training run under tmux is not finished",
            UseKind::Present => "still working on it",
        };
        let seconds = until.duration_since(at).as_secs().max(0);
        let hours = seconds.saturating_add(3_599).checked_div(3_600).unwrap_or(1).max(1);
        let (reason, by, link) = (reason.to_owned(), by.to_owned(), self.link.clone());
        Some(HoldWish { instance_id: self.id.clone(), at, until, hours, reason, by, link })
    }
}

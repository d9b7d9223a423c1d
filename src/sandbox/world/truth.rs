//! What truly happened to a machine: meters, stops, starts and uses, for those who compare Lightsout with the truth.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::machine::{Machine, State};
use super::person::UseKind;
use super::prices::PriceList;

/// True time spent, exact.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meters {
    /// Time in each state; the sum is the lifetime since the world's start.
    pub by_state: BTreeMap<State, SignedDuration>,
    /// Time in use while up, by kind; kinds overlap.
    pub by_use: BTreeMap<UseKind, SignedDuration>,
    /// Time in use of any kind while up.
    pub in_use: SignedDuration,
}

impl Meters {
    /// Time that Azure bills the size for: every state in which a machine is allocated.
    pub fn running(&self) -> SignedDuration {
        self.sum(State::is_allocated)
    }

    /// Time in which it is not.
    pub fn stopped(&self) -> SignedDuration {
        self.sum(|state| !state.is_allocated())
    }

    /// All time there was.
    pub fn lifetime(&self) -> SignedDuration {
        self.sum(|_| true)
    }

    fn sum(&self, wanted: impl Fn(State) -> bool) -> SignedDuration {
        let parts = self.by_state.iter().filter(|(state, _)| wanted(**state)).map(|(_, time)| *time);
        parts.fold(SignedDuration::ZERO, SignedDuration::saturating_add)
    }
}

/// Who or what stopped a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopCause {
    /// Its person, in the studio.
    User,
    /// Azure's own schedule.
    NativeSchedule,
    /// Azure's own idle timer.
    NativeIdle,
    /// A caller of ARM's stop or restart.
    Arm,
}

/// Who or what started a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartCause {
    /// Its person.
    User,
    /// Azure's own schedule.
    NativeSchedule,
    /// A caller of ARM's start or restart.
    Arm,
}

/// One stop, and what was truly going on at that instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopRecord {
    /// ARM id of the instance.
    pub instance: String,
    /// When the stop was accepted.
    pub at: Timestamp,
    /// By whom.
    pub cause: StopCause,
    /// A submitted job ran on it: the stop killed it.
    pub busy_job: bool,
    /// It was in use in a way that ARM cannot show: a tmux run or its person at work.
    pub busy_unseen: bool,
    /// Its person started it again within 30 minutes; only told for stops that came through ARM.
    pub regret: bool,
}

/// One start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartRecord {
    /// When it was asked for.
    pub at: Timestamp,
    /// By whom.
    pub cause: StartCause,
}

/// A stretch of true use of a machine that was up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UseInterval {
    /// What for.
    pub kind: UseKind,
    /// From when.
    pub from: Timestamp,
    /// Until when; none while it lasts.
    pub to: Option<Timestamp>,
}

/// A person asks that a machine be kept on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldWish {
    /// ARM id of the instance.
    pub instance_id: String,
    /// When the person asks.
    pub at: Timestamp,
    /// Until when the person wants to keep it.
    pub until: Timestamp,
    /// The same, as whole hours from `at`, rounded up.
    pub hours: i64,
    /// Why, in the person's words.
    pub reason: String,
    /// Who asks: the sign-in name, or the object id where there is none.
    pub by: String,
    /// The link of the notice that the person read, if it had one.
    pub link: Option<String>,
}

/// The truth about one instance.
#[derive(Debug, Clone, Copy)]
pub struct Truth<'a> {
    pub(super) machine: &'a Machine,
    pub(super) prices: &'a PriceList,
    pub(super) region: &'a str,
    /// The world's present, to which costs count.
    pub(super) now: Timestamp,
}

impl<'a> Truth<'a> {
    /// ARM id as the simulated Azure spells it.
    pub fn id(&self) -> &'a str {
        &self.machine.id
    }

    /// Name of the instance.
    pub fn name(&self) -> &'a str {
        &self.machine.spec.name
    }

    /// VM size as one writes it.
    pub fn vm_size(&self) -> &'a str {
        &self.machine.spec.vm_size
    }

    /// Sign-in name of who made it, where Azure knows one.
    pub fn owner(&self) -> Option<&'a str> {
        self.machine.spec.owner.as_ref().and_then(|owner| owner.user_name.as_deref())
    }

    /// State now.
    pub fn state(&self) -> State {
        self.machine.state
    }

    /// Meters up to the world's present.
    pub fn meters(&self) -> &'a Meters {
        &self.machine.meters
    }

    /// Every state it was in, with the instant it came into it; the first entry is the world's start.
    pub fn history(&self) -> &'a [(Timestamp, State)] {
        &self.machine.history
    }

    /// Stretches of true use.
    pub fn uses(&self) -> &'a [UseInterval] {
        &self.machine.uses
    }

    /// Every start since the world's start.
    pub fn starts(&self) -> &'a [StartRecord] {
        &self.machine.starts
    }

    /// Every stop since the world's start.
    pub fn stops(&self) -> &'a [StopRecord] {
        &self.machine.stops
    }

    /// What its person was told: when, and of which stop.
    pub fn told(&self) -> &'a [(Timestamp, Timestamp)] {
        &self.machine.told
    }

    /// The state it was in at an instant since the world's start.
    pub fn state_at(&self, at: Timestamp) -> Option<State> {
        self.history().iter().rev().find(|(since, _)| *since <= at).map(|(_, state)| *state)
    }

    /// Whether a submitted job ran at some time in `[from, to]`.
    pub fn job_ran_in(&self, from: Timestamp, to: Timestamp) -> bool {
        self.used_in(UseKind::Job, from, to)
    }

    /// Whether it was used for `kind` at some time in `[from, to]`.
    pub fn used_in(&self, kind: UseKind, from: Timestamp, to: Timestamp) -> bool {
        self.uses().iter().any(|used| used.kind == kind && used.from <= to && used.to.is_none_or(|end| end >= from))
    }

    /// Whether it is in use at this instant, by any kind.
    pub fn in_use(&self) -> bool {
        self.machine.is_up() && UseKind::ALL.iter().any(|kind| self.machine.wants(*kind))
    }
}

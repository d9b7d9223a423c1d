//! An instance's meter: from one sighting to the next it closes intervals, and leaves one open. Gaps stay gaps (C4, C5).

use serde::{Deserialize, Serialize};

use crate::facts::{LastOperation, Operation, PowerState};

/// Whether the compute meter runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeterState {
    /// Allocated: Azure bills the size.
    Running,
    /// Not allocated: only disk, address and load balancer cost.
    Stopped,
    /// Nobody knows.
    Unknown,
    /// The instance is no more; its last interval is closed.
    Gone,
}

impl MeterState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Running, Self::Stopped, Self::Unknown, Self::Gone];

    /// What Azure's word says of the meter.
    #[must_use]
    pub fn of(state: &PowerState) -> Self {
        match state {
            PowerState::Unrecognised(_) => Self::Unknown,
            billed if billed.is_billed() => Self::Running,
            PowerState::Running
            | PowerState::JobRunning
            | PowerState::Stopped
            | PowerState::Changing(_)
            | PowerState::Broken(_) => Self::Stopped,
        }
    }

    /// The word of journal, reports and metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Unknown => "unknown",
            Self::Gone => "gone",
        }
    }

    /// The state of that word.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.label() == label)
    }
}

/// On what an interval's state rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// Seen, sweep after sweep.
    Observed,
    /// Nobody looked; Azure's `lastOperation` tells what it was.
    Rebuilt,
    /// Seen in a state of which nobody knows for sure that it is billed (FACTS 6.4: Unusable).
    Assumed,
    /// Nobody looked, and nothing tells.
    Gap,
}

impl Basis {
    /// Every basis.
    pub const ALL: [Self; 4] = [Self::Observed, Self::Rebuilt, Self::Assumed, Self::Gap];

    /// The word of journal and reports.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Rebuilt => "rebuilt",
            Self::Assumed => "assumed",
            Self::Gap => "gap",
        }
    }

    /// The basis of that word.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|basis| basis.label() == label)
    }
}

/// One end of an interval in whole seconds since 1970, UTC: where it is put, and within what bounds it truly lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Bound {
    /// Where it is put.
    pub at: i64,
    /// Not before.
    pub low: i64,
    /// Not after.
    pub high: i64,
}

impl Bound {
    /// An end that is known to the second, or one that is a cut and no change.
    #[must_use]
    pub const fn sharp(at: i64) -> Self {
        Self { at, low: at, high: at }
    }

    /// In the middle of its bounds.
    #[must_use]
    pub fn between(low: i64, high: i64) -> Self {
        let high = high.max(low);
        let half = high.saturating_sub(low).checked_div(2).unwrap_or(0);
        Self { at: low.saturating_add(half), low, high }
    }

    /// Not before an instant: an interval never ends before it begins (S12).
    #[must_use]
    pub fn not_before(self, at: i64) -> Self {
        Self { at: self.at.max(at), low: self.low.max(at), high: self.high.max(at) }
    }
}

/// A closed, half-open interval `[from, to)` of one meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    /// Its beginning.
    pub from: Bound,
    /// Its end.
    pub to: Bound,
    /// The meter between.
    pub state: MeterState,
    /// On what that rests.
    pub basis: Basis,
}

/// Seconds that Azure may have billed: at least, most likely, at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seconds {
    /// At least.
    pub low: i64,
    /// As the ledger counts.
    pub mid: i64,
    /// At most.
    pub high: i64,
}

impl Interval {
    /// How long it is.
    #[must_use]
    pub const fn length(&self) -> i64 {
        self.to.at.saturating_sub(self.from.at)
    }

    /// The billed seconds of it. What nobody knows counts as none, and as all of it at most.
    #[must_use]
    pub fn billed(&self) -> Seconds {
        let (low, high) = (self.to.low.saturating_sub(self.from.high), self.to.high.saturating_sub(self.from.low));
        match (self.state, self.basis) {
            (MeterState::Running, Basis::Observed) => Seconds { low: low.max(0), mid: self.length(), high },
            (MeterState::Running, Basis::Rebuilt | Basis::Assumed | Basis::Gap) => {
                Seconds { low: 0, mid: self.length(), high }
            }
            // off, as far as Azure tells; in a gap it may have been on for a while
            (MeterState::Unknown, _) | (MeterState::Stopped, Basis::Rebuilt) => Seconds { low: 0, mid: 0, high },
            (MeterState::Stopped, Basis::Observed | Basis::Assumed | Basis::Gap) | (MeterState::Gone, _) => {
                Seconds::default()
            }
        }
    }
}

/// The interval that is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// Since when.
    pub since: Bound,
    /// The meter.
    pub state: MeterState,
    /// On what that rests.
    pub basis: Basis,
}

impl Open {
    /// Closed at an end.
    #[must_use]
    pub fn until(self, to: Bound) -> Interval {
        Interval { from: self.since, to: to.not_before(self.since.at), state: self.state, basis: self.basis }
    }
}

/// One look at an instance.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// When.
    pub at: i64,
    /// When it was seen before; none at the first look.
    pub before: Option<i64>,
    /// What Azure says of it.
    pub state: &'a PowerState,
    /// Its last operation, where credible.
    pub operation: Option<&'a LastOperation>,
    /// That operation was not known at the look before.
    pub is_news: bool,
}

/// What a look adds: intervals in order, each where the one before ends, and the open one after them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turned {
    /// Closed intervals; none of them empty.
    pub closed: Vec<Interval>,
    /// What goes on.
    pub open: Open,
}

/// A longer time between two looks is a gap: nobody was there, and more than one thing may have happened.
pub const GAP: i64 = 30 * 60;
/// A stop that Azure took is done by then, as far as anybody has seen; of a longer one the state tells.
const STOP_TAKES: i64 = 4 * 60;
/// Azure may name an operation so long after it began (lagging lists).
const LAGS: i64 = 10 * 60;

/// What a look says of a meter that nobody looked at before: it begins now, or when the instance was made, if the
/// workspace was read shortly before and it was not there.
#[must_use]
pub fn first(look: &Look<'_>, read_before: Option<i64>) -> Open {
    let made = look.operation.filter(|op| op.operation == Operation::Create).map(|op| op.at.as_second());
    let since = match (made, read_before) {
        (Some(made), Some(read)) if made <= look.at && look.at.saturating_sub(read) <= GAP && made >= read => made,
        _ => look.at,
    };
    Open { since: Bound::sharp(since), state: MeterState::of(look.state), basis: basis_of(look.state) }
}

/// Takes a look into account.
#[must_use]
pub fn turn(open: Open, look: &Look<'_>) -> Turned {
    let state = MeterState::of(look.state);
    let seen = look.before.unwrap_or(open.since.at).max(open.since.at).min(look.at.max(open.since.at));
    let now = look.at.max(seen);
    let mut turned = Turning { closed: Vec::new(), open };
    let after = (state, basis_of(look.state));
    match (open.state, state) {
        (MeterState::Gone, _) => turned.next(Bound::sharp(open.since.at), (MeterState::Unknown, Basis::Gap)),
        (MeterState::Running, MeterState::Stopped) => turned.stopped(look, (seen, now)),
        (MeterState::Stopped, MeterState::Running) => turned.started(look, (seen, now)),
        (MeterState::Running, MeterState::Running) | (MeterState::Stopped, MeterState::Stopped) => {
            turned.went_on(look, (seen, now));
        }
        (_, MeterState::Unknown | MeterState::Gone) | (MeterState::Unknown, _) => {}
    }
    if (turned.open.state, turned.open.basis) != after {
        let from = turned.open.since.at;
        let change =
            if turned.open.state == MeterState::Unknown { Bound::sharp(now) } else { Bound::between(seen, now) };
        turned.next(change.not_before(from), after);
    }
    turned.done()
}

/// True when Azure's word leaves open whether the size is billed.
fn basis_of(state: &PowerState) -> Basis {
    match state {
        PowerState::Broken(_) => Basis::Assumed,
        PowerState::Unrecognised(_) => Basis::Gap,
        PowerState::Running | PowerState::JobRunning | PowerState::Stopped | PowerState::Changing(_) => Basis::Observed,
    }
}

struct Turning {
    closed: Vec<Interval>,
    open: Open,
}

impl Turning {
    /// Closes what is open at an end, and opens the next there.
    fn next(&mut self, at: Bound, (state, basis): (MeterState, Basis)) {
        let at = at.not_before(self.open.since.at);
        let interval = self.open.until(at);
        if interval.length() > 0 {
            self.closed.push(interval);
        }
        self.open = Open { since: at, state, basis };
    }

    /// What stays open was not looked at for longer than a gap, and goes by Azure's word alone.
    fn rebuilt(&mut self, (seen, until): (i64, i64)) {
        if until.saturating_sub(seen) > GAP {
            let state = self.open.state;
            self.next(Bound::sharp(seen), (state, Basis::Rebuilt));
        }
    }

    /// It was on at `seen` and is off `now`.
    fn stopped(&mut self, look: &Look<'_>, (seen, now): (i64, i64)) {
        let is_stop = |op: &&LastOperation| op.operation == Operation::Stop && op.at.as_second() >= self.open.since.low;
        let asked = look.operation.filter(is_stop).map(|op| op.at.as_second().min(now));
        match asked {
            Some(asked) => {
                self.rebuilt((seen, asked));
                let done = asked.saturating_add(STOP_TAKES);
                let high = if done > seen { done.min(now) } else { now };
                self.next(Bound::between(asked.max(seen), high), (MeterState::Stopped, Basis::Observed));
            }
            None => self.unless_told((seen, now), MeterState::Stopped),
        }
    }

    /// It was off at `seen` and is on `now`: billed since Azure took the start.
    fn started(&mut self, look: &Look<'_>, (seen, now): (i64, i64)) {
        let earliest = seen.saturating_sub(LAGS).max(self.open.since.high);
        let is_start = |op: &&LastOperation| op.operation.turns_on() && op.at.as_second() >= earliest;
        match look.operation.filter(is_start).map(|op| op.at.as_second().min(now)) {
            Some(asked) => {
                self.rebuilt((seen, asked));
                self.next(Bound::sharp(asked), (MeterState::Running, Basis::Observed));
            }
            None => self.unless_told((seen, now), MeterState::Running),
        }
    }

    /// It changed, and Azure does not say when: within two looks in a row, or some time in a gap.
    fn unless_told(&mut self, (seen, now): (i64, i64), after: MeterState) {
        if now.saturating_sub(seen) > GAP {
            self.next(Bound::sharp(seen), (MeterState::Unknown, Basis::Gap));
            self.next(Bound::sharp(now), (after, Basis::Observed));
        } else {
            self.next(Bound::between(seen, now), (after, Basis::Observed));
        }
    }

    /// It is as it was. A new operation tells of something between the looks; in a gap without any, nobody knows.
    fn went_on(&mut self, look: &Look<'_>, (seen, now): (i64, i64)) {
        let news = look.operation.filter(|op| look.is_news && op.at.as_second() > seen && op.at.as_second() <= now);
        match news {
            Some(op) => self.between((op, op.at.as_second()), (seen, now)),
            None if now.saturating_sub(seen) <= GAP => {}
            // the same operation as before: nothing was asked of it meanwhile, as far as Azure tells
            None if look.operation.is_some() => {
                let state = self.open.state;
                self.next(Bound::sharp(seen), (state, Basis::Rebuilt));
                self.next(Bound::sharp(now), (state, Basis::Observed));
            }
            None => {
                let state = self.open.state;
                self.next(Bound::sharp(seen), (MeterState::Unknown, Basis::Gap));
                self.next(Bound::sharp(now), (state, Basis::Observed));
            }
        }
    }

    fn between(&mut self, (op, at): (&LastOperation, i64), (seen, now): (i64, i64)) {
        match (self.open.state, &op.operation) {
            // off at some instant since, and on again
            (MeterState::Running, Operation::Start | Operation::Create) => {
                self.next(Bound::sharp(seen), (MeterState::Unknown, Basis::Gap));
                self.next(Bound::sharp(at), (MeterState::Running, Basis::Observed));
            }
            // on at some instant since, and off again
            (MeterState::Stopped, Operation::Stop | Operation::Start | Operation::Create | Operation::Restart) => {
                self.next(Bound::sharp(seen), (MeterState::Unknown, Basis::Gap));
                let high = if op.operation == Operation::Stop { at.saturating_add(STOP_TAKES).min(now) } else { now };
                self.next(Bound::sharp(high), (MeterState::Stopped, Basis::Observed));
            }
            // a restart keeps it allocated; a stop that came to nothing changed nothing
            (MeterState::Running, Operation::Restart | Operation::Resize | Operation::Reimage | Operation::Stop)
            | (_, Operation::Delete | Operation::Other(_) | Operation::Resize | Operation::Reimage)
            | (MeterState::Unknown | MeterState::Gone, _) => {}
        }
    }

    fn done(self) -> Turned {
        Turned { closed: self.closed, open: self.open }
    }
}

#[cfg(test)]
mod tests;

//! How soon a workspace is read again, and which of those that are due goes first. A quiet one is left out of some rounds:
//! readings are skipped and never moved, so that what is decided is what reading in every round would decide.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::book::{Place, Rule};
use super::entry::Entry;
use super::options::EngineOptions;
use super::state::{Engine, State};
use crate::facts::{PowerState, WorkspaceFacts};
use crate::ledger::GAP;
use crate::ports::World;
use crate::rules::{Calm, StartFinding, StartGround, calm};
use crate::units::{PolicyId, Region, SubscriptionId, WorkspaceId};

/// What is known of when a workspace is to be read, worked out when it was last read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Pace {
    /// So much longer than an interval it is left alone.
    pub(super) spared: SignedDuration,
    /// When one of its verdicts changes by time alone.
    pub(super) deadline: Option<Timestamp>,
    /// What an hour of the dearest instance costs that is due then, in billionths.
    worth: i64,
    /// When it is to be read again.
    pub(super) wanted_at: Option<Timestamp>,
    /// Since when, at the earliest, a stop in it has waited for the next sweep, and what an hour of the dearest such costs.
    waits: Option<(Timestamp, Reverse<i64>)>,
}

impl Pace {
    /// Left out of no round: something was begun in it.
    pub(super) const fn hurry(&mut self) {
        self.spared = SignedDuration::ZERO;
    }

    /// What presses in it, since when or from when on, and what it costs.
    fn pressing(&self) -> Option<(Timestamp, Reverse<i64>)> {
        self.waits.or_else(|| Some((self.deadline?, Reverse(self.worth))))
    }

    /// Stops in it are more than the fleet's share of a sweep: the next one comes at once, and decides about them anew.
    pub(super) fn wait_for_next(&mut self, waits: (Timestamp, Reverse<i64>)) {
        self.waits = Some(self.waits.map_or(waits, |others| others.min(waits)));
    }

    /// To be read at once, before all others.
    pub(super) const fn press(&mut self) {
        self.deadline = Some(Timestamp::MIN);
    }
}

/// A workspace that fails is tried after one interval, then every two, so that it does not hold up every sweep, and one
/// that mends is seen within two intervals (I12).
const BACKOFF_MAX: u32 = 1;

/// More workspaces of one token bucket than this press at once: a second's refill of it. They are many.
const CROWD: usize = 25;
/// Being read so long before its time is being read for it, where many come due at once.
const JUST_READ: SignedDuration = SignedDuration::from_secs(60);

fn ago(at: Timestamp) -> Timestamp {
    at.checked_sub(JUST_READ).unwrap_or(Timestamp::MIN)
}

impl Place {
    fn is_read_since(&self, at: Timestamp) -> bool {
        self.failures == 0 && self.read_at.is_some() && self.tried_at.is_some_and(|tried| tried >= at)
    }

    /// Stops in it wait for the next sweep, which goes by what was read for the last one until that is an interval old: each
    /// instance is looked at again in any case before it is stopped (G10).
    fn is_known(&self, now: Timestamp, interval: SignedDuration) -> bool {
        self.pace.waits.is_some() && self.is_read_since(now.checked_sub(interval).unwrap_or(Timestamp::MIN))
    }
}

/// The workspaces of a sweep, in the order of reading.
#[derive(Debug, Default)]
pub(super) struct Round {
    /// Those in which something is due, or that were asked for.
    pub(super) pressing: Vec<WorkspaceFacts>,
    /// Those in which something is due, and that were read just now: they are decided about as they are.
    pub(super) ready: Vec<WorkspaceId>,
    /// Those whose turn it is, and those in which something is due before long.
    pub(super) rest: Vec<WorkspaceFacts>,
}

/// What waits for one token bucket.
#[derive(Debug, Default)]
struct Waiting<'a> {
    /// Those that the last sweep left to this one, as it knows them.
    left: Vec<&'a Place>,
    /// By deadline, then by what the dearest costs.
    pressing: Vec<(Timestamp, Reverse<i64>, &'a Place)>,
    /// By deadline: those of the next minute.
    soon: Vec<(Timestamp, &'a Place)>,
    rest: Vec<(Timestamp, &'a Place)>,
}

impl Round {
    /// Where many come due at once, those read just before are not read again, and those coming up are read just before: a
    /// storm of stops needs what the bucket holds for its second looks.
    fn of<'a>(lanes: impl Iterator<Item = Waiting<'a>>, now: Timestamp) -> Self {
        let mut round = Self::default();
        let (mut pressing, mut rest) = (Vec::new(), Vec::new());
        for Waiting { left, pressing: mut due, soon, rest: mut others } in lanes {
            round.ready.extend(left.into_iter().map(|place| place.facts.id.clone()));
            due.sort_by_key(|(at, worth, _)| (*at, *worth));
            let is_crowded = due.len() > CROWD;
            let (known, unread): (Vec<_>, Vec<_>) =
                due.into_iter().partition(|(_, _, place)| is_crowded && place.is_read_since(ago(now)));
            round.ready.extend(known.into_iter().map(|(_, _, place)| place.facts.id.clone()));
            pressing.extend(unread.into_iter().map(|(_, _, place)| place.facts.clone()));
            if soon.len() > CROWD {
                let unread = soon.into_iter().filter(|(at, place)| !place.is_read_since(ago(*at)));
                others.extend(unread.map(|(_, place)| (Timestamp::MIN, place)));
            }
            others.sort_by_key(|(at, _)| *at);
            rest.extend(others.into_iter().map(|(_, place)| place.facts.clone()));
        }
        (round.pressing, round.rest) = (in_turn(pressing, lane), in_turn(rest, lane));
        round
    }

    /// Every one of them, whatever comes due meanwhile.
    pub(super) fn of_all(all: Vec<WorkspaceFacts>) -> Self {
        Self { pressing: in_turn(all, lane), ..Self::default() }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.pressing.is_empty() && self.rest.is_empty() && self.ready.is_empty()
    }
}

/// Whose token bucket is drawn on.
type Lane = (SubscriptionId, Region);

fn lane(facts: &WorkspaceFacts) -> Lane {
    (facts.id.subscription().clone(), facts.region.clone())
}

/// One of each bucket after the other, so that none is waited for while another is full; each bucket's own keep their order.
pub(super) fn in_turn<T, L: Ord>(ordered: Vec<T>, lane: impl Fn(&T) -> L) -> Vec<T> {
    let mut lanes: BTreeMap<L, VecDeque<T>> = BTreeMap::new();
    for one in ordered {
        lanes.entry(lane(&one)).or_default().push_back(one);
    }
    let rounds = lanes.values().map(VecDeque::len).max().unwrap_or(0);
    let mut turns = Vec::with_capacity(lanes.values().map(VecDeque::len).sum());
    for _ in 0..rounds {
        turns.extend(lanes.values_mut().filter_map(VecDeque::pop_front));
    }
    turns
}

impl<W: World> Engine<W> {
    /// When a workspace is to be read next.
    pub(super) fn due_at(&self, place: &Place) -> Timestamp {
        let Some(tried) = place.tried_at.filter(|_| place.pace.waits.is_none() || place.failures > 0) else {
            return Timestamp::MIN;
        };
        let waits = 1_i32 << place.failures.saturating_sub(1).min(BACKOFF_MAX);
        let interval = self.options.interval.duration();
        let pause = interval.checked_mul(waits).unwrap_or(interval);
        if place.failures > 0 {
            return tried.checked_add(pause).unwrap_or(Timestamp::MAX);
        }
        let regular = tried.checked_add(pause.saturating_add(place.pace.spared)).unwrap_or(Timestamp::MAX);
        place.pace.deadline.filter(|at| *at > tried).map_or(regular, |at| at.min(regular))
    }

    /// The workspaces of the sweep to make now: first those in which a verdict can have changed, the earliest and the dearest
    /// before the others; then those whose turn it is.
    pub(super) fn due(&self, now: Timestamp) -> Round {
        let state = self.lock();
        let mut lanes: BTreeMap<Lane, Waiting<'_>> = BTreeMap::new();
        for place in state.places.values() {
            let due_at = self.due_at(place);
            if place.is_known(now, self.options.interval.duration()) {
                lanes.entry(lane(&place.facts)).or_default().left.push(place);
                continue;
            }
            let deadline = place.pace.pressing().filter(|_| place.failures == 0);
            let is_due = due_at <= now || place.tried_at.is_some_and(|at| at > now);
            let coming = deadline.map(|(at, _)| at).filter(|at| *at > now);
            if !is_due && coming.is_none() {
                continue;
            }
            let waiting = lanes.entry(lane(&place.facts)).or_default();
            match deadline.filter(|(at, _)| *at <= now) {
                Some((at, worth)) if is_due => waiting.pressing.push((at, worth, place)),
                Some(_) | None if is_due => waiting.rest.push((due_at, place)),
                Some(_) | None => {
                    let is_soon = |at: &Timestamp| at.duration_since(now) <= JUST_READ;
                    waiting.soon.extend(coming.filter(is_soon).map(|at| (at, place)));
                }
            }
        }
        Round::of(lanes.into_values(), now)
    }

    /// Works out how soon the workspaces just read are read again.
    pub(super) fn set_paces(&self, read: &[WorkspaceId], now: Timestamp) {
        let mut state = self.lock();
        let mut calms: BTreeMap<PolicyId, Calm> = BTreeMap::new();
        // the end of a freeze is noted by the next sweep
        let (begun, is_frozen) = (state.begun(), state.was_frozen);
        let prices = state.prices.clone();
        for id in read {
            let Some(place) = state.places.get_mut(id) else { continue };
            let (found, within) = match &place.rule {
                Rule::Governed(policy) => {
                    let found = *calms.entry(policy.id.clone()).or_insert_with(|| calm(policy, now));
                    (found, policy.seen_within)
                }
                Rule::Ungoverned | Rule::Conflict(_) => (Calm::FOR_EVER, None),
            };
            let rounds = if is_frozen || begun.contains(id) { 1 } else { rounds(place, found, now, &self.options) };
            let rounds = within.map_or(rounds, |within| rounds.min(rounds_in(within.duration(), &self.options)));
            let interval = self.options.interval.duration();
            let spared = interval.checked_mul(rounds.max(1).saturating_sub(1)).unwrap_or(SignedDuration::ZERO);
            let ahead = place.entries.values().filter_map(|entry| {
                let at = entry.verdict.as_ref()?.changes_at.known().filter(|at| *at > now)?;
                let rate = prices.rate(&entry.facts.size, &entry.facts.region).map_or(0, |rate| rate.nanos());
                Some((at, Reverse(rate)))
            });
            let next = ahead.min();
            let regular =
                place.tried_at.unwrap_or(now).checked_add(interval.saturating_add(spared)).unwrap_or(Timestamp::MAX);
            place.pace = Pace {
                spared,
                deadline: next.map(|(at, _)| at),
                worth: next.map_or(0, |(_, Reverse(rate))| rate),
                wanted_at: Some(next.map_or(regular, |(at, _)| at.min(regular))),
                waits: None,
            };
        }
    }
}

/// Whole intervals, rounded down.
fn intervals(length: SignedDuration, options: &EngineOptions) -> i32 {
    let interval = options.interval.duration().as_millis().max(1);
    length.as_millis().checked_div(interval).and_then(|count| i32::try_from(count).ok()).unwrap_or(i32::MAX)
}

/// Of so many rounds one reads it, and what is known stays younger than that, with an interval to spare.
fn rounds_in(within: SignedDuration, options: &EngineOptions) -> i32 {
    intervals(within, options).saturating_sub(1).max(1)
}

/// Of how many rounds one may read it: one, unless everything in it is off, nothing is under way, and nothing can come due
/// before it is read.
fn rounds(place: &Place, calm: Calm, now: Timestamp, options: &EngineOptions) -> i32 {
    let is_quiet =
        place.partial.is_empty() && !place.misses_any(now) && place.entries.values().all(|entry| is_quiet(entry));
    if !is_quiet {
        return 1;
    }
    let starts = place.entries.values().filter_map(|entry| entry.start.as_deref()?.start_at.known());
    let until = starts.chain([calm.until]).min().unwrap_or(calm.until);
    let most = i32::try_from(options.quiet).unwrap_or(1);
    // an instance that was not looked at for longer leaves a gap in the ledger (C5)
    let gap = rounds_in(SignedDuration::from_secs(GAP), options);
    let before_edge = intervals(until.duration_since(now), options);
    most.min(gap).min(before_edge).min(intervals(calm.after_start, options)).max(1)
}

/// It is off, Azure says since when, and nothing is to be done with it. Who knows when it was turned off knows, when it is
/// on, when it was turned on.
fn is_quiet(entry: &Entry) -> bool {
    entry.facts.state == PowerState::Stopped
        && entry.facts.last_operation.known().is_some()
        && entry.history.open.is_none()
        && !entry.unseen
        && !entry.absent
        && entry.start.as_deref().is_none_or(waits)
}

/// Whether nothing about its start can change but by its time, or by somebody who is seen.
const fn waits(start: &StartFinding) -> bool {
    match start.ground {
        StartGround::Coming
        | StartGround::Spent
        | StartGround::Missed
        | StartGround::HeldOff
        | StartGround::Exempt
        | StartGround::NoActionDay
        | StartGround::HoursUnknown => true,
        StartGround::Due
        | StartGround::OverBudget
        | StartGround::CostUnknown
        | StartGround::Unsettled
        | StartGround::UnderWay
        | StartGround::BackingOff
        | StartGround::GivenUp => false,
    }
}

impl State {
    /// Workspaces in which something else than a stop is under way, or is proposed, or an instance that is held is missed.
    fn begun(&self) -> BTreeSet<WorkspaceId> {
        let operations = self.operations.iter().filter(|known| known.row.ended.is_none());
        let operations = operations.map(|known| known.row.intent.instance.workspace().clone());
        let proposals = self.proposals.iter().filter(|proposal| proposal.is_open());
        let missed = self.waiting.iter().map(|hold| hold.instance.workspace().clone());
        operations.chain(proposals.map(|proposal| proposal.instance.workspace().clone())).chain(missed).collect()
    }
}

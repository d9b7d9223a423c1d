//! What a look at an instance adds to what is remembered of it.

use jiff::{SignedDuration, Timestamp};

use super::{History, InstanceFacts, Operation, OperationStatus, PowerState, Trigger};
use crate::units::When;

/// The clock of Azure, or of a source of activity, and ours may be so far apart.
pub const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(2);

/// Whether a state says that the instance is on, off, or nothing of either.
fn turned(state: &PowerState) -> Option<bool> {
    match state {
        PowerState::Running | PowerState::JobRunning => Some(true),
        PowerState::Stopped => Some(false),
        // A stop that fails goes back to Running, and nobody started it then.
        PowerState::Changing(word) => (!word.eq_ignore_ascii_case("Stopping")).then_some(false),
        PowerState::Broken(_) | PowerState::Unrecognised(_) => None,
    }
}

impl History {
    /// Takes in a look at the instance; `is_news` says that its last operation was not seen before.
    pub fn see(&mut self, facts: &InstanceFacts, is_news: bool) {
        see(self, facts, is_news);
    }

    /// The instance runs without a job, and `before` it ran one: when that ended nobody saw, and it may have been just now (G17).
    pub fn see_after(&mut self, before: &PowerState, facts: &InstanceFacts) {
        if *before == PowerState::JobRunning && facts.state == PowerState::Running {
            use_seen(self, facts);
        }
    }
}

/// Use that lies ahead was seen by a clock that was wrong, and must not hide what is seen now (S12).
fn use_seen(history: &mut History, facts: &InstanceFacts) {
    history.last_busy = history.last_busy.known().filter(|at| *at <= facts.observed_at).into();
    history.last_busy = history.last_busy.max(facts.observed_at.into());
}

fn see(history: &mut History, facts: &InstanceFacts, is_news: bool) {
    history.off_since = match &facts.state {
        PowerState::Stopped => history.off_since.or(facts.observed_at),
        // a word that nobody understands is no sign of a start, and what it hides Azure's last operation shows
        PowerState::Unrecognised(_) => history.off_since,
        PowerState::Running | PowerState::JobRunning | PowerState::Changing(_) | PowerState::Broken(_) => When::NONE,
    };
    match turned(&facts.state) {
        Some(true) => {
            if let Some(stopped_at) = stopped_by_another(history, facts).filter(|_| is_news) {
                (history.on_since, history.started) = (When::NONE, When::NONE);
                history.last_seen_off = history.last_seen_off.max(stopped_at.into());
            }
            history.on_since = history.on_since.or(facts.observed_at);
            history.started = history.started.max(facts.may_have_started_at().into());
        }
        Some(false) => {
            (history.on_since, history.started) = (When::NONE, When::NONE);
            history.last_seen_off = facts.observed_at.into();
        }
        None => {}
    }
    if facts.state == PowerState::JobRunning {
        use_seen(history, facts);
    }
}

/// It is on, and Azure says that a stop of it succeeded which is none of ours: it was off then, and somebody started it
/// since, unseen (S9). Of ours that is known to come to nothing now and then.
fn stopped_by_another(history: &History, facts: &InstanceFacts) -> Option<Timestamp> {
    let last = facts.last_operation.known()?;
    let stopped = last.operation == Operation::Stop && last.status == OperationStatus::Succeeded;
    if matches!(last.trigger, Trigger::Schedule | Trigger::IdleShutdown) {
        return Some(last.at).filter(|_| stopped);
    }
    let is_ours = |asked: Timestamp, ended: Option<Timestamp>| {
        let apart = |from: Timestamp, to: Timestamp| to.duration_since(from) <= CLOCKS_APART;
        apart(last.at, asked) && ended.is_none_or(|ended| apart(ended, last.at))
    };
    let open = history.open.as_ref().is_some_and(|open| is_ours(open.intended_at, None));
    let mut taken = history.stops.iter().filter(|stop| stop.result.may_have_been_taken());
    let ended = taken.any(|stop| is_ours(stop.asked_at, Some(stop.ended_at)));
    Some(last.at).filter(|_| stopped && !open && !ended)
}

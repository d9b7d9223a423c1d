//! Left alone for a reason that should have passed long ago: that is told, and never a reason to stop it (G14).

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::activity::{Activity, in_use};
use super::evaluate::evaluate;
use super::moment::{Moment, terms_of};
use super::run::run_start;
use super::verdict::{Action, Verdict};
use crate::facts::{Evidence, Freeze, History, InstanceFacts, LastOperation, OperationStatus, PowerState, Reading};

/// Operations of Azure's end within minutes, a resize within half an hour; what it leaves out it says in the next answer.
const STUCK_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// An instance that is left alone for longer than it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stuck {
    /// Since when it should be off.
    pub due: Timestamp,
    /// That, and what keeps it on.
    pub words: String,
}

/// What keeps an instance on that would be due, when it has done so for longer than it should.
#[must_use]
pub fn stuck(
    moment: &Moment<'_>,
    facts: &InstanceFacts,
    evidence: &Evidence,
    history: &History,
    freeze: &Freeze,
) -> Option<Stuck> {
    let (since, what) = kept_by(facts, history).or_else(|| lost(moment, facts, evidence, history))?;
    if moment.now().duration_since(since) <= STUCK_AFTER {
        return None;
    }
    let (mended, history) = mended(facts, history);
    let verdict = evaluate(moment, &mended, Evidence::NONE, &history, freeze);
    let due = due_since(&verdict)?;
    let words = format!(
        "{} should be off since {due} and is left alone, since {what} (for longer than an hour, from {since}); look at it in Azure",
        facts.id.name()
    );
    Some(Stuck { due, words })
}

/// Since when it would be off, or on its way there: nobody is warned of what is not to be stopped.
fn due_since(verdict: &Verdict) -> Option<Timestamp> {
    let warned = || {
        let due = verdict.due.as_ref().filter(|due| verdict.action == Action::Warn && verdict.ground == due.ground)?;
        Some(due.due_at).filter(|at| *at <= verdict.at)
    };
    verdict.overdue_since().or_else(warned)
}

/// It counts as used since it was when its source was last heard of.
fn lost(
    moment: &Moment<'_>,
    facts: &InstanceFacts,
    evidence: &Evidence,
    history: &History,
) -> Option<(Timestamp, String)> {
    let fresh = terms_of(moment.policy, facts).busy_fresh;
    match in_use(facts, evidence, run_start(facts, history), fresh, moment.now())? {
        Activity::Lost { source, as_of, words } => Some((as_of, format!("{} said: {words}", source.words()))),
        Activity::Busy { .. } | Activity::Quiet { .. } | Activity::Unknown(_) => None,
    }
}

/// Why it is left alone, and since when; none when it is not, or when it is its own stop that is under way.
fn kept_by(facts: &InstanceFacts, history: &History) -> Option<(Timestamp, String)> {
    let last = facts.last_operation.known().filter(|_| history.open.is_none());
    match &facts.state {
        PowerState::Running | PowerState::JobRunning if history.open.is_none() => {
            if facts.created.is_none() {
                return Some((history.first_seen.known()?, "Azure does not say when it was created".to_owned()));
            }
            let going_on = last.filter(|last| !last.status.has_ended())?;
            Some((going_on.at, "an operation on it is in progress".to_owned()))
        }
        // without an operation to date it, since it was first seen so
        PowerState::Changing(word) if history.open.is_none() => {
            Some((last.map_or(facts.observed_at, |last| last.at), format!("Azure says {word}")))
        }
        PowerState::Unrecognised(word) if history.open.is_none() => {
            Some((facts.observed_at, format!("Azure says `{word}`, which means nothing here")))
        }
        PowerState::Running
        | PowerState::JobRunning
        | PowerState::Stopped
        | PowerState::Changing(_)
        | PowerState::Broken(_)
        | PowerState::Unrecognised(_) => None,
    }
}

/// The same instance without what keeps it. Nothing is known of a run that is not seen: it counts from when it was first
/// seen as it is.
fn mended(facts: &InstanceFacts, history: &History) -> (InstanceFacts, History) {
    let (mut mended, mut history) = (facts.clone(), history.clone());
    mended.created = facts.created.or(Timestamp::UNIX_EPOCH);
    if let PowerState::Changing(_) | PowerState::Unrecognised(_) = facts.state {
        mended.state = PowerState::Running;
        history.on_since = history.on_since.or(facts.observed_at);
    }
    if let Reading::Known { value, .. } = &mut mended.last_operation {
        *value = Arc::new(LastOperation { status: OperationStatus::Succeeded, ..LastOperation::clone(value) });
    }
    (mended, history)
}

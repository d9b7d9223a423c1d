//! How an operation that was asked for went, by looking at the instance alone: never by repeating it (L5).

use jiff::{SignedDuration, Timestamp};

use crate::facts::{Created, InstanceFacts, Operation, OperationResult, OperationStatus, PowerState, UNSENT, Verb};

/// After so long Azure has shown what it took; what left no trace by then was never sent.
const TRACE: SignedDuration = SignedDuration::from_mins(3);
/// After so long what was taken and does not show has failed: a start takes minutes, and so do setup scripts of an hour.
const BELIEVED: SignedDuration = SignedDuration::from_mins(90);

/// Azure's clock may be so far behind this one before everything is held back (S11): what it dates so long before the asking may
/// be what was asked for. Nothing is asked for again so soon after it failed.
const CLOCKS_APART: SignedDuration = SignedDuration::from_secs(60);

/// An operation under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnderWay {
    /// What was asked.
    pub verb: Verb,
    /// With which life of the name; none where nobody knew it.
    pub created: Created,
    /// When it was written down.
    pub asked_at: Timestamp,
    /// When it left, or may have.
    pub sent_at: Option<Timestamp>,
}

/// Its end, as the last whole look at its workspace tells; none while it goes on. `seen`: the instance, none when it is not there.
#[must_use]
pub fn operation_end(under_way: UnderWay, seen: Option<&InstanceFacts>, now: Timestamp) -> Option<OperationResult> {
    let old = |bound: SignedDuration| now.duration_since(under_way.asked_at) > bound;
    let lost = || match under_way.sent_at {
        None => old(TRACE).then(|| OperationResult::Dropped(UNSENT.to_owned())),
        Some(_) => old(BELIEVED).then(|| OperationResult::Failed("not_seen_done".to_owned())),
    };
    let Some(facts) = seen else {
        return match under_way.verb {
            Verb::Delete => Some(OperationResult::Done),
            Verb::Create => lost(),
            Verb::Start | Verb::Restart => Some(OperationResult::Failed("gone".to_owned())),
        };
    };
    // another one of the same name: the one that was meant is gone
    if under_way.verb == Verb::Delete && !under_way.created.may_be(facts.created) {
        return Some(OperationResult::Done);
    }
    let last = facts.last_operation.known();
    let since = under_way.asked_at.checked_sub(CLOCKS_APART).unwrap_or(under_way.asked_at);
    let own = last.filter(|last| last.operation == named(under_way.verb) && last.at >= since);
    if let Some(OperationStatus::Failed(word)) = own.map(|last| &last.status) {
        return Some(OperationResult::Failed(format!("operation_failed:{word}")));
    }
    let took = own.is_some_and(|last| last.status == OperationStatus::Succeeded);
    match (&facts.state, under_way.verb) {
        (PowerState::Running | PowerState::JobRunning, Verb::Create | Verb::Start) => Some(OperationResult::Done),
        (PowerState::Running | PowerState::JobRunning, Verb::Restart) if took => Some(OperationResult::Done),
        // started, and turned off since: by whom is for others to find out
        (PowerState::Stopped, Verb::Create | Verb::Start)
            if last.is_some_and(|last| last.operation == Operation::Stop && last.at >= under_way.asked_at) =>
        {
            Some(OperationResult::Done)
        }
        (PowerState::Broken(word), Verb::Create | Verb::Start | Verb::Restart) => {
            Some(OperationResult::Failed(format!("operation_failed:{word}")))
        }
        (PowerState::Changing(_), _) => None,
        (
            PowerState::Running
            | PowerState::JobRunning
            | PowerState::Stopped
            | PowerState::Broken(_)
            | PowerState::Unrecognised(_),
            _,
        ) => lost(),
    }
}

/// Azure's name of it.
const fn named(verb: Verb) -> Operation {
    match verb {
        Verb::Create => Operation::Create,
        Verb::Start => Operation::Start,
        Verb::Restart => Operation::Restart,
        Verb::Delete => Operation::Delete,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::facts::{LastOperation, Owner, Reading, Trigger};
    use crate::units::{InstanceId, Region, When, WorkspaceId};

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_750_000_000 + minute * 60).unwrap()
    }

    fn facts(state: PowerState, operation: Operation, minute: i64, status: OperationStatus) -> InstanceFacts {
        let last = LastOperation { operation, at: at(minute), status, trigger: Trigger::User };
        InstanceFacts {
            id: InstanceId::new(WorkspaceId::new("s", "g", "w").unwrap(), "ci-a").unwrap(),
            created: When::NONE,
            state,
            size: Arc::from("S"),
            region: Region::new("r"),
            owner: Arc::new(Owner::default()),
            tags: Reading::Known { value: Default::default(), as_of: at(0).into() },
            last_operation: Reading::Known { value: Arc::new(last), as_of: at(0).into() },
            native: Arc::default(),
            observed_at: at(minute),
            oddities: Default::default(),
        }
    }

    fn end(verb: Verb, sent: bool, seen: Option<&InstanceFacts>, minute: i64) -> Option<String> {
        let under_way = UnderWay { verb, created: Created::NONE, asked_at: at(0), sent_at: sent.then(|| at(0)) };
        operation_end(under_way, seen, at(minute)).map(|result| match result {
            OperationResult::Done => "done".to_owned(),
            OperationResult::Failed(words) => format!("failed {words}"),
            OperationResult::Dropped(words) => format!("dropped {words}"),
        })
    }

    #[test]
    #[expect(clippy::cognitive_complexity, reason = "a table of cases; every assertion counts as a branch")]
    fn each_verb_is_settled_by_what_is_seen_and_never_early() {
        use OperationStatus::{InProgress, Succeeded};
        let running = |operation, minute, status| facts(PowerState::Running, operation, minute, status);
        let old_stop = facts(PowerState::Stopped, Operation::Stop, -5, Succeeded);
        let starting = facts(PowerState::Changing("Starting".into()), Operation::Start, 0, InProgress);
        let failed = facts(PowerState::Stopped, Operation::Start, 1, OperationStatus::Failed("StartFailed".into()));
        let broken = facts(PowerState::Broken("SetupFailed".into()), Operation::Create, 1, InProgress);
        let off_again = facts(PowerState::Stopped, Operation::Stop, 2, Succeeded);
        let told = |verb, sent, seen: &InstanceFacts, minute| end(verb, sent, Some(seen), minute);
        let words = |text: &str| Some(text.to_owned());
        assert_eq!(told(Verb::Start, true, &old_stop, 2), None, "it may take a while to show");
        assert_eq!(told(Verb::Start, true, &starting, 80), None);
        assert_eq!(told(Verb::Start, true, &running(Operation::Start, 1, Succeeded), 2), words("done"));
        assert_eq!(told(Verb::Start, true, &failed, 2), words("failed operation_failed:StartFailed"));
        assert_eq!(told(Verb::Start, true, &off_again, 3), words("done"));
        assert_eq!(told(Verb::Start, false, &old_stop, 4), words("dropped unsent"));
        assert_eq!(told(Verb::Start, true, &old_stop, 91), words("failed not_seen_done"));
        assert_eq!(told(Verb::Restart, true, &running(Operation::Start, -9, Succeeded), 2), None);
        assert_eq!(told(Verb::Restart, true, &running(Operation::Restart, 1, Succeeded), 2), words("done"));
        let behind = running(Operation::Restart, -1, Succeeded);
        assert_eq!(told(Verb::Restart, true, &behind, 2), words("done"), "S11: Azure's clock is a minute behind");
        assert_eq!(told(Verb::Restart, true, &running(Operation::Restart, -2, Succeeded), 2), None, "an older one");
        let before = facts(PowerState::Stopped, Operation::Start, -2, OperationStatus::Failed("StartFailed".into()));
        assert_eq!(told(Verb::Start, true, &before, 2), None, "the try before this one");
        assert_eq!(told(Verb::Create, true, &broken, 2), words("failed operation_failed:SetupFailed"));
        assert_eq!(told(Verb::Delete, true, &old_stop, 2), None);
        assert_eq!(end(Verb::Delete, true, None, 2), words("done"));
        let meant = |created: When| {
            let under_way = UnderWay { verb: Verb::Delete, created, asked_at: at(0), sent_at: Some(at(0)) };
            let seen = InstanceFacts { created: at(-9).into(), ..old_stop.clone() };
            operation_end(under_way, Some(&seen), at(2))
        };
        assert_eq!(meant(at(-9).into()), None);
        assert_eq!(meant(When::NONE), None, "what nobody can tell apart may be the one that was meant");
        assert_eq!(meant(at(-99).into()), Some(OperationResult::Done), "that one is gone, and this is another");
        assert_eq!(end(Verb::Start, true, None, 2), words("failed gone"));
        assert_eq!(end(Verb::Create, true, None, 2), None);
    }
}

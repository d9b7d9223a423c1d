//! Is the instance in a state in which it may be stopped at all? Anything not understood is left alone (G14).

use super::verdict::{Finding, Ground, Rule};
use super::words::Words;
use crate::facts::{History, InstanceFacts, PowerState};
use crate::units::When;

/// None when it is on and settled; otherwise why it is left alone.
pub(super) fn settled(facts: &InstanceFacts, history: &History) -> Option<Finding> {
    let (ground, words): (Ground, Words) = match &facts.state {
        PowerState::Stopped => return Some(off()),
        PowerState::Changing(word) if history.open.is_some() => {
            (Ground::StopUnderWay, format!("its stop is under way; Azure says {word}").into())
        }
        PowerState::Changing(word) => {
            (Ground::Unsettled, format!("Azure says {word}; it is looked at when that ends").into())
        }
        PowerState::Broken(word) => (
            Ground::Unsettled,
            format!("Azure says {word}; it may bill, and only its owner can mend or delete it").into(),
        ),
        PowerState::Unrecognised(word) => {
            (Ground::Unrecognised, format!("Azure says `{word}`, which means nothing here").into())
        }
        PowerState::Running | PowerState::JobRunning => return on(facts, history),
    };
    Some(Finding { rule: Rule::State, ground, words, due_at: When::NONE })
}

/// What is found of an instance that is off.
pub(super) const fn off() -> Finding {
    Finding { rule: Rule::State, ground: Ground::Off, words: Words::Fixed("it is stopped"), due_at: When::NONE }
}

fn on(facts: &InstanceFacts, history: &History) -> Option<Finding> {
    let in_progress = facts.last_operation.known().is_some_and(|op| !op.status.has_ended());
    let (ground, words) = if let Some(open) = &history.open {
        let since = open.sent_at.unwrap_or(open.intended_at);
        (Ground::StopUnderWay, Words::from(format!("its stop was asked at {since} and it is still on")))
    } else if facts.created.is_none() {
        (
            Ground::Unrecognised,
            Words::from("Azure does not say when it was created, so it cannot be told from another of its name"),
        )
    } else if in_progress {
        (Ground::Unsettled, Words::from("an operation on it is in progress"))
    } else {
        return None;
    };
    Some(Finding { rule: Rule::State, ground, words, due_at: When::NONE })
}

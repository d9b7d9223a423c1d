//! States of an instance out of two tables: transitions, which are kept for good, and the facts of decisions, which say more.

use std::sync::Arc;

use jiff::Timestamp;

use super::StoreError;
use super::rows::Place;
use super::sql::Row;
use crate::facts::{InstanceFacts, LastOperation, Operation, OperationStatus, PowerState, Trigger};
use crate::past::StateChange;

/// What the facts of decisions say, in their order.
#[derive(Debug, Default)]
pub(super) struct States {
    pub(super) facts: Vec<Arc<InstanceFacts>>,
}

/// A transition. The operation's end is not in its row: what goes on is called so while the state is between two others.
pub(super) fn of_row(row: &Row) -> Result<StateChange, StoreError> {
    let seq: i64 = row.try_get("seq")?;
    let number = seq.to_string();
    let place = Place { table: "transitions", row: &number };
    let text: &str = row.try_get("to_state")?;
    // a bare word of ours where the row marks an end
    let state: Option<PowerState> = if text == "\"gone\"" { None } else { Some(place.json(text)?) };
    let operation: Option<&str> = row.try_get("operation")?;
    let operation: Option<(Operation, Timestamp, Trigger)> = operation.map(|text| place.json(text)).transpose()?;
    let goes_on = matches!(state, Some(PowerState::Changing(_)));
    let status = if goes_on { OperationStatus::InProgress } else { OperationStatus::Succeeded };
    Ok(StateChange {
        at: place.instant(row.try_get("not_after")?)?,
        not_before: place.instant_or_none(row.try_get("not_before")?)?.into(),
        state,
        operation: operation.map(|(operation, at, trigger)| Arc::new(LastOperation { operation, at, status, trigger })),
    })
}

fn changed(last: Option<&StateChange>, facts: &InstanceFacts) -> bool {
    last.is_none_or(|last| {
        last.state.as_ref() != Some(&facts.state) || last.operation.as_ref() != facts.last_operation.known()
    })
}

fn of_facts(facts: &InstanceFacts) -> StateChange {
    StateChange {
        at: facts.observed_at,
        not_before: crate::units::When::NONE,
        state: Some(facts.state.clone()),
        operation: facts.last_operation.known().cloned(),
    }
}

/// The same but for what state changes tell, and when it was read.
fn same_beside(old: &InstanceFacts, new: &InstanceFacts) -> bool {
    let InstanceFacts {
        id: _,
        created: _,
        state: _,
        size,
        region,
        owner,
        tags,
        last_operation: _,
        native,
        observed_at: _,
        oddities,
    } = new;
    (&old.size, &old.owner, &old.native, &old.oddities, &old.region) == (size, owner, native, oddities, region)
        && old.tags.known() == tags.known()
}

impl States {
    /// Facts that differ beside state and operation, and all state changes: of a change that both tell, the transition's bounds and
    /// the facts' particulars. Where no decision is kept any more, the newest facts stand for all.
    pub(super) fn merged(
        self,
        transitions: Vec<StateChange>,
        newest: Option<Arc<InstanceFacts>>,
    ) -> (Vec<Arc<InstanceFacts>>, Vec<StateChange>) {
        let mut facts: Vec<Arc<InstanceFacts>> = Vec::new();
        for one in self.facts.iter().chain(&newest) {
            if facts.last().is_none_or(|last| !same_beside(last, one)) {
                facts.push(one.clone());
            }
        }
        let mut states: Vec<StateChange> = Vec::with_capacity(transitions.len());
        let mut known = self.facts.into_iter().peekable();
        let add = |states: &mut Vec<StateChange>, facts: &InstanceFacts| {
            if changed(states.last(), facts) {
                states.push(of_facts(facts));
            }
        };
        for mut change in transitions {
            while let Some(facts) = known.next_if(|facts| facts.observed_at < change.at) {
                add(&mut states, &facts);
            }
            let same = known
                .peek()
                .filter(|facts| facts.observed_at == change.at && change.state.as_ref() == Some(&facts.state));
            if let Some(facts) = same {
                change.operation = facts.last_operation.known().cloned();
            }
            states.push(change);
        }
        known.for_each(|facts| add(&mut states, &facts));
        (facts, states)
    }
}

//! The record of one instance as looks, and the stretches in which it was on.

use std::sync::Arc;

use jiff::Timestamp;

use crate::facts::{InstanceFacts, LastOperation, Operation, Reading, StopResult, Trigger};
use crate::past::{Life, StateChange, TriedStop};
use crate::units::When;

/// What Azure was first seen to say of an instance at an instant.
#[derive(Debug, Clone)]
pub(super) struct Look {
    pub(super) at: Timestamp,
    /// When it was last seen otherwise.
    pub(super) before: Option<Timestamp>,
    /// None: it is gone.
    pub(super) facts: Option<Arc<InstanceFacts>>,
    /// Its last operation was not seen before.
    pub(super) is_news: bool,
    /// It is off since then by the stop of a policy: its place in the record.
    pub(super) stopped_by: Option<usize>,
}

impl Look {
    pub(super) fn is_on(&self) -> bool {
        self.facts.as_ref().is_some_and(|facts| facts.state.is_on())
    }
}

/// A stretch in which an instance was on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    /// When it was started, as far as anyone knows.
    pub(super) began: Timestamp,
    /// When it was first seen on.
    pub(super) from: Timestamp,
    /// When it was stopped, as far as anyone knows; the end of the record where it never was.
    pub(super) to: Timestamp,
    /// It was on at the end of the record.
    pub(super) is_open: bool,
}

/// Looks at one life, in order.
pub(super) fn looks(life: &Life) -> Vec<Look> {
    let mut looks: Vec<Look> = Vec::with_capacity(life.states.len());
    let mut beside = life.facts.iter().peekable();
    let Some(mut facts) = beside.peek().map(|first| Arc::clone(first)) else { return looks };
    let mut operation: Option<Arc<LastOperation>> = None;
    for change in &life.states {
        while let Some(next) = beside.next_if(|next| next.observed_at <= change.at) {
            facts = next.clone();
        }
        let is_news = change.operation.is_some() && change.operation != operation;
        operation.clone_from(&change.operation);
        let said = change.state.as_ref().map(|_| at_change(&facts, change));
        let before = change.not_before.known().or(looks.last().map(|last| last.at)).filter(|at| *at < change.at);
        looks.push(Look { at: change.at, before, facts: said, is_news, stopped_by: None });
    }
    // tags or an owner that changed while nothing else did
    for later in beside {
        if let Some(last) = looks.last().filter(|last| last.at < later.observed_at && last.facts.is_some()) {
            let state = last.facts.as_ref().map_or(later.state.clone(), |facts| facts.state.clone());
            let said = InstanceFacts { state, ..InstanceFacts::clone(later) };
            let before = Some(last.at);
            looks.push(Look {
                at: later.observed_at,
                before,
                facts: Some(Arc::new(said)),
                is_news: false,
                stopped_by: None,
            });
        }
    }
    looks
}

fn at_change(facts: &Arc<InstanceFacts>, change: &StateChange) -> Arc<InstanceFacts> {
    let mut facts = InstanceFacts::clone(facts);
    if let Some(state) = &change.state {
        facts.state = state.clone();
    }
    facts.observed_at = change.at;
    facts.last_operation = match &change.operation {
        Some(operation) => Reading::Known { value: operation.clone(), as_of: change.at.into() },
        None => Reading::Unknown(crate::facts::Unknown::Missing),
    };
    Arc::new(facts)
}

/// Stretches in which it was on; and says of each look that ended one by a policy's stop, by which.
pub(super) fn segments(looks: &mut [Look], stops: &[TriedStop], end: Timestamp) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    let mut open: Option<(Timestamp, Timestamp)> = None;
    for look in looks.iter_mut() {
        match (open, look.is_on()) {
            (None, true) => open = Some((began(look), look.at)),
            (Some((began, from)), false) => {
                let to = stopped_at(look).clamp(from, look.at);
                segments.push(Segment { began, from, to, is_open: false });
                look.stopped_by = stopped_by(look, from, stops);
                open = None;
            }
            (None, false) | (Some(_), true) => {}
        }
    }
    segments.extend(open.map(|(began, from)| Segment { began, from, to: end.max(from), is_open: true }));
    segments
}

fn operation(look: &Look) -> Option<&LastOperation> {
    look.facts.as_ref()?.last_operation.known().map(|operation| &**operation)
}

/// What Azure says of its start, if that lies between the looks.
fn began(look: &Look) -> Timestamp {
    let said = operation(look).filter(|operation| operation.operation.turns_on()).map(|operation| operation.at);
    let lies_within = |at: &Timestamp| *at <= look.at && look.before.is_none_or(|before| before <= *at);
    said.filter(lies_within).unwrap_or(look.at)
}

fn stopped_at(look: &Look) -> Timestamp {
    let said = operation(look).filter(|operation| operation.operation == Operation::Stop).map(|operation| operation.at);
    let lies_within = |at: &Timestamp| *at <= look.at && look.before.is_none_or(|before| before <= *at);
    said.filter(lies_within).or(look.before).unwrap_or(look.at)
}

/// The policy's stop that ended a stretch; none where Azure's own timers or a person did.
fn stopped_by(look: &Look, from: Timestamp, stops: &[TriedStop]) -> Option<usize> {
    let others = operation(look).is_some_and(|operation| {
        operation.operation == Operation::Stop && matches!(operation.trigger, Trigger::Schedule | Trigger::IdleShutdown)
    });
    let came_about =
        |stop: &TriedStop| matches!(stop.result, Some(StopResult::Stopped | StopResult::StartedAgain) | None);
    let is_of_it = |stop: &TriedStop| {
        let not_over = stop.ended_at.is_none() || stop.ended_at >= When::from(from);
        stop.asked_at >= from && stop.asked_at <= look.at && not_over
    };
    let found = stops.iter().rposition(|stop| is_of_it(stop) && came_about(stop))?;
    stops.get(found).filter(|stop| stop.is_by_policy() && !others).map(|_| found)
}

//! A stop of the replay: the same as one of the record, or another one, with what it claims and whom it would have hurt.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::course::Untold;
use super::machine::{Machine, Made, Mode, REMEMBERED};
use super::value::{Regret, ReplayedStop, Worked};
use crate::facts::{
    EndedStop, LastOperation, OpenIntent, Operation, OperationStatus, PowerState, Reading, StopResult, Trigger,
};
use crate::ledger::{Claim, ClaimEnd, ClaimRules};
use crate::plan::Step;

/// A stop of the replay so close to one of the record is the same.
const SAME_STOP: SignedDuration = SignedDuration::from_mins(2);
/// Who finds a machine stopped has it on again no sooner.
const AGAIN: SignedDuration = SignedDuration::from_secs(60);

impl Machine<'_> {
    /// It is stopped.
    pub(super) fn stop(&mut self, step: &Step, claim: impl FnOnce(&Self) -> Option<Claim>, rules: ClaimRules) {
        let Some(now) = self.facts.as_ref().map(|facts| facts.observed_at) else { return };
        self.history.stops.retain(|stop| now.duration_since(stop.ended_at) < REMEMBERED);
        if let Some(place) = self.same_stop(now) {
            self.stop_as_recorded(step, (place, rules), now);
            return;
        }
        let claim = claim(self);
        let made = self.judged(step, now, (claim, rules));
        let untold = self.untold_from(now, made.1);
        self.lived.stops.push(made.0);
        if self.mode == Mode::Apart {
            self.end_apart(now);
        }
        (self.mode, self.since) = (Mode::Off, Some(now));
        let again = match self.untold {
            Untold::Quiet => made.1,
            Untold::Used => [made.1, untold].into_iter().flatten().min(),
        };
        self.restart = again.map(|at| at.max(now.checked_add(AGAIN).unwrap_or(at)));
        let ended = EndedStop { key: step.key.clone(), asked_at: now, ended_at: now, result: StopResult::Stopped };
        self.history.stops.push(ended);
        if let Some(facts) = self.facts.as_mut() {
            let facts_now = Arc::make_mut(facts);
            facts_now.state = PowerState::Stopped;
            let stop = LastOperation {
                operation: Operation::Stop,
                at: now,
                status: OperationStatus::Succeeded,
                trigger: Trigger::User,
            };
            facts_now.last_operation = Reading::Known { value: Arc::new(stop), as_of: now.into() };
            self.history.see(facts, true);
        }
    }

    fn same_stop(&self, now: Timestamp) -> Option<usize> {
        let near = |place: &usize| {
            let stop = self.course.life.stops.get(*place);
            stop.is_some_and(|stop| stop.is_by_policy() && stop.asked_at.duration_since(now).abs() <= SAME_STOP)
        };
        (0..self.course.life.stops.len()).rev().find(|place| near(place) && !self.same.contains(place))
    }

    /// As in the record: what came of it is known.
    fn stop_as_recorded(&mut self, step: &Step, (place, rules): (usize, ClaimRules), now: Timestamp) {
        let Some(tried) = self.course.life.stops.get(place) else { return };
        self.same.insert(place);
        let ended_at = tried.ended_at.known().unwrap_or(self.course.end).max(now);
        if let Some(result) = &tried.result {
            let ended = EndedStop { key: step.key.clone(), asked_at: now, ended_at, result: result.clone() };
            self.ending = Some((ended_at, ended));
        }
        let id = format!("replay/{place}");
        self.history.open =
            Some(Box::new(OpenIntent { id, key: step.key.clone(), intended_at: now, sent_at: Some(now) }));
        let came_about = matches!(tried.result, Some(StopResult::Stopped | StopResult::StartedAgain));
        if came_about {
            let regret = super::real::regret_of(self.course, place, rules);
            let stop = ReplayedStop { at: now, ground: step.ground, happened: true, regret };
            self.lived.stops.push(Made { stop, same: Some(place), claim: None });
        }
        if self.mode == Mode::Apart {
            self.end_apart(now);
            self.mode = Mode::Follows;
            if let Some(look) = self.next_look.checked_sub(1).and_then(|place| self.course.looks.get(place)) {
                self.adopt(look);
            }
        }
    }

    /// The stop, whom it would have hurt and what it claims; and when it was used next.
    fn judged(
        &self,
        step: &Step,
        now: Timestamp,
        (claim, rules): (Option<Claim>, ClaimRules),
    ) -> (Made, Option<Timestamp>) {
        let segment = self.course.segment_at(now).copied().filter(|_| self.mode == Mode::Follows);
        let until = segment.map_or(now, |segment| segment.to);
        let used = self.course.used_after(now, until);
        let started = self.course.next_start(now);
        let within = |at: &Timestamp| at.duration_since(now).as_secs() <= rules.regret_within;
        let untold = self.untold_from(now, used.as_ref().map(|(at, _)| *at));
        let regret = match (&used, started.filter(within), untold.filter(within)) {
            (Some((at, worked)), _, _) if within(at) => Regret::Certain { at: *at, worked: worked.clone() },
            (_, Some(at), _) => Regret::Certain { at, worked: Worked::Started },
            (_, None, Some(from)) => Regret::Possible { from },
            (_, None, None) => Regret::None,
        };
        let used_at = used.map(|(at, _)| at);
        // somebody else stopped it in the record: no more than that can have been avoided
        let by_others = segment.filter(|segment| !segment.is_open && self.ends_by_others(segment.to)).map(|one| one.to);
        let known = [
            used_at.map(|at| (at, ClaimEnd::Start)),
            started.map(|at| (at, ClaimEnd::Start)),
            by_others.map(|at| (at, ClaimEnd::Stopped)),
            Some((self.course.end, ClaimEnd::Unknown)),
        ];
        let last = (self.course.end, ClaimEnd::Unknown);
        let latest = known.iter().flatten().min_by_key(|(at, _)| *at).copied().unwrap_or(last);
        let earliest = untold.filter(|at| *at < latest.0).map_or(latest, |at| (at, ClaimEnd::Start));
        let stop = ReplayedStop { at: now, ground: step.ground, happened: false, regret };
        (Made { stop, same: None, claim: claim.map(|claim| (claim, [earliest, latest])) }, used_at)
    }

    fn ends_by_others(&self, to: Timestamp) -> bool {
        let ended = self.course.looks.iter().find(|look| look.at >= to && !look.is_on());
        ended.is_some_and(|look| look.stopped_by.is_none())
    }

    /// From when on the record cannot tell whether it was used after a stop, before it is known to have been.
    fn untold_from(&self, now: Timestamp, used: Option<Timestamp>) -> Option<Timestamp> {
        if self.mode == Mode::Apart {
            // nobody was there to see it: the record has it off
            return Some(now);
        }
        let segment = self.course.segment_at(now)?;
        self.course.untold_after(now, used.unwrap_or(segment.to))
    }
}

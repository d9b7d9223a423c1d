//! One instance in the world of the policy that is tried: it goes with the record until the policy does something else.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::course::{Course, Untold};
use super::segments::Look;
use super::value::{Regret, ReplayedStop, Worked};
use crate::facts::{
    EndedStop, Freeze, History, InstanceFacts, LastOperation, NoticeState, OpenIntent, Operation, OperationStatus,
    PastNotice, PowerState, Reading, StopResult, Trigger,
};
use crate::ledger::{Claim, ClaimEnd, ClaimRules};
use crate::plan::{Notice, Step};
use crate::policy::Policy;
use crate::rules::{Ground, Moment, Verdict, evaluate, terms_of};
use crate::units::{Span, When};

/// A stop of the replay so close to one of the record is the same.
const SAME_STOP: SignedDuration = SignedDuration::from_mins(2);
/// Ended stops and notices are remembered so long.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(36);
/// Who finds a machine stopped has it on again no sooner.
const AGAIN: SignedDuration = SignedDuration::from_secs(60);

/// How its world relates to the record's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// As in the record.
    Follows,
    /// Stopped by the replay.
    Off,
    /// On, where the record has it stopped by a policy.
    Apart,
}

/// A stop of the replay, and what is needed to say what it avoided.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub(super) stop: ReplayedStop,
    /// The stop of the record that it is.
    pub(super) same: Option<usize>,
    /// Where it is none of the record: what it claims, and when that ends at the latest and at the earliest.
    pub(super) claim: Option<(Claim, [(Timestamp, ClaimEnd); 2])>,
}

/// What became of it.
#[derive(Debug, Clone, Default)]
pub(super) struct Lived {
    /// Off, where the record may have it on.
    pub(super) off: Vec<(Timestamp, Timestamp)>,
    /// On, where the record has it stopped by a policy.
    pub(super) apart: Vec<(Timestamp, Timestamp)>,
    pub(super) stops: Vec<Made>,
    pub(super) warned: Vec<Timestamp>,
}

/// One instance.
pub(super) struct Machine<'a> {
    pub(super) course: &'a Course<'a>,
    pub(super) policy: Option<Arc<Policy>>,
    pub(super) facts: Option<Arc<InstanceFacts>>,
    pub(super) history: History,
    pub(super) verdict: Option<Verdict>,
    pub(super) lived: Lived,
    untold: Untold,
    mode: Mode,
    next_look: usize,
    next_time: usize,
    is_on_in_record: bool,
    wake: Option<Timestamp>,
    restart: Option<Timestamp>,
    ending: Option<(Timestamp, EndedStop)>,
    /// Starts up to then are none of this world: the operation that stands instead.
    hidden: Option<(Timestamp, Reading<Arc<LastOperation>>)>,
    same: BTreeSet<usize>,
    since: Option<Timestamp>,
    edge: Option<Timestamp>,
}

impl<'a> Machine<'a> {
    pub(super) fn new(course: &'a Course<'a>, policy: Option<Arc<Policy>>, untold: Untold) -> Self {
        Self {
            course,
            policy,
            facts: None,
            history: History::default(),
            verdict: None,
            lived: Lived::default(),
            untold,
            mode: Mode::Follows,
            next_look: 0,
            next_time: 0,
            is_on_in_record: false,
            wake: None,
            restart: None,
            ending: None,
            hidden: None,
            same: BTreeSet::new(),
            since: None,
            edge: None,
        }
    }

    pub(super) fn is_on(&self) -> bool {
        self.facts.as_ref().is_some_and(|facts| facts.state.is_on())
    }

    /// When something next happens to it, or may have to be decided.
    pub(super) fn next(&self) -> Option<Timestamp> {
        let known = self.course.times.get(self.next_time).copied();
        let ending = self.ending.as_ref().map(|(at, _)| *at);
        [known, self.wake, self.restart, ending].into_iter().flatten().min()
    }

    /// Looked at again then, or before.
    pub(super) fn wake_at(&mut self, at: Timestamp) {
        self.wake = Some(self.wake.map_or(at, |wake| wake.min(at)));
    }

    /// Lets everything happen up to an instant.
    pub(super) fn advance(&mut self, now: Timestamp) {
        let course = self.course;
        while let Some(look) = course.looks.get(self.next_look).filter(|look| look.at <= now) {
            self.next_look = self.next_look.saturating_add(1);
            self.see(look);
            self.is_on_in_record = look.is_on();
        }
        if let Some((_, ended)) = self.ending.take_if(|(at, _)| *at <= now) {
            self.history.open = None;
            self.history.stops.push(ended);
        }
        if let Some(at) = self.restart.take_if(|at| *at <= now) {
            self.start_again(at, now);
        }
        if !course.life.holds.is_empty() {
            self.history.holds = course.holds_at(now);
        }
        while course.times.get(self.next_time).is_some_and(|at| *at <= now) {
            self.next_time = self.next_time.saturating_add(1);
        }
        self.wake = self.wake.filter(|at| *at > now);
        self.edge = self.edge.filter(|at| *at > now);
    }

    fn see(&mut self, look: &Look) {
        let begins = look.is_on() && !self.is_on_in_record;
        match self.mode {
            Mode::Follows => match look.stopped_by {
                Some(stop) if self.is_on() && !self.same.contains(&stop) => self.part(look),
                Some(_) | None => self.adopt(look),
            },
            Mode::Apart if look.is_on() || look.facts.is_none() => {
                self.end_apart(look.at);
                if let Some(facts) = &self.facts {
                    let started = look.facts.as_ref().and_then(|facts| facts.started_at()).unwrap_or(look.at);
                    self.hidden = Some((started.max(look.at), facts.last_operation.clone()));
                }
                self.mode = Mode::Follows;
                self.adopt(look);
            }
            Mode::Off if begins || look.facts.is_none() => {
                let began = self.course.segment_at(look.at).map_or(look.at, |segment| segment.began);
                self.end_off(began.min(look.at));
                self.mode = Mode::Follows;
                self.adopt(look);
            }
            Mode::Apart | Mode::Off => {}
        }
    }

    /// The record's policy stopped it, and this one did not: from here on nobody knows how it was used.
    fn part(&mut self, look: &Look) {
        let stopped = self.course.segments.iter().rev().find(|segment| segment.from <= look.at).map(|segment| segment.to);
        self.mode = Mode::Apart;
        self.since = Some(stopped.unwrap_or(look.at));
    }

    fn end_apart(&mut self, at: Timestamp) {
        self.lived.apart.extend(self.since.take().map(|since| (since, at.max(since))));
    }

    fn end_off(&mut self, at: Timestamp) {
        self.restart = None;
        self.lived.off.extend(self.since.take().map(|since| (since, at.max(since))));
    }

    /// Closes what goes on at the end of the record.
    pub(super) fn finish(&mut self, end: Timestamp) {
        match self.mode {
            Mode::Off => self.end_off(end),
            Mode::Apart => self.end_apart(end),
            Mode::Follows => {}
        }
    }

    fn adopt(&mut self, look: &Look) {
        if let Some((before, facts)) = look.before.zip(self.facts.as_mut()) {
            Arc::make_mut(facts).observed_at = before;
            self.history.see(facts, false);
        }
        let Some(said) = &look.facts else {
            (self.facts, self.history, self.hidden) = (None, History::default(), None);
            return;
        };
        let mut facts = said.clone();
        let mut is_news = look.is_news;
        let operated = facts.last_operation.known().map(|operation| operation.at);
        match &self.hidden {
            Some((until, instead)) if operated.is_none_or(|at| at <= *until) => {
                Arc::make_mut(&mut facts).last_operation = instead.clone();
                is_news = false;
            }
            Some(_) => self.hidden = None,
            None => {}
        }
        self.history.see(&facts, is_news);
        self.facts = Some(facts);
    }

    /// A person finds it stopped, and starts it.
    fn start_again(&mut self, at: Timestamp, now: Timestamp) {
        if self.mode != Mode::Off {
            return;
        }
        self.end_off(at);
        let start = LastOperation {
            operation: Operation::Start,
            at,
            status: OperationStatus::Succeeded,
            trigger: Trigger::User,
        };
        let start = Reading::Known { value: Arc::new(start), as_of: When::at(at) };
        let last = self.next_look.checked_sub(1).and_then(|place| self.course.looks.get(place));
        let said = last.and_then(|look| look.facts.clone()).filter(|facts| facts.state.is_on());
        self.mode = if said.is_some() { Mode::Follows } else { Mode::Apart };
        self.since = (self.mode == Mode::Apart).then_some(at);
        let Some(mut facts) = said.or_else(|| self.facts.clone()) else { return };
        let changed = Arc::make_mut(&mut facts);
        if !changed.state.is_on() {
            changed.state = PowerState::Running;
        }
        (changed.last_operation, changed.observed_at) = (start.clone(), now);
        self.history.see(&facts, true);
        (self.facts, self.hidden) = (Some(facts), Some((at, start)));
    }

    /// Decides about it; none while it is off, or nobody governs it.
    pub(super) fn decide(&mut self, moment: &Moment<'_>, interval: Span) -> Option<&Verdict> {
        self.verdict = None;
        let now = moment.now();
        let policy = self.policy.clone()?;
        let facts = self.facts.as_mut().filter(|facts| facts.state.is_on())?;
        Arc::make_mut(facts).observed_at = now;
        let since = self.history.on_since.known().unwrap_or(now);
        let evidence = self.course.evidence((now, since), self.untold, self.mode == Mode::Follows);
        let job = (facts.state == PowerState::JobRunning).then_some(now);
        let used = evidence.last_busy().known().filter(|at| *at <= now).max(job);
        self.history.last_busy = self.history.last_busy.max(used.into());
        let frozen = self.course.is_frozen(now);
        let freeze = if frozen { Freeze::On("it was frozen then".to_owned()) } else { Freeze::Off };
        let verdict = evaluate(moment, facts, &evidence, &self.history, &freeze);
        let terms = terms_of(&policy, facts);
        if self.edge.is_none() {
            self.edge = terms.hours.as_ref().and_then(|rule| rule.hours.next_edge(now)).map(|edge| edge.at);
        }
        // use holds a stop back only for so long
        let capped = verdict.ground == Ground::Busy && terms.busy_cap.is_some();
        let again = capped.then(|| now.checked_add(interval.duration()).unwrap_or(now));
        let coming = [verdict.changes_at.known().filter(|at| *at > now), self.edge, again];
        if let Some(at) = coming.into_iter().flatten().min() {
            self.wake_at(at);
        }
        self.verdict = Some(verdict);
        self.verdict.as_ref()
    }

    /// Somebody is warned. Where the record has the same warning, it arrived when it did there; else at once.
    pub(super) fn warn(&mut self, notice: &Notice, now: Timestamp) {
        let same = self.course.life.told.iter().find(|told| told.key == notice.key).map(|told| told.delivered_at);
        let state = match same.and_then(When::known) {
            Some(at) => NoticeState::Delivered { at },
            None if same.is_some() => NoticeState::Recorded,
            None => NoticeState::Delivered { at: now },
        };
        let recent = |past: &PastNotice| now.duration_since(past.key.stop_at.max(past.recorded_at)) < REMEMBERED;
        self.history.notices.retain(|past| recent(past));
        if !self.history.notices.iter().any(|past| past.key == notice.key) {
            self.history.notices.push(PastNotice { key: notice.key.clone(), recorded_at: now, state });
            self.lived.warned.push(now);
        }
        self.wake_at(notice.key.stop_at);
    }

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

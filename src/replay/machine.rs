//! One instance in the world of the policy that is tried: it goes with the record until the policy does something else.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::course::{Course, Untold};
use super::segments::Look;
use super::value::ReplayedStop;
use crate::facts::{
    EndedStop, Freeze, History, InstanceFacts, LastOperation, NoticeState, Operation, OperationStatus, PastNotice,
    PowerState, Reading, Trigger,
};
use crate::ledger::{Claim, ClaimEnd};
use crate::plan::Notice;
use crate::policy::Policy;
use crate::rules::{Ground, Moment, Verdict, evaluate, terms_of};
use crate::units::{Span, When};

/// Ended stops and notices are remembered so long.
pub(super) const REMEMBERED: SignedDuration = SignedDuration::from_hours(36);

/// How its world relates to the record's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
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
    pub(super) untold: Untold,
    pub(super) mode: Mode,
    pub(super) next_look: usize,
    next_time: usize,
    is_on_in_record: bool,
    wake: Option<Timestamp>,
    pub(super) restart: Option<Timestamp>,
    pub(super) ending: Option<(Timestamp, EndedStop)>,
    /// Starts up to then are none of this world: the operation that stands instead.
    hidden: Option<(Timestamp, Reading<Arc<LastOperation>>)>,
    pub(super) same: BTreeSet<usize>,
    pub(super) since: Option<Timestamp>,
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

    /// True where its workspace is read at an instant, and not only something happens there that nobody sees yet.
    pub(super) fn is_read(&self, now: Timestamp) -> bool {
        self.wake == Some(now) || self.course.was_read(now)
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
        let stopped =
            self.course.segments.iter().rev().find(|segment| segment.from <= look.at).map(|segment| segment.to);
        self.mode = Mode::Apart;
        self.since = Some(stopped.unwrap_or(look.at));
    }

    pub(super) fn end_apart(&mut self, at: Timestamp) {
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

    pub(super) fn adopt(&mut self, look: &Look) {
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
        if let Some(before) = &self.facts {
            self.history.see_after(&before.state, &facts);
        }
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
}

//! How far the record's own decisions come out again: at each of them the same rules are asked, with what the record has of
//! that instant. What comes out otherwise is listed with why, as far as that is known.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::course::Course;
use super::run::{Asked, governing};
use crate::facts::{EndedStop, Freeze, History, InstanceFacts, NoticeState, OpenIntent, PastNotice, PastStart, Starts};
use crate::past::{Decided, Past};
use crate::policy::Policy;
use crate::rules::{Action, Ground, Moment, Verdict, evaluate};
use crate::units::InstanceId;

/// How many are listed.
const LISTED: usize = 50;
/// Remembered so long.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(36);

/// A decision that comes out otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Of which instance.
    pub instance: InstanceId,
    /// When.
    pub at: Timestamp,
    /// What the record has.
    pub recorded: String,
    /// What comes out.
    pub replayed: String,
    /// Why, as far as that is known.
    pub why: &'static str,
}

/// How far decisions come out again.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Decisions of the very policies that are tried, in the same revision.
    pub decisions: usize,
    /// Of these, how many come out the same.
    pub same: usize,
    /// Decisions of other policies or revisions, which cannot be tried again: their text is not in the record.
    pub of_others: usize,
    /// The first of those that do not.
    pub differences: Vec<Difference>,
    /// How many there are of each reason.
    pub reasons: BTreeMap<&'static str, usize>,
}

/// Asks the rules again at every recorded decision between two instants.
#[must_use]
pub fn check(past: &Past, asked: &Asked<'_>) -> Checked {
    let mut checked = Checked::default();
    for life in &past.lives {
        let course = Course::of(life, past.to);
        let policy = governing(asked.policies, life).and_then(|place| asked.policies.policies.get(place));
        let mut then = Then::new(&course);
        for decided in &life.decided {
            let counts = asked.from <= decided.at && decided.at < asked.to;
            let policy = policy.filter(|one| is_of(one, decided));
            match policy.filter(|_| counts) {
                Some(policy) => then.ask(decided, policy, asked, &mut checked),
                None if counts => checked.of_others = checked.of_others.saturating_add(1),
                None => {}
            }
        }
    }
    checked
}

fn is_of(policy: &Policy, decided: &Decided) -> bool {
    policy.id.as_str().eq_ignore_ascii_case(&decided.policy) && policy.revision == decided.revision
}

/// What was known then.
struct Then<'a> {
    course: &'a Course<'a>,
    next_look: usize,
    facts: Option<Arc<InstanceFacts>>,
    history: History,
    heard: usize,
    /// A recorded deadline that came out for another moment.
    moved: Option<Timestamp>,
}

/// The reasons of which one leads to the other.
const MOVED: &str = "the same decision, for another moment: what was seen between two decisions is not in the record";
const BY_MOVED: &str = "by a deadline that came out for another moment before";

impl<'a> Then<'a> {
    fn new(course: &'a Course<'a>) -> Self {
        Self { course, next_look: 0, facts: None, history: History::default(), heard: 0, moved: None }
    }

    fn why(&mut self, verdict: &Verdict, decided: &Decided) -> &'static str {
        let due = decided.due.as_deref().map(|due| due.stop_at);
        match why(verdict, decided) {
            Some(why) => {
                self.moved = due.filter(|_| why == MOVED).or(self.moved);
                why
            }
            None if due.is_some() && due == self.moved => BY_MOVED,
            None => "not explained",
        }
    }

    fn ask(&mut self, decided: &Decided, policy: &Policy, asked: &Asked<'_>, checked: &mut Checked) {
        self.advance(decided.at);
        let Some(facts) = &self.facts else { return };
        let evidence = self.course.recorded(decided.at).unwrap_or_default();
        let frozen = decided.ground == Ground::Frozen;
        let freeze = if frozen { Freeze::On("it was frozen then".to_owned()) } else { Freeze::Off };
        let moment = Moment::new(policy, decided.at).hushed(asked.quiet.clone()).started(self.starts());
        let verdict = evaluate(&moment, facts, &evidence, &self.history, &freeze);
        let otherwise = |holds| {
            let history = History { holds, ..self.history.clone() };
            same(&evaluate(&moment, facts, &evidence, &history, &freeze), decided)
        };
        checked.decisions = checked.decisions.saturating_add(1);
        if same(&verdict, decided) || self.course.holds_either_way(decided.at).into_iter().any(otherwise) {
            checked.same = checked.same.saturating_add(1);
            return;
        }
        let why = self.why(&verdict, decided);
        let count = checked.reasons.entry(why).or_default();
        *count = count.saturating_add(1);
        if checked.differences.len() < LISTED {
            checked.differences.push(Difference {
                instance: self.course.life.id.clone(),
                at: decided.at,
                recorded: words((decided.action, decided.ground), decided.due.as_deref()),
                replayed: words((verdict.action, verdict.ground), verdict.due.as_deref()),
                why,
            });
        }
    }

    fn starts(&self) -> Option<Arc<Starts>> {
        let life = self.course.life;
        let past = |start: &crate::past::TriedStart| PastStart {
            key: start.key.clone(),
            created: life.created,
            asked_at: start.asked_at,
            ended: start.ended.clone(),
        };
        let all: Vec<PastStart> = life.starts.iter().map(past).collect();
        (!all.is_empty()).then(|| Arc::new(Starts([(life.id.clone(), all)].into())))
    }

    fn advance(&mut self, now: Timestamp) {
        let course = self.course;
        while let Some(look) = course.looks.get(self.next_look).filter(|look| look.at <= now) {
            self.next_look = self.next_look.saturating_add(1);
            if let Some(before) = look.before {
                self.hear(before);
                self.touch(before);
            }
            match &look.facts {
                // what was done before a look is what tells a stop of ours from another one
                Some(facts) => {
                    self.recall(look.at);
                    self.history.see(facts, look.is_news);
                    if let Some(before) = &self.facts {
                        self.history.see_after(&before.state, facts);
                    }
                }
                None => self.history = History::default(),
            }
            self.facts.clone_from(&look.facts);
        }
        self.hear(now);
        self.recall(now);
        self.touch(now);
    }

    /// It was seen once more as it was.
    fn touch(&mut self, at: Timestamp) {
        if let Some(facts) = self.facts.as_mut() {
            Arc::make_mut(facts).observed_at = at;
            self.history.see(facts, false);
        }
    }

    /// Use that was heard of up to then.
    fn hear(&mut self, now: Timestamp) {
        while let Some(heard) = self.course.life.heard.get(self.heard).filter(|heard| heard.at <= now) {
            self.heard = self.heard.saturating_add(1);
            let used = heard.tracks.iter().map(|track| track.last_busy).max().unwrap_or_default();
            if used.known().is_some_and(|at| at <= heard.at) {
                self.history.last_busy = self.history.last_busy.max(used);
            }
        }
    }

    /// Holds, warnings and stops as they stood.
    fn recall(&mut self, now: Timestamp) {
        let life = self.course.life;
        let recent = |at: Timestamp| now.duration_since(at) < REMEMBERED;
        self.history.holds = self.course.holds_at(now);
        let notices = life.told.iter().filter(|told| told.at < now && recent(told.key.stop_at.max(told.at)));
        self.history.notices = notices
            .map(|told| PastNotice {
                key: told.key.clone(),
                recorded_at: told.at,
                state: match told.delivered_at.known().filter(|at| *at <= now) {
                    Some(at) => NoticeState::Delivered { at },
                    None => NoticeState::Recorded,
                },
            })
            .collect();
        let tried = life.stops.iter().filter(|stop| stop.asked_at < now);
        let ended = tried.clone().filter_map(|stop| {
            let ended_at = stop.ended_at.known().filter(|at| *at <= now && recent(*at))?;
            let (key, asked_at) = (stop.key.clone(), stop.asked_at);
            Some(EndedStop { key, asked_at, ended_at, result: stop.result.clone()? })
        });
        self.history.stops = ended.collect();
        let open = tried.clone().find(|stop| stop.ended_at.known().is_none_or(|at| at > now));
        self.history.open = open.map(|stop| {
            let intended_at = stop.asked_at;
            let id = "recorded".to_owned();
            Box::new(OpenIntent { id, key: stop.key.clone(), intended_at, sent_at: Some(intended_at) })
        });
    }
}

fn same(verdict: &Verdict, decided: &Decided) -> bool {
    let due = |due: Option<&crate::rules::Due>| due.map(|due| (due.key.clone(), due.due_at, due.ground));
    let announced = verdict.notice.as_ref().map(|key| key.stop_at);
    (verdict.action, verdict.ground) == (decided.action, decided.ground)
        && due(verdict.due.as_deref()) == due(decided.due.as_deref())
        && (decided.action == Action::Keep || announced == decided.announced.known())
}

fn words((action, ground): (Action, Ground), due: Option<&crate::rules::Due>) -> String {
    let due = due.map_or_else(String::new, |due| format!(", {} due {:.0}", due.ground.label(), due.due_at));
    format!("{} ({}){due}", action.label(), ground.label())
}

/// Why it comes out otherwise, as far as the record tells.
fn why(verdict: &Verdict, decided: &Decided) -> Option<&'static str> {
    let budget = |due: Option<&crate::rules::Due>| due.is_some_and(|due| due.ground == Ground::OverBudget);
    if decided.ground == Ground::Busy && verdict.ground != Ground::Busy {
        return Some(
            "agents were awaited after a start of the service, or a source spoke that the record does not have",
        );
    }
    if budget(decided.due.as_deref()) || budget(verdict.due.as_deref()) {
        return Some("budgets are not replayed: what was spent at that moment is not in the record");
    }
    ((verdict.action, verdict.ground) == (decided.action, decided.ground)).then_some(MOVED)
}

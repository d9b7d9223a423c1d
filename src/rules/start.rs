//! Starting at the on-edges of the hours: a level with memory, like stops, and with the opposite care.
//!
//! A stop that is missed is made up for while its window lasts; a start is not: an hour after the edge whoever wanted the
//! machine has turned it on. So an on-edge is spent when its start was carried out, when anybody turned the instance on or off
//! since, or when `catch_up` has passed. Whatever is not known leaves the instance off: a start costs money and helps one
//! person, who can start it by hand.
//!
//! Quota is not looked at: stopping an instance does not give its quota back, so that a start of one that exists needs none.
//! An enabled start schedule of Azure's own is no hindrance: who starts second finds it on.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::exempt::exempt;
use super::hours::{HoursNow, jitter};
use super::moment::{Holding, Moment, with_subject};
use super::purse::{Purse, purse};
use crate::facts::{History, InstanceFacts, Operation, OperationResult, OperationStatus, PastStart, PowerState};
use crate::policy::{Policy, StartRule};
use crate::schedule::{Edge, EdgeNote, HoursState};
use crate::units::{Rate, Span, When};

/// After so many starts for one edge that came to nothing none is tried any more.
const TRIES: usize = 3;
/// The rest after the first of them; it doubles.
const REST: SignedDuration = SignedDuration::from_mins(2);

/// Why an instance that is off is started, or is not: a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StartGround {
    /// Its hours have begun, and it is to be started now.
    Due,
    /// Its hours begin later.
    Coming,
    /// It was started for this edge, or turned on or off by somebody since.
    Spent,
    /// The edge is longer ago than the policy catches up.
    Missed,
    /// A person wants it to stay off.
    HeldOff,
    /// Policy or its owner's tag exempts it.
    Exempt,
    /// A day on which nothing is done.
    NoActionDay,
    /// A calendar could not be read, so the hours are not known.
    HoursUnknown,
    /// The month's budget is used up, or too small for it.
    OverBudget,
    /// What it would cost, or what is left of the budget, is not known.
    CostUnknown,
    /// An operation on it is going on, or nobody knows what was done with it last.
    Unsettled,
    /// Its start, or a stop of it, is under way.
    UnderWay,
    /// Its start came to nothing; the next try comes by itself.
    BackingOff,
    /// Its start came to nothing too often.
    GivenUp,
}

impl StartGround {
    /// Every one of them.
    pub const ALL: [Self; 14] = [
        Self::Due,
        Self::Coming,
        Self::Spent,
        Self::Missed,
        Self::HeldOff,
        Self::Exempt,
        Self::NoActionDay,
        Self::HoursUnknown,
        Self::OverBudget,
        Self::CostUnknown,
        Self::Unsettled,
        Self::UnderWay,
        Self::BackingOff,
        Self::GivenUp,
    ];

    /// The word in journal and JSON.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Coming => "coming",
            Self::Spent => "spent",
            Self::Missed => "missed",
            Self::HeldOff => "held_off",
            Self::Exempt => "exempt",
            Self::NoActionDay => "no_action_day",
            Self::HoursUnknown => "hours_unknown",
            Self::OverBudget => "over_budget",
            Self::CostUnknown => "cost_unknown",
            Self::Unsettled => "unsettled",
            Self::UnderWay => "under_way",
            Self::BackingOff => "backing_off",
            Self::GivenUp => "given_up",
        }
    }
}

/// What the start rule says of an instance that is off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartFinding {
    /// The word for it.
    pub ground: StartGround,
    /// Identity of the edge that it is about; empty where there is none (S2).
    pub key: Arc<str>,
    /// When that edge was, or will be.
    pub edge_at: When,
    /// When it is started, if nothing changes.
    pub start_at: When,
    /// The end of the hours that the edge opens.
    pub until: When,
    /// From then on nothing is started for this edge.
    pub let_go_at: When,
    /// What it would cost, and out of what; none where the policy has no budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purse: Option<Box<Purse>>,
    /// A sentence fragment with the particulars.
    pub words: Arc<str>,
}

/// What is known of one instance that the rule goes by.
struct Question<'a> {
    moment: &'a Moment<'a>,
    rule: &'a StartRule,
    holding: Holding<'a>,
    hours: &'a HoursNow,
    facts: &'a InstanceFacts,
    history: &'a History,
    /// What an hour of it costs; none where nobody knows.
    rate: Option<Rate>,
}

/// What is to be said of starting an instance. None where the policy starts it never, or it is not off.
#[must_use]
pub fn start(
    moment: &Moment<'_>,
    facts: &InstanceFacts,
    history: &History,
    rate: Option<Rate>,
) -> Option<StartFinding> {
    let rule = moment.policy.start.as_deref().filter(|_| facts.state == PowerState::Stopped)?;
    with_subject(facts, |subject| {
        if !rule.covers(subject) {
            return None;
        }
        let holding = moment.holding(subject);
        let (_, hours) = holding.hours?;
        let question = Question { moment, rule, holding, hours, facts, history, rate };
        let exempt = exempt(holding.terms, subject, facts, moment.now);
        Some(exempt.map_or_else(|| question.found(), |why| question.plain(StartGround::Exempt, why.words.to_string())))
    })
}

/// Whether a policy starts an instance at all.
#[must_use]
pub fn is_started_by(policy: &Policy, facts: &InstanceFacts) -> bool {
    policy.start.as_ref().is_some_and(|rule| with_subject(facts, |subject| rule.covers(subject)))
}

impl Question<'_> {
    fn found(&self) -> StartFinding {
        if self.facts.created.is_none() {
            return self.plain(StartGround::Unsettled, "Azure does not say when it was created".to_owned());
        }
        match self.hours.state() {
            HoursState::Unknown { unreadable } => {
                let which: Vec<&str> = unreadable.iter().map(|one| &*one.source).collect();
                let words = format!("calendars could not be read, so nothing is started: {}", which.join(", "));
                self.plain(StartGround::HoursUnknown, words)
            }
            HoursState::NoAction { name, .. } => {
                self.next(StartGround::NoActionDay, format!("nothing is started on this day: {name}"))
            }
            HoursState::Off { .. } | HoursState::On { since: None, .. } => self.coming(),
            HoursState::On { since: Some(edge), until } => {
                let silent = edge.note.as_ref().is_some_and(|note| matches!(note, EdgeNote::NoAction { .. }));
                if silent { self.coming() } else { self.at_edge(edge, until.as_ref()) }
            }
        }
    }

    /// Without an instant at which it is started.
    fn plain(&self, ground: StartGround, words: String) -> StartFinding {
        let (key, none) = (Arc::default(), When::NONE);
        let words = words.into();
        StartFinding { ground, key, edge_at: none, start_at: none, until: none, let_go_at: none, purse: None, words }
    }

    /// With the next on-edge after now for which it can be started.
    fn next(&self, ground: StartGround, words: String) -> StartFinding {
        let held = self.history.held_off_at(self.moment.now).map(|hold| hold.until);
        let reachable = self.hours.opens().iter().find_map(|edge| {
            let start_at = self.start_of(edge).max(held.unwrap_or(Timestamp::MIN));
            (start_at <= self.let_go_of(edge)).then_some((edge, start_at))
        });
        let plain = self.plain(ground, words);
        reachable.map_or(plain.clone(), |(edge, at)| StartFinding {
            key: self.key_of(edge),
            edge_at: edge.at.into(),
            start_at: at.into(),
            let_go_at: self.let_go_of(edge).into(),
            ..plain
        })
    }

    fn coming(&self) -> StartFinding {
        let held = self.history.held_off_at(self.moment.now);
        let found = match held {
            Some(hold) => self.next(StartGround::HeldOff, held_words(&hold.by, hold.until, &hold.reason)),
            None => self.next(StartGround::Coming, String::new()),
        };
        let words = match (held, found.edge_at.known()) {
            (Some(_), _) => return found,
            (None, Some(edge)) => format!("it is started when its hours begin at {edge}{}", self.by_azure()),
            (None, None) => "no hours begin within 400 days".to_owned(),
        };
        StartFinding { words: words.into(), ..found }
    }

    /// A start schedule of Azure's own on it, in words.
    fn by_azure(&self) -> &'static str {
        let starts = self.facts.native.schedules.iter().any(|one| one.starts && one.enabled);
        if starts { "; a schedule of Azure's own starts it too" } else { "" }
    }

    fn key_of(&self, edge: &Edge) -> Arc<str> {
        format!("start/{}/{}", self.moment.key, edge.key()).into()
    }

    fn start_of(&self, edge: &Edge) -> Timestamp {
        let late = jitter(&self.facts.id, self.rule.spread.as_secs());
        after(edge.at, Span::seconds(late).duration())
    }

    fn let_go_of(&self, edge: &Edge) -> Timestamp {
        after(edge.at, self.rule.catch_up.duration())
    }

    /// Inside the hours that an edge opened.
    fn at_edge(&self, edge: &Edge, until: Option<&Edge>) -> StartFinding {
        let (now, key) = (self.moment.now, self.key_of(edge));
        let (start_at, let_go_at) = (self.start_of(edge), self.let_go_of(edge));
        let about = |ground, start_at: Option<Timestamp>, words: String| StartFinding {
            key: key.clone(),
            edge_at: edge.at.into(),
            start_at: start_at.into(),
            until: until.map(|edge| edge.at).into(),
            let_go_at: let_go_at.into(),
            ..self.plain(ground, words)
        };
        // the next edge is what comes, and this one is what it is about
        let over = |ground, words: String| StartFinding {
            start_at: self.next(ground, String::new()).start_at,
            ..about(ground, None, words)
        };
        let tries: Vec<&PastStart> = self.moment.starts_of(self.facts).filter(|one| one.key == key).collect();
        if let Some((ground, words)) = self.settled(edge, &tries) {
            return if ground == StartGround::Spent { over(ground, words) } else { about(ground, None, words) };
        }
        if now > let_go_at {
            let words = format!("its hours began at {}, longer ago than the policy catches up with a start", edge.at);
            return over(StartGround::Missed, words);
        }
        if let Some(hold) = self.history.held_off_at(now) {
            let words = held_words(&hold.by, hold.until, &hold.reason);
            let ends = Some(hold.until.max(start_at)).filter(|at| *at <= let_go_at);
            return match ends {
                Some(at) => about(StartGround::HeldOff, Some(at), words),
                None => over(StartGround::HeldOff, words),
            };
        }
        let failed: Vec<&&PastStart> = tries.iter().filter(|one| one.came_to_nothing()).collect();
        if failed.len() >= TRIES {
            return over(StartGround::GivenUp, format!("its start came to nothing {} times", failed.len()));
        }
        let rested = failed.last().and_then(|last| last.ended.as_ref()).map(|(at, _)| after(*at, rest(failed.len())));
        if let Some(at) = rested.filter(|at| now < *at) {
            return about(
                StartGround::BackingOff,
                Some(at),
                format!("its start came to nothing; it is tried again at {at}"),
            );
        }
        if now < start_at {
            let words = format!("its hours began at {}; it is started a little later than others", edge.at);
            return about(StartGround::Coming, Some(start_at), words);
        }
        let left = until.map(|edge| edge.at.duration_since(now));
        if left.is_some_and(|left| left < self.rule.unused_after.duration()) {
            let words = "its hours end sooner than an unused start is noticed, so it is not started for them";
            return over(StartGround::Missed, words.to_owned());
        }
        match self.purse(edge.at, until) {
            Err((ground, words)) => over(ground, words),
            Ok(purse) => StartFinding {
                purse,
                ..about(StartGround::Due, Some(start_at), format!("its hours began at {}{}", edge.at, self.by_azure()))
            },
        }
    }

    /// What was done with it since the edge, where that means that nothing more is to be done now.
    fn settled(&self, edge: &Edge, tries: &[&PastStart]) -> Option<(StartGround, String)> {
        if self.history.open.is_some() || tries.iter().any(|one| one.ended.is_none()) {
            return Some((StartGround::UnderWay, "what was asked of it is under way".to_owned()));
        }
        if tries.iter().any(|one| matches!(one.ended, Some((_, OperationResult::Done)))) {
            let words = format!("it was started for the hours that began at {}, and turned off since", edge.at);
            return Some((StartGround::Spent, words));
        }
        if self.history.stops.iter().any(|stop| stop.result.may_have_been_taken() && stop.asked_at >= edge.at) {
            return Some((StartGround::Spent, format!("it was stopped since its hours began at {}", edge.at)));
        }
        let Some(last) = self.facts.last_operation.known() else {
            let words = "nobody knows what was done with it last, so it may have been turned off on purpose";
            return Some((StartGround::Unsettled, words.to_owned()));
        };
        if !last.status.has_ended() {
            return Some((StartGround::Unsettled, "an operation on it is in progress".to_owned()));
        }
        // a start that failed turned nothing on: that is what a further try is for
        let failed = last.operation == Operation::Start && matches!(last.status, OperationStatus::Failed(_));
        (last.at >= edge.at && !failed).then(|| {
            let words =
                format!("somebody turned it on or off at {}, after its hours began; that is respected", last.at);
            (StartGround::Spent, words)
        })
    }

    /// What it would cost from the edge until its hours end, against what the month's budget leaves: the later start is not the
    /// cheaper one, so that what is too dear at the edge stays off.
    fn purse(&self, from: Timestamp, until: Option<&Edge>) -> Result<Option<Box<Purse>>, (StartGround, String)> {
        let Some(rule) = self.holding.terms.budget.as_deref() else { return Ok(None) };
        let spending = self.moment.spending.as_deref();
        let length = (self.moment.now, from, until.map(|edge| edge.at));
        let found = purse(rule, spending, self.facts, self.rate, length);
        let purse = found.map_err(|words| (StartGround::CostUnknown, format!("{words}, so it is not started")))?;
        if purse.used_up || purse.cost.as_micros() > purse.left.as_micros() {
            let words = format!(
                "until its hours end it would cost {}, and of the month's budget {} are left",
                purse.cost, purse.left
            );
            return Err((StartGround::OverBudget, words));
        }
        Ok(Some(Box::new(purse)))
    }
}

fn held_words(by: &str, until: Timestamp, reason: &str) -> String {
    format!("it is to stay off until {until}, as {by} wants it: {reason}")
}

/// Two, four, eight minutes.
fn rest(failures: usize) -> SignedDuration {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX).min(8);
    REST.saturating_mul(2_i32.saturating_pow(doublings))
}

fn after(at: Timestamp, length: SignedDuration) -> Timestamp {
    at.checked_add(length).unwrap_or(at)
}

#[cfg(test)]
mod tests;

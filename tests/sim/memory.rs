//! A journal in memory that is quick with years: every row is found by its instance.
#![expect(clippy::unwrap_used, reason = "a simulation that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use lightsout::facts::{
    Created, EndedStop, History, Hold, InstanceFacts, MadeHold, NoticeState, OpenIntent, PastNotice, StopKey,
    StopResult,
};
use lightsout::ports::{
    Fault, FaultKind, InUse, Intent, Lane, Message, MessageKind, Recall, RecalledIntent, Remembered, RevisionMark,
    SweepRecord,
};
use lightsout::units::{InstanceId, PolicyId, WorkspaceId};

/// One life of an instance's name.
#[derive(Debug, Clone)]
struct Life {
    facts: InstanceFacts,
    history: History,
    seen_at: Timestamp,
    absent_at: Option<Timestamp>,
    is_gone: bool,
}

/// A try to stop.
#[derive(Debug, Clone)]
pub(crate) struct Stop {
    pub(crate) intent: Intent,
    pub(crate) sent_at: Option<Timestamp>,
    pub(crate) end: Option<(Timestamp, StopResult)>,
}

/// A message in the outbox.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) message: Message,
    next: Option<Timestamp>,
    pub(crate) delivered_at: Option<Timestamp>,
}

/// Everything that is remembered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    seen: BTreeMap<WorkspaceId, Timestamp>,
    lives: BTreeMap<InstanceId, Life>,
    pub(crate) stops: BTreeMap<InstanceId, Vec<Stop>>,
    by_intent: BTreeMap<String, (InstanceId, usize)>,
    pub(crate) posts: BTreeMap<String, Post>,
    due: BTreeSet<String>,
    posts_of: BTreeMap<InstanceId, Vec<String>>,
    holds: Vec<(Hold, Option<Timestamp>)>,
    evaluated: BTreeMap<PolicyId, Timestamp>,
    revisions: BTreeMap<PolicyId, RevisionMark>,
    frozen: Option<(Timestamp, Timestamp)>,
    in_use: BTreeMap<InstanceId, InUse>,
}

/// The journal.
#[derive(Debug, Default)]
pub(crate) struct MemoryBook(Mutex<Memory>);

impl Clone for MemoryBook {
    fn clone(&self) -> Self {
        Self(Mutex::new(self.with(|memory| memory.clone())))
    }
}

pub(crate) fn conflict<T>() -> Result<T, Fault> {
    Err(Fault::new(FaultKind::Conflict, "do it twice"))
}

fn absent<T>() -> Result<T, Fault> {
    Err(Fault::new(FaultKind::Storage, "find it"))
}

fn ago(now: Timestamp, hours: i64) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(hours)).unwrap()
}

impl MemoryBook {
    /// Looks into it.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Memory) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Memory {
    fn stop(&mut self, id: &str) -> Option<&mut Stop> {
        let (instance, index) = self.by_intent.get(id)?;
        self.stops.get_mut(instance)?.get_mut(*index)
    }

    pub(crate) fn record(&mut self, record: &SweepRecord) -> Result<(), Fault> {
        let timeless = record.settled.is_empty() && record.evaluated.is_empty() && record.absent.is_empty();
        if record.at.is_none() && !timeless {
            return absent();
        }
        for (id, at) in &record.seen {
            let seen = self.seen.entry(id.clone()).or_insert(*at);
            *seen = (*seen).max(*at);
        }
        for sighting in &record.sightings {
            let id = sighting.facts.id.clone();
            let same = self.lives.get(&id).filter(|life| life.facts.created == sighting.facts.created);
            let seen_at = same.map_or(sighting.not_after, |life| life.seen_at.max(sighting.not_after));
            let absent_at = same.and_then(|life| life.absent_at);
            let (facts, history) = ((*sighting.facts).clone(), sighting.history.clone());
            self.lives.insert(id, Life { facts, history, seen_at, absent_at, is_gone: false });
        }
        for (id, _) in &record.gone {
            self.lives.get_mut(id).into_iter().for_each(|life| life.is_gone = true);
        }
        for row in &record.in_use {
            if row.tracks.is_empty() {
                self.in_use.remove(&row.instance);
            } else {
                self.in_use.insert(row.instance.clone(), row.clone());
            }
        }
        record.messages.iter().for_each(|message| self.post(message));
        let Some(at) = record.at else { return Ok(()) };
        for (id, result) in &record.settled {
            if let Some(stop) = self.stop(id).filter(|stop| stop.end.is_none()) {
                stop.end = Some((at.max(stop.intent.at), result.clone()));
            }
        }
        for id in &record.absent {
            let life = self.lives.get_mut(id).filter(|life| !life.is_gone);
            life.into_iter().for_each(|life| life.absent_at = Some(at));
        }
        for policy in &record.evaluated {
            let mark = self.evaluated.entry(policy.clone()).or_insert(at);
            *mark = (*mark).max(at);
        }
        self.frozen = record.frozen.or(self.frozen);
        Ok(())
    }

    fn post(&mut self, message: &Message) {
        if self.posts.contains_key(&message.id) {
            return;
        }
        if let Some((instance, _)) = message.instance() {
            self.posts_of.entry(instance.clone()).or_default().push(message.id.clone());
        }
        self.due.insert(message.id.clone());
        let post = Post { message: message.clone(), next: Some(message.due_at()), delivered_at: None };
        self.posts.insert(message.id.clone(), post);
    }

    pub(crate) fn intend(&mut self, intent: &Intent) -> Result<(), Fault> {
        let step = &intent.step;
        let stops = self.stops.entry(step.instance.clone()).or_default();
        let refused = stops.iter().any(|stop| {
            let spent = stop.intent.step.created == step.created
                && stop.intent.step.key == step.key
                && matches!(stop.end, Some((_, StopResult::Stopped | StopResult::StartedAgain)));
            stop.intent.id == intent.id || stop.end.is_none() || spent
        });
        if refused {
            return conflict();
        }
        self.by_intent.insert(intent.id.clone(), (step.instance.clone(), stops.len()));
        stops.push(Stop { intent: intent.clone(), sent_at: None, end: None });
        Ok(())
    }

    pub(crate) fn sent(&mut self, intent: &str, at: Timestamp) -> Result<(), Fault> {
        let Some(stop) = self.stop(intent).filter(|stop| stop.end.is_none()) else { return absent() };
        stop.sent_at = stop.sent_at.or(Some(at.max(stop.intent.at)));
        Ok(())
    }

    pub(crate) fn settle(&mut self, intent: &str, result: &StopResult, at: Timestamp) -> Result<(), Fault> {
        let Some(stop) = self.stop(intent) else { return absent() };
        match &stop.end {
            Some((_, standing)) if standing != result => conflict(),
            Some(_) => Ok(()),
            None => {
                stop.end = Some((at.max(stop.intent.at), result.clone()));
                Ok(())
            }
        }
    }

    pub(crate) fn outbox(&self, lane: Lane<'_>, now: Timestamp, most: u32) -> Vec<Message> {
        let posts = self.due.iter().filter_map(|id| self.posts.get(id));
        let mut due: Vec<Message> = posts
            .filter(|post| post.next.is_some_and(|at| at <= now) && lane.holds(post.message.channel.as_deref()))
            .map(|post| post.message.clone())
            .collect();
        let urgency = |one: &Message| one.kind != MessageKind::Warning;
        due.sort_by(|a, b| (urgency(a), a.at, &a.id).cmp(&(urgency(b), b.at, &b.id)));
        due.truncate(usize::try_from(most).unwrap());
        due
    }

    /// When something in the outbox is next to be tried.
    pub(crate) fn next_try(&self) -> Option<Timestamp> {
        self.due.iter().filter_map(|id| self.posts.get(id)?.next).min()
    }

    pub(crate) fn delivered(&mut self, message: &str, at: Timestamp) -> Result<(), Fault> {
        let Some(post) = self.posts.get_mut(message) else { return absent() };
        post.delivered_at = post.delivered_at.or(Some(at));
        post.next = None;
        self.due.remove(message);
        Ok(())
    }

    pub(crate) fn undelivered(&mut self, message: &str, next: Option<Timestamp>) -> Result<(), Fault> {
        let Some(post) = self.posts.get_mut(message) else { return absent() };
        post.message.attempts += 1;
        post.next = next.filter(|_| post.delivered_at.is_none());
        if post.next.is_none() {
            self.due.remove(message);
        }
        Ok(())
    }

    pub(crate) fn hold(&mut self, hold: &Hold) -> Result<(), Fault> {
        let twice = |other: &Hold| other.id == hold.id || other.link.is_some() && other.link == hold.link;
        if self.holds.iter().any(|(other, _)| twice(other)) {
            return conflict();
        }
        self.holds.push((hold.clone(), None));
        Ok(())
    }

    pub(crate) fn lift(&mut self, hold: &str, at: Timestamp) -> bool {
        let stands = |other: &Hold, lifted: Option<Timestamp>| other.id == hold && lifted.is_none() && other.until > at;
        let Some((hold, lifted)) = self.holds.iter_mut().find(|(other, lifted)| stands(other, *lifted)) else {
            return false;
        };
        *lifted = Some(at.max(hold.made_at));
        true
    }

    pub(crate) fn made_holds(&self, since: Timestamp) -> Vec<MadeHold> {
        let wanted = self.holds.iter().filter(|(hold, _)| hold.made_at >= since || hold.until > since);
        let made = |(hold, lifted): &(Hold, Option<Timestamp>)| MadeHold {
            hold: hold.clone(),
            ends_at: lifted.map_or(hold.until, |at| at.min(hold.until)),
        };
        let mut holds: Vec<MadeHold> = wanted.map(made).collect();
        holds.sort_by(|a, b| (a.hold.made_at, &a.hold.id).cmp(&(b.hold.made_at, &b.hold.id)));
        holds
    }

    pub(crate) fn revision(&mut self, policy: &PolicyId, revision: &str, at: Timestamp) -> RevisionMark {
        let before = self.revisions.get(policy).cloned();
        let mark = match before {
            Some(mark) if mark.revision == revision => mark,
            other => RevisionMark {
                revision: revision.to_owned(),
                since: at,
                replaced: other.is_some(),
                acknowledged: false,
            },
        };
        self.revisions.insert(policy.clone(), mark.clone());
        mark
    }

    pub(crate) fn acknowledge(&mut self, policy: &PolicyId, revision: &str) -> bool {
        let mark = self.revisions.get_mut(policy).filter(|mark| mark.revision == revision);
        mark.is_some_and(|mark| {
            mark.acknowledged = true;
            true
        })
    }

    pub(crate) fn recall(&self, now: Timestamp) -> Recall {
        let now = self.seen.values().max().map_or(now, |last| now.min(*last));
        let mut instances = BTreeMap::new();
        for (id, life) in self.lives.iter().filter(|(_, life)| !life.is_gone) {
            let seen = self.seen.get(id.workspace());
            let last_seen = seen.map_or(life.seen_at, |at| life.seen_at.max(*at));
            let history = self.history(id, life.facts.created, &life.history, now);
            let absent = life.absent_at.zip(seen).is_some_and(|(at, seen)| at >= *seen);
            instances.insert(id.clone(), Remembered { facts: life.facts.clone(), last_seen, absent, history });
        }
        let same = |row: &&InUse| instances.get(&row.instance).is_some_and(|known| known.facts.created == row.created);
        let in_use = self.in_use.values().filter(same).cloned().collect();
        let holds = self.held(now, |hold| !instances.contains_key(&hold.instance));
        let mut open: Vec<RecalledIntent> =
            self.stops.values().flatten().filter(|stop| stop.end.is_none()).map(recalled).collect();
        open.sort_by(|a, b| (a.intended_at, &a.id).cmp(&(b.intended_at, &b.id)));
        let (evaluated, revisions) = (self.evaluated.clone(), self.revisions.clone());
        Recall { timers: Vec::new(), holds, instances, open, evaluated, revisions, frozen: self.frozen, in_use }
    }

    fn history(&self, id: &InstanceId, created: Created, kept: &History, now: Timestamp) -> History {
        let holds = self.held(now, |hold| {
            hold.instance == *id && (hold.created == created || hold.created.is_none() || created.is_none())
        });
        let ids = self.posts_of.get(id).into_iter().flatten().filter_map(|post| self.posts.get(post));
        let mut posts: Vec<&Post> = ids.filter(|post| post.message.instance() == Some((id, created))).collect();
        posts.sort_by(|a, b| (a.message.at, &a.message.id).cmp(&(b.message.at, &b.message.id)));
        let mut history = History { holds: holds.into(), open: None, ..kept.clone() };
        history.notices.clear();
        for past in posts.into_iter().filter_map(|post| notice(post, ago(now, 36))) {
            match history.notices.iter_mut().find(|held| held.key == past.key) {
                Some(held) => held.state = held.state.first(past.state),
                None => history.notices.push(past),
            }
        }
        let all = self.stops.get(id).into_iter().flatten();
        let mut stops: Vec<&Stop> = all.filter(|stop| stop.intent.step.created == created).collect();
        stops.sort_by(|a, b| (a.intent.at, &a.intent.id).cmp(&(b.intent.at, &b.intent.id)));
        let open = stops.iter().find(|stop| stop.end.is_none()).map(|stop| OpenIntent {
            id: stop.intent.id.clone(),
            key: stop.intent.step.key.clone(),
            intended_at: stop.intent.at,
            sent_at: stop.sent_at,
        });
        history.open = open.map(Box::new);
        history.stops = stops.into_iter().filter_map(|stop| ended(stop, ago(now, 36))).collect();
        history
    }

    fn held(&self, now: Timestamp, wanted: impl Fn(&Hold) -> bool) -> Vec<Hold> {
        let kept = self.holds.iter().filter(|(hold, _)| wanted(hold));
        let mut holds: Vec<Hold> = kept
            .map(|(hold, lifted)| Hold { until: lifted.map_or(hold.until, |at| at.min(hold.until)), ..hold.clone() })
            .filter(|hold| hold.until >= ago(now, 24))
            .collect();
        holds.sort_by(|a, b| (a.made_at, &a.id).cmp(&(b.made_at, &b.id)));
        holds
    }
}

fn notice(post: &Post, since: Timestamp) -> Option<PastNotice> {
    let key = post.message.notice.clone().filter(|key| {
        post.message.kind == MessageKind::Warning && (key.stop_at >= since || post.message.at >= since)
    })?;
    let state = post.delivered_at.map_or(NoticeState::Recorded, |at| NoticeState::Delivered { at });
    Some(PastNotice { key, recorded_at: post.message.at, state })
}

fn ended(stop: &Stop, since: Timestamp) -> Option<EndedStop> {
    let (ended_at, result) = stop.end.clone().filter(|(at, _)| *at >= since)?;
    Some(EndedStop { key: stop.intent.step.key.clone(), asked_at: stop.intent.at, ended_at, result })
}

fn recalled(stop: &Stop) -> RecalledIntent {
    let step = &stop.intent.step;
    RecalledIntent {
        id: stop.intent.id.clone(),
        instance: step.instance.clone(),
        created: step.created,
        key: StopKey(step.key.0.clone()),
        policy: step.policy.clone(),
        ground: step.ground.label().to_owned(),
        intended_at: stop.intent.at,
        sent_at: stop.sent_at,
    }
}

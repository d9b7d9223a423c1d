//! A journal in memory, as plain as the port's words: the model that real ones are compared with.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use std::collections::BTreeMap;
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use lightsout::facts::{
    Created, EndedStop, History, Hold, InstanceFacts, MadeHold, NoticeState, OpenIntent, PastNotice, StopKey,
    StopResult,
};
use lightsout::ports::{
    Arrival, AuditLine, DecisionRow, Fault, FaultKind, InUse, Intent, Journal, Lane, Message, MessageKind, Recall,
    RecalledIntent, Remembered, RevisionMark, SweepRecord,
};
use lightsout::units::{InstanceId, PolicyId, WorkspaceId};
use thin_vec::ThinVec;

#[path = "memory_recall.rs"]
mod recalled;

#[derive(Clone)]
struct Life {
    facts: InstanceFacts,
    history: History,
    seen_at: Timestamp,
    absent_at: Option<Timestamp>,
    is_gone: bool,
}

#[derive(Clone)]
struct Stop {
    intent: Intent,
    sent_at: Option<Timestamp>,
    end: Option<(Timestamp, StopResult)>,
}

#[derive(Clone)]
struct Post {
    message: Message,
    next: Option<Timestamp>,
    delivered_at: Option<Timestamp>,
}

#[derive(Clone, Default)]
struct Memory {
    seen: BTreeMap<WorkspaceId, Timestamp>,
    lives: BTreeMap<(InstanceId, Created), Life>,
    present: BTreeMap<InstanceId, Created>,
    stops: Vec<Stop>,
    posts: BTreeMap<String, Post>,
    holds: Vec<(Hold, Option<Timestamp>)>,
    evaluated: BTreeMap<PolicyId, Timestamp>,
    revisions: BTreeMap<PolicyId, RevisionMark>,
    frozen: Option<(Timestamp, Timestamp)>,
    in_use: BTreeMap<InstanceId, InUse>,
    decisions: Vec<DecisionRow>,
    audits: Vec<AuditLine>,
}

/// The model.
#[derive(Default)]
pub(crate) struct MemoryJournal(Mutex<Memory>);

impl MemoryJournal {
    /// Every audit line, oldest first.
    pub(crate) fn audits(&self) -> Vec<AuditLine> {
        self.0.lock().unwrap().audits.clone()
    }
}

fn conflict<T>() -> Result<T, Fault> {
    Err(Fault::new(FaultKind::Conflict, "do it twice"))
}

fn absent<T>() -> Result<T, Fault> {
    Err(Fault::new(FaultKind::Storage, "find it"))
}

/// True when nothing in it needs to know when it was.
fn is_timeless(record: &SweepRecord) -> bool {
    record.settled.is_empty() && record.evaluated.is_empty() && record.absent.is_empty()
}

fn is_spent(result: &StopResult) -> bool {
    matches!(result, StopResult::Stopped | StopResult::StartedAgain)
}

fn ago(now: Timestamp, hours: i64) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(hours)).unwrap()
}

impl Memory {
    fn stop(&mut self, id: &str) -> Option<&mut Stop> {
        self.stops.iter_mut().find(|stop| stop.intent.id == id)
    }

    fn record(&mut self, record: &SweepRecord) -> Result<(), Fault> {
        for (id, at) in &record.seen {
            let seen = self.seen.entry(id.clone()).or_insert(*at);
            *seen = (*seen).max(*at);
        }
        for sighting in &record.sightings {
            let key = (sighting.facts.id.clone(), sighting.facts.created);
            let seen_at = self.lives.get(&key).map_or(sighting.not_after, |life| life.seen_at.max(sighting.not_after));
            let absent_at = self.lives.get(&key).and_then(|life| life.absent_at);
            let (facts, history) = ((*sighting.facts).clone(), sighting.history.clone());
            self.lives.insert(key.clone(), Life { facts, history, seen_at, absent_at, is_gone: false });
            self.present.insert(key.0, key.1);
        }
        for (id, _) in &record.gone {
            let life = self.present.get(id).and_then(|created| self.lives.get_mut(&(id.clone(), *created)));
            life.into_iter().for_each(|life| life.is_gone = true);
        }
        for row in &record.in_use {
            if row.tracks.is_empty() {
                self.in_use.remove(&row.instance);
            } else {
                self.in_use.insert(row.instance.clone(), row.clone());
            }
        }
        self.decisions.extend(record.decisions.iter().map(|decision| decision.row().unwrap()));
        for message in &record.messages {
            self.posts.entry(message.id.clone()).or_insert_with(|| Post {
                message: message.clone(),
                next: Some(message.due_at()),
                delivered_at: None,
            });
        }
        let Some(at) = record.at else {
            return if is_timeless(record) { Ok(()) } else { absent() };
        };
        for (id, result) in &record.settled {
            if let Some(stop) = self.stop(id).filter(|stop| stop.end.is_none()) {
                stop.end = Some((at.max(stop.intent.at), result.clone()));
            }
        }
        for id in &record.absent {
            let life = self.present.get(id).and_then(|created| self.lives.get_mut(&(id.clone(), *created)));
            life.into_iter().filter(|life| !life.is_gone).for_each(|life| life.absent_at = Some(at));
        }
        for policy in &record.evaluated {
            let mark = self.evaluated.entry(policy.clone()).or_insert(at);
            *mark = (*mark).max(at);
        }
        self.frozen = record.frozen.or(self.frozen);
        Ok(())
    }

    fn history(&self, id: &InstanceId, created: Created, kept: &History, now: Timestamp) -> History {
        let holds = self.held(now, |hold| {
            hold.instance == *id && (hold.created == created || hold.created.is_none() || created.is_none())
        });
        let mut posts: Vec<&Post> =
            self.posts.values().filter(|post| post.message.instance() == Some((id, created))).collect();
        posts.sort_by(|a, b| (a.message.at, &a.message.id).cmp(&(b.message.at, &b.message.id)));
        let mut notices: ThinVec<PastNotice> = ThinVec::new();
        for past in posts.into_iter().filter_map(|post| notice(post, ago(now, 36))) {
            match notices.iter_mut().find(|held| held.key == past.key) {
                Some(held) => held.state = held.state.first(past.state),
                None => notices.push(past),
            }
        }
        let mut stops: Vec<&Stop> = self
            .stops
            .iter()
            .filter(|stop| stop.intent.step.instance == *id && stop.intent.step.created == created)
            .collect();
        stops.sort_by(|a, b| (a.intent.at, &a.intent.id).cmp(&(b.intent.at, &b.intent.id)));
        let open = stops.iter().find(|stop| stop.end.is_none()).map(|stop| OpenIntent {
            id: stop.intent.id.clone(),
            key: stop.intent.step.key.clone(),
            intended_at: stop.intent.at,
            sent_at: stop.sent_at,
        });
        let stops = stops.into_iter().filter_map(|stop| ended(stop, ago(now, 36))).collect();
        History { holds: holds.into(), notices, stops, open: open.map(Box::new), ..kept.clone() }
    }

    fn held(&self, now: Timestamp, wanted: impl Fn(&Hold) -> bool) -> Vec<Hold> {
        let mut holds: Vec<Hold> = self
            .holds
            .iter()
            .filter(|(hold, _)| wanted(hold))
            .map(|(hold, lifted)| Hold { until: lifted.map_or(hold.until, |at| at.min(hold.until)), ..hold.clone() })
            .filter(|hold| hold.until >= ago(now, 24))
            .collect();
        holds.sort_by(|a, b| (a.made_at, &a.id).cmp(&(b.made_at, &b.id)));
        holds
    }

    fn open(&self) -> Vec<RecalledIntent> {
        let mut open: Vec<RecalledIntent> = self.stops.iter().filter(|stop| stop.end.is_none()).map(recalled).collect();
        open.sort_by(|a, b| (a.intended_at, &a.id).cmp(&(b.intended_at, &b.id)));
        open
    }
}

fn notice(post: &Post, since: Timestamp) -> Option<PastNotice> {
    let key = post.message.notice.clone().filter(|key| {
        post.message.kind == MessageKind::Warning && (key.stop_at >= since || post.message.at >= since)
    })?;
    Some(PastNotice {
        key,
        recorded_at: post.message.at,
        state: post.delivered_at.map_or(NoticeState::Recorded, |at| NoticeState::Delivered { at }),
    })
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

impl Journal for MemoryJournal {
    async fn recall(&self, now: Timestamp) -> Result<Recall, Fault> {
        Ok(self.0.lock().unwrap().recalled(now))
    }

    async fn arrived(&self, since: Timestamp) -> Result<Vec<Arrival>, Fault> {
        Ok(self.0.lock().unwrap().arrived(since))
    }

    async fn policy_marks(&self) -> Result<BTreeMap<PolicyId, RevisionMark>, Fault> {
        Ok(self.0.lock().unwrap().revisions.clone())
    }

    async fn record(&self, record: &SweepRecord) -> Result<(), Fault> {
        let mut memory = self.0.lock().unwrap();
        // all or nothing, without a copy of everything: only this can fail
        if record.at.is_none() && !is_timeless(record) {
            return absent();
        }
        memory.record(record)
    }

    async fn intend(&self, intent: &Intent) -> Result<(), Fault> {
        let mut memory = self.0.lock().unwrap();
        let step = &intent.step;
        let refused = memory.stops.iter().any(|stop| {
            let same = stop.intent.step.instance == step.instance;
            let spent = stop.intent.step.created == step.created
                && stop.intent.step.key == step.key
                && stop.end.as_ref().is_some_and(|(_, r)| is_spent(r));
            stop.intent.id == intent.id || (same && (stop.end.is_none() || spent))
        });
        if refused {
            return conflict();
        }
        memory.stops.push(Stop { intent: intent.clone(), sent_at: None, end: None });
        Ok(())
    }

    async fn sent(&self, intent: &str, at: Timestamp) -> Result<(), Fault> {
        let mut memory = self.0.lock().unwrap();
        let Some(stop) = memory.stop(intent).filter(|stop| stop.end.is_none()) else { return absent() };
        stop.sent_at = stop.sent_at.or(Some(at.max(stop.intent.at)));
        Ok(())
    }

    async fn settle(&self, intent: &str, result: &StopResult, at: Timestamp) -> Result<(), Fault> {
        let mut memory = self.0.lock().unwrap();
        let Some(stop) = memory.stop(intent) else { return absent() };
        match &stop.end {
            Some((_, standing)) if standing != result => conflict(),
            Some(_) => Ok(()),
            None => {
                stop.end = Some((at.max(stop.intent.at), result.clone()));
                Ok(())
            }
        }
    }

    async fn outbox(&self, lane: Lane<'_>, now: Timestamp, most: u32) -> Result<Vec<Message>, Fault> {
        let memory = self.0.lock().unwrap();
        let mut due: Vec<Message> = memory
            .posts
            .values()
            .filter(|post| post.next.is_some_and(|at| at <= now) && lane.holds(post.message.channel.as_deref()))
            .map(|post| post.message.clone())
            .collect();
        let urgency = |one: &Message| one.kind != MessageKind::Warning;
        due.sort_by(|a, b| (urgency(a), a.at, &a.id).cmp(&(urgency(b), b.at, &b.id)));
        due.truncate(usize::try_from(most).unwrap());
        Ok(due)
    }

    async fn delivered(&self, message: &str, at: Timestamp) -> Result<(), Fault> {
        let mut memory = self.0.lock().unwrap();
        let Some(post) = memory.posts.get_mut(message) else { return absent() };
        post.delivered_at = post.delivered_at.or(Some(at));
        post.next = None;
        Ok(())
    }

    async fn undelivered(&self, message: &str, _: &str, next: Option<Timestamp>) -> Result<(), Fault> {
        let mut memory = self.0.lock().unwrap();
        let Some(post) = memory.posts.get_mut(message) else { return absent() };
        post.message.attempts += 1;
        post.next = next.filter(|_| post.delivered_at.is_none());
        Ok(())
    }

    async fn hold(&self, hold: &Hold) -> Result<(), Fault> {
        let mut memory = self.0.lock().unwrap();
        let twice = |other: &Hold| other.id == hold.id || other.link.is_some() && other.link == hold.link;
        if memory.holds.iter().any(|(other, _)| twice(other)) {
            return conflict();
        }
        memory.holds.push((hold.clone(), None));
        Ok(())
    }

    async fn lift(&self, hold: &str, _: &str, at: Timestamp) -> Result<bool, Fault> {
        let mut memory = self.0.lock().unwrap();
        let standing =
            memory.holds.iter_mut().find(|(other, lifted)| other.id == hold && lifted.is_none() && other.until > at);
        let Some((hold, lifted)) = standing else { return Ok(false) };
        *lifted = Some(at.max(hold.made_at));
        Ok(true)
    }

    async fn made_holds(&self, since: Timestamp) -> Result<Vec<MadeHold>, Fault> {
        let memory = self.0.lock().unwrap();
        let wanted = memory.holds.iter().filter(|(hold, _)| hold.made_at >= since || hold.until > since);
        let made = |(hold, lifted): &(Hold, Option<Timestamp>)| {
            let ends_at = lifted.map_or(hold.until, |at| at.min(hold.until));
            MadeHold { hold: hold.clone(), ends_at }
        };
        let mut holds: Vec<MadeHold> = wanted.map(made).collect();
        holds.sort_by(|a, b| (a.hold.made_at, &a.hold.id).cmp(&(b.hold.made_at, &b.hold.id)));
        Ok(holds)
    }

    async fn revision(&self, policy: &PolicyId, revision: &str, at: Timestamp) -> Result<RevisionMark, Fault> {
        let mut memory = self.0.lock().unwrap();
        let before = memory.revisions.get(policy).cloned();
        let mark = match before {
            Some(mark) if mark.revision == revision => mark,
            other => RevisionMark {
                revision: revision.to_owned(),
                since: at,
                replaced: other.is_some(),
                acknowledged: false,
            },
        };
        memory.revisions.insert(policy.clone(), mark.clone());
        Ok(mark)
    }

    async fn acknowledge(&self, policy: &PolicyId, revision: &str) -> Result<bool, Fault> {
        let mut memory = self.0.lock().unwrap();
        let Some(mark) = memory.revisions.get_mut(policy).filter(|mark| mark.revision == revision) else {
            return Ok(false);
        };
        mark.acknowledged = true;
        Ok(true)
    }

    async fn decision(&self, instance: &InstanceId, at: Timestamp) -> Result<Option<DecisionRow>, Fault> {
        let memory = self.0.lock().unwrap();
        Ok(memory
            .decisions
            .iter()
            .filter(|row| row.instance == *instance && row.at <= at)
            .max_by_key(|row| row.at)
            .cloned())
    }

    async fn audit(&self, line: &AuditLine) -> Result<(), Fault> {
        self.0.lock().unwrap().audits.push(line.clone());
        Ok(())
    }
}

//! What is due to be started, what was started lately, and what each of that is noted as: a pure part of the engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::entry::Entry;
use super::state::State;
use crate::facts::{OperationResult, PastStart, START_KEY, Starts, Verb};
use crate::guard::{Refusal, StartCount};
use crate::plan::StartStep;
use crate::policy::{Mode, Policy};
use crate::ports::{About, Message, MessageKind};
use crate::report::{StartLine, StartOutcome};
use crate::rules::{StartFinding, StartGround, is_started_by, promised, terms_of};
use crate::units::{InstanceId, Money, PolicyId, WorkspaceId};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Failures that say something of one instance, not of the way starts work (G8).
const OF_ONE_INSTANCE: [&str; 4] = ["conflict", "gone", "throttled", "operation_failed"];

/// What was noted of the start of one instance at one edge.
#[derive(Debug)]
pub(super) struct Noted {
    key: Arc<str>,
    /// It was due, and is missed if it does not come about.
    awaited: bool,
    /// It was said how it stands; that is said once.
    told: bool,
    /// It was said that it is tried no more; that is said once, too.
    given_up: bool,
    /// Nobody could look at it last time, or it failed: it comes after the others, and takes no place from them.
    last: bool,
    /// Why it did not go ahead last time.
    why: String,
}

/// What there is to do and to say about starts in one sweep.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) steps: Vec<StartStep>,
    pub(super) lines: Vec<StartLine>,
    pub(super) messages: Vec<Message>,
    /// Policies whose hours nobody knows, with the words for it.
    pub(super) unknown: BTreeMap<PolicyId, Arc<str>>,
}

/// What is promised out of each allowance.
type Promises = BTreeMap<(PolicyId, Arc<str>), i64>;

impl State {
    /// What the service started lately under a policy; none where it starts nothing.
    pub(super) fn starts_under(&self, policy: &Policy) -> Option<Arc<Starts>> {
        policy.start.as_ref()?;
        let own = format!("{START_KEY}{}/", policy.id.as_str().to_ascii_lowercase());
        let mut starts: BTreeMap<InstanceId, Vec<PastStart>> = BTreeMap::new();
        for known in &self.operations {
            let intent = &known.row.intent;
            if intent.verb == Verb::Start && intent.key.starts_with(&own) {
                let (key, created, asked_at) = (intent.key.clone(), intent.created, intent.at);
                let past = PastStart { key, created, asked_at, ended: known.row.ended.clone() };
                starts.entry(intent.instance.clone()).or_default().push(past);
            }
        }
        Some(Arc::new(Starts(starts)))
    }

    /// What is due to be started of the workspaces just read, and what there is to say of the rest.
    pub(super) fn starts_seen(&mut self, read: &[WorkspaceId], now: Timestamp) -> Seen {
        let mut seen = Seen::default();
        let mut promises: BTreeMap<PolicyId, Promises> = BTreeMap::new();
        let mut due: Vec<(Arc<Policy>, Box<StartFinding>, StartStep)> = Vec::new();
        for id in read {
            let Some(policy) = self.policy_of(id).filter(|policy| policy.start.is_some()) else { continue };
            if !promises.contains_key(&policy.id) {
                promises.insert(policy.id.clone(), self.promises(&policy, now));
            }
            let Some(place) = self.places.get(id) else { continue };
            for entry in place.entries.values().filter(|entry| !entry.absent && !entry.unseen) {
                let Some(found) = entry.start.as_deref() else { continue };
                if found.ground == StartGround::HoursUnknown {
                    seen.unknown.entry(policy.id.clone()).or_insert_with(|| found.words.clone());
                }
                if let Some(step) = StartStep::of((&policy.id, &policy.revision), &entry.dated(), found) {
                    due.push((policy.clone(), Box::new(found.clone()), step));
                } else {
                    note(&mut self.starts_noted, (entry, &policy, found), now, &mut seen);
                }
            }
        }
        let is_last = |step: &StartStep| {
            self.starts_noted.get(&step.instance).is_some_and(|noted| noted.last && noted.key == step.key)
        };
        due.sort_by_cached_key(|(_, _, one)| (is_last(one), one.start_at, one.instance.clone()));
        for (policy, mut found, step) in due {
            let promised = promises.entry(policy.id.clone()).or_default();
            if let Some(words) = too_much(&policy.id, &found, promised) {
                (found.ground, found.words) = (StartGround::OverBudget, words.into());
            }
            let place = self.places.get(step.instance.workspace());
            let Some(entry) = place.and_then(|place| place.entries.get(&step.instance)) else { continue };
            note(&mut self.starts_noted, (entry, &policy, &found), now, &mut seen);
            if found.ground == StartGround::Due && policy.mode == Mode::Enforce {
                seen.steps.push(step);
            }
        }
        // what failed by what was just seen of it is told like what failed at once
        seen.messages.extend(self.failed_since(now));
        seen
    }

    /// What those that were started for their present hours, or are being started, will cost until these end.
    fn promises(&self, policy: &Arc<Policy>, now: Timestamp) -> Promises {
        let mut promises = Promises::new();
        if policy.terms.budget.is_none() {
            return promises;
        }
        let moment = self.moment(policy, now);
        let governed = self.places.iter().filter(|(id, _)| self.policy_of(id).is_some_and(|one| one.id == policy.id));
        for entry in governed.flat_map(|(_, place)| place.entries.values()) {
            let rate = self.prices.rate(&entry.facts.size, &entry.facts.region);
            if let Some(purse) = promised(&moment, &entry.facts, &entry.history, rate) {
                let sum = promises.entry((policy.id.clone(), purse.scope)).or_insert(0);
                *sum = sum.saturating_add(purse.cost.as_micros());
            }
        }
        promises
    }

    /// How much was started lately under each policy, and what is left to one that is tried on a few (G4, G8, G19).
    pub(super) fn start_counts(&self, now: Timestamp) -> BTreeMap<PolicyId, StartCount> {
        let canaries = self.sight(now).canaries;
        let of = |policy: &Arc<Policy>| {
            let starts = self.starts_under(policy)?;
            let all = || starts.0.values().flatten().filter(|one| one.may_have_been_sent());
            let lately = || all().filter(|one| now.duration_since(one.asked_at) < HOUR);
            let failed = |one: &&PastStart| match &one.ended {
                Some((_, OperationResult::Failed(why))) => {
                    !OF_ONE_INSTANCE.contains(&why.split(':').next().unwrap_or_default())
                }
                Some((_, OperationResult::Done | OperationResult::Dropped(_))) | None => false,
            };
            let trial = canaries.contains_key(&policy.id).then(|| {
                let since = self.marks.get(&policy.id).map_or(now, |mark| mark.since);
                let used = all().filter(|one| one.asked_at >= since).count();
                policy.canary.of(self.covered(policy)).saturating_sub(used)
            });
            let count = StartCount {
                asked_last_hour: lately().count(),
                failed_last_hour: lately().filter(failed).count(),
                trial,
            };
            Some((policy.id.clone(), count))
        };
        self.policies.policies.iter().filter_map(of).collect()
    }

    /// How many instances a policy starts.
    fn covered(&self, policy: &Policy) -> usize {
        let governed = self.places.iter().filter(|(id, _)| self.policy_of(id).is_some_and(|one| one.id == policy.id));
        let entries = governed.flat_map(|(_, place)| place.entries.values());
        entries.filter(|entry| !entry.absent && is_started_by(policy, &entry.facts)).count()
    }

    /// Remembers why a start did not go ahead.
    pub(super) fn note_waits(&mut self, instance: &InstanceId, why: &str) {
        if let Some(noted) = self.starts_noted.get_mut(instance) {
            why.clone_into(&mut noted.why);
        }
    }

    /// Remembers whether others go before it next time.
    pub(super) fn note_turn(&mut self, instance: &InstanceId, outcome: &StartOutcome) {
        let Some(noted) = self.starts_noted.get_mut(instance) else { return };
        noted.last = match outcome {
            StartOutcome::Waits { refusal, .. } => *refusal == Refusal::NoSecondLook,
            StartOutcome::Failed { .. } => true,
            StartOutcome::Would
            | StartOutcome::Asked
            | StartOutcome::Unclear { .. }
            | StartOutcome::KeptOff { .. }
            | StartOutcome::Missed { .. } => false,
        };
    }

    /// What its owner is told of a start that failed just now; once an edge.
    pub(super) fn start_failed(&mut self, step: &StartStep, why: &str, now: Timestamp) -> Option<Message> {
        let policy = self.policies.get(&step.policy)?.clone();
        if let Some(noted) = self.starts_noted.get_mut(&step.instance) {
            noted.told = true;
        }
        let entry = self.places.get(step.instance.workspace())?.entries.get(&step.instance)?;
        let words = format!("{why}; it is tried again until {}, and you can start it yourself", step.let_go_at);
        Some(message(entry, &policy, (&step.key, step.edge_at), &words, now))
    }

    /// What is told of starts that this sweep saw to have failed.
    fn failed_since(&self, now: Timestamp) -> Vec<Message> {
        let one = |known: &super::undertake::Known| {
            let intent = &known.row.intent;
            let (at, result) = known.row.ended.as_ref()?;
            let OperationResult::Failed(why) = result else { return None };
            if *at < now || !intent.key.starts_with(START_KEY) {
                return None;
            }
            let policy = self.policy_of(intent.instance.workspace())?;
            let entry = self.places.get(intent.instance.workspace())?.entries.get(&intent.instance)?;
            let edge_at = entry.start.as_ref().and_then(|found| found.edge_at.known()).unwrap_or(intent.at);
            Some(message(entry, &policy, (&intent.key, edge_at), &format!("Azure could not start it ({why})"), now))
        };
        self.operations.iter().filter_map(one).collect()
    }
}

/// Why it is too much beside what is promised already; else it is promised too.
fn too_much(policy: &PolicyId, found: &StartFinding, promises: &mut Promises) -> Option<String> {
    let purse = found.purse.as_deref()?;
    let sum = promises.entry((policy.clone(), purse.scope.clone())).or_insert(0);
    let all = sum.saturating_add(purse.cost.as_micros());
    if all > purse.left.as_micros() {
        let promised = Money::micros(*sum, purse.left.currency());
        return Some(format!(
            "until its hours end it would cost {}, and of the {} that the month's budget leaves {promised} are promised to \
             others that were started",
            purse.cost, purse.left
        ));
    }
    *sum = all;
    None
}

/// Notes how the start of one instance stands, and says what is to be said of it once.
fn note(
    noted: &mut BTreeMap<InstanceId, Noted>,
    (entry, policy, found): (&Entry, &Policy, &StartFinding),
    now: Timestamp,
    seen: &mut Seen,
) {
    let Some(edge_at) = found.edge_at.known().filter(|at| *at <= now) else { return };
    let instance = &entry.facts.id;
    let key = || found.key.clone();
    let anew = || Noted { key: key(), awaited: false, told: false, given_up: false, last: false, why: String::new() };
    let one = noted.entry(instance.clone()).or_insert_with(anew);
    if one.key != found.key {
        *one = anew();
    }
    let enforces = policy.mode == Mode::Enforce;
    let outcome = match found.ground {
        StartGround::Due if !enforces => StartOutcome::Would,
        StartGround::OverBudget | StartGround::CostUnknown => StartOutcome::KeptOff { words: found.words.to_string() },
        StartGround::Missed if one.awaited => {
            let why = if one.why.is_empty() { "nobody could look at it in time" } else { &one.why };
            StartOutcome::Missed { words: why.to_owned() }
        }
        StartGround::Due | StartGround::BackingOff | StartGround::UnderWay | StartGround::Unsettled => {
            one.awaited = true;
            return;
        }
        StartGround::Missed
        | StartGround::Coming
        | StartGround::Spent
        | StartGround::HeldOff
        | StartGround::Exempt
        | StartGround::NoActionDay
        | StartGround::HoursUnknown => {
            one.awaited = false;
            return;
        }
        StartGround::GivenUp => {
            one.awaited = false;
            if enforces && !std::mem::replace(&mut one.given_up, true) {
                let words = format!("{}; it is tried no more, and you can start it yourself", found.words);
                let told = message(entry, policy, (&found.key, edge_at), &words, now);
                // beside what was told of the first of them
                seen.messages.push(Message { id: format!("{}|given_up", told.id), ..told });
            }
            return;
        }
    };
    if std::mem::replace(&mut one.told, true) {
        return;
    }
    if enforces {
        seen.messages.push(message(entry, policy, (&found.key, edge_at), &outcome.words(), now));
    }
    let (instance, policy) = (instance.clone(), policy.id.clone());
    seen.lines.push(StartLine { instance, policy, key: found.key.clone(), edge_at, outcome, at: now });
}

/// What its owner is told when it is off though its hours began: once an edge.
fn message(
    entry: &Entry,
    policy: &Policy,
    (key, edge_at): (&Arc<str>, Timestamp),
    why: &str,
    now: Timestamp,
) -> Message {
    let facts = &entry.facts;
    let created = facts.created.known().unwrap_or_default();
    Message {
        id: format!("start_failed|{}|{created}|{key}", facts.id.to_string().to_ascii_lowercase()),
        kind: MessageKind::StartFailed,
        about: About::Instance { instance: facts.id.clone(), created: facts.created },
        notice: None,
        policy: policy.id.clone(),
        ground: "start".to_owned(),
        owner: facts.owner.name().map(str::to_owned),
        notify: terms_of(policy, facts).warning.notify.clone(),
        words: format!("{} was not started when its hours began at {edge_at}: {why}", facts.id.name()),
        at: now,
        attempts: 0,
        channel: None,
        address: None,
        not_before: None,
        also: Vec::new(),
    }
}

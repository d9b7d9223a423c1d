//! What operators are told of policies: that one changed, with what it would newly stop; and that files cannot be used.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::state::{Engine, State};
use crate::facts::Freeze;
use crate::policy::{Mode, Policy};
use crate::ports::{About, Fault, Message, MessageKind, RevisionMark, World};
use crate::rules::evaluate;
use crate::units::{InstanceId, PolicyId};

/// What the journal's list of revisions calls the state of all files; no policy can be called so.
const FILES: &str = "/files";
/// Their state when there is nothing wrong with them.
const WELL: &str = "well";
/// A change that is older is no news: whoever starts a day later is told of nothing that others saw.
const NEWS: SignedDuration = SignedDuration::from_hours(24);
/// What is due within so long counts as what a policy would stop.
const SOON: SignedDuration = SignedDuration::from_hours(24);

impl<W: World> Engine<W> {
    /// Puts news of policy files among what is written with the next record. Which state of them was told is in the journal,
    /// so that a restart tells nothing twice.
    pub(super) async fn hear_of_policies(&self, now: Timestamp) -> Result<(), Fault> {
        let (broken, mark) = {
            let state = self.lock();
            (state.told.broken.clone(), state.told.files_mark.clone())
        };
        let told = broken.as_deref().map(digest);
        let is_known = |state: &str| mark.as_ref().is_some_and(|mark| mark.revision == state);
        let new = match &told {
            Some(new) if !is_known(new) => new.as_str(),
            None if mark.is_some() && !is_known(WELL) => WELL,
            Some(_) | None => return Ok(()),
        };
        let mark = self.world.revision(&PolicyId::new(FILES), new, now).await?;
        let mut state = self.lock();
        if let Some(why) = broken.filter(|_| !self.options.telling.operators.is_empty()) {
            state.told.news.push(unusable(&why, &mark, &self.options.telling.operators));
        }
        state.told.files_mark = Some(mark);
        Ok(())
    }
}

impl State {
    /// The files' state as the journal has it.
    pub(super) fn recall_files(&mut self) {
        self.told.files_mark = self.marks.remove(&PolicyId::new(FILES));
    }

    /// What is due soon, by the verdicts of the last look.
    pub(super) fn due_soon(&self, now: Timestamp) -> BTreeSet<InstanceId> {
        let entries = self.places.values().flat_map(|place| place.entries.values());
        let soon = entries.filter(|entry| entry.verdict.as_ref().is_some_and(|verdict| is_soon(verdict, now)));
        soon.map(|entry| entry.facts.id.clone()).collect()
    }

    /// Puts what changed lately among what is written with the next record.
    pub(super) fn tell_of_changes(&mut self, before: &BTreeSet<InstanceId>, operators: &[String], now: Timestamp) {
        if operators.is_empty() {
            return;
        }
        let is_news = |mark: &RevisionMark| mark.replaced && now.duration_since(mark.since) < NEWS;
        let policies = self.policies.policies.iter();
        let changed =
            policies.filter_map(|policy| Some((policy, self.marks.get(&policy.id).filter(|mark| is_news(mark))?)));
        let news: Vec<Message> = changed
            .map(|(policy, mark)| changed_to(policy, mark, self.newly_due(policy, before, now), operators))
            .collect();
        self.told.news.extend(news);
    }

    /// How many that were looked at before, and were not due, are due soon under it; none when nothing was looked at yet.
    fn newly_due(&self, policy: &Policy, before: &BTreeSet<InstanceId>, now: Timestamp) -> Option<usize> {
        let places = self.places.iter().filter(|(id, _)| self.policy_of(id).is_some_and(|found| found.id == policy.id));
        let known: Vec<_> =
            places.flat_map(|(_, place)| place.entries.values()).filter(|entry| entry.verdict.is_some()).collect();
        let moment = self.moment(policy, now);
        let is_new = |entry: &super::entry::Entry| {
            let verdict = evaluate(&moment, &entry.facts, entry.evidence(), &entry.history, &Freeze::Off);
            is_soon(&verdict, now) && !before.contains(&entry.facts.id)
        };
        (!known.is_empty()).then(|| known.iter().filter(|entry| is_new(entry)).count())
    }
}

fn is_soon(verdict: &crate::rules::Verdict, now: Timestamp) -> bool {
    verdict.due.as_ref().is_some_and(|due| due.stop_at.duration_since(now) <= SOON)
}

fn changed_to(policy: &Policy, mark: &RevisionMark, newly: Option<usize>, operators: &[String]) -> Message {
    let RevisionMark { revision, since, acknowledged, .. } = mark;
    let name = policy.id.as_str();
    let stops = match (policy.mode, newly) {
        (Mode::Observe, _) => "; it only observes, and stops nothing".to_owned(),
        (Mode::Enforce, None) => String::new(),
        (Mode::Enforce, Some(0)) => "; nothing is due within a day that was not due before".to_owned(),
        (Mode::Enforce, Some(1)) => "; one instance is due within a day that was not due before".to_owned(),
        (Mode::Enforce, Some(count)) => format!("; {count} instances are due within a day that were not due before"),
    };
    let until = since.checked_add(policy.canary_for.duration()).unwrap_or(Timestamp::MAX);
    let canary = if *acknowledged || policy.mode == Mode::Observe {
        String::new()
    } else {
        let share = policy.canary;
        format!(
            "; until {until} it stops at most {share} of what runs, unless somebody lets it act on all with `lightsout ack {name}`"
        )
    };
    let named = format!("policy {name}");
    let words =
        format!("{named} changed; {} is at work in revision {revision} since {since}{stops}{canary}", policy.file);
    let id = format!("policy_changed|{}|{revision}|{since}", name.to_ascii_lowercase());
    let about = About::Policies { policies: named, revision: revision.clone() };
    message(MessageKind::PolicyChanged, (id, about), (&policy.id, words), *since, operators)
}

fn unusable(why: &str, mark: &RevisionMark, operators: &[String]) -> Message {
    let RevisionMark { revision, since, .. } = mark;
    let words = format!(
        "the policy files cannot be used; those before are at work, and after a restart what a broken one covers is left alone. Run \
         `lightsout check` and mend this: {why}"
    );
    let about = About::Policies { policies: "the policy files".to_owned(), revision: revision.clone() };
    let id = format!("policy_broken|{revision}|{since}");
    message(MessageKind::PolicyBroken, (id, about), (&PolicyId::new("all"), words), *since, operators)
}

fn message(
    kind: MessageKind,
    (id, about): (String, About),
    (policy, words): (&PolicyId, String),
    at: Timestamp,
    operators: &[String],
) -> Message {
    Message {
        id,
        kind,
        about,
        notice: None,
        policy: policy.clone(),
        ground: kind.label().to_owned(),
        owner: None,
        notify: operators.to_vec(),
        words,
        at,
        attempts: 0,
        channel: None,
        address: None,
        not_before: None,
        also: Vec::new(),
    }
}

/// The same for the same text, in every run.
fn digest(text: &str) -> String {
    let start: u64 = 0xcbf2_9ce4_8422_2325;
    let hash = text.bytes().fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

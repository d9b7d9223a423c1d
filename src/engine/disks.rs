//! What owners are told of full disks: that theirs fills, days before; that it keeps a due stop back, again and to more people
//! the longer it does.

use jiff::{SignedDuration, Timestamp};

use super::entry::Entry;
use super::state::State;
use crate::facts::{DiskSight, StopKey};
use crate::guard::Refusal;
use crate::plan::Step;
use crate::policy::{Mode, Policy};
use crate::ports::{About, Message, MessageKind};
use crate::report::words;
use crate::rules::terms_of;
use crate::units::WorkspaceId;

/// People hear of it so long before a disk is full.
const AHEAD: SignedDuration = SignedDuration::from_hours(72);
/// Or as soon as so little is left.
const LITTLE: u64 = 3_000_000_000;
/// What was seen longer ago says nothing of now.
const FRESH: SignedDuration = SignedDuration::from_mins(15);
/// Of one disk that fills people hear once in so many seconds: a week.
const EVERY: i64 = 7 * 86_400;
/// A stop kept back for so long is told of again, and to those whom the policy names.
const LATER: [SignedDuration; 2] = [SignedDuration::from_hours(4), SignedDuration::from_hours(24)];

/// What helps, in one sentence.
const HELP: &str = "free at least 2 GB: old checkpoints, caches (pip cache purge, conda clean --all, docker system prune) and the trash are usually most of it";

impl State {
    /// Of disks that fill, on what was just read.
    pub(super) fn filling_disks(&self, read: &[WorkspaceId], now: Timestamp) -> Vec<Message> {
        let mut messages = Vec::new();
        for id in read {
            // where nothing is stopped nobody is told anything
            let enforced = self.policy_of(id).filter(|policy| policy.mode == Mode::Enforce);
            let Some((place, policy)) = self.places.get(id).zip(enforced) else { continue };
            let on = place.entries.values().filter(|entry| !entry.absent && entry.facts.state.is_on());
            let told = on.filter_map(|entry| {
                let disk = entry.evidence().disk.as_deref().filter(|disk| fills(disk, now))?;
                Some(filling(entry, disk, &policy, now))
            });
            messages.extend(told);
        }
        messages
    }

    /// Of stops that were refused since the disk is full.
    pub(super) fn full_disks(&self, refused: &[(Step, Refusal)], now: Timestamp) -> Vec<Message> {
        let full = refused.iter().filter(|(_, refusal)| *refusal == Refusal::DiskFull);
        full.filter_map(|(step, _)| {
            let entry = self.places.get(step.instance.workspace())?.entries.get(&step.instance)?;
            let policy = self.policy_of(step.instance.workspace())?;
            Some(full_disk(entry, step, &policy, now))
        })
        .collect()
    }
}

fn fills(disk: &DiskSight, now: Timestamp) -> bool {
    if now.duration_since(disk.as_of) > FRESH {
        return false;
    }
    let soon = now.checked_add(AHEAD).unwrap_or(Timestamp::MAX);
    disk.free_bytes < LITTLE || disk.full_at.known().is_some_and(|at| at <= soon)
}

fn filling(entry: &Entry, disk: &DiskSight, policy: &Policy, now: Timestamp) -> Message {
    let week = now.as_second().div_euclid(EVERY);
    let name = entry.facts.id.name();
    let told = format!(
        "the disk of {name} fills up: {}. Azure stops no instance whose disk is full, so it would go on costing; {HELP}",
        words::disk(disk, now)
    );
    message(MessageKind::DiskFilling, entry, policy, (&format!("{week}"), told), now)
}

fn full_disk(entry: &Entry, step: &Step, policy: &Policy, now: Timestamp) -> Message {
    let late = now.duration_since(step.due_at);
    let stage = LATER.iter().filter(|after| late >= **after).count();
    let disk = entry.evidence().disk.as_deref().map(|disk| words::disk(disk, now)).unwrap_or_default();
    let told = format!(
        "{} is due to be stopped since {}, and Azure stops no instance whose disk is full ({disk}); {HELP}. Then it is stopped by itself",
        step.instance.name(),
        step.due_at
    );
    let mut message =
        message(MessageKind::DiskFull, entry, policy, (&format!("{}|{stage}", key_of(&step.key)), told), now);
    if stage > 0 {
        message.notify.clone_from(&terms_of(policy, &entry.facts).warning.notify);
    }
    message
}

fn key_of(key: &StopKey) -> &str {
    &key.0
}

fn message(
    kind: MessageKind,
    entry: &Entry,
    policy: &Policy,
    (part, words): (&str, String),
    now: Timestamp,
) -> Message {
    let facts = &entry.facts;
    let created = facts.created.known().unwrap_or_default();
    Message {
        id: format!("{}|{}|{created}|{part}", kind.label(), facts.id.to_string().to_ascii_lowercase()),
        kind,
        about: About::Instance { instance: facts.id.clone(), created: facts.created },
        notice: None,
        policy: policy.id.clone(),
        ground: "disk_full".to_owned(),
        owner: facts.owner.name().map(str::to_owned),
        notify: Vec::new(),
        words,
        at: now,
        attempts: 0,
        channel: None,
        address: None,
        not_before: None,
        also: Vec::new(),
    }
}

//! What owners and operators are told of an instance that should be off for long and is on, because somebody has to mend
//! something first. Once for each stop that does not come about.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::entry::Entry;
use super::state::{State, key_text};
use crate::facts::Freeze;
use crate::guard::Refusal;
use crate::plan::Step;
use crate::policy::{Mode, Policy};
use crate::ports::{About, Message, MessageKind};
use crate::rules::{Ground, Stuck, stuck, terms_of};
use crate::units::{InstanceId, WorkspaceId};

/// A stop may come so late without a word: what Azure or a channel gets over by itself is over by then.
const LATE: SignedDuration = SignedDuration::from_hours(1);

/// Since when it should be off, the identity of that, and why it is not.
struct Late {
    since: Timestamp,
    key: String,
    why: String,
}

impl State {
    /// Of the workspaces just read, with what was refused in this sweep.
    pub(super) fn overdue(
        &self,
        read: &[WorkspaceId],
        refused: &[(Step, Refusal)],
        freeze: &Freeze,
        now: Timestamp,
    ) -> Vec<Message> {
        let refused: BTreeMap<&InstanceId, Refusal> =
            refused.iter().map(|(step, why)| (&step.instance, *why)).collect();
        let mut messages = Vec::new();
        let mut moments = BTreeMap::new();
        for place in read.iter().filter_map(|id| self.places.get(id)) {
            let Some(policy) = place.policy().filter(|policy| policy.mode == Mode::Enforce) else { continue };
            let moment = &*moments.entry(&policy.id).or_insert_with(|| self.moment(policy, now));
            for entry in place.entries.values().filter(|entry| !entry.absent) {
                let refusal = refused.get(&entry.facts.id).copied();
                let left_alone = || {
                    let Stuck { due, words } = stuck(moment, &entry.facts, entry.evidence(), &entry.history, freeze)?;
                    Some(Late { since: due, key: format!("stuck/{due}"), why: words })
                };
                let late = late(entry, refusal).or_else(|| if entry.is_left_alone() { left_alone() } else { None });
                let late = late.filter(|late| now.duration_since(late.since) >= LATE);
                messages.extend(late.map(|late| message(entry, policy, late, now)));
            }
        }
        messages
    }
}

/// None where it waits for what people and policies ask for, and where others are told already: of a full disk.
fn late(entry: &Entry, refusal: Option<Refusal>) -> Option<Late> {
    let verdict = entry.verdict.as_ref()?;
    let due = verdict.due.as_ref()?;
    let since = verdict.overdue_since().or_else(|| refusal.and_then(|_| verdict.held_back_since()))?;
    let why = match (refusal, verdict.ground) {
        (Some(Refusal::DiskFull), _) => return None,
        (Some(refusal), _) if refusal.is_trouble() => refusal.words(),
        (Some(_), _) => return None,
        (None, Ground::WarningUndelivered) => {
            "its warning could not be delivered, and nothing is stopped unannounced; see `lightsout status`, and try the channels \
             with `lightsout notify test`"
        }
        (None, Ground::StopUnderWay) => "Azure took its stop, and it has not come about; look at it in Azure",
        (None, _) => return None,
    };
    Some(Late { since, key: key_text(&due.key).to_owned(), why: why.to_owned() })
}

fn message(entry: &Entry, policy: &Policy, late: Late, now: Timestamp) -> Message {
    let facts = &entry.facts;
    let created = facts.created.known().unwrap_or_default();
    let Late { since, key, why } = late;
    let name = facts.id.name();
    Message {
        id: format!("overdue|{}|{created}|{key}", facts.id.to_string().to_ascii_lowercase()),
        kind: MessageKind::Overdue,
        about: About::Instance { instance: facts.id.clone(), created: facts.created },
        notice: None,
        policy: policy.id.clone(),
        ground: "overdue".to_owned(),
        owner: facts.owner.name().map(str::to_owned),
        notify: terms_of(policy, facts).warning.notify.clone(),
        words: format!("{name} should be off, and is still on; since {since}: {why}"),
        at: now,
        attempts: 0,
        channel: None,
        address: None,
        not_before: None,
        also: Vec::new(),
    }
}

//! How people are told; every one a setting.

use std::sync::Arc;

use super::digest::Weekly;
use crate::facts::Addressing;
use crate::ports::{Message, MessageKind, RevisionMark};
use crate::schedule::Hours;

/// How people are told.
#[derive(Debug, Clone, Default)]
pub struct Telling {
    /// How the people behind an instance are found.
    pub people: Addressing,
    /// Who runs the service: told of policies that changed or are broken.
    pub operators: Vec<String>,
    /// When people are left in peace: what is not urgent waits until these hours end.
    pub quiet: Option<Arc<Hours>>,
    /// When the week is told; none: it is not.
    pub weekly: Option<Weekly>,
}

/// What people were told, and are to be told with the next record.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// News of policies that the journal does not hold yet.
    pub(super) news: Vec<Message>,
    /// What is wrong with policy files that cannot be used.
    pub(super) broken: Option<String>,
    /// The state of all files that operators were told of.
    pub(super) files_mark: Option<RevisionMark>,
    /// The last week that was told.
    pub(super) week: Option<String>,
    /// Messages that were of no use before they could be delivered.
    pub(super) let_go: u64,
    /// As in the options.
    pub(super) quiet: Option<Arc<Hours>>,
}

impl Told {
    /// Nothing yet.
    pub(super) fn of(telling: &Telling) -> Self {
        Self { quiet: telling.quiet.clone(), ..Self::default() }
    }
}

impl Telling {
    /// The message, put off until quiet hours end where it can wait that long.
    pub(super) fn in_time(&self, message: Message) -> Message {
        let quiet = self.quiet.as_deref().filter(|quiet| can_wait(message.kind) && quiet.contains(message.at));
        let not_before = quiet.and_then(|quiet| quiet.next_edge(message.at)).map(|edge| edge.at);
        Message { not_before, ..message }
    }
}

/// True for what a person need not know at once. What comes before a stop is never held back here: a policy may put the
/// warning off, and the stop with it.
const fn can_wait(kind: MessageKind) -> bool {
    match kind {
        MessageKind::Stopped
        | MessageKind::DiskFilling
        | MessageKind::Budget
        | MessageKind::PolicyChanged
        | MessageKind::Proposal
        | MessageKind::Deleted
        | MessageKind::Digest => true,
        MessageKind::Warning
        | MessageKind::StopFailed
        | MessageKind::StartFailed
        | MessageKind::DiskFull
        | MessageKind::Overdue
        | MessageKind::DeleteFailed
        | MessageKind::PolicyBroken
        | MessageKind::Test => false,
    }
}

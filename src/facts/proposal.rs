//! A proposal to delete an instance that stayed off: how it was made, whom it was told, and what people said to it.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Created, VoidGround};
use crate::units::{InstanceId, PolicyId, Span};

/// A step of the ladder as it was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldStep {
    /// How long before the day it stands.
    pub lead: Span,
    /// When it was written.
    pub told_at: Timestamp,
    /// The day that it announced.
    pub day: Timestamp,
    /// How often it was written: again where nobody was told until its day had passed.
    #[serde(default)]
    pub times: u32,
    /// When the first channel that people read took it, addressed to one of them.
    pub delivered_at: Option<Timestamp>,
}

/// A person's yes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// Whose.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub why: String,
    /// Nothing is sent before; it can be taken back until something is.
    pub not_before: Timestamp,
}

/// A deletion that came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedDeletion {
    /// When that was known.
    pub at: Timestamp,
    /// The operation of the journal.
    pub operation: String,
    /// Why.
    pub words: String,
}

/// How a proposal ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "how")]
pub enum ProposalEnd {
    /// Somebody keeps the instance.
    Kept {
        /// Until then; none: for good, as long as this life of it lasts.
        until: Option<Timestamp>,
        /// Who.
        by: String,
        /// Why.
        why: String,
        /// When.
        at: Timestamp,
    },
    /// Something else said no.
    Void {
        /// What.
        ground: VoidGround,
        /// In words.
        words: String,
        /// When.
        at: Timestamp,
    },
    /// It was deleted.
    Deleted {
        /// When that was seen.
        at: Timestamp,
    },
}

impl ProposalEnd {
    /// The word in journal and metrics.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Kept { .. } => "kept",
            Self::Void { .. } => "void",
            Self::Deleted { .. } => "deleted",
        }
    }

    /// When.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Kept { at, .. } | Self::Void { at, .. } | Self::Deleted { at } => *at,
        }
    }
}

/// One thing that happened to a proposal, as the journal keeps it: appended, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposalEvent {
    /// Which proposal.
    pub proposal: String,
    /// When.
    pub at: Timestamp,
    /// Who: `lightsout`, or a person.
    pub who: String,
    /// What.
    pub what: ProposalStep,
}

/// What happened to a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "step")]
pub enum ProposalStep {
    /// A step of the ladder was written to its people.
    Told {
        /// Which.
        lead: Span,
        /// The day that it announces.
        day: Timestamp,
    },
    /// A channel that people read took it, addressed to one of them.
    Delivered {
        /// Which.
        lead: Span,
    },
    /// A person said yes.
    Confirmed {
        /// Why.
        why: String,
        /// Nothing is sent before.
        not_before: Timestamp,
    },
    /// A person took the yes back.
    Withdrawn {
        /// Why.
        why: String,
    },
    /// A deletion came to nothing; a yes that stood for it is used up.
    Failed {
        /// The operation of the journal.
        operation: String,
        /// Why.
        words: String,
    },
    /// A person keeps the instance.
    Kept {
        /// Until then; none: for good.
        until: Option<Timestamp>,
        /// Why.
        why: String,
        /// The number of the link that it was done with: each keeps once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        link: Option<Box<str>>,
    },
    /// Something else said no.
    Void {
        /// What.
        ground: VoidGround,
        /// In words.
        words: String,
    },
    /// It was seen deleted.
    Deleted {
        /// The operation of the journal.
        operation: String,
    },
}

impl ProposalStep {
    /// The word in the journal.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Told { .. } => "told",
            Self::Delivered { .. } => "delivered",
            Self::Confirmed { .. } => "confirmed",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Failed { .. } => "failed",
            Self::Kept { .. } => "kept",
            Self::Void { .. } => "void",
            Self::Deleted { .. } => "deleted",
        }
    }

    /// True for what ends a proposal.
    #[must_use]
    pub const fn ends(&self) -> bool {
        match self {
            Self::Kept { .. } | Self::Void { .. } | Self::Deleted { .. } => true,
            Self::Told { .. }
            | Self::Delivered { .. }
            | Self::Confirmed { .. }
            | Self::Withdrawn { .. }
            | Self::Failed { .. } => false,
        }
    }

    /// The number of the link that it was done with.
    #[must_use]
    pub fn link(&self) -> Option<&str> {
        match self {
            Self::Kept { link, .. } => link.as_deref(),
            Self::Told { .. }
            | Self::Delivered { .. }
            | Self::Confirmed { .. }
            | Self::Withdrawn { .. }
            | Self::Failed { .. }
            | Self::Void { .. }
            | Self::Deleted { .. } => None,
        }
    }
}

/// A stopped instance that is proposed for deletion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Its id: sorts by time.
    pub id: String,
    /// Which instance.
    pub instance: InstanceId,
    /// Which life of its name.
    pub created: Created,
    /// Whose it is, by the best name there was.
    pub owner: Option<String>,
    /// By which policy.
    pub policy: PolicyId,
    /// By which revision of it: under another one it is void.
    pub revision: Arc<str>,
    /// Since when it had been off.
    pub off_since: Timestamp,
    /// True where the policy's allow-list names it: nobody's yes is needed after the whole ladder.
    pub automatic: bool,
    /// The steps, the longest first.
    pub ladder: Vec<Span>,
    /// When it was made.
    pub made_at: Timestamp,
    /// The day, as it was planned: the longest step after it was made.
    pub due_at: Timestamp,
    /// The steps that were told so far.
    pub steps: Vec<ToldStep>,
    /// The yes that stands.
    pub confirmed: Option<Confirmation>,
    /// The last deletion that came to nothing.
    pub failed: Option<FailedDeletion>,
    /// How it ended.
    pub end: Option<ProposalEnd>,
}

impl Proposal {
    /// True while nothing ended it.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.end.is_none()
    }

    /// The keep in force: until when, and by whom.
    #[must_use]
    pub fn kept_at(&self, now: Timestamp) -> Option<(Option<Timestamp>, &str)> {
        match &self.end {
            Some(ProposalEnd::Kept { until, by, .. }) if until.is_none_or(|until| now < until) => Some((*until, by)),
            Some(ProposalEnd::Kept { .. } | ProposalEnd::Void { .. } | ProposalEnd::Deleted { .. }) | None => None,
        }
    }

    /// The day as the steps that were delivered have it: as long after each as that says, and the planned one at the earliest.
    fn delivered_day(&self) -> Timestamp {
        let day = |step: &ToldStep| step.delivered_at?.checked_add(step.lead.duration()).ok();
        self.steps.iter().filter_map(day).fold(self.due_at, Timestamp::max)
    }

    /// The first step that no person was told of yet: people climb down the ladder one step after the other.
    fn next_step(&self) -> Option<Span> {
        let is_delivered =
            |lead: &Span| self.steps.iter().any(|step| step.lead == *lead && step.delivered_at.is_some());
        self.ladder.iter().copied().find(|lead| !is_delivered(lead))
    }

    /// The step that is to be told now: its time has come, and it was not told, or in vain until its day had passed.
    #[must_use]
    pub fn untold(&self, now: Timestamp) -> Option<Span> {
        let lead = self.next_step().filter(|_| self.confirmed.is_none())?;
        let waits = self.steps.iter().any(|step| step.lead == lead && now < step.day);
        let comes = self.delivered_day().checked_sub(lead.duration()).is_ok_and(|at| at <= now);
        (comes && !waits).then_some(lead)
    }

    /// How often a step was written so far.
    #[must_use]
    pub fn times(&self, lead: Span) -> u32 {
        self.steps.iter().find(|step| step.lead == lead).map_or(0, |step| step.times)
    }

    /// When nobody's yes is needed any more: each step was delivered, and as long before as it says. None where a yes is
    /// needed, or a step was not delivered yet.
    #[must_use]
    pub fn announced_until(&self) -> Option<Timestamp> {
        (self.automatic && self.next_step().is_none()).then(|| self.delivered_day())
    }

    /// From when on it may be deleted, as things stand: after a yes, or after the whole ladder. None while neither is there.
    #[must_use]
    pub fn ready_at(&self) -> Option<Timestamp> {
        let said = self.confirmed.as_ref().map(|confirmed| confirmed.not_before);
        said.or_else(|| self.announced_until()).filter(|_| self.is_open())
    }

    /// The day that people are told: of a yes, or of the ladder as if the step that is not delivered were delivered now.
    #[must_use]
    pub fn day(&self, now: Timestamp) -> Timestamp {
        if let Some(confirmed) = &self.confirmed {
            return confirmed.not_before;
        }
        let day = self.delivered_day();
        let postponed = self.next_step().and_then(|lead| now.checked_add(lead.duration()).ok());
        // a step whose time has not come postpones nothing
        postponed.map_or(day, |postponed| day.max(postponed))
    }

    /// The same with one more thing that happened to it.
    pub fn apply(&mut self, event: &ProposalEvent) {
        let at = event.at;
        match &event.what {
            ProposalStep::Told { lead, day } => match self.steps.iter_mut().find(|step| step.lead == *lead) {
                Some(step) => {
                    (step.told_at, step.day) = (at, *day);
                    step.times = step.times.saturating_add(1);
                }
                None => self.steps.push(ToldStep { lead: *lead, told_at: at, day: *day, times: 1, delivered_at: None }),
            },
            ProposalStep::Delivered { lead } => {
                match self.steps.iter_mut().find(|step| step.lead == *lead) {
                    Some(step) => step.delivered_at = step.delivered_at.or(Some(at)),
                    // its message was written, and the process ended before this was
                    None => {
                        let (told_at, day, times, delivered_at) = (at, self.due_at, 1, Some(at));
                        self.steps.push(ToldStep { lead: *lead, told_at, day, times, delivered_at });
                    }
                }
            }
            ProposalStep::Confirmed { why, not_before } => {
                let (by, why) = (event.who.clone(), why.clone());
                self.confirmed = Some(Confirmation { by, at, why, not_before: *not_before });
            }
            ProposalStep::Withdrawn { .. } => self.confirmed = None,
            ProposalStep::Failed { operation, words } => {
                self.confirmed = None;
                self.failed = Some(FailedDeletion { at, operation: operation.clone(), words: words.clone() });
            }
            ProposalStep::Kept { until, why, .. } => {
                let (by, why) = (event.who.clone(), why.clone());
                self.confirmed = None;
                self.end = Some(ProposalEnd::Kept { until: *until, by, why, at });
            }
            ProposalStep::Void { ground, words } => {
                self.confirmed = None;
                self.end = Some(ProposalEnd::Void { ground: *ground, words: words.clone(), at });
            }
            ProposalStep::Deleted { .. } => self.end = Some(ProposalEnd::Deleted { at }),
        }
    }
}

#[cfg(test)]
mod tests;

//! What goes into the journal and comes out of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Accounts, Message};
use crate::facts::{Created, Evidence, History, Hold, InstanceFacts, PowerState, StopKey, StopResult, Track};
use crate::plan::Step;
use crate::rules::Verdict;
use crate::units::{InstanceId, PolicyId, When, WorkspaceId};

/// A stop that is to be sent, written before it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Intent {
    /// Its id: sorts by time.
    pub id: String,
    /// What is stopped, why, under which revision, from which observation (G11).
    pub step: Step,
    /// When.
    pub at: Timestamp,
    /// From 1; a failed try of the same reason may be tried again.
    pub attempt: u32,
}

/// One instance as it changed between two sightings.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    /// As seen.
    pub facts: Arc<InstanceFacts>,
    /// Its state before, none at the first sighting.
    pub before: Option<PowerState>,
    /// The change happened after this instant (the previous sighting, or `lastOperation` when credible) …
    pub not_before: When,
    /// … and not after this one.
    pub not_after: Timestamp,
    /// What is remembered of it from now on (stops, holds and notices left out: they have their own rows).
    pub history: History,
}

/// A decision worth keeping: the verdict changed. Shared with whoever decided: the journal writes it out, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What was known.
    pub facts: Arc<InstanceFacts>,
    /// What was heard of its use.
    pub evidence: Option<Arc<Evidence>>,
    /// What was decided.
    pub verdict: Arc<Verdict>,
}

impl Decision {
    /// As the journal keeps it.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn row(&self) -> serde_json::Result<DecisionRow> {
        let Self { facts, evidence, verdict } = self;
        Ok(DecisionRow {
            instance: verdict.instance.clone(),
            at: verdict.at,
            verdict: serde_json::to_string(verdict)?,
            facts: serde_json::to_string(&Known { facts, evidence: evidence.as_deref() })?,
        })
    }
}

/// Facts, and among them what was heard where anything was.
#[derive(Serialize)]
struct Known<'a> {
    #[serde(flatten)]
    facts: &'a InstanceFacts,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<&'a Evidence>,
}

/// The same, read back.
#[derive(Deserialize)]
struct HeardThen {
    evidence: Option<Evidence>,
}

/// A decision as the journal keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRow {
    /// Which instance.
    pub instance: InstanceId,
    /// When.
    pub at: Timestamp,
    /// The verdict as JSON.
    pub verdict: String,
    /// The facts as JSON.
    pub facts: String,
}

impl DecisionRow {
    /// What was heard of its use then; none where nothing was, or what stands there cannot be read.
    #[must_use]
    pub fn evidence(&self) -> Option<Arc<Evidence>> {
        let read: Option<HeardThen> = serde_json::from_str(&self.facts).ok();
        read.and_then(|read| read.evidence).map(Arc::new)
    }
}

/// Everything one sweep adds to the journal, in one transaction.
#[derive(Debug, Clone, Default)]
pub struct SweepRecord {
    /// When.
    pub at: Option<Timestamp>,
    /// Workspaces read, and when.
    pub seen: Vec<(WorkspaceId, Timestamp)>,
    /// Instances that changed.
    pub sightings: Vec<Sighting>,
    /// Instances that are gone (absent twice): closed at their last sighting.
    pub gone: Vec<(InstanceId, Timestamp)>,
    /// Instances missing from a whole reading of their workspace for the first time.
    pub absent: Vec<InstanceId>,
    /// Verdicts that changed.
    pub decisions: Vec<Decision>,
    /// Messages to deliver; one that exists already is left as it is.
    pub messages: Vec<Message>,
    /// Stops that were settled: intent id, result.
    pub settled: Vec<(String, StopResult)>,
    /// Policies evaluated up to this sweep: `last_evaluated` never goes back (S12).
    pub evaluated: Vec<PolicyId>,
    /// From when to when everything was seen frozen, while it is.
    pub frozen: Option<(Timestamp, Timestamp)>,
    /// Instances of which use was newly heard, or heard to have ended.
    pub in_use: Vec<InUse>,
    /// What the ledger needs to know beside.
    pub accounts: Accounts,
}

/// An instance that is in use by what sources say, or that is not any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InUse {
    /// Which instance.
    pub instance: InstanceId,
    /// Which life of its name.
    pub created: Created,
    /// The accounts of those who see use; none when nobody does any more.
    pub tracks: Vec<Track>,
}

/// When a policy's revision was first seen, and whether a person let it act on all (G19).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionMark {
    /// The revision.
    pub revision: String,
    /// When it was first loaded.
    pub since: Timestamp,
    /// True when it replaced another revision of the same policy; the very first one is no canary.
    pub replaced: bool,
    /// Acknowledged.
    pub acknowledged: bool,
}

/// A message that a channel took, whoever of several replicas delivered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The message; it announces a deadline.
    pub message: Message,
    /// When it was delivered, by the clock of whoever did.
    pub at: Timestamp,
}

/// An instance as remembered.
#[derive(Debug, Clone, PartialEq)]
pub struct Remembered {
    /// As last written.
    pub facts: InstanceFacts,
    /// When its workspace was last read with it in.
    pub last_seen: Timestamp,
    /// Missing from the last reading of its workspace.
    pub absent: bool,
    /// What is remembered, with stops, holds and notices.
    pub history: History,
}

/// What is remembered at start.
#[derive(Debug, Clone, Default)]
pub struct Recall {
    /// Every instance not gone.
    pub instances: BTreeMap<InstanceId, Remembered>,
    /// Intents that were open: intended or sent, to be settled by looking (L5).
    pub open: Vec<RecalledIntent>,
    /// How far each policy's edges were evaluated.
    pub evaluated: BTreeMap<PolicyId, Timestamp>,
    /// Revisions.
    pub revisions: BTreeMap<PolicyId, RevisionMark>,
    /// Holds of instances that are not among the above: held before they were first recorded, or gone and perhaps back.
    pub holds: Vec<Hold>,
    /// From when to when everything was last seen frozen.
    pub frozen: Option<(Timestamp, Timestamp)>,
    /// Instances that were in use when last heard of.
    pub in_use: Vec<InUse>,
    /// The audit lines of the last two days about idle timers, oldest first.
    pub timers: Vec<AuditLine>,
}

/// An open intent as recalled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecalledIntent {
    /// Its id.
    pub id: String,
    /// Which instance.
    pub instance: InstanceId,
    /// Which life of its name.
    pub created: Created,
    /// Its reason's identity.
    pub key: StopKey,
    /// By which policy.
    pub policy: PolicyId,
    /// The ground's label.
    pub ground: String,
    /// When it was intended.
    pub intended_at: Timestamp,
    /// When Azure took it; none when it may never have been sent.
    pub sent_at: Option<Timestamp>,
}

/// One line of the audit log: who did what, when, why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    /// When.
    pub at: Timestamp,
    /// Who: `lightsout`, or the user that the operating system names.
    pub who: String,
    /// What: a short word such as `hold`, `freeze`, `stop`, `reload`.
    pub what: String,
    /// To what.
    pub target: String,
    /// Why, or the particulars.
    pub why: String,
}

impl AuditLine {
    /// What was done in lines about idle timers of Azure's.
    pub const TIMER: &'static str = "native_timer";
}

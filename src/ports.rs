//! The seams: what the engine asks of the outside, and the one fault type that it can reason about.

use std::collections::BTreeMap;
use std::future::Future;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::facts::{
    Created, Freeze, History, Hold, InstanceFacts, Inventory, NoticeKey, PowerState, StopKey, StopResult,
    WorkspaceFacts,
};
pub use crate::guard::StopPermit;
use crate::plan::{Notice, Step};
use crate::units::{InstanceId, PolicyId, Region, SubscriptionId, WorkspaceId};

/// What kind of thing went wrong, as far as it changes what is done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Asked too often; the wait that was asked for, already clamped to 1 s ..= 15 min.
    Throttled(Option<SignedDuration>),
    /// No token could be had, or Azure did not accept it.
    Unauthenticated,
    /// The identity lacks a permission.
    Denied,
    /// It does not exist.
    Gone,
    /// Another operation is running on it (409).
    Conflict,
    /// Azure refuses to stop it because its disk is full.
    DiskFull,
    /// Azure refused the request for another reason; trying again will not help.
    Refused,
    /// Azure failed or could not be reached; nothing was done.
    Unreachable,
    /// An answer that cannot be understood, or is not allowed (another origin, too big, a loop of pages).
    Garbled,
    /// A stop was sent and no answer came: it may or may not have been taken (L5).
    Unclear,
    /// The journal could not be read or written.
    Storage,
    /// A message could not be delivered.
    Undelivered,
}

impl FaultKind {
    /// The bounded metric label.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Throttled(_) => "throttled",
            Self::Unauthenticated => "unauthenticated",
            Self::Denied => "forbidden",
            Self::Gone => "gone",
            Self::Conflict => "conflict",
            Self::DiskFull => "disk_full",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Garbled => "garbled",
            Self::Unclear => "unclear",
            Self::Storage => "storage",
            Self::Undelivered => "undelivered",
        }
    }

    /// What a person can do about it.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Throttled(_) => "nothing to do: it is tried again when Azure allows; fewer or slower sweeps help",
            Self::Unauthenticated => "check [azure.identity]; `lightsout doctor` tries it step by step",
            Self::Denied => "give the identity the missing action (deploy/role.json); `lightsout doctor` names it",
            Self::Gone => "nothing to do if it was deleted; otherwise check its name",
            Self::Conflict => "nothing to do: another operation is running, it is looked at again next sweep",
            Self::DiskFull => "its owner must free 1 to 2 GB of its disk, then it is stopped by itself",
            Self::Refused => "see Azure's message; the next try waits longer each time",
            Self::Unreachable => "check network, proxy and Azure's status; it is tried again by itself",
            Self::Garbled => "something between here and Azure answers in its place, or Azure changed; see the message",
            Self::Unclear => "nothing to do: the next sweep looks whether it was stopped",
            Self::Storage => "check the disk of [store] dir; nothing is stopped until it can be written",
            Self::Undelivered => "check the channel; `lightsout doctor` tries it",
        }
    }
}

/// Something that could not be done.
#[derive(Debug, thiserror::Error)]
#[error("could not {doing}")]
pub struct Fault {
    /// Its kind.
    pub kind: FaultKind,
    /// What was being done: completes "could not …".
    pub doing: String,
    /// Why.
    #[source]
    pub cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Fault {
    /// A fault without a deeper cause.
    #[must_use]
    pub fn new(kind: FaultKind, doing: impl Into<String>) -> Self {
        Self { kind, doing: doing.into(), cause: None }
    }

    /// With the cause.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The whole chain in one line: what, why, and the remedy.
    #[must_use]
    pub fn words(&self) -> String {
        let mut text = self.to_string();
        let mut cause: Option<&dyn std::error::Error> = self.cause.as_ref().map(|c| &**c as &dyn std::error::Error);
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }
}

/// The time, and waiting for it. The only way into the code for a clock.
pub trait Clock: Send + Sync {
    /// Wall clock.
    fn now(&self) -> Timestamp;
    /// Time since boot, suspend included: never steps (S11, S13).
    fn steady(&self) -> SignedDuration;
    /// Waits.
    fn sleep(&self, length: SignedDuration) -> impl Future<Output = ()> + Send;
}

/// What discovery found, and which parts of it failed.
#[derive(Debug, Default)]
pub struct Discovery {
    /// Every workspace found.
    pub workspaces: Vec<WorkspaceFacts>,
    /// Scopes that could not be listed, in words, with the fault.
    pub faults: Vec<(String, Fault)>,
}

/// Azure's clock against ours, from the `Date` header of a recent answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AzureTime {
    /// What Azure said.
    pub azure: Timestamp,
    /// Our clock when it said so.
    pub here: Timestamp,
}

/// One use of Azure's API since start, for metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiUse {
    /// Requests by operation and status code (or the fault's label when there was no answer).
    pub requests: BTreeMap<(&'static str, String), u64>,
    /// Times that a 429 was answered, by subscription.
    pub throttled: BTreeMap<SubscriptionId, u64>,
    /// Tokens believed left by (subscription, region, `read` or `write`).
    pub tokens_left: BTreeMap<(SubscriptionId, Region, &'static str), u64>,
    /// Answers refused for pointing to another origin: a security event.
    pub foreign_origins: u64,
}

/// Reading the fleet.
pub trait Observe: Send + Sync {
    /// Finds the workspaces that settings name.
    fn discover(&self) -> impl Future<Output = Discovery> + Send;
    /// Reads every instance of a workspace.
    fn inventory(&self, workspace: &WorkspaceFacts) -> impl Future<Output = Result<Inventory, Fault>> + Send;
    /// Reads one instance: the second look.
    fn instance(
        &self,
        workspace: &WorkspaceFacts,
        id: &InstanceId,
    ) -> impl Future<Output = Result<InstanceFacts, Fault>> + Send;
    /// Azure's clock, when any answer has come.
    fn azure_time(&self) -> Option<AzureTime>;
    /// Use of the API so far.
    fn api_use(&self) -> ApiUse;
}

/// A long-running operation, to be asked after. Its URL is signed: it is never printed, logged or stored.
#[derive(Clone, PartialEq, Eq)]
pub struct OperationHandle {
    /// Where its status is read; verbatim.
    pub url: String,
    /// True when this is the `Location` style (202 until done) instead of a status document.
    pub by_location: bool,
}

impl std::fmt::Debug for OperationHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OperationHandle").field("url", &"(signed)").field("by_location", &self.by_location).finish()
    }
}

/// How a long-running operation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperationState {
    /// Not at an end.
    InProgress,
    /// Done.
    Succeeded,
    /// Failed or canceled, in Azure's words.
    Failed {
        /// Azure's code.
        code: String,
        /// Azure's message.
        message: String,
    },
}

/// Stopping.
pub trait StopInstances: Send + Sync {
    /// Sends the one POST that a permit allows. `Ok(None)`: Azure took it and named no operation to follow.
    fn stop(
        &self,
        workspace: &WorkspaceFacts,
        permit: StopPermit,
    ) -> impl Future<Output = Result<Option<OperationHandle>, Fault>> + Send;
    /// Asks how an operation stands.
    fn operation(
        &self,
        workspace: &WorkspaceFacts,
        handle: &OperationHandle,
    ) -> impl Future<Output = Result<OperationState, Fault>> + Send;
}

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
    pub facts: InstanceFacts,
    /// Its state before, none at the first sighting.
    pub before: Option<PowerState>,
    /// The change happened after this instant (the previous sighting, or `lastOperation` when credible) …
    pub not_before: Option<Timestamp>,
    /// … and not after this one.
    pub not_after: Timestamp,
    /// What is remembered of it from now on (stops, holds and notices left out: they have their own rows).
    pub history: History,
}

/// A decision worth keeping: the verdict changed.
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

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageKind {
    /// A stop is coming.
    Warning,
    /// It was stopped.
    Stopped,
    /// It could not be stopped.
    StopFailed,
}

/// A message to a person, in the durable outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Idempotency key: the same message has the same key for ever.
    pub id: String,
    /// What about.
    pub kind: MessageKind,
    /// Which instance.
    pub instance: InstanceId,
    /// Which life of its name.
    pub created: Created,
    /// For a warning: the deadline it announces.
    pub notice: Option<NoticeKey>,
    /// Under which policy.
    pub policy: PolicyId,
    /// The ground's label.
    pub ground: String,
    /// Whose it is.
    pub owner: Option<String>,
    /// Who else is told.
    pub notify: Vec<String>,
    /// One or two sentences.
    pub words: String,
    /// When it was written.
    pub at: Timestamp,
    /// Deliveries tried so far.
    pub attempts: u32,
}

impl Message {
    /// The warning that a notice asks for.
    #[must_use]
    pub fn warning(notice: &Notice, at: Timestamp) -> Self {
        Self {
            id: format!(
                "warning|{}|{}|{}|{}",
                notice.instance.to_string().to_ascii_lowercase(),
                notice.created.unwrap_or_default(),
                notice.key.stop.0,
                notice.key.stop_at
            ),
            kind: MessageKind::Warning,
            instance: notice.instance.clone(),
            created: notice.created,
            notice: Some(notice.key.clone()),
            policy: notice.policy.clone(),
            ground: notice.ground.clone(),
            owner: notice.owner.clone(),
            notify: notice.notify.clone(),
            words: notice.words.clone(),
            at,
            attempts: 0,
        }
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
    /// Verdicts that changed.
    pub decisions: Vec<DecisionRow>,
    /// Messages to deliver; one that exists already is left as it is.
    pub messages: Vec<Message>,
    /// Stops that were settled: intent id, result.
    pub settled: Vec<(String, StopResult)>,
    /// Policies evaluated up to this sweep: `last_evaluated` never goes back (S12).
    pub evaluated: Vec<PolicyId>,
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

/// An instance as remembered.
#[derive(Debug, Clone, PartialEq)]
pub struct Remembered {
    /// As last written.
    pub facts: InstanceFacts,
    /// When its workspace was last read with it in.
    pub last_seen: Timestamp,
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

/// The durable memory. Every write is on disk when it returns.
pub trait Journal: Send + Sync {
    /// Everything needed to go on after a restart.
    fn recall(&self, now: Timestamp) -> impl Future<Output = Result<Recall, Fault>> + Send;
    /// One sweep, all or nothing.
    fn record(&self, record: &SweepRecord) -> impl Future<Output = Result<(), Fault>> + Send;
    /// Writes an intent before its POST. A second open one for the instance, or a key already carried out, is a
    /// `Conflict` fault (L6).
    fn intend(&self, intent: &Intent) -> impl Future<Output = Result<(), Fault>> + Send;
    /// Azure took it.
    fn sent(&self, intent: &str, at: Timestamp) -> impl Future<Output = Result<(), Fault>> + Send;
    /// It came to an end outside a sweep's record.
    fn settle(
        &self,
        intent: &str,
        result: &StopResult,
        at: Timestamp,
    ) -> impl Future<Output = Result<(), Fault>> + Send;
    /// Messages that are due for a try at `now`, oldest first, at most `most`.
    fn outbox(&self, now: Timestamp, most: u32) -> impl Future<Output = Result<Vec<Message>, Fault>> + Send;
    /// A message was delivered.
    fn delivered(&self, message: &str, at: Timestamp) -> impl Future<Output = Result<(), Fault>> + Send;
    /// A delivery failed; when to try again (none: never).
    fn undelivered(
        &self,
        message: &str,
        why: &str,
        next: Option<Timestamp>,
    ) -> impl Future<Output = Result<(), Fault>> + Send;
    /// Records a hold.
    fn hold(&self, hold: &Hold) -> impl Future<Output = Result<(), Fault>> + Send;
    /// Ends a hold now. False when there is none of that id in force.
    fn lift(&self, hold: &str, by: &str, at: Timestamp) -> impl Future<Output = Result<bool, Fault>> + Send;
    /// Holds of an instance made since an instant, lifted ones too, for the weekly cap.
    fn holds_since(&self, instance: &InstanceId, since: Timestamp) -> impl Future<Output = Result<u32, Fault>> + Send;
    /// Notes which revision of a policy is loaded; returns the mark in force.
    fn revision(
        &self,
        policy: &PolicyId,
        revision: &str,
        at: Timestamp,
    ) -> impl Future<Output = Result<RevisionMark, Fault>> + Send;
    /// Lets the loaded revision act on all.
    fn acknowledge(&self, policy: &PolicyId, revision: &str) -> impl Future<Output = Result<bool, Fault>> + Send;
    /// The decision in force for an instance at an instant.
    fn decision(
        &self,
        instance: &InstanceId,
        at: Timestamp,
    ) -> impl Future<Output = Result<Option<DecisionRow>, Fault>> + Send;
    /// Forgets what is too old to matter: decisions and delivered messages, never stops, transitions or audit lines.
    /// A memory that keeps everything has nothing to do.
    fn prune(&self, _now: Timestamp) -> impl Future<Output = Result<(), Fault>> + Send {
        async { Ok(()) }
    }
    /// Appends to the audit log.
    fn audit(&self, line: &AuditLine) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// Telling people.
pub trait Notify: Send + Sync {
    /// How many channels there are; with none nothing can be delivered.
    fn channels(&self) -> usize;
    /// Delivers one message; `Ok` means that the channel confirmed it.
    fn deliver(&self, message: &Message) -> impl Future<Output = Result<(), Fault>> + Send;
}

/// The freeze switch, read right before every stop.
pub trait FreezeSwitch: Send + Sync {
    /// Frozen? What cannot be read counts as frozen.
    fn freeze(&self) -> Freeze;
}

/// Everything outside, as one bound.
pub trait World: Observe + StopInstances + Journal + Notify + FreezeSwitch + Clock + 'static {}
impl<T: Observe + StopInstances + Journal + Notify + FreezeSwitch + Clock + 'static> World for T {}

/// What a person asks when they ask for a hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldRequest {
    /// The instance's name or full ARM id; a name that several workspaces use is refused with the list.
    pub instance: String,
    /// How long from now, in seconds.
    pub seconds: u32,
    /// Why.
    pub reason: String,
    /// Who asks.
    pub by: String,
}

/// Why a request of a person was not granted, in words for that person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{0}")]
pub struct Declined(pub String);

/// What the faces can ask of a running engine.
pub trait Control: Send + Sync + 'static {
    /// The fleet as last published.
    fn view(&self) -> std::sync::Arc<crate::report::FleetView>;
    /// Use of Azure's API so far.
    fn api_use(&self) -> ApiUse;
    /// Makes a hold, within the policy's caps.
    fn hold(&self, request: HoldRequest) -> impl Future<Output = Result<Hold, Declined>> + Send;
    /// Ends a hold: by its id, or by the instance's name.
    fn lift(&self, hold: String, by: String) -> impl Future<Output = Result<(), Declined>> + Send;
    /// Lets a changed policy act on all at once (G19).
    fn acknowledge(&self, policy: PolicyId, by: String) -> impl Future<Output = Result<(), Declined>> + Send;
    /// The decision about an instance now; for a past instant the one that was in force, as recorded; for a future
    /// instant what would be decided on today's facts.
    fn decision(
        &self,
        instance: String,
        at: Option<Timestamp>,
    ) -> impl Future<Output = Result<serde_json::Value, Declined>> + Send;
    /// Asks for a sweep now.
    fn nudge(&self);
}

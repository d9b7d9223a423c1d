//! Everything outside as one fake: a clock that is set, the fake Azure, a journal in memory that can fail, a recorded channel.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use lightsout::facts::{
    Completeness, Created, DiskSight, Freeze, Hold, InstanceFacts, Inventory, Reading, Source, SourceSet, Verb,
    WorkspaceFacts,
};
use lightsout::guard::StopPermit;
use lightsout::plan::Step;
use lightsout::policy::{OptOut, Policy, opt_out};
use lightsout::ports::{
    ApiUse, AzureTime, Clock, Discovery, Fault, FaultKind, FreezeSwitch, Heard, Intent, LastWord, Message, Notify,
    Observe, OperationHandle, OperationRow, OperationState, Question, StopInstances, Witness,
};
use lightsout::units::{InstanceId, Span, WorkspaceId};

#[path = "fake_channel.rs"]
mod fake_channel;
#[path = "kept.rs"]
mod kept;
#[path = "no_bills.rs"]
mod no_bills;
#[path = "operating.rs"]
mod operating;
#[path = "proposing.rs"]
mod proposing;
#[path = "set_timers.rs"]
mod set_timers;
use fake_channel::FakeChannel;
use metered::Metered;

use crate::cloud::Cloud;
use crate::memory_journal::MemoryJournal;

#[path = "metered.rs"]
mod metered;

/// Something to happen at a moment that only the world knows.
pub(crate) type Then = Box<dyn FnOnce() + Send>;

/// One POST as it arrived, with the truth of that moment beside it.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) at: Timestamp,
    /// Which sweep sent it.
    pub(crate) sweep: u64,
    pub(crate) step: Step,
    /// The workspace that was asked.
    pub(crate) workspace: WorkspaceId,
    pub(crate) looked_at: Timestamp,
    /// When a person last started it.
    pub(crate) started: Option<Timestamp>,
    pub(crate) was_on: bool,
    pub(crate) owner_unknown: bool,
    pub(crate) opted_out: bool,
    pub(crate) held: bool,
    pub(crate) frozen: bool,
    /// How many intents for this very step were durable before it.
    pub(crate) intents: usize,
    /// Whether it came true.
    pub(crate) took: bool,
    /// Answered 429: it counts in no budget, since it does nothing.
    pub(crate) throttled: bool,
    /// Computes that were on when the sweep began.
    pub(crate) running: usize,
}

/// What the world is and remembers.
#[derive(Default)]
pub(crate) struct Outside {
    pub(crate) now: Timestamp,
    pub(crate) steady: SignedDuration,
    /// How far Azure's clock is from the true one, which `steady` follows.
    pub(crate) azure_ahead: SignedDuration,
    pub(crate) wall_ahead: SignedDuration,
    azure_time: Option<AzureTime>,
    pub(crate) cloud: Cloud,
    pub(crate) freeze: Option<Freeze>,
    pub(crate) channels: usize,
    pub(crate) channel: FakeChannel,
    pub(crate) journal_down: bool,
    /// The audit log alone cannot be written.
    pub(crate) audit_down: bool,
    pub(crate) sweep: u64,
    running: usize,
    pub(crate) at_look: BTreeMap<InstanceId, Then>,
    pub(crate) at_intent: BTreeMap<InstanceId, Then>,
    /// While a stop waits for its place in Azure's write budget.
    pub(crate) at_wire: BTreeMap<InstanceId, Then>,
    pub(crate) posts: Vec<Post>,
    /// Stops that were asked of computes that are not there.
    pub(crate) strays: Vec<(Timestamp, InstanceId)>,
    /// Idle timers that were set, or refused.
    pub(crate) timers: Vec<(Timestamp, InstanceId, Span)>,
    /// What was done beside stops, as the journal has it, and as it arrived.
    pub(crate) operations: Vec<OperationRow>,
    pub(crate) operated: Vec<(Timestamp, Verb, InstanceId)>,
    /// Deletions that Azure refuses, or whose answer is lost.
    pub(crate) on_delete: BTreeMap<InstanceId, FaultKind>,
    /// Proposals to delete what stays off.
    pub(crate) proposed: proposing::Proposed,
    pub(crate) messages: Vec<(Timestamp, Message)>,
    pub(crate) intents: Vec<Intent>,
    pub(crate) holds: Vec<(Hold, Option<Timestamp>)>,
    pub(crate) policies: BTreeMap<Arc<str>, Arc<Policy>>,
    pub(crate) metered: Metered,
    /// Every write to the journal, where a test wants it on disk afterwards.
    pub(crate) tape: Option<Vec<kept::Again>>,
}

/// The world of the tests.
pub(crate) struct FakeWorld {
    journal: MemoryJournal,
    outside: Mutex<Outside>,
}

impl FakeWorld {
    /// At an instant, with one channel that delivers.
    pub(crate) fn at(now: Timestamp) -> Arc<Self> {
        let outside = Outside { now, steady: SignedDuration::from_hours(1), channels: 1, ..Outside::default() };
        Arc::new(Self { journal: MemoryJournal::default(), outside: Mutex::new(outside) })
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Outside> {
        self.outside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets time pass, for wall and steady clock alike.
    pub(crate) fn pass(&self, length: SignedDuration) {
        let mut outside = self.lock();
        outside.now = outside.now.checked_add(length).unwrap();
        outside.steady = outside.steady.checked_add(length).unwrap();
        let now = outside.now;
        outside.cloud.pass(now);
    }

    /// The wall clock alone steps (S11, S12).
    pub(crate) fn step_clock(&self, by: SignedDuration) {
        let mut outside = self.lock();
        outside.now = outside.now.checked_add(by).unwrap();
        outside.wall_ahead = outside.wall_ahead.checked_add(by).unwrap();
    }

    /// A sweep begins: what it may stop is counted against what runs now.
    pub(crate) fn begin_sweep(&self) {
        let mut outside = self.lock();
        outside.sweep += 1;
        outside.running = outside.cloud.running(None);
    }

    /// The audit log.
    pub(crate) fn audits(&self) -> Vec<lightsout::ports::AuditLine> {
        self.journal.audits()
    }

    fn journal(&self) -> Result<&MemoryJournal, Fault> {
        if self.lock().journal_down {
            return Err(Fault::new(FaultKind::Storage, "write the journal").because("disk full"));
        }
        Ok(&self.journal)
    }
}

impl Outside {
    fn answered(&mut self) {
        let away = self.azure_ahead.checked_sub(self.wall_ahead).unwrap();
        self.azure_time = Some(AzureTime { azure: self.now.checked_add(away).unwrap(), here: self.now });
    }

    fn held(&self, id: &InstanceId, created: Created, off: bool) -> bool {
        let now = self.now;
        self.holds.iter().any(|(hold, lifted)| {
            hold.off == off
                && hold.instance == *id
                && hold.created == created
                && now < hold.until
                && lifted.is_none_or(|at| now < at)
        })
    }

    fn post(&mut self, workspace: &WorkspaceId, permit: &StopPermit) -> Result<Option<OperationHandle>, Fault> {
        let step = permit.step().clone();
        let (now, id) = (self.now, step.instance.clone());
        let (frozen, held) = (self.freeze.is_some(), self.held(&id, step.created, false));
        let intents = self.intents.iter().filter(|intent| intent.step == step && intent.at <= now).count();
        let tag = self.policies.get(&step.revision).map(|policy| policy.terms.opt_out_tag.clone());
        let compute = self.cloud.computes.get_mut(&id).filter(|compute| compute.facts.created == step.created);
        let Some(compute) = compute else {
            self.strays.push((now, id));
            return Err(Fault::new(FaultKind::Gone, "stop it"));
        };
        let opted_out = match &compute.facts.tags {
            Reading::Known { value, .. } => {
                match opt_out(tag.and_then(|tag| value.get(&tag).map(str::to_owned)).as_deref()) {
                    OptOut::No => false,
                    OptOut::Until(until) => now < until,
                    OptOut::Always | OptOut::Unreadable(_) => true,
                }
            }
            Reading::Unknown(_) => true,
        };
        let (started, was_on, owner_unknown) =
            (compute.started, compute.facts.state.is_on(), compute.facts.owner.is_unknown());
        let (answer, took) = compute.stop(now);
        let throttled = matches!(answer, Err(FaultKind::Throttled(_)));
        let (sweep, running, looked_at) = (self.sweep, self.running, permit.looked_at());
        self.posts.push(Post {
            at: now,
            sweep,
            step,
            workspace: workspace.clone(),
            looked_at,
            started,
            was_on,
            owner_unknown,
            opted_out,
            held,
            frozen,
            intents,
            took,
            throttled,
            running,
        });
        let handle = OperationHandle { url: id.to_string(), by_location: false };
        answer.map(|()| Some(handle)).map_err(|kind| Fault::new(kind, format!("stop {}", id.name())))
    }
}

impl Clock for FakeWorld {
    fn now(&self) -> Timestamp {
        self.lock().now
    }
    fn steady(&self) -> SignedDuration {
        self.lock().steady
    }
    async fn sleep(&self, length: SignedDuration) {
        self.pass(length);
    }
}

impl FreezeSwitch for FakeWorld {
    fn freeze(&self) -> Freeze {
        self.lock().freeze.clone().unwrap_or(Freeze::Off)
    }
}

impl Witness for FakeWorld {
    fn sources(&self) -> SourceSet {
        SourceSet::NONE.with(Source::Agent)
    }

    async fn ask(&self, questions: &[Question], now: Timestamp) -> Heard {
        let mut outside = self.lock();
        let mut heard = Heard::default();
        for question in questions {
            let compute = outside.cloud.computes.get_mut(&question.instance);
            let track = compute.and_then(|compute| compute.hear(now));
            let disk = outside.cloud.computes.get(&question.instance).and_then(|compute| compute.disk.clone());
            heard.disks.extend(disk.map(|disk| (question.instance.clone(), DiskSight { as_of: now, ..disk })));
            heard.tracks.extend(track.map(|track| (question.instance.clone(), track)));
        }
        heard
    }
}

impl Observe for FakeWorld {
    async fn discover(&self) -> Discovery {
        let mut outside = self.lock();
        outside.answered();
        let cloud = &outside.cloud;
        let listed =
            cloud.workspaces.values().map(|(facts, _)| facts).filter(|facts| !cloud.unlisted.contains(&facts.id));
        Discovery { workspaces: listed.cloned().collect(), faults: Vec::new() }
    }

    async fn inventory(&self, workspace: &WorkspaceFacts) -> Result<Inventory, Fault> {
        let mut outside = self.lock();
        let now = outside.now;
        if let Some((_, Some(kind))) = outside.cloud.workspaces.get(&workspace.id) {
            return Err(Fault::new(*kind, format!("read workspace {}", workspace.id.name())));
        }
        outside.answered();
        let computes = outside
            .cloud
            .computes
            .values()
            .filter(|compute| compute.listed && *compute.facts.id.workspace() == workspace.id);
        let instances = computes.map(|compute| Arc::new(compute.listing(now))).collect();
        Ok(Inventory {
            workspace: workspace.id.clone(),
            taken_at: now,
            completeness: Completeness::Whole,
            instances,
            skipped: 0,
        })
    }

    async fn instance(&self, workspace: &WorkspaceFacts, id: &InstanceId) -> Result<InstanceFacts, Fault> {
        let then = self.lock().at_look.remove(id);
        then.into_iter().for_each(|then| then());
        if self.lock().cloud.computes.get(id).is_some_and(|compute| compute.hangs) {
            self.pass(SignedDuration::from_secs(11));
            return Err(Fault::new(FaultKind::Unreachable, format!("look at {} again in time", id.name())));
        }
        let mut outside = self.lock();
        outside.answered();
        if let Some((_, Some(kind))) = outside.cloud.workspaces.get(&workspace.id) {
            return Err(Fault::new(*kind, format!("read {}", id.name())));
        }
        let now = outside.now;
        outside
            .cloud
            .computes
            .get(id)
            .map(|compute| compute.read(now))
            .ok_or_else(|| Fault::new(FaultKind::Gone, "read it"))
    }

    fn azure_time(&self) -> Option<AzureTime> {
        self.lock().azure_time
    }
    fn api_use(&self) -> ApiUse {
        ApiUse::default()
    }
}

impl StopInstances for FakeWorld {
    async fn stop(
        &self,
        workspace: &WorkspaceFacts,
        permit: StopPermit,
        last_word: LastWord<'_>,
    ) -> Result<Option<OperationHandle>, Fault> {
        let then = self.lock().at_wire.remove(&permit.step().instance);
        then.into_iter().for_each(|then| then());
        last_word().map_err(|(refusal, words)| {
            let doing = format!("stop {}", permit.step().instance.name());
            Fault::new(FaultKind::Withheld(refusal), doing).because(words)
        })?;
        self.lock().post(&workspace.id, &permit)
    }

    async fn operation(&self, _: &WorkspaceFacts, handle: &OperationHandle) -> Result<OperationState, Fault> {
        let outside = self.lock();
        let found = outside.cloud.computes.values().find(|compute| compute.facts.id.to_string() == handle.url);
        found.map(crate::cloud::Compute::operation).ok_or_else(|| Fault::new(FaultKind::Gone, "ask after an operation"))
    }
}

impl Notify for FakeWorld {
    fn channels(&self) -> Vec<&str> {
        let outside = self.lock();
        let program = outside.channel.has_program.then_some(FakeChannel::PROGRAM);
        ["fake", FakeChannel::STUCK].into_iter().take(outside.channels).chain(program).collect()
    }

    fn is_read_by_people(&self, channel: &str) -> bool {
        channel != FakeChannel::PROGRAM && self.lock().channel.is_read
    }

    async fn deliver(&self, message: &Message) -> Result<(), Fault> {
        FakeChannel::reach(message).await;
        let mut outside = self.lock();
        outside.channel.answer(message)?;
        let now = outside.now;
        outside.messages.push((now, message.clone()));
        Ok(())
    }
}

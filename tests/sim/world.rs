//! Everything outside the engine, in one place and in simulated time: the clocks, Azure, the channel, the freeze switch.
#![expect(clippy::unwrap_used, reason = "a simulation that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use lightsout::facts::{Created, Freeze, Hold, LastOperation, PowerState, Reading};
use lightsout::ports::{AzureTime, Clock, FreezeSwitch};
use lightsout::units::{InstanceId, WorkspaceId};

use crate::book::Book;
use crate::cloud::{Cloud, Compute, workspace_id};
use crate::crash::Crashing;
use crate::log::Log;
use crate::policies::Written;
use crate::sometimes::Sometimes;
use crate::story::{Meanwhile, Who, name};

#[path = "azure.rs"]
mod azure;
#[path = "kept.rs"]
mod kept;
pub(crate) use kept::word;
#[path = "../support/no_bills.rs"]
mod no_bills;
#[path = "operations.rs"]
mod operations;

/// Asks the engine of the moment to hold a machine.
pub(crate) type Wish = Arc<dyn Fn(InstanceId) -> BoxFuture<'static, bool> + Send + Sync>;

/// What the world is.
pub(crate) struct Outside {
    /// The true time, which is Azure's and that of the agents.
    pub(crate) now: Timestamp,
    pub(crate) steady: SignedDuration,
    /// How far the service's wall clock is ahead of it.
    pub(crate) wall_ahead: SignedDuration,
    azure_time: Option<AzureTime>,
    pub(crate) cloud: Cloud,
    pub(crate) freeze: Option<Freeze>,
    pub(crate) channel_down: bool,
    pub(crate) disk_down: bool,
    pub(crate) crashing: Crashing,
    /// What is truly so of those whose state or last operation is not told.
    pub(crate) odd: BTreeMap<InstanceId, PowerState>,
    pub(crate) unsaid: BTreeMap<InstanceId, Reading<Arc<LastOperation>>>,
    /// Left out by lists since its agent last spoke.
    pub(crate) unlisted: BTreeSet<InstanceId>,
    pub(crate) at_look: BTreeMap<InstanceId, Meanwhile>,
    pub(crate) at_wire: BTreeMap<InstanceId, Meanwhile>,
    /// Holds as they were made, and when they were lifted.
    pub(crate) holds: Vec<(Hold, Option<Timestamp>)>,
    /// The policies in force, by their number, with their revision.
    pub(crate) policies: BTreeMap<u8, (Arc<str>, Written)>,
    /// Somebody wants to hold a machine for an hour, in the midst of everything; whether they could.
    pub(crate) wish: Option<Wish>,
    pub(crate) sweep: u64,
    pub(crate) running: usize,
    pub(crate) log: Log,
    pub(crate) seen: Sometimes,
}

/// The world of the simulation. The name is the one under which the tests' parts know theirs.
pub(crate) struct FakeWorld {
    pub(crate) book: Book,
    outside: Mutex<Outside>,
}

impl FakeWorld {
    /// At an instant, with nothing in it.
    pub(crate) fn new(now: Timestamp, book: Book, log: Log) -> Self {
        let outside = Outside {
            now,
            steady: SignedDuration::from_hours(1),
            wall_ahead: SignedDuration::ZERO,
            azure_time: None,
            cloud: Cloud::default(),
            freeze: None,
            channel_down: false,
            disk_down: false,
            crashing: Crashing::default(),
            odd: BTreeMap::new(),
            unsaid: BTreeMap::new(),
            unlisted: BTreeSet::new(),
            at_look: BTreeMap::new(),
            at_wire: BTreeMap::new(),
            holds: Vec::new(),
            policies: BTreeMap::new(),
            wish: None,
            sweep: 0,
            running: 0,
            log,
            seen: Sometimes::default(),
        };
        Self { book, outside: Mutex::new(outside) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Outside> {
        self.outside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same world once more, for a second process that only looks; none where the journal cannot be copied.
    pub(crate) fn twin(&self) -> Option<Self> {
        let outside = self.lock();
        let cloud = Cloud {
            workspaces: outside.cloud.workspaces.clone(),
            computes: outside.cloud.computes.clone(),
            unlisted: outside.cloud.unlisted.clone(),
        };
        let mut log = Log::new(false);
        log.muted = true;
        let twin = Outside {
            now: outside.now,
            steady: outside.steady,
            wall_ahead: outside.wall_ahead,
            azure_time: outside.azure_time,
            cloud,
            freeze: outside.freeze.clone(),
            channel_down: outside.channel_down,
            disk_down: outside.disk_down,
            crashing: Crashing::default(),
            odd: BTreeMap::new(),
            unsaid: BTreeMap::new(),
            unlisted: BTreeSet::new(),
            at_look: BTreeMap::new(),
            at_wire: BTreeMap::new(),
            holds: Vec::new(),
            policies: outside.policies.clone(),
            wish: None,
            sweep: 0,
            running: 0,
            log,
            seen: Sometimes::default(),
        };
        Some(Self { book: self.book.twin()?, outside: Mutex::new(twin) })
    }
}

impl Outside {
    /// What the service takes for the time.
    pub(crate) fn wall(&self) -> Timestamp {
        self.now.checked_add(self.wall_ahead).unwrap()
    }

    /// Lets time pass, for every clock alike.
    pub(crate) fn pass(&mut self, length: SignedDuration) {
        self.now = self.now.checked_add(length).unwrap();
        self.steady = self.steady.checked_add(length).unwrap();
        let stopping = |(id, compute): (&InstanceId, &Compute)| {
            matches!(compute.facts.state, PowerState::Changing(_)).then(|| id.clone())
        };
        let waiting: Vec<InstanceId> = self.cloud.computes.iter().filter_map(stopping).collect();
        self.cloud.pass(self.now);
        for id in waiting {
            if self.cloud.computes.get(&id).is_some_and(|compute| compute.facts.state == PowerState::Stopped) {
                self.say(&format!("stopped i={}", label(&id)));
            }
        }
    }

    /// A row of what happened outside.
    pub(crate) fn say(&mut self, words: &str) {
        let now = self.now;
        self.log.outside(now, words);
    }

    /// A row of what the journal was given.
    pub(crate) fn note(&mut self, words: &str) {
        let now = self.now;
        self.log.journal(now, words);
    }

    /// Azure answered: its clock is known.
    fn answered(&mut self) {
        self.azure_time = Some(AzureTime { azure: self.now, here: self.wall() });
    }

    /// Whether people know it held, by the clock of the service, which is the one that they were promised by.
    pub(crate) fn is_held(&self, id: &InstanceId, created: Created) -> bool {
        let now = self.wall();
        self.holds.iter().rev().any(|(hold, lifted)| {
            hold.instance == *id && hold.created == created && now < hold.until && lifted.is_none_or(|at| now < at)
        })
    }

    /// The id of an instance, wherever it is.
    pub(crate) fn id(&self, who: Who, homes: u8) -> Option<InstanceId> {
        let wanted = name(who);
        (0..homes)
            .map(|home| InstanceId::new(workspace(home), &wanted).unwrap())
            .find(|id| self.cloud.computes.contains_key(id))
    }
}

/// The workspace of that number.
pub(crate) fn workspace(home: u8) -> WorkspaceId {
    workspace_id(&format!("ws-{home}"))
}

/// An instance as rows name it.
pub(crate) fn label(id: &InstanceId) -> String {
    format!("{}/{}", id.workspace().name(), id.name())
}

/// One life of its name as rows name it.
pub(crate) fn life(created: Created) -> i64 {
    created.known().map_or(0, Timestamp::as_millisecond)
}

impl Clock for FakeWorld {
    fn now(&self) -> Timestamp {
        self.lock().wall()
    }
    fn steady(&self) -> SignedDuration {
        self.lock().steady
    }
    async fn sleep(&self, length: SignedDuration) {
        self.lock().pass(length);
    }
}

impl FreezeSwitch for FakeWorld {
    fn freeze(&self) -> Freeze {
        self.lock().freeze.clone().unwrap_or(Freeze::Off)
    }
}

//! The engine and what it holds between sweeps. Locks are short: none is held while Azure, the disk or a person is waited for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use jiff::Timestamp;

use super::book::{Place, Rule};
use super::budgets::Budgets;
use super::clockwatch::ClockWatch;
use super::elsewhere::Elsewhere;
use super::failing::Failing;
use super::options::EngineOptions;
use super::order::Left;
use super::sight::Asked;
use super::starts_seen::Noted;
use super::telling::Told;
use super::timer_notes::Tried;
use super::undertake::Known;
use crate::facts::{Directory, Freeze, Hold, OpenIntent, Proposal, Share, SizeFacts, StopKey, WorkspaceFacts};
use crate::guard::FleetSight;
use crate::ledger::{Head, PriceBook, PriceKey, Sum};
use crate::policy::{Governing, PolicySet};
use crate::ports::{OperationHandle, RecalledIntent, RevisionMark, Sighting, SweepRecord, World};
use crate::report::{
    FaultLine, FleetView, Followed, MoneyView, PartOfFleet, ReconciliationView, StalenessView, SweepReport, TellingView,
};
use crate::units::{InstanceId, PolicyId, Span, WorkspaceId};

/// Everything between sweeps.
#[derive(Debug)]
pub(super) struct State {
    pub(super) places: BTreeMap<WorkspaceId, Place>,
    /// Workspaces that are not listed any more, as they were left.
    pub(super) lost: BTreeMap<WorkspaceId, Place>,
    /// The part of the fleet that is decided about here.
    pub(super) share: Share,
    /// Workspaces that other replicas decide about, as they were last listed.
    pub(super) others: BTreeMap<WorkspaceId, WorkspaceFacts>,
    /// What others did on behalf of this replica is known up to here; none while nobody else does anything.
    pub(super) heard_until: Option<Timestamp>,
    /// Deletions of the last day that other replicas carried out, and under which policy, where that is known.
    pub(super) deleted_elsewhere: Vec<Option<PolicyId>>,
    /// What could not be written down yet; it goes with the next record (fault 40).
    pub(super) unwritten: SweepRecord,
    pub(super) policies: PolicySet,
    pub(super) marks: BTreeMap<PolicyId, RevisionMark>,
    /// A valid set that the journal could not note: tried again with the next look.
    pub(super) unadopted: Option<PolicySet>,
    pub(super) evaluated: BTreeMap<PolicyId, Timestamp>,
    pub(super) reload: Result<Timestamp, String>,
    pub(super) clock: ClockWatch,
    pub(super) clock_trouble: Option<String>,
    pub(super) instances_before: usize,
    pub(super) discovered_at: Option<Timestamp>,
    pub(super) discovery_faults: Vec<(&'static str, String)>,
    /// Operations to ask after, by intent; signed, so only in memory.
    pub(super) handles: BTreeMap<String, OperationHandle>,
    /// Intents whose POST left and whose answer was lost.
    pub(super) unclear: BTreeSet<String>,
    /// Instances whose stop is being written down and sent at this moment.
    pub(super) in_hand: BTreeSet<InstanceId>,
    /// Operations beside stops that are under way, or ended lately.
    pub(super) operations: Vec<Known>,
    /// What was noted of starts that are due, by instance.
    pub(super) starts_noted: BTreeMap<InstanceId, Noted>,
    /// Proposals to delete what stays off: open, kept, and those that ended lately.
    pub(super) proposals: Vec<Proposal>,
    /// When proposals were last refused that were ready, by their id: others go before them.
    pub(super) turned_down: BTreeMap<String, Timestamp>,
    /// When everything was last seen frozen, if only for a moment, and why: every proposal made before is void.
    pub(super) froze: Option<(Timestamp, String)>,
    /// What policies that only observe would propose.
    pub(super) would_delete: Vec<InstanceId>,
    /// How many stops run side by side in the next sweep (G7).
    pub(super) side_by_side: usize,
    /// Intents of instances not seen since the start.
    pub(super) orphans: Vec<RecalledIntent>,
    /// Holds whose instance is not known, or not any more.
    pub(super) waiting: Vec<Hold>,
    /// Stops asked for in the last hour.
    pub(super) asked: Vec<Asked>,
    /// What the next sweep is to decide about at once.
    pub(super) left: Left,
    /// Idle timers that the service tried to set in the last hour.
    pub(super) timers_tried: BTreeMap<InstanceId, Tried>,
    /// From when to when everything was last seen frozen.
    pub(super) frozen: Option<(Timestamp, Timestamp)>,
    /// Frozen when last decided.
    pub(super) was_frozen: bool,
    /// The newest edge of each policy that was let go, being missed for longer than it catches up.
    pub(super) let_go: BTreeMap<PolicyId, Timestamp>,
    /// What people were told, and are to be.
    pub(super) told: Told,
    /// Channels that fail.
    pub(super) failing: Failing,
    /// Messages that arrived when, which could not be written down yet.
    pub(super) arrived: BTreeMap<String, Timestamp>,
    /// Instances whose use began or ended, by what was heard, since that was last written.
    pub(super) use_changed: BTreeSet<InstanceId>,
    pub(super) started_at: Timestamp,
    /// As in the options.
    pub(super) agents_await: Option<Span>,
    /// As in the options.
    pub(super) stale_after: Option<jiff::SignedDuration>,
    /// As in the options.
    pub(super) zone_data: Option<Arc<str>>,
    /// Discoveries in a row that missed most of the fleet.
    pub(super) shrunk: u32,
    /// What is written of people.
    pub(super) directory: Arc<Directory>,
    /// Prices in force.
    pub(super) prices: Arc<PriceBook>,
    pub(super) prices_asked_at: Option<Timestamp>,
    /// The team's sheet is another one: every price is due.
    pub(super) prices_due: bool,
    /// What was learnt of sizes since the start.
    pub(super) sizes: Arc<BTreeMap<PriceKey, SizeFacts>>,
    /// What was wrong when prices were last asked for.
    pub(super) price_faults: Vec<FaultLine>,
    /// Sums of the ledger, and its end, as of the last sweep.
    pub(super) sums: Arc<Vec<Sum>>,
    pub(super) head: Head,
    /// How the ledger compares with Azure's bill, and when that is looked at again.
    pub(super) reconciliation: Option<Arc<ReconciliationView>>,
    pub(super) bills_due_at: Option<Timestamp>,
    /// The ledger as it was last followed, and when that is due again.
    pub(super) followed: Option<Arc<Followed>>,
    pub(super) follow_at: Option<Timestamp>,
    /// Budgets as they were last added up.
    pub(super) budgets: Budgets,
    pub(super) last: Arc<SweepReport>,
}

/// The machine. One sweep runs at a time; people may ask meanwhile.
pub struct Engine<W> {
    pub(super) world: Arc<W>,
    pub(super) options: EngineOptions,
    pub(super) state: Mutex<State>,
    /// Its own part, as last published.
    pub(super) view: RwLock<Arc<FleetView>>,
    pub(super) sweeping: tokio::sync::Mutex<()>,
    /// Held while policies are taken over or acknowledged: a mark that was read before is never put over one said after.
    pub(super) adopting: tokio::sync::Mutex<()>,
    pub(super) reconciling: tokio::sync::Mutex<()>,
    /// Shared by messages on their way; whoever hands over the telling of people waits for them.
    pub(super) delivering: tokio::sync::RwLock<()>,
    /// Held while a hold is weighed and written, or lifted.
    pub(super) holding: tokio::sync::Mutex<()>,
    /// True while loops do what sweeps do not wait for.
    pub(super) has_loops: AtomicBool,
    /// Replicas beside this one, and what they show.
    pub(super) elsewhere: RwLock<Elsewhere>,
    pub(super) nudged: tokio::sync::Notify,
    pub(super) swept: tokio::sync::Notify,
}

impl<W> std::fmt::Debug for Engine<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("options", &self.options).finish_non_exhaustive()
    }
}

/// The view of who has looked at nothing yet.
pub(super) fn nothing_seen(now: Timestamp) -> FleetView {
    FleetView {
        at: now,
        freeze: Freeze::Off,
        workspaces: BTreeMap::new(),
        policies: Vec::new(),
        reload: Ok(now),
        sight: FleetSight::default(),
        staleness: StalenessView::default(),
        telling: TellingView::default(),
        money: MoneyView::default(),
        budgets: Arc::default(),
        proposals: Arc::default(),
        would_delete: Arc::default(),
        last: Arc::new(SweepReport::default()),
        part: PartOfFleet::default(),
    }
}

impl<W: World> Engine<W> {
    /// An engine that knows nothing yet: `recall` and `adopt` come next.
    pub fn new(world: Arc<W>, options: EngineOptions) -> Self {
        let now = world.now();
        let state = State::new(&options, now);
        Self {
            world,
            options,
            state: Mutex::new(state),
            view: RwLock::new(Arc::new(nothing_seen(now))),
            sweeping: tokio::sync::Mutex::new(()),
            adopting: tokio::sync::Mutex::new(()),
            reconciling: tokio::sync::Mutex::new(()),
            delivering: tokio::sync::RwLock::new(()),
            holding: tokio::sync::Mutex::new(()),
            has_loops: AtomicBool::new(false),
            elsewhere: RwLock::default(),
            nudged: tokio::sync::Notify::new(),
            swept: tokio::sync::Notify::new(),
        }
    }

    /// The world it was made with.
    pub fn world(&self) -> &Arc<W> {
        &self.world
    }

    /// A panic elsewhere does not make what is held unusable: every change of it is one assignment or one entry.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Of an engine that knows nothing yet.
    fn new(options: &EngineOptions, now: Timestamp) -> Self {
        Self {
            places: BTreeMap::new(),
            lost: BTreeMap::new(),
            share: Share::whole(),
            others: BTreeMap::new(),
            heard_until: None,
            deleted_elsewhere: Vec::new(),
            unwritten: SweepRecord::default(),
            policies: PolicySet::default(),
            marks: BTreeMap::new(),
            unadopted: None,
            evaluated: BTreeMap::new(),
            reload: Ok(now),
            clock: ClockWatch::default(),
            clock_trouble: None,
            instances_before: 0,
            discovered_at: None,
            discovery_faults: Vec::new(),
            handles: BTreeMap::new(),
            unclear: BTreeSet::new(),
            in_hand: BTreeSet::new(),
            operations: Vec::new(),
            starts_noted: BTreeMap::new(),
            proposals: Vec::new(),
            turned_down: BTreeMap::new(),
            froze: None,
            would_delete: Vec::new(),
            side_by_side: 1,
            orphans: Vec::new(),
            waiting: Vec::new(),
            asked: Vec::new(),
            left: Left::default(),
            timers_tried: BTreeMap::new(),
            frozen: None,
            was_frozen: false,
            let_go: BTreeMap::new(),
            told: Told::of(&options.telling),
            failing: Failing::default(),
            arrived: BTreeMap::new(),
            use_changed: BTreeSet::new(),
            started_at: now,
            agents_await: options.agents_await,
            stale_after: options.stale_after,
            zone_data: options.zone_data.clone(),
            shrunk: 0,
            directory: Arc::default(),
            prices: Arc::default(),
            prices_asked_at: None,
            prices_due: false,
            sizes: Arc::default(),
            price_faults: Vec::new(),
            sums: Arc::default(),
            head: Head::EMPTY,
            reconciliation: None,
            bills_due_at: None,
            followed: None,
            follow_at: None,
            budgets: Budgets::default(),
            last: Arc::new(SweepReport::default()),
        }
    }

    /// Says anew who governs each workspace.
    pub(super) fn assign(&mut self) {
        let policies = self.policies.clone();
        for place in self.places.values_mut() {
            place.rule = rule_for(&policies, &place.facts);
        }
    }

    pub(super) fn history_mut(&mut self, id: &InstanceId) -> Option<&mut crate::facts::History> {
        self.places.get_mut(id.workspace())?.entries.get_mut(id).map(|entry| &mut entry.history)
    }

    /// Gives holds that wait for their instance to those now seen for the first time: a hold may be older than the first
    /// record of its instance (G13).
    pub(super) fn hand_over(&mut self, workspace: &WorkspaceId, sightings: &[Sighting]) {
        self.take_up(sightings);
        let Some(place) = self.places.get_mut(workspace).filter(|_| !self.waiting.is_empty()) else { return };
        for first in sightings.iter().filter(|sighting| sighting.before.is_none()) {
            let Some(entry) = place.entries.get_mut(&first.facts.id) else { continue };
            // Where Azure did not say when it was created, nobody knows that it is another one.
            let same_life = |hold: &Hold| {
                hold.created.is_none() || first.facts.created.is_none() || hold.created == first.facts.created
            };
            let fits = |hold: &Hold| hold.instance == first.facts.id && same_life(hold);
            let (its, others): (Vec<Hold>, Vec<Hold>) = std::mem::take(&mut self.waiting).into_iter().partition(fits);
            self.waiting = others;
            entry.history.holds.extend(its);
        }
    }

    /// A stop that was asked for before any sweep recorded its instance is under way on that instance, now that it is seen:
    /// a person's command looks, and records no sightings.
    fn take_up(&mut self, sightings: &[Sighting]) {
        for first in sightings.iter().filter(|sighting| sighting.before.is_none()) {
            let facts = &first.facts;
            let is_its = |one: &RecalledIntent| one.instance == facts.id && one.created.may_be(facts.created);
            let Some(at) = self.orphans.iter().position(is_its) else { continue };
            if self.history_mut(&facts.id).is_none_or(|history| history.open.is_some()) {
                continue;
            }
            let RecalledIntent { id, key, intended_at, sent_at, .. } = self.orphans.remove(at);
            let open = OpenIntent { id, key, intended_at, sent_at };
            self.count_asked(&facts.id, &open);
            if let Some(history) = self.history_mut(&facts.id) {
                history.open = Some(Box::new(open));
            }
        }
    }

    /// Remembers that a stop ended, and that none is under way.
    pub(super) fn ended(&mut self, id: &InstanceId, intent: &str, ended: crate::facts::EndedStop) {
        self.count_ended(intent, &ended);
        self.handles.remove(intent);
        self.unclear.remove(intent);
        if let Some(history) = self.history_mut(id) {
            if history.open.as_ref().is_some_and(|open| open.id == intent) {
                history.open = None;
            }
            history.stops.push(ended);
            let excess = history.stops.len().saturating_sub(STOPS_KEPT);
            history.stops.drain(..excess);
        }
    }
}

/// Ended stops kept in memory an instance: more than any rule looks back on in a day and a half.
const STOPS_KEPT: usize = 64;

pub(super) fn rule_for(policies: &PolicySet, workspace: &WorkspaceFacts) -> Rule {
    let tags: Vec<(&str, &str)> = workspace.tags.0.iter().map(|(key, value)| (&**key, &**value)).collect();
    match policies.governing(&workspace.id, &tags) {
        Governing::One(policy) => Rule::Governed(policy.clone()),
        Governing::None => Rule::Ungoverned,
        Governing::Conflict(names) => {
            let names: Vec<&str> = names.iter().map(PolicyId::as_str).collect();
            Rule::Conflict(format!(
                "policies {} cover it equally closely, so none acts; give one of them a closer scope",
                names.join(" and ")
            ))
        }
        Governing::Broken(one) => {
            let named = one.name.as_ref().map(|name| format!(" (policy {name})")).unwrap_or_default();
            let reach = if one.scope.is_some() { "covers it" } else { "may cover it: its scope cannot be read" };
            Rule::Conflict(format!(
                "{}{named} has errors and {reach}, so nobody acts; run `lightsout check` and mend the file",
                one.file
            ))
        }
    }
}

/// The key's text for a message's id.
pub(super) fn key_text(key: &StopKey) -> &str {
    &key.0
}

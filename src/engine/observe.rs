//! Reading: which workspaces there are, and what is in those that are due. One that fails never holds up the others.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::StreamExt;
use jiff::{SignedDuration, Timestamp};

use super::book::{Changes, Place, Rule};
use super::entry::Entry;
use super::pace::Round;
use super::state::{Engine, State, rule_for};
use crate::facts::{Inventory, WorkspaceFacts};
use crate::ports::{Discovery, Fault, FaultKind, Scope, World};
use crate::report::{FaultLine, SweepReport};
use crate::units::WorkspaceId;

/// One workspace's reading, and how long it took in milliseconds.
pub(super) struct Read {
    pub(super) workspace: WorkspaceId,
    pub(super) result: Result<Inventory, Fault>,
    pub(super) millis: u64,
}

/// Looking for workspaces may take so long; those known are read meanwhile no more than that later.
const DISCOVERY_TIME: Duration = Duration::from_secs(300);

impl<W: World> Engine<W> {
    /// Looks for workspaces, when that is due; says whether it looked. What is wrong since the last look is on every
    /// report, so that every face shows it until it is mended.
    pub(super) async fn discover(&self, now: Timestamp, report: &mut SweepReport) -> bool {
        // by a clock that went back the last time lies ahead (S12)
        let ahead = self.lock().discovered_at.is_none_or(|at| at > now);
        let due = ahead || self.discovery_due_at() <= now;
        if due {
            let discovery = tokio::time::timeout(DISCOVERY_TIME, self.world.discover()).await.unwrap_or_else(|_| {
                let fault = Fault::new(FaultKind::Unreachable, "find the workspaces in time");
                Discovery { workspaces: Vec::new(), faults: vec![(Scope::Everything, fault)] }
            });
            self.lock().discovered(discovery, now);
        }
        let state = self.lock();
        let faults = state.discovery_faults.iter().map(|(label, words)| FaultLine {
            workspace: None,
            label,
            words: words.clone(),
        });
        report.faults.extend(faults);
        due
    }

    /// When workspaces are looked for next: after a look that failed in part as soon as a workspace would be read again.
    pub(super) fn discovery_due_at(&self) -> Timestamp {
        let state = self.lock();
        let failed = state.discovery_faults.iter().any(|(label, _)| *label != LOST);
        let pause = if failed { self.options.interval } else { self.options.discovery_interval };
        state.discovered_at.map_or(Timestamp::MIN, |at| at.checked_add(pause.duration()).unwrap_or(Timestamp::MAX))
    }

    /// True when the workspace is to be read now.
    pub fn is_due(&self, workspace: &WorkspaceId, now: Timestamp) -> bool {
        self.lock().places.get(workspace).is_none_or(|place| self.due_at(place) <= now)
    }

    /// Reads them, so many side by side, each within its deadline; says what changed, and which workspaces were read.
    /// Each is taken in as it comes, so that a fleet is never held twice; when they were tried is the same for all.
    pub(super) async fn observe(
        &self,
        Round { pressing, ready, rest }: Round,
        report: &mut SweepReport,
    ) -> (Changes, Vec<WorkspaceId>, Timestamp) {
        let due: Vec<WorkspaceFacts> = pressing.into_iter().chain(rest).collect();
        let tried: Vec<WorkspaceId> = due.iter().map(|workspace| workspace.id.clone()).collect();
        let reads = due.into_iter().map(|workspace| self.read(workspace));
        let mut reads = futures_util::stream::iter(reads).buffer_unordered(self.options.concurrency.max(1));
        let (mut changes, mut whole) = (Changes::default(), Vec::new());
        while let Some(read) = reads.next().await {
            whole.extend(self.lock().absorb(read, &mut changes, report));
        }
        let now = self.world.now();
        self.lock().tried(&tried, now);
        report.workspaces_read = whole.len();
        whole.extend(ready);
        (changes, whole, now)
    }

    async fn read(&self, workspace: WorkspaceFacts) -> Read {
        let began = self.world.steady();
        let deadline = Duration::from_secs(u64::from(self.options.workspace_deadline.as_secs().max(1)));
        let result = tokio::time::timeout(deadline, self.world.inventory(&workspace)).await.unwrap_or_else(|_| {
            let doing = format!("read workspace {} within {}", workspace.id.name(), self.options.workspace_deadline);
            Err(Fault::new(FaultKind::Unreachable, doing))
        });
        let millis = u64::try_from(self.world.steady().saturating_sub(began).as_millis()).unwrap_or(0);
        Read { workspace: workspace.id, result, millis }
    }
}

/// The label of a workspace that is not listed any more.
const LOST: &str = "lost";

/// Such a one is told of for so long.
const LOST_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Discoveries in a row that miss most of the fleet, until that is believed.
const BELIEVED_AFTER: u32 = 5;

impl State {
    fn discovered(&mut self, discovery: Discovery, now: Timestamp) {
        self.discovered_at = Some(now);
        let faults = discovery
            .faults
            .iter()
            .map(|(scope, fault)| (fault.kind.label(), format!("{scope}: {}; {}", fault.words(), fault.kind.remedy())));
        self.discovery_faults = faults.collect();
        let is_empty = discovery.workspaces.is_empty() && discovery.faults.is_empty();
        let discovery = self.own(discovery);
        let found: BTreeSet<WorkspaceId> = discovery.workspaces.iter().map(|workspace| workspace.id.clone()).collect();
        // What only the journal remembers, and settings do not name any more, is not looked at.
        let is_gone = |id: &WorkspaceId| !found.contains(id) && !discovery.may_hide(id);
        let never_read = |place: &Place| place.read_at.is_none() && place.failures == 0;
        let forgotten = self.places.extract_if(.., |id, place| never_read(place) && is_gone(id));
        self.lost.extend(forgotten);
        if is_empty {
            let words = "no workspace was found; check the role of the identity, and what [fleet] names";
            self.discovery_faults.push(("empty", words.to_owned()));
        }
        let lost = self.places.keys().filter(|id| is_gone(id)).count();
        // Far fewer than before is more likely a lagging or broken answer than a fleet deleted overnight (G6).
        let few = lost <= 2 || lost.saturating_mul(10) <= self.places.len().saturating_mul(3);
        // An answer that stays the same is believed in the end.
        self.shrunk = if few { 0 } else { self.shrunk.saturating_add(1) };
        if !few && self.shrunk < BELIEVED_AFTER {
            let words = format!(
                "{lost} of {} workspaces are missing from Azure's answer; they are still looked at",
                self.places.len()
            );
            self.discovery_faults.push(("shrunk", words));
        } else {
            // what is remembered waits for its return: holds and stops under way outlast a lagging answer
            // Absent once is a page that moved; absent twice is gone (fault 27).
            let gone = self.places.extract_if(.., |id, place| {
                let was_absent = std::mem::replace(&mut place.absent, is_gone(id));
                was_absent && place.absent
            });
            self.lost.extend(gone);
        }
        self.lost_lines(now);
        for workspace in discovery.workspaces {
            let rule = rule_for(&self.policies, &workspace);
            match self.places.get_mut(&workspace.id) {
                Some(place) => (place.facts, place.rule, place.absent) = (workspace, rule, false),
                None => {
                    let mut place = self
                        .lost
                        .remove(&workspace.id)
                        .unwrap_or_else(|| Place::new(workspace.clone(), Rule::Ungoverned));
                    (place.facts, place.rule, place.tried_at, place.absent) = (workspace, rule, None, false);
                    self.places.insert(place.facts.id.clone(), place);
                }
            }
        }
    }

    /// What is decided about here. The rest is remembered as others'; what a scope that failed may hide stays.
    fn own(&mut self, discovery: Discovery) -> Discovery {
        let Discovery { workspaces, faults } = discovery;
        let (own, others): (Vec<_>, Vec<_>) = workspaces.into_iter().partition(|one| self.share.has(&one.id));
        let own = Discovery { workspaces: own, faults };
        self.others.retain(|id, _| own.may_hide(id));
        self.others.extend(others.into_iter().map(|one| (one.id.clone(), one)));
        own
    }

    /// Workspaces that are not listed any more and had instances on: for a day that is a fault, since nobody stops them.
    fn lost_lines(&mut self, now: Timestamp) {
        for (id, place) in &self.lost {
            let is_on = |entry: &Entry| entry.facts.state.is_on() && now.duration_since(entry.last_seen) < LOST_FOR;
            let on = place.entries.values().filter(|entry| is_on(entry)).count();
            if on > 0 {
                let words = format!(
                    "workspace {} is not in Azure's answer any more, or not named by [fleet]; {on} of its instances were on \
                     when last seen, and nobody looks at them",
                    id.name()
                );
                self.discovery_faults.push((LOST, words));
            }
        }
    }

    fn tried(&mut self, workspaces: &[WorkspaceId], now: Timestamp) {
        for id in workspaces {
            if let Some(place) = self.places.get_mut(id) {
                place.tried_at = Some(now);
            }
        }
    }

    /// Takes in what was read of one workspace, and adds what changed; the workspace, when it could be read.
    fn absorb(&mut self, read: Read, changes: &mut Changes, report: &mut SweepReport) -> Option<WorkspaceId> {
        let place = self.places.get_mut(&read.workspace)?;
        place.read_ms = read.millis;
        match read.result {
            Ok(inventory) => {
                place.read_again(inventory.taken_at);
                place.failures = 0;
                place.fault = None;
                let found = place.absorb(inventory);
                self.hand_over(&read.workspace, &found.sightings);
                changes.add(found);
                Some(read.workspace)
            }
            Err(fault) => {
                place.failures = place.failures.saturating_add(1);
                let words = format!("{}; {}", fault.words(), fault.kind.remedy());
                place.fault = Some((fault.kind.label(), words.clone()));
                report.faults.push(FaultLine { workspace: Some(read.workspace), label: fault.kind.label(), words });
                None
            }
        }
    }
}

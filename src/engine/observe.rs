//! Reading: which workspaces there are, and what is in those that are due. One that fails never holds up the others.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::StreamExt;
use jiff::Timestamp;

use super::book::{Changes, Place};
use super::state::{Engine, State, rule_for};
use crate::facts::{Inventory, WorkspaceFacts};
use crate::ports::{Discovery, Fault, FaultKind, World};
use crate::report::{FaultLine, SweepReport};
use crate::units::WorkspaceId;

/// One workspace's reading, and how long it took in milliseconds.
pub(super) struct Read {
    pub(super) workspace: WorkspaceId,
    pub(super) result: Result<Inventory, Fault>,
    pub(super) millis: u64,
}

/// A workspace that fails is tried after 1, 2, 4, at most 8 intervals, so that it does not hold up every sweep.
const BACKOFF_MAX: u32 = 3;

impl<W: World> Engine<W> {
    /// Looks for workspaces, when that is due.
    pub(super) async fn discover(&self, now: Timestamp, report: &mut SweepReport) {
        let due = {
            let state = self.lock();
            state.discovered_at.is_none_or(|at| now.duration_since(at) >= self.options.discovery_interval.duration())
        };
        if due {
            let discovery = self.world.discover().await;
            self.lock().discovered(discovery, now);
        }
        let state = self.lock();
        let faults = state.discovery_faults.iter().map(|(label, words)| FaultLine {
            workspace: None,
            label,
            words: words.clone(),
        });
        report.faults.extend(faults);
    }

    /// The workspaces to read now: their interval passed, a verdict can have changed, or a stop wants watching.
    pub(super) fn due(&self, now: Timestamp) -> Vec<WorkspaceFacts> {
        let state = self.lock();
        state.places.values().filter(|place| self.due_at(place) <= now).map(|place| place.facts.clone()).collect()
    }

    /// When a workspace is to be read next.
    pub(super) fn due_at(&self, place: &Place) -> Timestamp {
        let Some(tried) = place.tried_at else {
            return Timestamp::MIN;
        };
        let waits = 1_i32 << place.failures.saturating_sub(1).min(BACKOFF_MAX);
        let pause =
            self.options.interval.duration().checked_mul(waits).unwrap_or_else(|| self.options.interval.duration());
        let regular = tried.checked_add(pause).unwrap_or(Timestamp::MAX);
        if place.failures > 0 {
            return regular;
        }
        let changes = place
            .entries
            .values()
            .filter_map(|entry| entry.verdict.as_ref()?.changes_at)
            .filter(|at| *at > tried)
            .min();
        changes.map_or(regular, |at| at.min(regular))
    }

    /// Reads them, so many side by side, each within its deadline.
    pub(super) async fn observe(&self, due: Vec<WorkspaceFacts>) -> Vec<Read> {
        let reads = due.into_iter().map(|workspace| self.read(workspace));
        futures_util::stream::iter(reads).buffer_unordered(self.options.concurrency.max(1)).collect().await
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

impl State {
    fn discovered(&mut self, discovery: Discovery, now: Timestamp) {
        self.discovered_at = Some(now);
        let faults = discovery
            .faults
            .iter()
            .map(|(scope, fault)| (fault.kind.label(), format!("{scope}: {}; {}", fault.words(), fault.kind.remedy())));
        self.discovery_faults = faults.collect();
        let found: BTreeSet<WorkspaceId> = discovery.workspaces.iter().map(|workspace| workspace.id.clone()).collect();
        let lost = self.places.keys().filter(|id| !found.contains(*id)).count();
        // Far fewer than before is more likely a lagging or broken answer than a fleet deleted overnight (G6).
        let implausible = lost > 2 && lost.saturating_mul(10) > self.places.len().saturating_mul(3);
        if implausible {
            let words = format!(
                "{lost} of {} workspaces are missing from Azure's answer; they are still looked at",
                self.places.len()
            );
            self.discovery_faults.push(("shrunk", words));
        } else if discovery.faults.is_empty() {
            self.places.retain(|id, _| found.contains(id));
        }
        for workspace in discovery.workspaces {
            let rule = rule_for(&self.policies, &workspace);
            match self.places.get_mut(&workspace.id) {
                Some(place) => (place.facts, place.rule) = (workspace, rule),
                None => {
                    self.places.insert(workspace.id.clone(), Place::new(workspace, rule));
                }
            }
        }
    }

    /// Takes in what was read; says what changed, and which workspaces were read.
    pub(super) fn absorb(
        &mut self,
        reads: Vec<Read>,
        now: Timestamp,
        report: &mut SweepReport,
    ) -> (Changes, Vec<WorkspaceId>) {
        let mut changes = Changes::default();
        let mut whole = Vec::new();
        for read in reads {
            let Some(place) = self.places.get_mut(&read.workspace) else {
                continue;
            };
            place.tried_at = Some(now);
            place.read_ms = read.millis;
            match read.result {
                Ok(inventory) => {
                    place.failures = 0;
                    place.fault = None;
                    place.read_at = Some(inventory.taken_at);
                    let found = place.absorb(inventory);
                    changes.sightings.extend(found.sightings);
                    changes.gone.extend(found.gone);
                    whole.push(read.workspace);
                }
                Err(fault) => {
                    place.failures = place.failures.saturating_add(1);
                    let words = format!("{}; {}", fault.words(), fault.kind.remedy());
                    place.fault = Some((fault.kind.label(), words.clone()));
                    report.faults.push(FaultLine { workspace: Some(read.workspace), label: fault.kind.label(), words });
                }
            }
        }
        report.workspaces_read = whole.len();
        (changes, whole)
    }
}

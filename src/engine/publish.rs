//! Publishing the fleet as every face shows it.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use jiff::Timestamp;

use super::accounts::Accounting;
use super::book::{Place, Rule};
use super::entry::Entry;
use super::state::{Engine, State, nothing_seen};
use crate::facts::{Freeze, SHARDS};
use crate::ports::World;
use crate::report::{
    FleetView, InstanceView, MoneyView, PartOfFleet, PolicyView, StalenessView, TellingView, WorkspaceView, in_order,
};

impl<W: World> Engine<W> {
    /// Makes the view anew from what is held.
    pub(super) fn publish(&self, now: Timestamp) {
        let freeze = self.world.freeze();
        self.note_frozen(&freeze);
        let channels = self.world.channels().into_iter().map(str::to_owned).collect();
        let staleness = self.staleness(now);
        let state = self.lock();
        {
            let mut shown = self.view.write().unwrap_or_else(PoisonError::into_inner);
            // the old one goes first: a large fleet is shown once, not twice, and who asks meanwhile waits for the new one
            *shown = Arc::new(nothing_seen(now));
            let view = state.view(freeze, now, &self.options.accounting, channels);
            *shown = Arc::new(FleetView { staleness, ..view });
        }
        drop(state);
        self.show_together();
    }

    /// The own part of the fleet as last published; all of it where nobody shares it.
    pub fn last_view(&self) -> Arc<FleetView> {
        self.view.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl State {
    fn view(&self, freeze: Freeze, now: Timestamp, accounting: &Accounting, channels: Vec<String>) -> FleetView {
        let (prices, price_faults) = self.prices_in_use(now, accounting.stale_after.duration());
        let sight = self.sight(now);
        let policies = self.policies.policies.iter().map(|policy| PolicyView {
            id: policy.id.clone(),
            file: policy.file.clone(),
            revision: policy.revision.clone(),
            mode: policy.mode,
            zone: policy.hours().map(|hours| hours.zone_name().to_owned()),
            canary_until: sight.canaries.get(&policy.id).map(|canary| canary.until),
        });
        FleetView {
            at: now,
            freeze,
            policies: policies.collect(),
            workspaces: self
                .places
                .iter()
                .map(|(id, place)| (id.clone(), place_view(place, now)))
                .collect::<BTreeMap<_, _>>(),
            reload: self.reload.clone(),
            sight,
            staleness: StalenessView::default(),
            telling: TellingView { let_go: self.told.let_go, channels: self.failing.views(channels) },
            money: MoneyView {
                prices: Arc::new(prices),
                faults: price_faults,
                sums: self.sums.clone(),
                head: (self.head.seq, self.head.hex()),
                residual: accounting.residual,
                sizes: self.sizes.iter().map(|(key, size)| (key.clone(), size.clone())).collect(),
                reconciliation: self.reconciliation.clone(),
                followed: self.followed.clone(),
            },
            budgets: self.budgets.views.clone(),
            proposals: Arc::new(in_order(self.proposals.clone())),
            would_delete: Arc::new(self.would_delete.clone()),
            last: self.last.clone(),
            part: PartOfFleet {
                shards: u16::try_from(self.share.shards().len()).unwrap_or(SHARDS),
                leads: self.share.leads(),
            },
        }
    }
}

fn place_view(place: &Place, now: Timestamp) -> WorkspaceView {
    let (policy, conflict) = match &place.rule {
        Rule::Governed(policy) => (Some(policy.id.clone()), None),
        Rule::Ungoverned => (None, None),
        Rule::Conflict(words) => (None, Some(("policy_conflict", words.clone()))),
    };
    let partial = (!place.partial.is_empty())
        .then(|| ("quarantined", format!("left out of the answer: {}", place.partial.join("; "))));
    let fault = place.fault.clone().or(conflict).or(partial);
    WorkspaceView {
        id: place.facts.id.clone(),
        region: place.facts.region.clone(),
        policy,
        read_at: place.read_at,
        read_ms: place.read_ms,
        fault_label: fault.as_ref().map(|(label, _)| *label),
        fault: fault.map(|(_, words)| words),
        instances: place.entries.values().map(|entry| instance_view(entry, now)).collect(),
        skipped: place.skipped,
    }
}

fn instance_view(entry: &Entry, now: Timestamp) -> InstanceView {
    InstanceView {
        facts: entry.facts.clone(),
        evidence: entry.evidence.clone(),
        seen_at: entry.last_seen.into(),
        verdict: entry.verdict.clone(),
        native: entry.native.clone(),
        start: entry.start.clone(),
        overdue_since: entry.overdue_since().into(),
        held_back: entry.held_back,
        holds: entry.history.holds.iter().filter(|hold| now < hold.until).cloned().collect(),
        off_since: entry.history.off_since,
    }
}

//! What several replicas show of their parts, put together into one fleet.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::staleness::{PolicyStaleness, StalenessView};
use super::view::{FleetView, PartOfFleet};
use super::{MoneyView, SweepReport};
use crate::facts::Proposal;
use crate::guard::{FleetSight, ScopeCount};
use crate::units::PolicyId;

impl FleetView {
    /// The fleet of which this is one part and `others` are the rest. Where a workspace is in two of them, being handed over, the
    /// one stands that is read later. What is known of the fleet once is told by whoever leads.
    #[must_use]
    pub fn together<'a>(&self, others: impl IntoIterator<Item = &'a Self>) -> Self {
        others.into_iter().fold(self.clone(), Self::and)
    }

    fn and(mut self, other: &Self) -> Self {
        for (id, room) in &other.workspaces {
            let is_newer = self.workspaces.get(id).is_none_or(|known| known.read_at < room.read_at);
            if is_newer {
                self.workspaces.insert(id.clone(), room.clone());
            }
        }
        self.sight = seen_together(self.sight, &other.sight);
        self.staleness = oldest(self.staleness, &other.staleness);
        self.proposals = Arc::new(in_order(self.proposals.iter().chain(&*other.proposals).cloned().collect()));
        let mut would: Vec<_> = self.would_delete.iter().chain(&*other.would_delete).cloned().collect();
        would.sort();
        self.would_delete = Arc::new(would);
        self.last = Arc::new(swept_together(SweepReport::clone(&self.last), &other.last));
        if other.part.leads && !self.part.leads {
            self.telling = other.telling.clone();
            self.budgets = other.budgets.clone();
        } else {
            self.telling.let_go = self.telling.let_go.saturating_add(other.telling.let_go);
        }
        self.money = paid_together(self.money, &other.money);
        self.part = PartOfFleet {
            shards: self.part.shards.saturating_add(other.part.shards),
            leads: self.part.leads || other.part.leads,
        };
        self
    }
}

/// By instance, so that each is found without looking at all of them.
#[must_use]
pub fn in_order(mut proposals: Vec<Proposal>) -> Vec<Proposal> {
    proposals.sort_by(|a, b| (&a.instance, a.made_at, &a.id).cmp(&(&b.instance, b.made_at, &b.id)));
    proposals.dedup_by(|a, b| a.id == b.id);
    proposals
}

fn seen_together(mut sight: FleetSight, other: &FleetSight) -> FleetSight {
    let sum = usize::saturating_add;
    sight.workspaces = sum(sight.workspaces, other.workspaces);
    sight.workspaces_failed = sum(sight.workspaces_failed, other.workspaces_failed);
    sight.instances_before = sum(sight.instances_before, other.instances_before);
    sight.instances = sum(sight.instances, other.instances);
    sight.instances_unknown = sum(sight.instances_unknown, other.instances_unknown);
    // a part that nobody has seen whole yet is a fleet that nobody has
    sight.last_full_sweep = sight.last_full_sweep.min(other.last_full_sweep);
    sight.clock_trouble = sight.clock_trouble.or_else(|| other.clock_trouble.clone());
    sight.fleet = counted(sight.fleet, &other.fleet);
    count_each(&mut sight.subscriptions, &other.subscriptions);
    count_each(&mut sight.workspaces_count, &other.workspaces_count);
    count_each(&mut sight.policies, &other.policies);
    for (policy, canary) in &other.canaries {
        let known = sight.canaries.entry(policy.clone()).or_insert(crate::guard::Canary { room: 0, ..*canary });
        known.room = sum(known.room, canary.room);
    }
    sight
}

fn count_each<K: Ord + Clone>(all: &mut BTreeMap<K, ScopeCount>, others: &BTreeMap<K, ScopeCount>) {
    for (scope, count) in others {
        let known = all.entry(scope.clone()).or_default();
        *known = counted(*known, count);
    }
}

const fn counted(one: ScopeCount, other: &ScopeCount) -> ScopeCount {
    ScopeCount {
        running: one.running.saturating_add(other.running),
        planned_last_hour: one.planned_last_hour.saturating_add(other.planned_last_hour),
        unplanned_last_hour: one.unplanned_last_hour.saturating_add(other.unplanned_last_hour),
        failed_last_hour: one.failed_last_hour.saturating_add(other.failed_last_hour),
        asked_last_hour: one.asked_last_hour.saturating_add(other.asked_last_hour),
    }
}

fn oldest(one: StalenessView, other: &StalenessView) -> StalenessView {
    let mut policies: BTreeMap<PolicyId, PolicyStaleness> = BTreeMap::new();
    for found in one.policies.iter().chain(&other.policies) {
        let is_worse = policies.get(&found.policy).is_none_or(|known| known.worst < found.worst);
        if is_worse {
            policies.insert(found.policy.clone(), found.clone());
        }
    }
    let (p99, cause) = if other.p99 > one.p99 { (other.p99, other.cause) } else { (one.p99, one.cause) };
    StalenessView { p99, cause, policies: policies.into_values().collect() }
}

fn paid_together(one: MoneyView, other: &MoneyView) -> MoneyView {
    let mut sizes = one.sizes;
    sizes.extend(
        other.sizes.iter().filter(|(key, _)| !sizes.iter().any(|(known, _)| known == key)).cloned().collect::<Vec<_>>(),
    );
    let mut faults = one.faults;
    faults.extend(other.faults.iter().filter(|fault| !faults.contains(fault)).cloned().collect::<Vec<_>>());
    let newer = other.head.0 > one.head.0;
    MoneyView {
        prices: Arc::new(one.prices.and(&other.prices)),
        faults,
        sizes,
        sums: if newer { other.sums.clone() } else { one.sums },
        head: if newer { other.head.clone() } else { one.head },
        residual: one.residual,
        reconciliation: one.reconciliation.or_else(|| other.reconciliation.clone()),
        followed: one.followed.or_else(|| other.followed.clone()),
    }
}

fn swept_together(mut one: SweepReport, other: &SweepReport) -> SweepReport {
    one.began_at = one.began_at.min(other.began_at);
    one.ended_at = one.ended_at.max(other.ended_at);
    one.workspaces_read = one.workspaces_read.saturating_add(other.workspaces_read);
    one.verdicts.extend(other.verdicts.iter().cloned());
    one.notices.extend(other.notices.iter().cloned());
    one.refused.extend(other.refused.iter().cloned());
    one.stops.extend(other.stops.iter().cloned());
    one.timers.extend(other.timers.iter().cloned());
    one.ladder.extend(other.ladder.iter().cloned());
    one.starts.extend(other.starts.iter().cloned());
    one.settled.extend(other.settled.iter().cloned());
    one.edges_missed.extend(other.edges_missed.iter().cloned());
    // what is wrong everywhere is said once
    let faults: Vec<_> = other.faults.iter().filter(|fault| !one.faults.contains(fault)).cloned().collect();
    one.faults.extend(faults);
    one
}

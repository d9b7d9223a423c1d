//! Which rights settings and policies use: for the role that `rbac` prints, and for `doctor`, which looks for them.

use serde::Serialize;

use crate::ledger::PriceSource;
use crate::policy::{Mode, Policy, PolicySet};
use crate::rights::Part;
use crate::settings::{BillsFrom, Fleet, Settings};

/// A part that is used, and by what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Need {
    /// The part.
    pub part: Part,
    /// What asks for it.
    pub because: String,
}

/// What one policy uses beside looking. A rule that asks Azure for something new names its part here, and nowhere else.
#[must_use]
pub fn of_policy(policy: &Policy) -> Vec<Need> {
    let named = |what: &str| format!("policy {} ({}) {what}", policy.id, policy.file);
    let stop = (policy.mode == Mode::Enforce).then(|| Need { part: Part::Stop, because: named("enforces") });
    let timers = policy.sets_timers().then(|| Need {
        part: Part::Timers,
        because: named("has Azure's idle timers set ([native] apply = \"service\")"),
    });
    let start =
        policy.starts().then(|| Need { part: Part::Start, because: named("starts what its hours open ([start])") });
    let delete = policy
        .deletes()
        .then(|| Need { part: Part::Delete, because: named("has what stays off deleted ([stopped] delete_after)") });
    stop.into_iter().chain(start).chain(delete).chain(timers).collect()
}

/// Sources of activity that the settings name: read at the workspaces that a policy governs.
pub fn of_evidence(settings: &Settings) -> impl Iterator<Item = Need> {
    let need = |is_asked: bool, part, because: &str| is_asked.then(|| Need { part, because: because.to_owned() });
    let jobs = need(settings.jobs.queued, Part::Jobs, "[jobs] queued = true");
    let metrics = need(settings.monitor.enabled, Part::Metrics, "[monitor] enabled = true");
    jobs.into_iter().chain(metrics)
}

/// What looking alone uses.
pub fn of_looking(settings: &Settings) -> impl Iterator<Item = Need> {
    let observe = Need { part: Part::Observe, because: "nothing goes without it".to_owned() };
    let sizes = settings.prices.sources.contains(&PriceSource::VmSizes);
    let prices = sizes.then(|| Need { part: Part::Prices, because: "[prices] sources names \"vm_sizes\"".to_owned() });
    std::iter::once(observe).chain(prices)
}

/// Everything that these settings and policies use.
#[must_use]
pub fn of_configuration(settings: &Settings, set: &PolicySet) -> Vec<Need> {
    let bills = (settings.reconcile.source == BillsFrom::CostManagement)
        .then(|| Need { part: Part::Bills, because: "[reconcile] source = \"cost-management\"".to_owned() });
    let policies = set.policies.iter().flat_map(|policy| of_policy(policy));
    of_looking(settings).chain(policies).chain(of_evidence(settings)).chain(bills).collect()
}

/// The parts alone, each once.
#[must_use]
pub fn parts(needs: &[Need]) -> Vec<Part> {
    Part::ALL.into_iter().filter(|part| needs.iter().any(|need| need.part == *part)).collect()
}

/// Where a role for this fleet has to be assignable: subscriptions, and resource groups that are in none of them.
#[must_use]
pub fn scopes(fleet: &Fleet) -> Vec<String> {
    let whole = |id: &str| fleet.subscriptions.iter().any(|one| one.as_str().eq_ignore_ascii_case(id));
    let mut scopes: Vec<String> = fleet.subscriptions.iter().map(|id| format!("/subscriptions/{id}")).collect();
    let of_workspaces = fleet.workspaces.iter().map(|id| (id.subscription(), id.resource_group()));
    let groups = fleet.resource_groups.iter().map(|(id, group)| (id, group.as_str())).chain(of_workspaces);
    for (subscription, group) in groups {
        let scope = format!("/subscriptions/{subscription}/resourceGroups/{group}");
        if !whole(subscription.as_str()) && !scopes.iter().any(|known| known.eq_ignore_ascii_case(&scope)) {
            scopes.push(scope);
        }
    }
    scopes
}

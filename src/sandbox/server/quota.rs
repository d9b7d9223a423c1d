//! Usages and quotas of a region as ARM lists them: cores by family, by workspace and by compute.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::spec::VM_SIZES;
use super::super::world::World;
use super::answer::Answer;
use super::arm::{bad_skip, has_subscription, next_link, offset, page};
use super::errors;
use super::handle::Ask;
use super::shared::Shared;

const PROVIDER: &str = "Microsoft.MachineLearningServices";

/// Cores in use, by the display name of a family.
type Cores = BTreeMap<String, u32>;

impl Shared {
    /// What is in use, and of how much.
    pub(super) fn usages(&self, ask: &Ask<'_>, subscription: &str, region: &str) -> Answer {
        self.listed(ask, (subscription, region), usages)
    }

    /// How much there may be.
    pub(super) fn quotas_of(&self, ask: &Ask<'_>, subscription: &str, region: &str) -> Answer {
        self.listed(ask, (subscription, region), quotas)
    }

    /// A page of such a list; a region without a workspace has none.
    fn listed(
        &self,
        ask: &Ask<'_>,
        (subscription, region): (&str, &str),
        write: fn(&World, (&str, &str)) -> Vec<Value>,
    ) -> Answer {
        let Some(from) = offset(ask, &ask.path.to_lowercase()) else {
            return bad_skip();
        };
        let (world, _) = self.world_now();
        if !has_subscription(&world, subscription) {
            return errors::no_subscription(subscription);
        }
        let here = world.workspaces.iter().any(|found| {
            found.spec.region.eq_ignore_ascii_case(region) && found.spec.subscription.eq_ignore_ascii_case(subscription)
        });
        let all = if here { write(&world, (subscription, region)) } else { Vec::new() };
        let (size, total) = (self.options.page_size.max(1), all.len());
        let next = from.saturating_add(size);
        let items = all.into_iter().skip(from).take(size).collect();
        page(items, (next < total).then(|| next_link(ask, &ask.path.to_lowercase(), next)))
    }
}

/// The families that are sold, in the order of the sizes.
fn families() -> Vec<&'static str> {
    let mut seen = BTreeSet::new();
    VM_SIZES.iter().map(|size| size.family).filter(|family| seen.insert(*family)).collect()
}

/// `Standard DSv2 Family Cluster Dedicated vCPUs` for `standardDSv2Family`.
fn display(family: &str, tier: &str) -> String {
    let bare = family.trim();
    let bare = strip(bare, "standard").trim();
    let bare = bare.strip_suffix("Family").unwrap_or(bare).trim();
    format!("Standard {bare} Family Cluster {tier} vCPUs")
}

/// The text without a beginning in whatever case.
fn strip<'a>(text: &'a str, word: &str) -> &'a str {
    let begins = text.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    if begins { text.get(word.len()..).unwrap_or(text) } else { text }
}

fn names(name: &str) -> Value {
    json!({ "value": name, "localizedValue": name })
}

/// One usage: where it hangs, its type and its name.
fn usage(region: &str, (scope, kind, name): (&str, &str, &str), (used, limit): (u32, i64)) -> Value {
    let id = if name.contains("Family") {
        format!("{scope}/usages/{}", name.replace(' ', "_"))
    } else {
        format!("{scope}/usages")
    };
    json!({
        "id": id, "amlWorkspaceLocation": region, "type": format!("{PROVIDER}/{kind}/usages"), "unit": "Count",
        "currentValue": used, "limit": limit, "name": names(name),
    })
}

fn usages(world: &World, place: (&str, &str)) -> Vec<Value> {
    let (subscription, region) = place;
    let (limits, root) = (world.limits(), format!("/subscriptions/{subscription}"));
    let (mut all, mut by_workspace, mut by_compute) = (Cores::new(), BTreeMap::new(), Vec::new());
    for held in world.held(place) {
        let Some(size) = held.size else { continue };
        let name = display(size.family, "Dedicated");
        for sums in [&mut all, by_workspace.entry(held.workspace).or_insert_with(Cores::new)] {
            let sum = sums.entry(name.clone()).or_default();
            *sum = sum.saturating_add(held.cores());
        }
        let limit = i64::from(limits.of(size.family));
        let scope = held.machine.id.as_str();
        by_compute.push(usage(region, (scope, "workspaces/computes", &name), (held.cores(), limit)));
    }
    let limit_of = |name: &str| families().into_iter().find(|family| display(family, "Dedicated") == name);
    let limit_of = |name: &str| limit_of(name).map_or(-1, |family| i64::from(limits.of(family)));
    let cores = all.values().copied().fold(0, u32::saturating_add);
    let computes = world.computes_in(place);
    let total = "Total Cluster Dedicated Regional vCPUs";
    let mut list = vec![
        usage(region, (&root, "totalCores", "Clusters"), (computes, i64::from(limits.computes))),
        usage(region, (&root, "dedicatedCores", total), (cores, i64::from(limits.cores))),
    ];
    for family in families() {
        let name = display(family, "Dedicated");
        let used = all.get(&name).copied().unwrap_or(0);
        list.push(usage(region, (&root, "vmFamily", &name), (used, i64::from(limits.of(family)))));
    }
    for (position, sums) in &by_workspace {
        let scope = world.workspaces.get(*position).map(|found| found.id.as_str()).unwrap_or_default();
        list.extend(
            sums.iter().map(|(name, used)| usage(region, (scope, "workspaces", name), (*used, limit_of(name)))),
        );
    }
    list.extend(by_compute);
    let total = "Total Cluster LowPriority Regional vCPUs";
    list.push(usage(region, (&root, "lowPriorityCores", total), (0, i64::from(limits.cores))));
    for family in families() {
        // Nothing limits a family at low priority but the region's total.
        list.push(usage(region, (&root, "vmFamily", &display(family, "LowPriority")), (0, -1)));
    }
    list
}

fn quotas(world: &World, (subscription, _): (&str, &str)) -> Vec<Value> {
    let quota = |family: &str| {
        let name = display(family, "Dedicated");
        json!({
            "id": format!("/subscriptions/{subscription}/quotas/{}", name.replace(' ', "_")),
            "type": format!("{PROVIDER}/vmFamily/quotas"), "limit": world.limits().of(family), "unit": "Count",
            "name": names(&name),
        })
    };
    families().into_iter().map(quota).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_named_as_azure_names_them() {
        assert_eq!(display("standardDSv2Family", "Dedicated"), "Standard DSv2 Family Cluster Dedicated vCPUs");
        for (family, name) in [
            ("Standard NCASv3_T4 Family", "Standard NCASv3_T4 Family Cluster LowPriority vCPUs"),
            ("StandardNCADSA100v4Family", "Standard NCADSA100v4 Family Cluster LowPriority vCPUs"),
        ] {
            assert_eq!(display(family, "LowPriority"), name);
        }
    }
}

//! Any plan under any limits: every step ends in exactly one of approved and refused, and no cap is passed (G4).
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lightsout::facts::{Freeze, History, StopKey};
use lightsout::guard::{Bounds, FleetSight, Review, ScopeCount, Surroundings, review};
use lightsout::plan::{Expected, Plan, Step};
use lightsout::policy::{Cap, Limits, Policy};
use lightsout::rules::Ground;
use lightsout::units::{InstanceId, Percent, Span};
use proptest::prelude::*;

use crate::cases::policy;
use crate::cloud::{Compute, workspace_id};

/// A plan's step in short: workspace, name, planned or not.
type Short = (u8, u8, bool);

fn cap() -> impl Strategy<Value = Cap> {
    let percent = prop::option::of((0_i64..=100).prop_map(|n| Percent::new(n).unwrap()));
    (prop::option::of(0_u32..12), percent).prop_map(|(count, percent)| Cap { count, percent })
}

fn limits() -> impl Strategy<Value = Limits> {
    (cap(), cap(), cap(), cap()).prop_map(
        |(unplanned_per_sweep, unplanned_per_hour, planned_per_sweep, planned_per_hour)| Limits {
            unplanned_per_sweep,
            unplanned_per_hour,
            planned_per_sweep,
            planned_per_hour,
        },
    )
}

fn step((workspace, name, planned): Short, policy: &Policy, at: jiff::Timestamp) -> Step {
    let id = InstanceId::new(workspace_id(&format!("ws-{workspace}")), &format!("ci-{name}")).unwrap();
    let facts = Compute::started(id.clone(), at).read(at);
    Step {
        instance: id,
        created: facts.created,
        policy: policy.id.clone(),
        revision: policy.revision.clone(),
        ground: if planned { Ground::OffHours } else { Ground::Idle },
        key: StopKey(format!("k/p/{workspace}/{name}").into()),
        due_at: at,
        stop_at: at,
        expected: Expected::of(&facts),
        observed_at: at,
        size: facts.size,
        counterfactual: None,
    }
}

/// One review: the steps in short, the caps of policy, workspace and fleet, and what was used in the hour.
fn reviewed(
    shorts: &[Short],
    [own, workspace, fleet]: [Limits; 3],
    running: usize,
    used: usize,
) -> (Vec<Step>, Review) {
    let at = "2026-03-23T20:00:00Z".parse().unwrap();
    let mut policy = (*policy("uptime.max = \"20h\"")).clone();
    policy.limits = own;
    let steps: Vec<Step> = shorts.iter().map(|short| step(*short, &policy, at)).collect();
    let count = ScopeCount { running, unplanned_last_hour: used, planned_last_hour: used, ..ScopeCount::default() };
    let mut sight = FleetSight {
        workspaces: 3,
        instances: 9,
        instances_before: 9,
        last_full_sweep: Some(at),
        fleet: count,
        ..FleetSight::default()
    };
    for step in &steps {
        sight.policies.insert(policy.id.clone(), count);
        sight.subscriptions.insert(step.instance.workspace().subscription().clone(), count);
        sight.workspaces_count.insert(step.instance.workspace().clone(), count);
    }
    let share = Percent::new(20).unwrap();
    let bounds = Bounds {
        failed_workspaces_max: share,
        instance_drop_max: share,
        unknown_states_max: share,
        full_sweep_max: Span::minutes(2),
        observed_max: Span::minutes(2),
        failed_stops_max: 3,
        failed_stops_share: share,
        workspace,
        subscription: fleet,
        fleet,
    };
    let policies = BTreeMap::from([(policy.id.clone(), Arc::new(policy))]);
    let history = History::default();
    let histories = |_: &InstanceId| Some((&history, 3));
    let plan = Plan { made_at: Some(at), steps: steps.clone(), notices: Vec::new() };
    let around = Surroundings {
        policies: &policies,
        bounds: &bounds,
        sight: &sight,
        histories: &histories,
        disks: &|_| None,
        freeze: &Freeze::Off,
        now: at,
    };
    (steps, review(plan, &around))
}

fn most(cap: Cap, running: usize) -> usize {
    let count = cap.count.map_or(usize::MAX, |count| usize::try_from(count).unwrap());
    count.min(cap.percent.map_or(usize::MAX, |share| share.of(running)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_review_divides_the_plan_and_passes_no_cap(
        shorts in prop::collection::vec((0_u8..3, 0_u8..12, any::<bool>()), 0..24),
        all in [limits(), limits(), limits()], running in 0_usize..60, used in 0_usize..8,
    ) {
        let (steps, review) = reviewed(&shorts, all, running, used);
        let mut found: Vec<&Step> = review.approved.iter().map(|one| one.step()).chain(review.refused.iter().map(|(step, _)| step)).collect();
        let mut wanted: Vec<&Step> = steps.iter().collect();
        let order = |step: &&Step| (step.instance.clone(), step.ground);
        found.sort_by_key(order);
        wanted.sort_by_key(order);
        prop_assert_eq!(found, wanted, "every step is in exactly one of the two");
        let instances: BTreeSet<&InstanceId> = review.approved.iter().map(|one| &one.step().instance).collect();
        prop_assert_eq!(instances.len(), review.approved.len(), "one step an instance (S18)");
        for planned in [true, false] {
            let ours: Vec<&Step> = review.approved.iter().map(|one| one.step()).filter(|step| step.is_planned() == planned).collect();
            for (scope, limits) in ["policy", "workspace", "fleet"].into_iter().zip(all) {
                let caps = if planned { [limits.planned_per_sweep, limits.planned_per_hour] } else { [limits.unplanned_per_sweep, limits.unplanned_per_hour] };
                let room = most(caps[0], running).min(most(caps[1], running + used).saturating_sub(used));
                let counts: Vec<usize> = if scope == "workspace" {
                    (0..3).map(|n| ours.iter().filter(|step| *step.instance.workspace() == workspace_id(&format!("ws-{n}"))).count()).collect()
                } else {
                    vec![ours.len()]
                };
                prop_assert!(counts.iter().all(|count| *count <= room), "{scope}: {counts:?} with room for {room}");
            }
        }
    }
}

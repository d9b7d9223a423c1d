//! A review laid out: one policy, a fleet well seen, steps that are all due. Each part is there to be changed.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lightsout::cli::wire_up::engine_options;
use lightsout::facts::{Freeze, History, InstanceFacts, Owner, PowerState, Reading, StopKey, Tags, Unknown};
use lightsout::guard::{Bounds, FleetSight, Refusal, Review, ScopeCount, Surroundings, review};
use lightsout::plan::{Expected, Plan, Step};
use lightsout::policy::{Cap, Limits, Policy};
use lightsout::rules::Ground;
use lightsout::settings::Settings;
use lightsout::units::{InstanceId, Percent, PolicyId, Region, Span, When, WorkspaceId};

use crate::policies::policy_of;

pub(crate) fn now() -> Timestamp {
    "2026-03-23T20:00:00Z".parse().unwrap()
}

pub(crate) fn ago(seconds: i64) -> Timestamp {
    now().checked_sub(SignedDuration::from_secs(seconds)).unwrap()
}

pub(crate) fn workspace() -> WorkspaceId {
    WorkspaceId::new("11111111-2222-3333-4444-555555555555", "rg", "ws-a").unwrap()
}

pub(crate) fn policy(mode: &str) -> Arc<Policy> {
    policy_of(&format!("name = \"office\"\nmode = \"{mode}\"\nscope.workspaces = [\"*\"]\nuptime.max = \"12h\"\n"))
}

pub(crate) const OPEN: Cap = Cap { count: None, percent: Some(Percent::ALL) };

pub(crate) fn open() -> Limits {
    Limits { unplanned_per_sweep: OPEN, unplanned_per_hour: OPEN, planned_per_sweep: OPEN, planned_per_hour: OPEN }
}

pub(crate) fn bounds() -> Bounds {
    let service = engine_options(&Settings::default()).bounds;
    Bounds {
        full_sweep_max: Span::minutes(2),
        observed_max: Span::minutes(2),
        workspace: open(),
        subscription: open(),
        fleet: open(),
        ..service
    }
}

pub(crate) fn facts(name: &str) -> InstanceFacts {
    InstanceFacts {
        id: InstanceId::new(workspace(), name).unwrap(),
        created: When::at(ago(86_400)),
        state: PowerState::Running,
        size: Arc::from("STANDARD_DS3_V2"),
        region: Region::new("westeurope"),
        owner: Arc::new(Owner { user_name: Some("ana@example.com".into()), ..Owner::default() }),
        tags: Reading::Known { value: Tags::default(), as_of: now().into() },
        last_operation: Reading::Unknown(Unknown::Missing),
        native: Arc::default(),
        observed_at: now(),
        oddities: Default::default(),
    }
}

pub(crate) fn step(name: &str, ground: Ground, revision: &Arc<str>) -> Step {
    let facts = facts(name);
    Step {
        instance: facts.id.clone(),
        created: facts.created,
        policy: PolicyId::new("office"),
        revision: revision.clone(),
        ground,
        key: StopKey(format!("key/office/{name}").into()),
        due_at: now(),
        stop_at: now(),
        expected: Expected::of(&facts),
        observed_at: now(),
        size: facts.size,
        counterfactual: None,
    }
}

/// A fleet well seen, in which so many run.
pub(crate) fn sight(running: usize) -> FleetSight {
    let count = ScopeCount { running, ..ScopeCount::default() };
    FleetSight {
        workspaces: 10,
        instances_before: 100,
        instances: 100,
        last_full_sweep: Some(now()),
        fleet: count,
        subscriptions: BTreeMap::from([(workspace().subscription().clone(), count)]),
        workspaces_count: BTreeMap::from([(workspace(), count)]),
        policies: BTreeMap::from([(PolicyId::new("office"), count)]),
        ..FleetSight::default()
    }
}

/// What a review looks at, each part to be changed.
pub(crate) struct Table {
    pub(crate) policy: Arc<Policy>,
    pub(crate) bounds: Bounds,
    pub(crate) sight: FleetSight,
    pub(crate) history: History,
    pub(crate) freeze: Freeze,
    pub(crate) steps: Vec<Step>,
}

impl Table {
    pub(crate) fn with(steps: usize, ground: Ground, running: usize) -> Self {
        let mut policy = (*policy("enforce")).clone();
        policy.limits = open();
        let revision = policy.revision.clone();
        let steps = (0..steps).map(|n| step(&format!("ci-{n:03}"), ground, &revision)).collect();
        Self {
            policy: Arc::new(policy),
            bounds: bounds(),
            sight: sight(running),
            history: History::default(),
            freeze: Freeze::Off,
            steps,
        }
    }

    pub(crate) fn one() -> Self {
        Self::with(1, Ground::Uptime, 10)
    }

    pub(crate) fn review(&self) -> Review {
        let policies = BTreeMap::from([(self.policy.id.clone(), self.policy.clone())]);
        let plan = Plan { made_at: Some(now()), steps: self.steps.clone(), notices: Vec::new() };
        let histories = |_: &InstanceId| Some((&self.history, 3));
        let (bounds, sight, freeze) = (&self.bounds, &self.sight, &self.freeze);
        review(
            plan,
            &Surroundings {
                policies: &policies,
                bounds,
                sight,
                histories: &histories,
                disks: &|_| None,
                freeze,
                now: now(),
            },
        )
    }

    /// How many are approved, and the one reason why the others are not.
    pub(crate) fn verdict(&self) -> (usize, Option<Refusal>) {
        let review = self.review();
        let mut reasons: Vec<Refusal> = review.refused.iter().map(|(_, refusal)| *refusal).collect();
        reasons.dedup();
        assert!(reasons.len() <= 1, "{reasons:?}");
        (review.approved.len(), reasons.first().copied())
    }
}

//! A permit the honest way: a plan reviewed by the guard, then a second look.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lightsout::facts::{Freeze, History, InstanceFacts, StopKey};
use lightsout::guard::{Bounds, FleetSight, ScopeCount, SecondLook, StopPermit, Surroundings, review, second_look};
use lightsout::plan::{Expected, Plan, Step};
use lightsout::policy::{
    Cap, Exemptions, HoldTerms, Limits, Mode, NativeRule, Policy, Scope, Terms, Warning, WarningProof, WhenUndelivered,
};
use lightsout::ports::LastWord;
use lightsout::rules::{Action, Due, Finding, Ground, Rule, Under, Verdict};
use lightsout::units::{InstanceId, Percent, PolicyId, Span, When};

const FREE: Cap = Cap { count: None, percent: None };
const LIMITS: Limits =
    Limits { unplanned_per_sweep: FREE, unplanned_per_hour: FREE, planned_per_sweep: FREE, planned_per_hour: FREE };

fn policy() -> Policy {
    let warning = Warning {
        lead: Span::ZERO,
        lead_unknown_owner: Span::ZERO,
        proof: WarningProof::Recorded,
        max_postpone: Span::ZERO,
        undelivered: WhenUndelivered::Keep,
        notify: Vec::new(),
    };
    let terms = Terms {
        stopped: None,
        hours: None,
        idle: None,
        uptime: None,
        budget: None,
        busy_cap: None,
        busy_fresh: Span::minutes(10),
        promql: None,
        native: None,
        warning,
        min_uptime: Span::ZERO,
        between_stops: Span::ZERO,
        stops_per_day: 3,
        hold: HoldTerms { max: Span::hours(1), per_week: 1, monthly: None },
        opt_out_tag: Arc::from("keep"),
        respect_quiet: false,
        include_unknown_owner: true,
        exempt: Exemptions::default(),
        origins: BTreeMap::new(),
    };
    Policy {
        id: PolicyId::new("p"),
        file: Arc::from("p.toml"),
        revision: Arc::from("r"),
        scope: Scope::default(),
        mode: Mode::Enforce,
        limits: LIMITS,
        canary: Percent::ALL,
        canary_for: Span::ZERO,
        seen_within: None,
        terms: Arc::new(terms),
        overrides: Vec::new(),
        start: None,
    }
}

/// A policy that wants such idle timers.
pub(crate) fn policy_wanting(native: NativeRule) -> Policy {
    let policy = policy();
    let terms = Terms { native: Some(native), ..Terms::clone(&policy.terms) };
    Policy { terms: Arc::new(terms), ..policy }
}

fn sight(now: Timestamp) -> FleetSight {
    let count = ScopeCount { running: 10, ..ScopeCount::default() };
    FleetSight {
        workspaces: 1,
        instances: 10,
        instances_before: 10,
        last_full_sweep: Some(now),
        fleet: count,
        ..FleetSight::default()
    }
}

fn bounds() -> Bounds {
    Bounds {
        failed_workspaces_max: Percent::ALL,
        instance_drop_max: Percent::ALL,
        unknown_states_max: Percent::ALL,
        full_sweep_max: Span::hours(1),
        observed_max: Span::hours(1),
        failed_stops_max: 100,
        failed_stops_share: Percent::ALL,
        workspace: LIMITS,
        subscription: LIMITS,
        fleet: LIMITS,
    }
}

/// Nothing holds it back at the last moment.
pub(crate) const MAY_GO: LastWord<'static> = &|| Ok(());

/// The permit to stop this instance, looked at `now`.
pub(crate) fn permit(fresh: &InstanceFacts, now: Timestamp) -> StopPermit {
    let policy = policy();
    let step = Step {
        instance: fresh.id.clone(),
        created: fresh.created,
        policy: policy.id.clone(),
        revision: Arc::clone(&policy.revision),
        ground: Ground::Uptime,
        key: StopKey("k".into()),
        due_at: now,
        stop_at: now,
        expected: Expected::of(fresh),
        observed_at: now,
        size: Arc::clone(&fresh.size),
        counterfactual: None,
    };
    let due =
        Due { ground: Ground::Uptime, key: StopKey("k".into()), due_at: now, base_at: now, stop_at: now, warn_at: now };
    let verdict = Verdict {
        instance: fresh.id.clone(),
        created: fresh.created,
        under: Arc::new(Under {
            policy: policy.id.clone(),
            revision: Arc::clone(&policy.revision),
            override_name: None,
            zone: None,
            zone_data: None,
        }),
        at: now,
        action: Action::Stop,
        ground: Ground::Uptime,
        due: Some(Box::new(due)),
        notice: None,
        changes_at: When::NONE,
        findings: Arc::new([Finding {
            rule: Rule::State,
            ground: Ground::Uptime,
            words: "test".into(),
            due_at: When::NONE,
        }]),
    };
    let history = History::default();
    let histories = |_: &InstanceId| Some((&history, 3));
    let policies = BTreeMap::from([(policy.id.clone(), Arc::new(policy))]);
    let (bounds, sight) = (bounds(), sight(now));
    let around = Surroundings {
        policies: &policies,
        bounds: &bounds,
        sight: &sight,
        histories: &histories,
        disks: &|_| None,
        freeze: &Freeze::Off,
        now,
    };
    let plan = Plan { made_at: Some(now), steps: vec![step], notices: Vec::new() };
    let mut reviewed = review(plan, &around);
    assert!(reviewed.refused.is_empty(), "{:?}", reviewed.refused);
    let approved = reviewed.approved.pop().unwrap();
    let fresh = InstanceFacts { observed_at: now - SignedDuration::from_secs(1), ..fresh.clone() };
    second_look(approved, &SecondLook { fresh: &fresh, verdict: &verdict, freeze: &Freeze::Off, now }).unwrap()
}

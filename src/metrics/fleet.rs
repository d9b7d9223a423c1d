//! The fleet's series, written anew from each view, so that nothing stale can remain.

use std::collections::BTreeMap;

use super::activity;
use super::bill;
use super::budgets;
use super::escape;
use super::money;
use super::names::{self, Family};
use super::page::{Draft, Page, Value};
use super::registry::MetricsOptions;
use super::stopped::stopped;
use super::tally::{Counts, Tally};
use crate::facts::{Freeze, PowerState};
use crate::policy::Mode;
use crate::ports::{ApiUse, FaultKind};
use crate::report::{FleetView, InstanceView, Outcome, Staleness, WorkspaceView};
use crate::rules::{Action, Ground, NativeFinding};
use crate::units::WorkspaceId;

/// So many different words of Azure's that this version does not know become labels; the rest are `other`.
const WORDS_MAX: usize = 20;

/// Everything that one view says, as a page.
pub(super) fn write(options: &MetricsOptions, tally: &Tally, view: &FleetView, api: &ApiUse) -> Page {
    let mut draft = Draft::default();
    about(&mut draft, options);
    instances(&mut draft, view);
    workspaces(&mut draft, tally, view);
    decisions(&mut draft, tally, view);
    natives(&mut draft, view);
    sweeps(&mut draft, tally, view);
    stops(&mut draft, tally, view);
    azure(&mut draft, view, api);
    policies(&mut draft, tally, view);
    draft.single(&names::SHARDS, Value::Count(u64::from(view.part.shards)));
    // each replica shows its own part, and one of them what there is once: a sum over all of them counts nothing twice
    if view.part.leads {
        budgets::write(&mut draft, view);
    }
    switches(&mut draft, view);
    stopped(&mut draft, view);
    money::write(&mut draft, view, &tally.teams);
    if view.part.leads {
        bill::write(&mut draft, view);
    }
    activity::write(&mut draft, view);
    per_instance(&mut draft, options, view);
    draft.finish()
}

/// The page before the first sweep: what is known without a fleet.
pub(super) fn write_empty(options: &MetricsOptions) -> Page {
    let mut draft = Draft::default();
    about(&mut draft, options);
    draft.single(&names::SWEEPS, Value::Count(0));
    draft.finish()
}

fn about(draft: &mut Draft, options: &MetricsOptions) {
    draft.family(&names::BUILD);
    draft.sample(&[&options.version, &options.commit, std::env::consts::ARCH], Value::Count(1));
    draft.family(&names::TZDB);
    draft.sample(&[&options.tzdb], Value::Count(1));
}

/// The values of [`names::WORKSPACE`].
pub(super) fn place(id: &WorkspaceId) -> [&str; 3] {
    [id.subscription().as_str(), id.resource_group(), id.name()]
}

fn each_workspace(
    draft: &mut Draft,
    view: &FleetView,
    family: &Family,
    value: impl Fn(&WorkspaceView) -> Option<Value>,
) {
    draft.family(family);
    for (id, workspace) in &view.workspaces {
        if let Some(value) = value(workspace) {
            draft.sample(&place(id), value);
        }
    }
}

fn counted(draft: &mut Draft, family: &Family, counts: &Counts) {
    draft.family(family);
    for (label, count) in counts {
        draft.sample(&[label], Value::Count(*count));
    }
}

fn all(view: &FleetView) -> impl Iterator<Item = &InstanceView> {
    view.workspaces.values().flat_map(|workspace| &workspace.instances)
}

fn instances(draft: &mut Draft, view: &FleetView) {
    draft.family(&names::INSTANCES);
    for (id, workspace) in &view.workspaces {
        let mut counts: BTreeMap<(&str, String), usize> = BTreeMap::new();
        for facts in workspace.instances.iter().map(|instance| &instance.facts) {
            let count =
                counts.entry((facts.state.label(), escape::word(&facts.size.to_ascii_uppercase()))).or_insert(0);
            *count = count.saturating_add(1);
        }
        let [subscription, group, name] = place(id);
        for ((state, size), count) in &counts {
            draft.sample(&[subscription, group, name, state, size], Value::of_len(*count));
        }
    }
    words(draft, &names::UNRECOGNISED, all(view).filter_map(|instance| unrecognised(&instance.facts.state)));
    let fields = all(view).flat_map(|instance| instance.facts.oddities.iter().map(|odd| odd.field.as_str()));
    words(draft, &names::ODDITIES, fields);
}

fn unrecognised(state: &PowerState) -> Option<&str> {
    match state {
        PowerState::Unrecognised(word) => Some(word),
        PowerState::Running
        | PowerState::JobRunning
        | PowerState::Stopped
        | PowerState::Changing(_)
        | PowerState::Broken(_) => None,
    }
}

/// Counts words from outside, with a cap on how many become labels.
fn words<'a>(draft: &mut Draft, family: &Family, found: impl Iterator<Item = &'a str>) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for text in found {
        let mut word = escape::word(text);
        if !counts.contains_key(&word) && counts.len() >= WORDS_MAX {
            "other".clone_into(&mut word);
        }
        let count = counts.entry(word).or_insert(0);
        *count = count.saturating_add(1);
    }
    draft.family(family);
    for (word, count) in &counts {
        draft.sample(&[word], Value::of_len(*count));
    }
}

fn workspaces(draft: &mut Draft, tally: &Tally, view: &FleetView) {
    each_workspace(draft, view, &names::RUNNING_SECONDS, |w| tally.running.get(&w.id).map(|ms| Value::Milli(*ms)));
    each_workspace(draft, view, &names::SKIPPED, |w| Some(Value::Count(u64::from(w.skipped))));
    each_workspace(draft, view, &names::HOLDS, |w| {
        Some(Value::of_len(w.instances.iter().filter(|i| !i.holds.is_empty()).count()))
    });
    each_workspace(draft, view, &names::OVERDUE, |w| {
        Some(Value::of_len(w.instances.iter().filter(|i| !i.overdue_since.is_none()).count()))
    });
    each_workspace(draft, view, &names::OVERDUE_AGE, |w| {
        let oldest = w.instances.iter().filter_map(|i| i.overdue_since.known()).min();
        Some(oldest.map_or(Value::Count(0), |since| {
            Value::length(view.at.duration_since(since).max(jiff::SignedDuration::ZERO))
        }))
    });
    each_workspace(draft, view, &names::READABLE, |w| Some(Value::of_bool(w.fault.is_none())));
    each_workspace(draft, view, &names::READ_AT, |w| w.read_at.map(Value::at));
    each_workspace(draft, view, &names::READ_LENGTH, |w| {
        w.read_at.map(|_| Value::Milli(i64::try_from(w.read_ms).unwrap_or(i64::MAX)))
    });
    let mut faults: BTreeMap<&str, usize> = BTreeMap::from([("none", 0)]);
    for workspace in view.workspaces.values() {
        let label = workspace.fault_label.unwrap_or(if workspace.fault.is_some() { "other" } else { "none" });
        let count = faults.entry(label).or_insert(0);
        *count = count.saturating_add(1);
    }
    draft.family(&names::WORKSPACES);
    for (fault, count) in &faults {
        draft.sample(&[fault], Value::of_len(*count));
    }
    let ungoverned = view.workspaces.values().filter(|w| w.policy.is_none()).count();
    draft.single(&names::UNGOVERNED, Value::of_len(ungoverned));
}

fn decisions(draft: &mut Draft, tally: &Tally, view: &FleetView) {
    let mut counts: BTreeMap<(Action, Ground), usize> = BTreeMap::new();
    let mut warnings = [("due", 0_usize), ("announced", 0), ("undelivered", 0)];
    for verdict in all(view).filter_map(|instance| instance.verdict.as_ref()) {
        let count = counts.entry((verdict.action, verdict.ground)).or_insert(0);
        *count = count.saturating_add(1);
        let state = match (verdict.action, verdict.ground) {
            (_, Ground::Announced) => "announced",
            (_, Ground::WarningUndelivered) => "undelivered",
            (Action::Warn, _) => "due",
            (Action::Keep | Action::Stop, _) => continue,
        };
        for (_, count) in warnings.iter_mut().filter(|(known, _)| *known == state) {
            *count = count.saturating_add(1);
        }
    }
    draft.family(&names::VERDICTS);
    for ((action, ground), count) in &counts {
        draft.sample(&[action.label(), ground.label()], Value::of_len(*count));
    }
    draft.family(&names::WARNINGS);
    for (state, count) in warnings {
        draft.sample(&[state], Value::of_len(count));
    }
    counted(draft, &names::WARNED, &tally.warned);
    channels(draft, view);
    draft.single(&names::LET_GO, Value::Count(view.telling.let_go));
}

/// Every finding has its series, so that an alert on one has something to look at.
fn natives(draft: &mut Draft, view: &FleetView) {
    let mut counts = NativeFinding::LABELS.map(|label| (label, 0_usize));
    for finding in all(view).flat_map(|instance| &instance.native) {
        for (_, count) in counts.iter_mut().filter(|(label, _)| *label == finding.label()) {
            *count = count.saturating_add(1);
        }
    }
    draft.family(&names::NATIVE);
    for (label, count) in counts {
        draft.sample(&[label], Value::of_len(count));
    }
}

fn sweeps(draft: &mut Draft, tally: &Tally, view: &FleetView) {
    draft.single(&names::SWEEPS, Value::Count(tally.sweeps));
    if let Some(ended) = view.last.ended_at {
        draft.single(&names::LAST_SWEEP, Value::at(ended));
        if let Some(began) = view.last.began_at {
            draft.single(&names::LAST_SWEEP_LENGTH, Value::length(ended.duration_since(began)));
        }
    }
    if let Some(at) = view.sight.last_full_sweep {
        draft.single(&names::LAST_FULL_SWEEP, Value::at(at));
    }
    counted(draft, &names::FAULTS, &tally.faults);
    staleness(draft, view);
}

fn staleness(draft: &mut Draft, view: &FleetView) {
    let seconds = |length: i64| Value::Count(u64::try_from(length).unwrap_or(0));
    draft.single(&names::STALENESS, seconds(view.staleness.p99));
    draft.family(&names::STALENESS_CAUSE);
    for cause in Staleness::ALL {
        draft.sample(&[cause.label()], Value::of_bool(cause == view.staleness.cause));
    }
    draft.family(&names::POLICY_STALENESS);
    for found in &view.staleness.policies {
        draft.sample(&[found.policy.as_str()], seconds(found.worst));
    }
    draft.family(&names::POLICY_STALENESS_BOUND);
    for found in &view.staleness.policies {
        draft.sample(&[found.policy.as_str()], seconds(found.bound));
    }
}

fn stops(draft: &mut Draft, tally: &Tally, view: &FleetView) {
    counted(draft, &names::PLANNED, &tally.planned);
    counted(draft, &names::REFUSED, &tally.refused);
    counted(draft, &names::ATTEMPTED, &tally.attempted);
    counted(draft, &names::VERIFIED, &tally.verified);
    counted(draft, &names::FAILED, &tally.failed);
    counted(draft, &names::EDGES_MISSED, &tally.edges_missed);
    counted(draft, &names::STARTS, &tally.starts);
    counted(draft, &names::DELETIONS, &tally.deletions);
    let mut now: Counts = Counts::from([("sent", 0)]);
    let refused = view.last.refused.iter().map(|(_, refusal)| refusal.label());
    let sent = view.last.stops.iter().map(|line| match &line.outcome {
        Outcome::Dropped { refusal, .. } => refusal.label(),
        Outcome::Accepted | Outcome::AlreadyStopped | Outcome::Failed { .. } | Outcome::Unclear { .. } => "sent",
    });
    for label in refused.chain(sent) {
        let count = now.entry(label).or_insert(0);
        *count = count.saturating_add(1);
    }
    counted(draft, &names::WAITING, &now);
}

fn azure(draft: &mut Draft, view: &FleetView, api: &ApiUse) {
    draft.family(&names::ARM_REQUESTS);
    for ((operation, code), count) in &api.requests {
        draft.sample(&[operation, &escape::word(code)], Value::Count(*count));
    }
    draft.family(&names::ARM_THROTTLED);
    let nought = view.workspaces.keys().map(|id| (id.subscription(), 0));
    let throttled = nought.chain(api.throttled.iter().map(|(subscription, count)| (subscription, *count)));
    for (subscription, count) in throttled.collect::<BTreeMap<_, _>>() {
        draft.sample(&[subscription.as_str()], Value::Count(count));
    }
    draft.family(&names::ARM_TOKENS);
    for ((subscription, region, kind), left) in &api.tokens_left {
        draft.sample(&[subscription.as_str(), region.as_str(), kind], Value::Count(*left));
    }
    draft.single(&names::ARM_FOREIGN, Value::Count(api.foreign_origins));
}

const fn mode_label(mode: Mode) -> &'static str {
    match mode {
        Mode::Observe => "observe",
        Mode::Enforce => "enforce",
    }
}

fn policies(draft: &mut Draft, tally: &Tally, view: &FleetView) {
    draft.family(&names::POLICIES);
    for mode in [Mode::Observe, Mode::Enforce] {
        let count = view.policies.iter().filter(|policy| policy.mode == mode).count();
        draft.sample(&[mode_label(mode)], Value::of_len(count));
    }
    draft.family(&names::POLICY);
    for policy in &view.policies {
        draft.sample(&[policy.id.as_str(), mode_label(policy.mode), &policy.revision], Value::Count(1));
    }
    draft.single(&names::RELOAD_OK, Value::of_bool(view.reload.is_ok()));
    if let Some(at) = tally.reloaded_at {
        draft.single(&names::RELOAD_AT, Value::at(at));
    }
    draft.family(&names::CANARY_UNTIL);
    for (policy, canary) in &view.sight.canaries {
        draft.sample(&[policy.as_str()], Value::at(canary.until));
    }
    draft.family(&names::CANARY_ROOM);
    for (policy, canary) in &view.sight.canaries {
        draft.sample(&[policy.as_str()], Value::of_len(canary.room));
    }
}

/// A channel that takes messages has none.
fn channels(draft: &mut Draft, view: &FleetView) {
    draft.family(&names::CHANNEL_FAILURES);
    for channel in &view.telling.channels {
        draft.sample(&[&channel.name], Value::of_len(usize::try_from(channel.failures).unwrap_or(usize::MAX)));
    }
}

fn switches(draft: &mut Draft, view: &FleetView) {
    draft.single(&names::FROZEN, Value::of_bool(view.freeze != Freeze::Off));
    draft.single(&names::CLOCK_TROUBLE, Value::of_bool(view.sight.clock_trouble.is_some()));
    let storage = FaultKind::Storage.label();
    draft.single(&names::STORE_OK, Value::of_bool(!view.last.faults.iter().any(|fault| fault.label == storage)));
}

fn per_instance(draft: &mut Draft, options: &MetricsOptions, view: &FleetView) {
    if !options.instance_series {
        return;
    }
    let labels = |instance: &'_ InstanceView| {
        let id = instance.facts.id.workspace();
        [
            id.subscription().as_str().to_owned(),
            id.resource_group().to_owned(),
            id.name().to_owned(),
            instance.facts.id.name().to_owned(),
        ]
    };
    draft.family(&names::INSTANCE_ON);
    for instance in all(view).take(options.instance_series_max) {
        let labels = labels(instance);
        draft.sample(&labels.each_ref().map(String::as_str), Value::of_bool(instance.facts.state.is_on()));
    }
    draft.family(&names::INSTANCE_STOP_AT);
    for instance in all(view).take(options.instance_series_max) {
        if let Some(due) = instance.verdict.as_ref().and_then(|verdict| verdict.due.as_ref()) {
            let labels = labels(instance);
            draft.sample(&labels.each_ref().map(String::as_str), Value::at(due.stop_at));
        }
    }
    let omitted = all(view).count().saturating_sub(options.instance_series_max);
    draft.single(&names::INSTANCES_OMITTED, Value::of_len(omitted));
}

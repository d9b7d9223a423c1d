//! `lightsout plan`: what would be stopped when, and what is kept and why.

use std::collections::BTreeMap;

use super::{Look, native};
use crate::facts::Freeze;
use crate::guard::Refusal;
use crate::report::{FleetView, InstanceView, Next, NextKind, WorkspaceView, coming, next, words};
use crate::rules::{Due, Ground, Verdict};
use crate::units::{InstanceId, PolicyId};

/// So many names a line of kept instances shows; the rest is a number.
const NAMES_MAX: usize = 6;

/// The plan as text.
#[must_use]
pub fn plan(view: &FleetView, look: &Look) -> String {
    let mut text = format!("{}\n", look.paint.strong(&format!("Plan as of {}", look.when(view.at, only_policy(view)))));
    if view.freeze != Freeze::Off {
        text.push_str(&format!("{}\n", look.paint.bad(&words::freeze(&view.freeze))));
    }
    text.push('\n');
    stops(&mut text, view, look);
    starts(&mut text, view, look);
    kept(&mut text, view, look);
    ungoverned(&mut text, view, look);
    unread(&mut text, view, look);
    text.extend(native::summary(view).map(|line| format!("\n{line}\n")));
    text
}

/// The one policy, when there is only one: then its zone is the plan's.
fn only_policy(view: &FleetView) -> Option<&PolicyId> {
    match view.policies.as_slice() {
        [policy] => Some(&policy.id),
        _ => None,
    }
}

fn decided(view: &FleetView) -> impl Iterator<Item = (&InstanceView, &Verdict)> {
    view.workspaces.values().flat_map(|w| &w.instances).filter_map(|i| i.verdict.as_deref().map(|verdict| (i, verdict)))
}

/// Why it is due, and what keeps it until then when that is something else.
fn why(verdict: &Verdict, due: &Due) -> String {
    if verdict.ground == due.ground {
        due.ground.label().to_owned()
    } else {
        format!("{}; now it {}", due.ground.label(), words::ground(verdict.ground))
    }
}

fn stops(text: &mut String, view: &FleetView, look: &Look) {
    let mut stops: Vec<_> =
        decided(view).filter_map(|(instance, verdict)| coming(verdict).map(|due| (due, instance, verdict))).collect();
    stops.sort_by(|a, b| (a.0.stop_at, &a.1.facts.id).cmp(&(b.0.stop_at, &b.1.facts.id)));
    if stops.is_empty() {
        text.push_str("Nothing would be stopped.\n");
        return;
    }
    let rows: Vec<Vec<String>> = stops
        .iter()
        .map(|(due, instance, verdict)| {
            let policy = view.policies.iter().find(|policy| policy.id == verdict.under.policy);
            let mode = policy.map_or("?", |policy| words::mode(policy.mode));
            vec![
                look.when(due.stop_at, Some(&verdict.under.policy)),
                name(&instance.facts.id),
                words::owner(&instance.facts),
                why(verdict, due),
                format!("{} ({mode})", verdict.under.policy),
                instance.held_back.map_or("-", Refusal::label).to_owned(),
            ]
        })
        .collect();
    text.push_str(&format!("{}\n", look.paint.soon(&format!("Would be stopped: {}", rows.len()))));
    text.push_str(&look.table(&["when", "instance", "owner", "why", "policy", "held back by"], &rows));
    let mut reasons: Vec<Refusal> = stops.iter().filter_map(|(_, instance, _)| instance.held_back).collect();
    reasons.sort_unstable();
    reasons.dedup();
    for refusal in reasons {
        text.push_str(&format!("  {}: {}\n", look.paint.strong(refusal.label()), refusal.words()));
    }
}

/// What is off and is started when its hours begin.
fn starts(text: &mut String, view: &FleetView, look: &Look) {
    let coming = |(instance, verdict)| {
        Some((next(view, instance), instance, verdict)).filter(|(next, ..)| next.kind == NextKind::Start)
    };
    let mut starts: Vec<_> = decided(view).filter_map(coming).collect();
    starts.sort_by(|a, b| (a.0.at, &a.1.facts.id).cmp(&(b.0.at, &b.1.facts.id)));
    if starts.is_empty() {
        return;
    }
    let row = |(next, instance, verdict): &(Next, &InstanceView, &Verdict)| {
        vec![
            next.at.map_or_else(|| "-".to_owned(), |at| look.when(at, Some(&verdict.under.policy))),
            name(&instance.facts.id),
            words::owner(&instance.facts),
            instance.start.as_ref().map_or("-", |found| found.ground.label()).to_owned(),
            format!("{} ({})", verdict.under.policy, next.mode.map_or("?", words::mode)),
        ]
    };
    let rows: Vec<Vec<String>> = starts.iter().map(row).collect();
    text.push_str(&format!("\n{}\n", look.paint.good(&format!("Would be started: {}", rows.len()))));
    text.push_str(&look.table(&["when", "instance", "owner", "now", "policy"], &rows));
}

pub(super) fn name(id: &InstanceId) -> String {
    format!("{}/{}", id.workspace().name(), id.name())
}

fn kept(text: &mut String, view: &FleetView, look: &Look) {
    let mut groups: BTreeMap<Ground, Vec<String>> = BTreeMap::new();
    for (instance, verdict) in decided(view).filter(|(_, verdict)| coming(verdict).is_none()) {
        groups.entry(verdict.ground).or_default().push(name(&instance.facts.id));
    }
    let count: usize = groups.values().map(Vec::len).sum();
    if count == 0 {
        return;
    }
    let rows: Vec<Vec<String>> = groups
        .into_iter()
        .map(|(ground, names)| {
            vec![names.len().to_string(), format!("{}: it {}", ground.label(), words::ground(ground)), some_of(&names)]
        })
        .collect();
    text.push_str(&format!("\n{}\n", look.paint.good(&format!("Kept: {count}"))));
    text.push_str(&look.table(&["", "because", "instances"], &rows));
}

fn some_of(names: &[String]) -> String {
    let shown = names.iter().take(NAMES_MAX).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(NAMES_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn ungoverned(text: &mut String, view: &FleetView, look: &Look) {
    let nobody: Vec<&WorkspaceView> =
        view.workspaces.values().filter(|w| w.policy.is_none() && w.fault.is_none()).collect();
    if nobody.is_empty() {
        return;
    }
    let names: Vec<String> = nobody.iter().map(|w| words::clean(w.id.name())).collect();
    text.push_str(&format!("\n{}: {}\n", look.paint.strong("Governed by no policy, never stopped"), some_of(&names)));
}

fn unread(text: &mut String, view: &FleetView, look: &Look) {
    for (workspace, fault) in view.workspaces.values().filter_map(|w| w.fault.as_ref().map(|fault| (w, fault))) {
        let line = format!(
            "\n{}: {}\n",
            look.paint.bad(&format!("{} is not in this plan", words::clean(workspace.id.name()))),
            words::clean(fault)
        );
        text.push_str(&line);
    }
}

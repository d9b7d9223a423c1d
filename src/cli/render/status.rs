//! `lightsout status`: how the service and its fleet are, what is wrong, and what to do about it.

use super::Look;
use super::budgets::budgets;
use super::burning::burning;
use super::native;
use super::reconciliation;
use super::sweep::{counts, fault_lines};
use crate::facts::Freeze;
use crate::guard::Refusal;
use crate::report::{FleetView, InstanceView, words};

/// The status as text; what needs a person comes first.
#[must_use]
pub fn status(view: &FleetView, look: &Look) -> String {
    let mut text = String::new();
    troubles(&mut text, view, look);
    summary(&mut text, view, look);
    burning(&mut text, view, look);
    workspaces(&mut text, view, look);
    overdue(&mut text, view, look);
    holds(&mut text, view, look);
    budgets(&mut text, view, look);
    policies(&mut text, view, look);
    text
}

fn troubles(text: &mut String, view: &FleetView, look: &Look) {
    let mut lines = Vec::new();
    if view.freeze != Freeze::Off {
        lines.push(words::freeze(&view.freeze));
    }
    if let Err(problem) = &view.reload {
        lines.push(words::clean(problem));
    }
    if let Some(trouble) = &view.sight.clock_trouble {
        lines.push(format!("clock trouble, nothing is stopped until it is over: {}", words::clean(trouble)));
    }
    if let Some(Err(broken)) = view.money.followed.as_ref().map(|followed| &followed.found) {
        lines.push(format!("the ledger was changed by something else than this service: {}", words::clean(broken)));
    }
    for channel in view.telling.channels.iter().filter(|channel| channel.failures > 0) {
        let (name, failures, why) = (&channel.name, channel.failures, words::clean(&channel.why));
        lines.push(format!("channel {name} failed {failures} times in a row: {why}"));
    }
    for line in &lines {
        text.push_str(&format!("{} {line}\n", look.paint.bad("!")));
    }
    text.push_str(&fault_lines(view, look));
    if lines.is_empty() && view.last.faults.is_empty() && view.workspaces.values().all(|w| w.fault.is_none()) {
        text.push_str(&format!("{}\n", look.paint.good("all well")));
    }
}

fn summary(text: &mut String, view: &FleetView, look: &Look) {
    let all = || view.workspaces.values().flat_map(|w| &w.instances);
    let on = all().filter(|i| i.facts.state.is_on()).count();
    let ended = view.last.ended_at.map_or_else(|| "none yet".to_owned(), |at| look.when(at, None));
    text.push_str(&format!("\n{}\n", look.paint.strong("Fleet")));
    text.push_str(&format!("  {} workspaces, {} instances, {on} on\n", view.workspaces.len(), all().count()));
    text.push_str(&format!("  last sweep: {ended}\n"));
    text.push_str(&format!("  {}\n", counts(&view.last)));
    if let Some((followed, row)) = view.money.followed.as_ref().and_then(|one| Some((one, one.found.as_ref().ok()?))) {
        text.push_str(&format!(
            "  ledger: {} rows, followed to row {row} {}\n",
            view.money.head.0,
            look.when(followed.at, None)
        ));
    }
    text.extend(native::summary(view).map(|line| format!("  {line}\n")));
    text.extend(view.money.reconciliation.iter().map(|bill| format!("  bill: {}\n", reconciliation::line(bill, look))));
}

fn workspaces(text: &mut String, view: &FleetView, look: &Look) {
    let rows: Vec<Vec<String>> = view
        .workspaces
        .values()
        .map(|w| {
            vec![
                w.id.name().to_owned(),
                w.region.to_string(),
                w.policy.as_ref().map_or_else(|| "none".to_owned(), ToString::to_string),
                w.instances.len().to_string(),
                w.instances.iter().filter(|i| i.facts.state.is_on()).count().to_string(),
                w.instances.iter().filter(|i| !i.overdue_since.is_none()).count().to_string(),
                w.read_at.map_or_else(|| "never".to_owned(), |at| words::from_now(at, look.now)),
                w.fault_label.unwrap_or(if w.fault.is_some() { "other" } else { "-" }).to_owned(),
            ]
        })
        .collect();
    if !rows.is_empty() {
        text.push('\n');
        text.push_str(
            &look.table(&["workspace", "region", "policy", "instances", "on", "overdue", "read", "fault"], &rows),
        );
    }
}

fn overdue(text: &mut String, view: &FleetView, look: &Look) {
    let mut late: Vec<(&InstanceView, _)> = view
        .workspaces
        .values()
        .flat_map(|w| &w.instances)
        .filter_map(|i| i.overdue_since.known().map(|since| (i, since)))
        .collect();
    late.sort_by_key(|(_, since)| *since);
    let rows: Vec<Vec<String>> = late
        .iter()
        .map(|(instance, since)| {
            let verdict = instance.verdict.as_ref();
            vec![
                format!("{}/{}", instance.facts.id.workspace().name(), instance.facts.id.name()),
                words::length(view.at.duration_since(*since)),
                words::owner(&instance.facts),
                verdict.map_or("-", |verdict| verdict.ground.label()).to_owned(),
                instance.held_back.map_or("-", Refusal::label).to_owned(),
            ]
        })
        .collect();
    if !rows.is_empty() {
        text.push_str(&format!("\n{}\n", look.paint.soon("Should be off and is on")));
        text.push_str(&look.table(&["instance", "for", "owner", "ground", "held back by"], &rows));
    }
}

fn holds(text: &mut String, view: &FleetView, look: &Look) {
    let rows: Vec<Vec<String>> = view
        .workspaces
        .values()
        .flat_map(|w| w.instances.iter().flat_map(move |i| i.holds.iter().map(move |hold| (w, i, hold))))
        .map(|(w, instance, hold)| {
            vec![
                instance.facts.id.name().to_owned(),
                look.when(hold.until, w.policy.as_ref()),
                hold.by.clone(),
                if hold.off { format!("to stay off: {}", hold.reason) } else { hold.reason.clone() },
                hold.id.clone(),
            ]
        })
        .collect();
    if !rows.is_empty() {
        text.push_str(&format!("\n{}\n", look.paint.strong("Holds")));
        text.push_str(&look.table(&["instance", "until", "by", "reason", "id"], &rows));
    }
}

fn policies(text: &mut String, view: &FleetView, look: &Look) {
    let rows: Vec<Vec<String>> = view
        .policies
        .iter()
        .map(|policy| {
            let canary = policy
                .canary_until
                .map_or_else(|| "-".to_owned(), |until| format!("until {}", look.when(until, Some(&policy.id))));
            vec![
                policy.id.to_string(),
                words::mode(policy.mode).to_owned(),
                policy.revision.to_string(),
                policy.file.to_string(),
                canary,
            ]
        })
        .collect();
    text.push_str(&format!("\n{}\n", look.paint.strong("Policies")));
    if rows.is_empty() {
        text.push_str("  none: nothing is governed\n");
    } else {
        text.push_str(&look.table(&["policy", "mode", "revision", "file", "tried on a few"], &rows));
    }
}

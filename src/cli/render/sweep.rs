//! `lightsout sweep`: what one sweep saw, did and could not do.

use super::Look;
use super::native::timers;
use crate::facts::Freeze;
use crate::report::{FleetView, Outcome, StartLine, StopLine, SweepReport, words};

/// The account of the last sweep as text.
#[must_use]
pub fn sweep(view: &FleetView, look: &Look) -> String {
    let report = &view.last;
    let took = match (report.began_at, report.ended_at) {
        (Some(began), Some(ended)) => {
            format!(" in {:.1} s", ended.duration_since(began).as_secs_f64())
        }
        _ => String::new(),
    };
    let mut text = format!(
        "{}\n",
        look.paint.strong(&format!("Read {} of {} workspaces{took}", report.workspaces_read, view.workspaces.len()))
    );
    text.push_str(&format!("  {}\n", counts(report)));
    if view.freeze != Freeze::Off {
        text.push_str(&format!("\n{}\n", look.paint.bad(&words::freeze(&view.freeze))));
    }
    let rows: Vec<Vec<String>> = report.stops.iter().map(row).collect();
    if !rows.is_empty() {
        text.push('\n');
        text.push_str(&look.table(&["instance", "why", "outcome"], &rows));
    }
    let refused: Vec<Vec<String>> = report
        .refused
        .iter()
        .map(|(step, refusal)| vec![name(&step.instance), step.ground.label().to_owned(), refusal.words().to_owned()])
        .collect();
    if !refused.is_empty() {
        text.push_str(&format!("\n{}\n", look.paint.strong("Held back")));
        text.push_str(&look.table(&["instance", "why it was due", "why it was not stopped"], &refused));
    }
    if !report.starts.is_empty() {
        let line = |line: &StartLine| {
            vec![name(&line.instance), line.outcome.label().to_owned(), words::clean(&line.outcome.words())]
        };
        let starts: Vec<Vec<String>> = report.starts.iter().map(line).collect();
        text.push_str(&format!("\n{}\n", look.paint.strong("Starts, as hours begin")));
        text.push_str(&look.table(&["instance", "outcome", "what there is to say"], &starts));
    }
    if !report.timers.is_empty() {
        text.push_str(&format!("\n{}\n", look.paint.strong("Azure's idle timers")));
        text.push_str(&timers(&report.timers, look));
    }
    let faults = fault_lines(view, look);
    if !faults.is_empty() {
        text.push('\n');
        text.push_str(&faults);
    }
    text
}

fn name(id: &crate::units::InstanceId) -> String {
    format!("{}/{}", id.workspace().name(), id.name())
}

fn row(line: &StopLine) -> Vec<String> {
    vec![name(&line.step.instance), line.step.ground.label().to_owned(), outcome(&line.outcome)]
}

fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Accepted => "Azure took the stop".to_owned(),
        Outcome::AlreadyStopped => "was off already".to_owned(),
        Outcome::Dropped { refusal, words } => format!("not sent, {}: {words}", refusal.label()),
        Outcome::Failed { label, words } => format!("FAILED, {label}: {words}"),
        Outcome::Unclear { words } => format!("unclear, the next sweep looks: {words}"),
    }
}

/// One line of numbers about a sweep.
pub(super) fn counts(report: &SweepReport) -> String {
    let mut sent = 0_usize;
    let mut failed = 0_usize;
    let mut dropped = 0_usize;
    for line in &report.stops {
        let count = match line.outcome {
            Outcome::Accepted | Outcome::AlreadyStopped | Outcome::Unclear { .. } => &mut sent,
            Outcome::Failed { .. } => &mut failed,
            Outcome::Dropped { .. } => &mut dropped,
        };
        *count = count.saturating_add(1);
    }
    let held_back = report.refused.len().saturating_add(dropped);
    let verified = report.settled.iter().filter(|(_, result)| result == "stopped").count();
    format!(
        "{} decided, {} warned, {sent} stops sent, {failed} failed, {held_back} held back, {verified} seen stopped",
        report.verdicts.len(),
        report.notices.len()
    )
}

/// What is wrong, a line each: workspaces first, then what else the sweep met.
pub(super) fn fault_lines(view: &FleetView, look: &Look) -> String {
    let mut text = String::new();
    let mark = look.paint.bad("!");
    for (workspace, fault) in view.workspaces.values().filter_map(|w| w.fault.as_ref().map(|fault| (w, fault))) {
        text.push_str(&format!("{mark} {}: {}\n", words::clean(workspace.id.name()), words::clean(fault)));
    }
    let told = |line: &&crate::report::FaultLine| {
        let known = line.workspace.as_ref().and_then(|id| view.workspaces.get(id));
        known.is_none_or(|workspace| workspace.fault.is_none())
    };
    for line in view.last.faults.iter().filter(told) {
        let place = line.workspace.as_ref().map_or_else(String::new, |id| format!("{}: ", words::clean(id.name())));
        text.push_str(&format!("{mark} {place}{}\n", words::clean(&line.words)));
    }
    text
}

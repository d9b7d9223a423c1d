//! What the engine logs, each thing once, where it is handled.

use jiff::SignedDuration;

use crate::ledger::Head;
use crate::plan::Notice;
use crate::ports::{BudgetMark, Fault, Message};
use crate::report::{
    FaultLine, Outcome, ReconciliationView, StartLine, StartOutcome, StopLine, SweepReport, TimerLine,
};
use crate::units::{InstanceId, Span};

/// A fault of the service itself.
pub(super) fn fault(fault: &Fault) {
    tracing::error!(label = fault.kind.label(), "{}; {}", fault.words(), fault.kind.remedy());
}

/// An idle timer that the service set, or did not.
#[expect(clippy::cognitive_complexity, reason = "the logging macros count, not the code")]
pub(super) fn timer(line: &TimerLine) {
    let TimerLine { instance, to, outcome, .. } = line;
    let was = line.was.map_or_else(|| "none".to_owned(), |was| was.to_string());
    if outcome.is_trouble() {
        tracing::warn!(%instance, was, wanted = %to, "idle timer: {}", outcome.words());
    } else {
        tracing::info!(%instance, was, wanted = %to, "idle timer: {}", outcome.words());
    }
}

/// A start that was due.
#[expect(clippy::cognitive_complexity, reason = "the logging macros count, not the code")]
pub(super) fn start(line: &StartLine) {
    let StartLine { instance, edge_at, outcome, .. } = line;
    let (label, words) = (outcome.label(), outcome.words());
    match outcome {
        StartOutcome::Would | StartOutcome::Asked | StartOutcome::Waits { .. } => {
            tracing::info!(%instance, %edge_at, outcome = label, "start: {words}");
        }
        StartOutcome::Failed { .. }
        | StartOutcome::Unclear { .. }
        | StartOutcome::KeptOff { .. }
        | StartOutcome::Missed { .. } => {
            tracing::warn!(%instance, %edge_at, outcome = label, "start: {words}");
        }
    }
}

pub(super) fn timer_without_end(instance: &InstanceId, to: Span) {
    tracing::warn!(%instance, wanted = %to, "idle timer: it was asked for when the service ended, and may have been set; the next reading shows it");
}

pub(super) fn kept_policies(why: &str) {
    tracing::error!("the new policies are not used, the old ones stay at work: {why}");
}

pub(super) fn broken_policies(why: &str) {
    tracing::error!("some policies are broken, and what they cover is left alone until they are mended: {why}");
}

#[expect(clippy::cognitive_complexity, reason = "the logging macros count, not the code")]
pub(super) fn policies(digest: &str, governing: usize) {
    if governing == 0 {
        tracing::warn!(digest, "no policy is in force, so nothing is stopped anywhere");
    } else {
        tracing::info!(digest, governing, "policies are in force");
    }
}

#[expect(clippy::cognitive_complexity, reason = "the logging macros count, not the code")]
pub(super) fn prices(asked: usize, faults: &[FaultLine]) {
    if faults.is_empty() {
        tracing::debug!(asked, "prices were asked for");
    }
    for fault in faults {
        tracing::warn!("a price source failed, and the last good prices stand: {}", fault.words);
    }
}

#[expect(clippy::cognitive_complexity, reason = "the logging macros count, not the code")]
pub(super) fn reconciled(view: &ReconciliationView) {
    let (days, compared) = (view.days, view.compared);
    let error = view.error.map_or_else(|| "none".to_owned(), |error| error.to_string());
    tracing::info!(days, compared, error, "the ledger was compared with the bill");
    for fault in &view.faults {
        tracing::warn!("a bill could not be had, and what was had before stands: {}", fault.words);
    }
}

#[expect(clippy::cognitive_complexity, reason = "the logging macros count, not the code")]
pub(super) fn followed(found: &Result<Head, String>) {
    match found {
        Ok(head) => tracing::info!(rows = head.seq, head = head.hex(), "the ledger is whole"),
        Err(broken) => tracing::error!("the ledger was changed by something else than this service: {broken}"),
    }
}

/// Levels of budgets that were reached, whether or not anybody is told.
pub(super) fn levels(reached: &[(BudgetMark, Option<Message>)]) {
    for (mark, message) in reached {
        let BudgetMark { policy, month, level, spent, .. } = mark;
        tracing::warn!(policy = %policy, %month, level, told = message.is_some(), "{} has spent {spent} of its budget", mark.scope);
    }
}

pub(super) fn drained(in_time: bool) {
    if !in_time {
        tracing::warn!("a sweep was cut off; what it sent is settled by looking at the next start");
    }
}

#[expect(clippy::cognitive_complexity, reason = "the logging macros count, not the code")]
pub(super) fn clock(step: Option<SignedDuration>, trouble: Option<&str>, before: Option<&str>) {
    if let Some(step) = step {
        tracing::warn!("this machine's clock stepped by {} s", step.as_secs());
    }
    if trouble.is_some() != before.is_some() {
        let words = trouble.unwrap_or("clocks agree again");
        tracing::warn!(held = trouble.is_some(), "{words}");
    }
}

/// Everything a sweep has to say.
#[expect(clippy::cognitive_complexity, reason = "the logging macros count, not the code")]
pub(super) fn sweep(report: &SweepReport) {
    report.faults.iter().for_each(fault_line);
    report.notices.iter().for_each(notice);
    report.stops.iter().for_each(stop);
    for (instance, result) in &report.settled {
        tracing::info!(instance = instance.name(), result, "stop settled");
    }
    for (policy, missed, reason) in &report.edges_missed {
        tracing::warn!(policy = %policy, missed, reason, "off edges passed unseen");
    }
}

fn fault_line(fault: &FaultLine) {
    let workspace = fault.workspace.as_ref().map(|id| id.name().to_owned()).unwrap_or_default();
    tracing::warn!(workspace, label = fault.label, "{}", fault.words);
}

fn notice(notice: &Notice) {
    tracing::info!(instance = notice.instance.name(), stop_at = %notice.key.stop_at, "warned: {}", notice.words);
}

#[expect(clippy::cognitive_complexity, reason = "the logging macros count, not the code")]
fn stop(line: &StopLine) {
    let (label, words) = match &line.outcome {
        Outcome::Accepted => ("accepted", "Azure took the stop"),
        Outcome::AlreadyStopped => ("already_stopped", "it was off already"),
        Outcome::Dropped { refusal, words } => (refusal.label(), words.as_str()),
        Outcome::Failed { label, words } => (*label, words.as_str()),
        Outcome::Unclear { words } => ("unclear", words.as_str()),
    };
    let (instance, ground) = (line.step.instance.name(), line.step.ground.label());
    match line.outcome {
        Outcome::Accepted | Outcome::AlreadyStopped | Outcome::Dropped { .. } => {
            tracing::info!(instance, ground, outcome = label, "{words}");
        }
        Outcome::Failed { .. } | Outcome::Unclear { .. } => {
            tracing::warn!(instance, ground, outcome = label, "{words}");
        }
    }
}

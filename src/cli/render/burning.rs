//! What is burning right now, and why it is still on: the dearest first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Look;
use super::plan::name;
use crate::ledger::MeterState;
use crate::policy::Mode;
use crate::report::{self, FleetView, InstanceView, NextKind, words};
use crate::units::{Cost, Currency, Rate};

/// So many are listed; the rest is a line.
const LISTED: usize = 10;

/// One that is billed, and what it costs an hour as far as a price is known.
type Burning<'a> = (&'a InstanceView, Option<Rate>);

/// The section of `lightsout status`.
pub(super) fn burning(text: &mut String, view: &FleetView, look: &Look) {
    let mut all: Vec<Burning<'_>> = instances(view)
        .filter(|instance| MeterState::of(&instance.facts.state) == MeterState::Running)
        .map(|instance| (instance, view.money.burns(instance)))
        .collect();
    // What has no price cannot be put among those that have one. It comes last, and the first line counts it, so that
    // a cut list never hides it.
    all.sort_by_key(|(instance, rate)| (Reverse(rate.map(Rate::nanos)), &instance.facts.id));
    text.push_str(&format!("\n{}: {}\n", look.paint.strong("Burning now"), sum(&all)));
    let (listed, rest) = all.split_at(all.len().min(LISTED));
    if !listed.is_empty() {
        let rows: Vec<Vec<String>> = listed.iter().map(|one| row(view, look, one)).collect();
        text.push_str(&look.table(&["instance", "owner", "size", "cost/h", "on for", "why", "next"], &rows));
    }
    if !rest.is_empty() {
        text.push_str(&format!("  and {} more: {}\n", rest.len(), sum(rest)));
    }
    residual(text, view);
    for fault in &view.money.faults {
        text.push_str(&format!("  {} {}\n", look.paint.soon("prices:"), words::clean(&fault.words)));
    }
}

fn instances(view: &FleetView) -> impl Iterator<Item = &InstanceView> {
    view.workspaces.values().flat_map(|workspace| &workspace.instances)
}

/// `9.18 USD an hour, and 1 at an unknown price`.
fn sum(burning: &[Burning<'_>]) -> String {
    let mut rates: BTreeMap<Currency, Vec<Rate>> = BTreeMap::new();
    for rate in burning.iter().filter_map(|(_, rate)| *rate) {
        rates.entry(rate.currency()).or_default().push(rate);
    }
    let mut parts: Vec<String> =
        rates.into_iter().map(|(currency, rates)| an_hour(currency, rates.into_iter().map(|rate| (rate, 1)))).collect();
    match burning.iter().filter(|(_, rate)| rate.is_none()).count() {
        0 => {}
        unknown => parts.push(format!("{unknown} at an unknown price")),
    }
    if parts.is_empty() { "nothing".to_owned() } else { parts.join(", and ") }
}

/// What so many of each rate cost an hour together, rounded once.
fn an_hour(currency: Currency, rates: impl Iterator<Item = (Rate, i64)>) -> String {
    let zero = Cost::zero(currency);
    let cost = rates.fold(zero, |sum, (rate, times)| sum.plus(rate.over(times.saturating_mul(3_600))).unwrap_or(sum));
    format!("{} {currency} an hour", cost.text(2))
}

fn row(view: &FleetView, look: &Look, (instance, rate): &Burning<'_>) -> Vec<String> {
    let facts = &instance.facts;
    let verdict = instance.verdict.as_deref();
    vec![
        name(&facts.id),
        words::owner(facts),
        facts.size.to_string(),
        rate.map_or_else(|| "unknown".to_owned(), |rate| format!("{} {}", rate.text(), rate.currency())),
        facts.started_at().map_or_else(|| "unknown".to_owned(), |at| words::length(look.now.duration_since(at))),
        verdict.map_or_else(|| undecided(view, instance), |verdict| words::ground(verdict.ground)).to_owned(),
        if verdict.is_some() { next(view, look, instance) } else { "-".to_owned() },
    ]
}

fn undecided(view: &FleetView, instance: &InstanceView) -> &'static str {
    let workspace = view.workspaces.get(instance.facts.id.workspace());
    match workspace.and_then(|workspace| workspace.policy.as_ref()) {
        Some(_) => "nothing is decided about it yet",
        None => "no policy governs it",
    }
}

/// What happens next, if nothing changes.
fn next(view: &FleetView, look: &Look, instance: &InstanceView) -> String {
    let next = report::next(view, instance);
    if next.kind != NextKind::Stop {
        return next.at.map_or_else(|| "-".to_owned(), |at| format!("decided anew {}", words::from_now(at, look.now)));
    }
    let what = match next.mode {
        Some(Mode::Observe) => "would be stopped",
        Some(Mode::Enforce) | None => "stop",
    };
    match (next.held_back, next.at.filter(|at| *at > look.now)) {
        (Some(refusal), _) => format!("{what}, held back: {}", refusal.label()),
        (None, Some(at)) => format!("{what} {}", words::from_now(at, look.now)),
        (None, None) => format!("{what} now"),
    }
}

/// What no stop saves (C7).
fn residual(text: &mut String, view: &FleetView) {
    let Some(rate) = view.money.residual.and_then(|residual| residual.total()) else { return };
    let off = instances(view).filter(|instance| MeterState::of(&instance.facts.state) == MeterState::Stopped).count();
    if off > 0 {
        let times = i64::try_from(off).unwrap_or(i64::MAX);
        let cost = an_hour(rate.currency(), std::iter::once((rate, times)));
        text.push_str(&format!("  {off} off: {cost} all the same, for disk, address and load balancer\n"));
    }
}

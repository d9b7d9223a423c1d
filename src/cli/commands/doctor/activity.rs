//! Whoever can tell whether an instance is used, tried: agents' listener, Prometheus with every question, rights to metrics and jobs.

use std::collections::BTreeSet;

use super::{Examined, Health};
use crate::azure::{JOBS_ACTION, METRICS_ACTION, START_ACTION, TIMER_ACTION};
use crate::cli::clock::SystemClock;
use crate::cli::outside::Outside;
use crate::policy::PolicySet;
use crate::ports::Clock as _;
use crate::settings::Settings;

/// The rights that the sources need which the settings name.
pub(super) fn needed(settings: &Settings) -> impl Iterator<Item = &'static str> {
    let metrics = settings.monitor.enabled.then_some(METRICS_ACTION);
    metrics.into_iter().chain(settings.jobs.queued.then_some(JOBS_ACTION))
}

/// The files of `deploy` whose roles grant what is missing.
pub(super) fn roles(missing: &[&str]) -> String {
    let is_evidence = |action: &&str| [METRICS_ACTION, JOBS_ACTION].contains(action);
    let is_beside = |action: &&str| is_evidence(action) || [TIMER_ACTION, START_ACTION].contains(action);
    let others = missing.iter().any(|action| !is_beside(action));
    let roles = [
        (others, "role.json"),
        (missing.contains(&TIMER_ACTION), "role-native.json"),
        (missing.contains(&START_ACTION), "role-start.json"),
        (missing.iter().any(is_evidence), "role-evidence.json"),
    ];
    let named: Vec<String> = roles.iter().filter(|(is, _)| *is).map(|(_, role)| format!("deploy/{role}")).collect();
    named.join(" and ")
}

/// Where agents report. That their secret can be read was seen when the parts were put together.
pub(super) fn agents(seen: &mut Examined, settings: &Settings) {
    let agents = &settings.agents;
    if !agents.enabled {
        return seen.well("agents", "none may report ([agents] enabled)");
    }
    let how = match &agents.tls {
        Some(_) => "over TLS",
        None if agents.listen.ip().is_loopback() => "on this machine alone",
        None => "behind a proxy that ends TLS",
    };
    let tokens = if agents.secret.is_some() { "tokens can be signed" } else { "no tokens are minted here" };
    seen.well("agents", format!("report to {} {how}; {tokens}", agents.listen));
}

/// Every question that a policy asks, once.
pub(super) async fn prometheus(seen: &mut Examined, outside: &Outside<SystemClock>, set: &PolicySet) {
    let Some(promql) = &outside.witnesses.promql else { return };
    let questions: BTreeSet<(&str, &str)> = set
        .policies
        .iter()
        .flat_map(|policy| policy.questions())
        .map(|question| (&*question.query, &*question.label))
        .collect();
    if questions.is_empty() {
        return seen.add(
            "prometheus",
            Health::Warning,
            "it is set up, and no policy asks it anything ([promql] query)",
        );
    }
    for (query, label) in questions {
        let question = crate::policy::PromqlQuestion { query: query.into(), label: label.into() };
        match promql.doctor(&question, outside.now()).await {
            Ok(found) if found.labelled == 0 => {
                let problem = format!(
                    "`{query}` has {} series now, and none has the label {label}: of nobody it tells anything",
                    found.series
                );
                seen.add("prometheus", Health::Warning, problem);
            }
            Ok(found) => {
                let words = format!("`{query}` has {} series, {} with the label {label}", found.series, found.labelled);
                seen.well("prometheus", words);
            }
            Err(fault) => seen.fault("prometheus", &fault),
        }
    }
}

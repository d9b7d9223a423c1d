//! Whoever can tell whether an instance is used, tried: agents' listener, and Prometheus with every question.

use std::collections::BTreeSet;

use super::{Examined, Health};
use crate::cli::clock::SystemClock;
use crate::cli::outside::Outside;
use crate::policy::PolicySet;
use crate::ports::Clock as _;
use crate::settings::Settings;

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

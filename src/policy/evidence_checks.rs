//! What the rules say of evidence: from the table of a question to the question, and whether anything can answer.

use std::sync::Arc;

use super::compile::{Around, Layered};
use super::document::{Idle, Promql, Tables};
use super::layers::on;
use super::model::{IdleRule, PromqlQuestion, Terms};
use crate::document::{Findings, Place, Trouble};
use crate::facts::{Source, SourceSet};

/// The question of a table; without an expression there is none.
pub(super) fn promql(table: &Promql) -> Option<Arc<PromqlQuestion>> {
    let query = table.query.as_ref()?.value.0.as_str().into();
    let label = table.label.as_ref().map_or("instance", |label| label.value.0.as_str()).into();
    Some(Arc::new(PromqlQuestion { query, label }))
}

/// A table that asks nothing.
pub(super) fn unfinished(layered: Layered<'_>, findings: &mut Findings<'_>) {
    let Some(table) = on(&layered.effective.promql) else { return };
    let Some(own) = on(&layered.written.promql).and(layered.written.promql.as_ref()) else { return };
    if table.query.is_none() && !findings.is_broken("promql") {
        let help = "write query = \"…\", an expression above 0 for instances in use, or leave the table out";
        findings.error(&own.at, Trouble::new("this asks Prometheus nothing", help));
    }
}

/// What the idle rule needs, against what there is.
pub(super) fn conflicts(effective: &Tables, terms: &Terms, around: &Around<'_>, findings: &mut Findings<'_>) {
    let Some((rule, table)) = terms.idle.zip(on(&effective.idle)) else { return };
    let Some(at) = table.needs.as_ref().map(|needs| &needs.at).or(table.after.as_ref().map(|after| &after.at)) else {
        return;
    };
    needs(rule, table, at, findings);
    left_to_azure(rule, terms, around, at, findings);
    let is_there = |source: Source| match source {
        Source::Promql => terms.promql.is_some() && around.sources.has(Source::Promql),
        Source::AzureTimer => true,
        Source::Job | Source::Queue | Source::Agent | Source::Monitor => around.sources.has(source),
    };
    for source in rule.needs.iter().filter(|source| !is_there(*source)) {
        let problem = "this rule can never fire: no source tells whether an instance is used".to_owned();
        let (problem, help) = match source {
            Source::Promql if terms.promql.is_none() => (
                "this needs \"promql\", and the policy asks Prometheus nothing".to_owned(),
                "write [promql] with a query",
            ),
            Source::Promql => (
                "this rule can never fire: the settings name no Prometheus".to_owned(),
                "write [promql] url = \"…\" in the settings",
            ),
            Source::Monitor => (
                "this rule can never fire: the settings do not ask Azure Monitor".to_owned(),
                "write [monitor] enabled = true in the settings",
            ),
            Source::Agent if rule.needs == SourceSet::NONE.with(Source::Agent) => (
                problem,
                "write [agents] in the settings and install the agent, name other sources in idle.needs, or rely on hours and uptime",
            ),
            Source::Agent | Source::Job | Source::Queue | Source::AzureTimer => (
                "this rule can never fire: the settings let no agent report".to_owned(),
                "write [agents] in the settings, and install the agent",
            ),
        };
        findings.warning(at, Trouble::new(problem, help));
    }
}

/// Azure's timer alone decides what is idle: it has to be set, and somebody should see whether it works.
fn left_to_azure(rule: IdleRule, terms: &Terms, around: &Around<'_>, at: &Place, findings: &mut Findings<'_>) {
    if !rule.needs.has(Source::AzureTimer) {
        return;
    }
    if terms.native.is_none() {
        let problem = "this leaves idle instances to Azure's timer, and the policy does not say that one is to be set";
        findings.warning(
            at,
            Trouble::new(problem, "write native.idle_shutdown = \"60m\", and see `lightsout native audit`"),
        );
    }
    let is_watched =
        around.sources.has(Source::Agent) || (terms.promql.is_some() && around.sources.has(Source::Promql));
    if !is_watched {
        let problem = "nobody watches whether Azure's timer works: no agent reports, and Prometheus is asked nothing";
        findings.warning(
            at,
            Trouble::new(problem, "write [agents] in the settings and install the agent, or a [promql] query"),
        );
    }
}

/// Of what Prometheus says the last minutes are not believed to be quiet: its lookback of five, and a step.
const DOUBTED: u32 = 330;

fn needs(rule: IdleRule, table: &Idle, at: &Place, findings: &mut Findings<'_>) {
    let may_miss =
        u64::from(rule.after.as_secs()).saturating_mul(u64::from(100_u8.saturating_sub(rule.coverage.get())));
    if rule.needs.has(Source::Promql) && may_miss < u64::from(DOUBTED).saturating_mul(100) {
        let problem = format!(
            "this rule can hardly ever fire: the last five and a half minutes of Prometheus are in doubt, and {} with {} covered may \
             miss less",
            rule.after, rule.coverage
        );
        findings.warning(
            at,
            Trouble::new(problem, "write a longer after, such as \"60m\", or a smaller coverage, such as 80"),
        );
    }
    if table.needs.as_ref().is_some_and(|needs| needs.value.is_empty()) {
        let help = "name \"agent\", \"promql\", \"monitor\" or \"azure_timer\", or leave the key out for the agent";
        findings.error(at, Trouble::new("an empty list asks nobody, and nothing is idle for that", help));
    }
    if rule.needs.has(Source::AzureTimer) && rule.needs != SourceSet::NONE.with(Source::AzureTimer) {
        let help = "name it alone: Azure's timer then stops idle instances, and Lightsout watches that it does";
        findings.error(at, Trouble::new("Azure's timer and another source cannot both decide what is idle", help));
    }
    if rule.needs == SourceSet::NONE.with(Source::Monitor) {
        let problem = "Azure Monitor tells of jobs alone: work in notebooks and terminals is invisible to it, and would be stopped";
        findings
            .warning(at, Trouble::new(problem, "need the agent beside it, or let it only keep what it sees in use"));
    }
}

//! Sources of activity beside Azure's states: each setting with its default, and what was written of it.

use std::path::PathBuf;

use super::azure::secret_source;
use super::fields::Table;
use super::findings::{Findings, Http, is_loopback, path};
use super::secret::SecretSource;
use super::witness_tables::{JobsDocument, MonitorDocument, PromqlDocument};
use crate::units::{Percent, Span};

/// The Prometheus that policies put questions to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Promql {
    /// Where it is; none where nobody is asked.
    pub url: Option<String>,
    /// The bearer token, where it wants one.
    pub secret: Option<SecretSource>,
    /// Certificate authorities trusted beside the system's (PEM).
    pub ca_file: Option<PathBuf>,
    /// For one whole answer.
    pub timeout: Span,
    /// For how long it repeats the last sample of a series whose end it was not told of.
    pub lookback: Span,
}

impl Default for Promql {
    fn default() -> Self {
        Self { url: None, secret: None, ca_file: None, timeout: Span::seconds(15), lookback: Span::minutes(5) }
    }
}

/// Azure Monitor's metrics of workspaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Monitor {
    /// Whether they are asked for.
    pub enabled: bool,
    /// A point of at least this share of CPU or GPU is use.
    pub busy_from: Percent,
    /// From one look to the next.
    pub refresh: Span,
    /// Where they are, with `{region}` for the region; none is the cloud's own place.
    pub endpoint: Option<String>,
    /// The scope to ask tokens for; none is the cloud's own.
    pub token_scope: Option<String>,
}

impl Default for Monitor {
    fn default() -> Self {
        let busy_from = Percent::new(5).unwrap_or(Percent::NONE);
        Self { enabled: false, busy_from, refresh: Span::minutes(5), endpoint: None, token_scope: None }
    }
}

/// The workspaces' lists of jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jobs {
    /// Whether they are read for jobs that wait for an instance.
    pub queued: bool,
    /// From one look to the next.
    pub refresh: Span,
    /// Pages of one list that are read.
    pub pages_max: u32,
}

impl Default for Jobs {
    fn default() -> Self {
        Self { queued: false, refresh: Span::minutes(5), pages_max: 20 }
    }
}

/// From one look to the next: metrics are some minutes late, lists of jobs are long, and a sign of use is fresh for some minutes
/// only.
const REFRESH: (Span, Span) = (Span::minutes(1), Span::minutes(10));

/// Reads `[promql]`.
pub(super) fn promql(table: &Table<PromqlDocument>, found: &mut Findings) -> Promql {
    let document = table.or_empty();
    let default = Promql::default();
    let secret = secret_source(&document.secret_file, &document.secret_env, "promql", found);
    let http = if document.allow_http.or(false) { Http::Anywhere } else { Http::OnLoopback };
    let url = document.url.0.as_ref().and_then(|written| {
        let url = found.url(written, "promql.url", http)?;
        if url.query().is_some() || url.fragment().is_some() {
            let help = "write it up to where /api/v1 begins";
            found.error(&written.at, "promql.url", "it has a query or a fragment", help);
            return None;
        }
        if url.scheme() == "http" && secret.is_some() && !is_loopback(&url) {
            let help = "write https, or leave the secret out";
            found.error(&written.at, "promql.url", "plain http would send the token in the clear", help);
            return None;
        }
        Some(url.as_str().trim_end_matches('/').to_owned())
    });
    Promql {
        url,
        secret,
        ca_file: path(&document.ca_file),
        // the engine waits 45 s for every source together
        timeout: found.within(
            &document.timeout,
            "promql.timeout",
            default.timeout,
            (Span::seconds(1), Span::seconds(25)),
        ),
        lookback: found.within(&document.lookback, "promql.lookback", default.lookback, (Span::ZERO, Span::hours(1))),
    }
}

/// Reads `[monitor]`.
pub(super) fn monitor(table: &Table<MonitorDocument>, is_custom: bool, found: &mut Findings) -> Monitor {
    let document = table.or_empty();
    let at = found.place(table);
    let default = Monitor::default();
    let enabled = document.enabled.or(default.enabled);
    let mut endpoint = None;
    if let Some(written) = &document.endpoint.0 {
        // the region stands where a host's first label may stand
        let mut plain = written.clone();
        plain.value = written.value.replacen("{region}", "region", 1);
        if found.origin(&plain, "monitor.endpoint", Http::OnLoopback).is_some() {
            endpoint = Some(written.value.trim_end_matches('/').to_owned());
        }
    }
    if is_custom && enabled && endpoint.is_none() && !found.has_error_at("monitor.endpoint") {
        let help = "write endpoint = \"https://{region}.…\" in [monitor]";
        found.error(&at, "monitor.endpoint", "a custom cloud has to name where its metrics are", help);
    }
    if let Some(written) = document.endpoint.0.as_ref().or(document.token_scope.0.as_ref()).filter(|_| !is_custom) {
        let help = "leave it out, or write cloud = \"custom\" in [azure]";
        let key = if document.endpoint.0.is_some() { "monitor.endpoint" } else { "monitor.token_scope" };
        found.error(&written.at, key, "only a custom cloud has this", help);
    }
    let least = Percent::NONE;
    let most = Percent::new(90).unwrap_or(Percent::ALL);
    Monitor {
        enabled,
        busy_from: found.within(&document.busy_from, "monitor.busy_from", default.busy_from, (least, most)),
        refresh: found.within(&document.refresh, "monitor.refresh", default.refresh, REFRESH),
        endpoint,
        token_scope: document.token_scope.get().cloned(),
    }
}

/// Reads `[jobs]`.
pub(super) fn jobs(document: &JobsDocument, found: &mut Findings) -> Jobs {
    let default = Jobs::default();
    Jobs {
        queued: document.queued.or(default.queued),
        refresh: found.within(&document.refresh, "jobs.refresh", default.refresh, REFRESH),
        pages_max: found.within(&document.pages_max, "jobs.pages_max", default.pages_max, (1, 500)),
    }
}

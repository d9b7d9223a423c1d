//! From the document to the settings: every value in range, everything that belongs together in accord.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::azure;
use super::bounds::{Guard, ScopeLimits};
use super::document::{
    CapDocument, FleetDocument, GuardDocument, LimitsDocument, ScopeDocument, ServerDocument, SettingsDocument,
    SweepDocument,
};
use super::environment::Environment;
use super::fields::{List, Table, Tags};
use super::findings::{Findings, path};
use super::model::{Cloud, Fleet, Freeze, Identity, Log, Policies, Server, Settings, Sweep};
use super::money;
use super::secret::SecretSource;
use super::web::Web;
use super::{agents, notify, reconcile, store, web, witness};
use crate::policy::{Cap, Limits};
use crate::units::{Span, SubscriptionId, WorkspaceId};

/// The settings that a document means. Where something is wrong a finding says so, and the value is the default.
pub(super) fn compile(document: &SettingsDocument, environment: &Environment, found: &mut Findings) -> Settings {
    let log = document.log.or_empty();
    let freeze =
        Freeze { file: document.freeze.get().and_then(|freeze| path(&freeze.file)), always: environment.freeze() };
    let azure = azure::compile(&document.azure, environment, found);
    let is_custom = matches!(azure.cloud, Cloud::Custom { .. });
    Settings {
        azure,
        fleet: fleet(&document.fleet, found),
        sweep: sweep(&document.sweep.or_empty(), found),
        store: store::store(&document.store, found),
        policies: document
            .policies
            .get()
            .and_then(|policies| path(&policies.dir))
            .map_or_else(Policies::default, |dir| Policies { dir }),
        freeze,
        server: server(&document.server.or_empty(), found),
        notify: notify::notify(&document.notify.or_empty(), found),
        guard: guard(&document.guard.or_empty(), found),
        limits: limits(&document.limits.or_empty()),
        prices: money::prices(&document.prices.or_empty(), found),
        ledger: money::ledger(&document.ledger.or_empty(), found),
        reconcile: reconcile::reconcile(&document.reconcile.or_empty(), found),
        promql: witness::promql(&document.promql, found),
        monitor: witness::monitor(&document.monitor, is_custom, found),
        jobs: witness::jobs(&document.jobs.or_empty(), found),
        agents: agents::agents(&document.agents.or_empty(), found),
        web: web::web(&document.web, found),
        log: Log {
            format: log.format.get().copied().unwrap_or_default(),
            level: log.level.get().copied().unwrap_or_default(),
        },
    }
}

fn fleet(table: &Table<FleetDocument>, found: &mut Findings) -> Fleet {
    let document = table.or_empty();
    let fleet = Fleet {
        subscriptions: each(&document.subscriptions, "fleet.subscriptions", found, |text| {
            let help = "write the subscription's id, such as \"00000000-0000-0000-0000-000000000000\"";
            is_guid(text)
                .then(|| SubscriptionId::new(text))
                .ok_or_else(|| (format!("{text:?} is not a subscription id"), help))
        }),
        resource_groups: each(&document.resource_groups, "fleet.resource_groups", found, |text| {
            let help = "write \"SUBSCRIPTION-ID/GROUP\"";
            let parts = text.split_once('/').filter(|(subscription, group)| is_guid(subscription) && is_group(group));
            let named = parts.map(|(subscription, group)| (SubscriptionId::new(subscription), group.to_owned()));
            named.ok_or_else(|| (format!("{text:?} is not a subscription and a resource group"), help))
        }),
        workspaces: each(&document.workspaces, "fleet.workspaces", found, |text| {
            let help = "copy it from the portal: workspace, Properties, Resource ID";
            WorkspaceId::parse(text).map_err(|error| (error.to_string(), help))
        }),
        tags: tags(&document.tags, found),
    };
    // What was written and could not be read has its own finding.
    let written = [&document.subscriptions, &document.resource_groups, &document.workspaces]
        .iter()
        .any(|list| list.0.as_ref().is_some_and(|l| !l.value.0.is_empty()));
    if fleet.is_empty() && !written && !found.has_error_at("fleet") {
        let help = "name subscriptions, resource_groups or workspaces; an empty fleet never means everything";
        found.error(&found.place(table), "fleet", "it names nothing to look at", help);
    }
    fleet
}

/// Reads each entry of a list; those that cannot be read leave a finding.
pub(super) fn each<T, H: Into<String>>(
    list: &List,
    key: &str,
    found: &mut Findings,
    read: impl Fn(&str) -> Result<T, (String, H)>,
) -> Vec<T> {
    let mut all = Vec::new();
    for (index, written) in list.iter().enumerate() {
        match read(&written.value) {
            Ok(value) => all.push(value),
            Err((problem, help)) => found.error(&written.at, &format!("{key}[{index}]"), problem, help),
        }
    }
    all
}

fn tags(tags: &Tags, found: &mut Findings) -> BTreeMap<String, Option<String>> {
    let mut all = BTreeMap::new();
    for (name, written) in &tags.0.0 {
        let value = &written.value;
        if value != "*" && value.contains(['*', '?', '[', '{']) {
            let help = "write the tag's whole value, or \"*\" for any";
            found.error(
                &written.at,
                &format!("fleet.tags.{name}"),
                "Azure finds tags by their whole value and not by a glob",
                help,
            );
        }
        all.insert(name.clone(), Some(value.clone()).filter(|text| text != "*"));
    }
    all
}

/// 8-4-4-4-12 hexadecimal digits.
fn is_guid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

/// Letters, digits, `_`, `-`, `.`, `(` and `)`, at most 90, without a dot at the end, as Azure has them.
fn is_group(text: &str) -> bool {
    !text.is_empty()
        && text.chars().count() <= 90
        && !text.ends_with('.')
        && text.chars().all(|c| c.is_alphanumeric() || "_-.()".contains(c))
}

fn sweep(document: &SweepDocument, found: &mut Findings) -> Sweep {
    let default = Sweep::default();
    let interval =
        found.within(&document.interval, "sweep.interval", default.interval, (Span::seconds(5), Span::hours(1)));
    let discovery = (Span::seconds(5), Span::hours(24));
    let discovery_interval =
        found.within(&document.discovery_interval, "sweep.discovery_interval", default.discovery_interval, discovery);
    if let Some(written) = document
        .discovery_interval
        .0
        .as_ref()
        .or(document.interval.0.as_ref())
        .filter(|_| discovery_interval < interval)
    {
        let problem = format!("{discovery_interval} is shorter than the sweep's own {interval}");
        found.error(&written.at, "sweep.discovery_interval", problem, "choose at least sweep.interval");
    }
    let deadline = (Span::seconds(1), Span::minutes(30));
    Sweep {
        interval,
        quiet: found.within(&document.quiet, "sweep.quiet", default.quiet, (1, 10)),
        discovery_interval,
        concurrency: found.within(&document.concurrency, "sweep.concurrency", default.concurrency, (1, 1024)),
        workspace_deadline: found.within(
            &document.workspace_deadline,
            "sweep.workspace_deadline",
            default.workspace_deadline,
            deadline,
        ),
    }
}

fn server(document: &ServerDocument, found: &mut Findings) -> Server {
    let default = Server::default();
    let allow_remote_metrics = document.allow_remote_metrics.or(default.allow_remote_metrics);
    let mut listen = default.listen;
    if let Some(written) = &document.listen.0 {
        match written.value.parse::<SocketAddr>() {
            Err(_) => {
                let help = "write an IP address and a port, such as \"127.0.0.1:9188\" or \"[::1]:9188\"";
                found.error(
                    &written.at,
                    "server.listen",
                    format!("{:?} is not an address with a port", written.value),
                    help,
                );
            }
            Ok(address) if !address.ip().is_loopback() && !allow_remote_metrics => {
                let problem =
                    format!("{address} can be reached from other machines, and what it serves asks for no password");
                found.error(
                    &written.at,
                    "server.listen",
                    problem,
                    "listen on 127.0.0.1, or write allow_remote_metrics = true if that is meant",
                );
            }
            Ok(address) => listen = address,
        }
    }
    let most = (1, 100_000);
    Server {
        listen,
        allow_remote_metrics,
        instance_series: document.instance_series.or(default.instance_series),
        instance_series_max: found.within(
            &document.instance_series_max,
            "server.instance_series_max",
            default.instance_series_max,
            most,
        ),
    }
}

fn guard(document: &GuardDocument, found: &mut Findings) -> Guard {
    let default = Guard::default();
    let deadline = (Span::minutes(1), Span::hours(24));
    Guard {
        failed_workspaces_max: document.failed_workspaces_max.or(default.failed_workspaces_max),
        instance_drop_max: document.instance_drop_max.or(default.instance_drop_max),
        unknown_states_max: document.unknown_states_max.or(default.unknown_states_max),
        concurrent_stops_max: found.within(
            &document.concurrent_stops_max,
            "guard.concurrent_stops_max",
            default.concurrent_stops_max,
            (1, 256),
        ),
        failed_stops_max: document.failed_stops_max.or(default.failed_stops_max),
        failed_stops_share: document.failed_stops_share.or(default.failed_stops_share),
        stop_deadline: found.within(&document.stop_deadline, "guard.stop_deadline", default.stop_deadline, deadline),
    }
}

fn limits(document: &LimitsDocument) -> ScopeLimits {
    let default = ScopeLimits::default();
    ScopeLimits {
        workspace: scope(&document.workspace, default.workspace),
        subscription: scope(&document.subscription, default.subscription),
        fleet: scope(&document.fleet, default.fleet),
    }
}

/// Each number that was written replaces its default; what was not stays.
fn scope(table: &Table<ScopeDocument>, default: Limits) -> Limits {
    let document = table.or_empty();
    let cap = |table: &Table<CapDocument>, default: Cap| {
        let written = table.or_empty();
        Cap {
            count: written.count.get().copied().or(default.count),
            percent: written.percent.get().copied().or(default.percent),
        }
    };
    Limits {
        unplanned_per_sweep: cap(&document.unplanned_per_sweep, default.unplanned_per_sweep),
        unplanned_per_hour: cap(&document.unplanned_per_hour, default.unplanned_per_hour),
        planned_per_sweep: cap(&document.planned_per_sweep, default.planned_per_sweep),
        planned_per_hour: cap(&document.planned_per_hour, default.planned_per_hour),
    }
}

/// Makes the paths that files name absolute, or at least relative to the process: they are relative to the file.
pub(super) fn resolve(settings: &mut Settings, base: &Path) {
    let under = |path: &mut PathBuf| *path = base.join(&*path);
    under(&mut settings.store.dir);
    settings.store.server.iter_mut().filter_map(|server| server.secret.as_mut()?.file()).for_each(under);
    under(&mut settings.policies.dir);
    let files = settings.prices.sheet.iter_mut().chain(&mut settings.ledger.owners);
    files.chain(&mut settings.reconcile.folder).for_each(under);
    let frozen = settings.freeze.file.take().map_or_else(|| settings.store.dir.join("FREEZE"), |file| base.join(file));
    settings.freeze.file = Some(frozen);
    settings.azure.ca_file.iter_mut().for_each(under);
    identity_file(&mut settings.azure.identity).into_iter().for_each(under);
    settings.promql.ca_file.iter_mut().for_each(under);
    settings.notify.files().chain(settings.promql.secret.iter_mut().filter_map(SecretSource::file)).for_each(under);
    let tokens =
        settings.web.tokens.file.take().map_or_else(|| settings.store.dir.join("tokens"), |file| base.join(file));
    settings.web.tokens.file = Some(tokens);
    web_files(&mut settings.web).for_each(under);
    let agents = &mut settings.agents;
    if let Some(SecretSource::File(file)) = &mut agents.secret {
        under(file);
    }
    agents
        .tls
        .iter_mut()
        .flat_map(|(certificate, key)| [certificate, key])
        .chain(&mut agents.old_secret)
        .for_each(under);
}

/// The files that `[web]` names, but for that of tokens.
fn web_files(web: &mut Web) -> impl Iterator<Item = &mut PathBuf> {
    let tls = web.tls.iter_mut().flat_map(|(certificate, key)| [certificate, key]);
    let of_oidc = web.oidc.iter_mut().flat_map(|oidc| {
        let secret = oidc.secret.as_mut().and_then(SecretSource::file);
        secret.into_iter().chain(&mut oidc.ca_file)
    });
    let of_links = web.links.secret.as_mut().and_then(SecretSource::file).into_iter().chain(&mut web.links.old_secret);
    tls.chain(of_oidc).chain(&mut web.roles.file).chain(of_links)
}

/// The one file that an identity names.
const fn identity_file(identity: &mut Identity) -> Option<&mut PathBuf> {
    match identity {
        Identity::Workload { federated_token_file: file, .. }
        | Identity::ClientSecret { secret: SecretSource::File(file), .. }
        | Identity::ClientCertificate { certificate_file: file, .. }
        | Identity::TokenFile { token_file: file } => Some(file),
        Identity::Managed(_)
        | Identity::ClientSecret { secret: SecretSource::Env(_), .. }
        | Identity::AzureCli { .. } => None,
    }
}

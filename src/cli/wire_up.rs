//! From settings to the parts they describe: the only place that knows both.

use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::agents_desk::{self, DeskError};
use super::channels::{ChannelError, channels};
use super::clock::SystemClock;
use super::leadership::{CommandTurn, LeaseError};
use super::outside::Outside;
use super::people;
use super::store_place::store_to_act;
use super::witnesses::Witnesses;
use crate::azure::{
    Azure, AzureOptions, Cloud, IdentityOptions, JobsOptions, ManagedId, MonitorOptions, OptionsError, PriceOptions,
    TagFilter, ThrottleLimits, Timeouts, Watch,
};
use crate::bills::BillFolder;
use crate::engine::{Accounting, Engine, EngineOptions, Reconciling, Telling, Weekly};
use crate::guard::Bounds;
use crate::ledger::{BillSource, ClaimRules, Residual, Tolerance};
use crate::notify::Channels;
use crate::ports::with_causes;
use crate::promql::{BearerSource, Promql, PromqlOptions, SetupError};
use crate::settings::{self, BillsFrom, Environment, Identity, Loaded, ManagedIdentity, SecretError, Settings};
use crate::store::{FileFreeze, Store, StoreError};
use crate::units::Span;

/// Why the parts could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Azure's options.
    #[error("could not set up the way to Azure ([azure])")]
    Azure(#[from] OptionsError),
    /// A secret.
    #[error("could not read a secret")]
    Secret(#[from] SecretError),
    /// Who is told.
    #[error("could not set up a way to tell people ([notify])")]
    Channels(#[from] ChannelError),
    /// The links in what they are told.
    #[error("could not set up the links in messages ([web])")]
    Links(#[from] Box<people::PeopleError>),
    /// Prometheus.
    #[error("could not set up the way to Prometheus ([promql])")]
    Promql(#[from] SetupError),
    /// Where agents report.
    #[error("could not set up where agents report ([agents])")]
    Agents(#[from] DeskError),
    /// The lease of one of several replicas.
    #[error("could not act beside other replicas")]
    Lease(#[from] LeaseError),
    /// The store.
    #[error("could not open the journal ([store])")]
    Store(#[from] StoreError),
}

/// Puts the outside together for one command, whose turn it is until it gives it back; opens the journal, sends nothing.
///
/// # Errors
/// When a part cannot be set up.
pub async fn outside(
    settings: &Settings,
    environment: &Environment,
    turn: &CommandTurn,
) -> Result<Outside<SystemClock>, WireError> {
    let store = store_to_act(settings, environment, turn).await?;
    with_store(settings, environment, store)
}

/// The same around a journal that is open already.
///
/// # Errors
/// When a part cannot be set up.
pub fn with_store(
    settings: &Settings,
    environment: &Environment,
    store: Store,
) -> Result<Outside<SystemClock>, WireError> {
    let clock = Arc::new(SystemClock);
    let agents = agents_desk::desk(settings, environment, &clock)?;
    Ok(Outside {
        azure: Azure::new(azure_options(settings, environment)?, clock.clone())?,
        bills: bill_folder(&settings.reconcile),
        witnesses: Witnesses { agents, promql: promql(settings, environment)? },
        store,
        channels: with_links(settings, environment, channels(&settings.notify, environment)?)?,
        freeze: freeze_switch(settings),
        clock,
    })
}

/// Azure alone, for what people ask by hand: by the identity of the settings, or by whoever is logged in to az.
///
/// # Errors
/// When it cannot be set up.
pub fn azure_apart(
    settings: &Settings,
    environment: &Environment,
    as_me: bool,
) -> Result<Azure<SystemClock>, WireError> {
    let mut settings = settings.clone();
    if as_me {
        settings.azure.identity = Identity::AzureCli { tenant_id: None };
    }
    Ok(Azure::new(azure_options(&settings, environment)?, Arc::new(SystemClock))?)
}

/// With links in what they send, where there is a page that they lead to.
fn with_links(settings: &Settings, environment: &Environment, channels: Channels) -> Result<Channels, WireError> {
    // nobody is sent anything, and no key is made
    if crate::ports::Notify::channels(&channels).is_empty() {
        return Ok(channels);
    }
    let linker = people::linker(settings, environment).map_err(Box::new)?;
    Ok(match linker {
        Some(linker) => channels.linked(linker),
        None => channels,
    })
}

/// Where the freeze switch is.
#[must_use]
pub fn freeze_file(settings: &Settings) -> PathBuf {
    settings.freeze.file.clone().unwrap_or_else(|| settings.store.dir.join("FREEZE"))
}

/// The freeze switch.
#[must_use]
pub fn freeze_switch(settings: &Settings) -> FileFreeze {
    FileFreeze::new(freeze_file(settings), settings.freeze.always.clone())
}

/// The control socket's place.
#[must_use]
pub fn control_socket(settings: &Settings) -> PathBuf {
    Path::new(&settings.store.dir).join(crate::web::SOCKET_NAME)
}

/// How the engine paces itself.
#[must_use]
pub fn engine_options(settings: &Settings) -> EngineOptions {
    let (sweep, guard) = (&settings.sweep, &settings.guard);
    // A sweep of a large or ill fleet takes minutes; the second look is what keeps an old view from acting.
    let reading = sweep.workspace_deadline.as_secs().saturating_add(600);
    let twice = sweep.interval.as_secs().saturating_mul(2).saturating_add(reading);
    EngineOptions {
        interval: sweep.interval,
        quiet: sweep.quiet,
        discovery_interval: sweep.discovery_interval,
        concurrency: usize::try_from(sweep.concurrency).unwrap_or(1),
        workspace_deadline: sweep.workspace_deadline,
        stop_deadline: guard.stop_deadline,
        concurrent_stops_max: usize::try_from(guard.concurrent_stops_max).unwrap_or(1),
        bounds: Bounds {
            failed_workspaces_max: guard.failed_workspaces_max,
            instance_drop_max: guard.instance_drop_max,
            unknown_states_max: guard.unknown_states_max,
            full_sweep_max: Span::seconds(twice),
            observed_max: Span::seconds(twice),
            failed_stops_max: guard.failed_stops_max,
            failed_stops_share: guard.failed_stops_share,
            workspace: settings.limits.workspace,
            subscription: settings.limits.subscription,
            fleet: settings.limits.fleet,
        },
        zone_data: None,
        accounting: accounting(settings),
        telling: telling(&settings.notify),
        reconciling: reconciling(&settings.reconcile),
        stale_after: None,
        sources: settings.sources(),
        agents_await: None,
        at_point: None,
    }
}

fn telling(notify: &settings::Notify) -> Telling {
    let quiet = notify.quiet.clone().map(Arc::new);
    let weekly = notify.digest.clone().map(|settings::Digest { zone, at }| Weekly { zone, at });
    Telling { people: notify.people.clone(), operators: notify.operators.clone(), quiet, weekly }
}

fn accounting(settings: &Settings) -> Accounting {
    let (prices, ledger) = (&settings.prices, &settings.ledger);
    let seconds = |span: Span| i64::from(span.as_secs());
    Accounting {
        team_tag: ledger.team_tag.as_str().into(),
        residual: Some(Residual {
            disk: prices.residual.disk,
            public_ip: prices.residual.public_ip,
            load_balancer: prices.residual.load_balancer,
        }),
        rules: ClaimRules { regret_within: seconds(ledger.regret_within), restart_cost: seconds(ledger.restart_cost) },
        horizon: ledger.horizon,
        refresh: prices.refresh,
        stale_after: prices.stale_after,
    }
}

fn bill_folder(reconcile: &settings::Reconcile) -> Option<BillFolder> {
    let folder = reconcile.folder.clone().filter(|_| reconcile.source == BillsFrom::Folder);
    folder.map(BillFolder::new)
}

fn reconciling(reconcile: &settings::Reconcile) -> Option<Reconciling> {
    let source = match reconcile.source {
        BillsFrom::Nowhere => return None,
        BillsFrom::CostManagement => BillSource::CostManagement,
        BillsFrom::Folder => BillSource::Folder,
    };
    let seconds = i64::from(reconcile.tolerance_time.as_secs());
    Some(Reconciling {
        source,
        after: reconcile.after,
        look_back: reconcile.look_back,
        tolerance: Tolerance { percent: reconcile.tolerance, seconds },
    })
}

/// Hands over the files that money is counted by. One that cannot be used leaves what was in force before.
pub fn use_money_files(engine: &Engine<Outside<SystemClock>>, loaded: &Loaded) {
    if let Some(owners) = &loaded.money.owners {
        engine.use_owners(owners.clone());
    }
    if let Some(sheet) = &loaded.money.sheet
        && engine.world().azure.use_sheet(sheet.clone())
    {
        engine.prices_changed();
    }
}

/// Which Azure the settings mean.
#[must_use]
pub fn azure_cloud(settings: &Settings) -> Cloud {
    match &settings.azure.cloud {
        settings::Cloud::Public => Cloud::Public,
        settings::Cloud::China => Cloud::China,
        settings::Cloud::UsGov => Cloud::UsGov,
        settings::Cloud::Custom { arm_endpoint, token_scope, authority_host } => Cloud::Custom {
            arm_endpoint: arm_endpoint.clone(),
            token_scope: token_scope.clone().unwrap_or_default(),
            authority_host: authority_host.clone().unwrap_or_default(),
        },
    }
}

fn azure_options(settings: &Settings, environment: &Environment) -> Result<AzureOptions, WireError> {
    let azure = &settings.azure;
    let cloud = azure_cloud(settings);
    let mut options = AzureOptions::new(cloud, identity(&azure.identity, environment)?);
    options.api_version.clone_from(&azure.api_version);
    options.timer_api_version.clone_from(&azure.idle_shutdown_api_version);
    options.watch = watch(&settings.fleet);
    options.ca_file.clone_from(&azure.ca_file);
    options.timeouts = Timeouts {
        connect: std_time(azure.connect_timeout),
        total: std_time(azure.request_timeout),
        ..Timeouts::default()
    };
    options.tries_max = azure.retries.max(1);
    options.concurrency = usize::try_from(settings.sweep.concurrency).unwrap_or(1).saturating_add(8);
    options.throttle = azure.throttle.then(ThrottleLimits::default);
    options.prices = price_options(&settings.prices);
    options.costs = settings.reconcile.source == BillsFrom::CostManagement;
    options.monitor = monitor(&settings.monitor);
    options.jobs = jobs(&settings.jobs);
    Ok(options)
}

fn monitor(monitor: &settings::Monitor) -> Option<MonitorOptions> {
    monitor.enabled.then(|| MonitorOptions {
        busy_from: monitor.busy_from,
        refresh: monitor.refresh.duration(),
        endpoint: monitor.endpoint.clone(),
        token_scope: monitor.token_scope.clone(),
    })
}

fn jobs(jobs: &settings::Jobs) -> Option<JobsOptions> {
    let pages_max = usize::try_from(jobs.pages_max).unwrap_or(1);
    jobs.queued.then(|| JobsOptions { refresh: jobs.refresh.duration(), pages_max })
}

/// The Prometheus that policies put questions to.
fn promql(settings: &Settings, environment: &Environment) -> Result<Option<Promql>, WireError> {
    let promql = &settings.promql;
    let Some(url) = &promql.url else { return Ok(None) };
    let bearer = promql.secret.clone().map(|secret| {
        let environment = environment.clone();
        let read = move || secret.read(&environment).map_err(|error| with_causes(error.to_string(), error.source()));
        BearerSource(Arc::new(read))
    });
    let options = PromqlOptions {
        url: url.clone(),
        bearer,
        ca_file: promql.ca_file.clone(),
        timeout: std_time(promql.timeout),
        lookback: promql.lookback.duration(),
    };
    Ok(Some(Promql::new(options)?))
}

/// Where prices come from. The sheet is a file of its own, and is handed over by whoever read it (`Azure::use_sheet`).
fn price_options(prices: &settings::Prices) -> PriceOptions {
    PriceOptions {
        sources: prices.sources.clone(),
        currency: prices.currency,
        retail_endpoint: prices.retail_endpoint.clone(),
        ..PriceOptions::default()
    }
}

fn watch(fleet: &settings::Fleet) -> Watch {
    Watch {
        workspaces: fleet.workspaces.clone(),
        resource_groups: fleet.resource_groups.clone(),
        subscriptions: fleet.subscriptions.clone(),
        tags: fleet.tags.iter().map(|(name, value)| TagFilter { name: name.clone(), value: value.clone() }).collect(),
    }
}

fn identity(identity: &Identity, environment: &Environment) -> Result<IdentityOptions, WireError> {
    Ok(match identity {
        Identity::Managed(which) => IdentityOptions::Managed(match which {
            ManagedIdentity::SystemAssigned => ManagedId::SystemAssigned,
            ManagedIdentity::Client(id) => ManagedId::Client(id.clone()),
            ManagedIdentity::Object(id) => ManagedId::Object(id.clone()),
            ManagedIdentity::Resource(id) => ManagedId::Resource(id.clone()),
        }),
        Identity::Workload { tenant_id, client_id, federated_token_file } => IdentityOptions::Workload {
            tenant: Some(tenant_id.clone()),
            client: Some(client_id.clone()),
            token_file: Some(federated_token_file.clone()),
        },
        Identity::ClientSecret { tenant_id, client_id, secret } => IdentityOptions::ClientSecret {
            tenant: tenant_id.clone(),
            client: client_id.clone(),
            secret: secret.read(environment)?,
        },
        Identity::ClientCertificate { tenant_id, client_id, certificate_file } => IdentityOptions::ClientCertificate {
            tenant: tenant_id.clone(),
            client: client_id.clone(),
            pem: certificate_file.clone(),
        },
        Identity::AzureCli { tenant_id } => IdentityOptions::AzureCli { tenant: tenant_id.clone() },
        Identity::TokenFile { token_file } => IdentityOptions::TokenFile { path: token_file.clone() },
    })
}

fn std_time(span: Span) -> Duration {
    Duration::from_secs(u64::from(span.as_secs()))
}

//! `lightsout run`: the service around the engine – listeners, signals, reloads, the watchdog.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use axum_server::tls_rustls::RustlsConfig;
use jiff::SignedDuration;
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

use super::context::{CommandError, Context};
use super::replica::replica;
use crate::cli::clock::SystemClock;
use crate::cli::exit::Exit;
use crate::cli::outside::Outside;
use crate::cli::people;
use crate::cli::relay::Relay;
use crate::cli::store_place::{open_store, store_shown};
use crate::cli::tzdata;
use crate::cli::wire_up::{control_socket, engine_options, use_money_files, with_store};
use crate::engine::{AfterLook, Command, Engine};
use crate::metrics::{Metrics, MetricsOptions};
use crate::policy::{PolicySet, Severity};
use crate::ports::{Clock as _, FaultKind};
use crate::report::FleetView;
use crate::settings::{Environment, Loaded, LogFormat, Settings, Watch};
use crate::units::{RELEASE, Span};
use crate::web::{
    ControlServer, Health, HeartbeatFace, HttpLimits, PublicFace, heartbeat_limits, serve_heartbeats, serve_public,
    tls_config,
};

type Service = Engine<Outside<SystemClock>>;
pub(super) type Publish = watch::Sender<Option<Arc<FleetView>>>;

/// How long the loop may be silent before `/healthz` and the watchdog say so: the longest single wait for Azure and more.
const SILENCE_MAX: SignedDuration = SignedDuration::from_mins(15);
/// How often systemd is told that all is well, within its WatchdogSec of 90 s.
const WATCHDOG: std::time::Duration = std::time::Duration::from_secs(20);
/// Commands in waiting; a tick that finds it full is dropped, the next comes in a second.
const WAITING: usize = 64;

/// Runs the service until SIGTERM or Ctrl-C.
///
/// # Errors
/// When settings are wrong, the journal is in use or broken, or an address cannot be had.
pub async fn serve(context: &Context) -> Result<Exit, CommandError> {
    let (settings, loaded) = context.usable()?;
    log_to_stderr(&settings);
    say_who(context, &settings);
    let mut options = engine_options(&settings);
    options.zone_data = tzdata::release().map(Into::into);
    // each reports once in `every`, and after failures waits for some minutes before it tries again
    let twice = settings.agents.every.as_secs().saturating_mul(2).saturating_add(60);
    options.agents_await = settings.agents.enabled.then(|| Span::seconds(twice).max(Span::minutes(10)));
    options.at_point = crate::cli::crash::hook(&context.environment);
    let (store, leadership) = open_store(&settings, &context.environment).await?;
    let engine: Arc<Service> =
        Arc::new(Engine::new(Arc::new(with_store(&settings, &context.environment, store)?), options));
    let health = Health::new(SILENCE_MAX, || SystemClock.steady());
    let metrics = Metrics::new(metrics_options(&settings))?;
    let (sender, receiver) = mpsc::channel(WAITING);
    let relay = Relay::new(engine.clone(), leadership.clone());
    let heard =
        Heard { context, settings: &settings, relay: &relay, engine: &engine, metrics: &metrics, health: &health };
    match leadership {
        None => {
            begin(&heard, &loaded).await?;
            health.acts(Ok(()));
            listen(&heard)?;
            hear_agents(&heard)?;
            ends(&sender)?;
            heard.run((sender, receiver), &loaded, None).await
        }
        Some(leadership) => replica(&heard, (sender, receiver), leadership).await,
    }
}

/// What the service is made of.
pub(super) struct Heard<'a> {
    pub(super) context: &'a Context,
    settings: &'a Settings,
    pub(super) engine: &'a Arc<Service>,
    relay: &'a Arc<Relay<SystemClock>>,
    metrics: &'a Metrics,
    pub(super) health: &'a Health,
}

pub(super) type Commands = (mpsc::Sender<Command>, mpsc::Receiver<Command>);

/// Recalls what was, and takes over policies and prices.
pub(super) async fn begin(heard: &Heard<'_>, loaded: &Loaded) -> Result<(), CommandError> {
    let engine = heard.engine;
    engine.recall().await?;
    use_money_files(engine, loaded);
    // what is known of sizes beside their prices (quota) is not in the journal: it is asked for at every start
    engine.prices_changed();
    engine.adopt(loaded.policies.set.clone()).await?;
    if let Err(why) = verdict_on(loaded) {
        engine.partly_governed(&why);
    }
    if let Some(release) = tzdata::release().filter(|release| tzdata::is_old(release, SystemClock.now())) {
        tracing::warn!(release, "the time zone data is more than a year old; update the package tzdata");
    }
    heard.health.store(Ok(()));
    Ok(())
}

impl Heard<'_> {
    /// Until it is told to end.
    pub(super) async fn run(
        &self,
        (sender, receiver): Commands,
        loaded: &Loaded,
        publish: Option<Publish>,
    ) -> Result<Exit, CommandError> {
        let watch = reloads(self.context, loaded, (self.engine.clone(), sender.clone()))?;
        drop(sd_notify::notify(&[NotifyState::Ready]));
        tokio::spawn(watchdog(self.health.clone()));
        let after = after_look(self.metrics.clone(), self.health.clone(), publish);
        let ended = self.engine.clone().run((sender, receiver), after).await;
        self.health.stopping();
        drop(watch);
        drop(sd_notify::notify(&[NotifyState::Stopping]));
        ended?;
        Ok(Exit::Well)
    }
}

/// The first line of a log says whose it is.
fn say_who(context: &Context, settings: &Settings) {
    let (config, store) = (context.config.display(), store_shown(settings));
    tracing::info!("lightsout {RELEASE} begins, with {config} and its journal in {store}");
}

/// Tells the watchdog that all is well for as long as the loop goes round: a long sweep of an ill Azure is no reason to
/// be ended, since the next one would take as long.
pub(super) async fn watchdog(health: Health) {
    loop {
        if health.dead().is_none() {
            drop(sd_notify::notify(&[NotifyState::Watchdog]));
        }
        tokio::time::sleep(WATCHDOG).await;
    }
}

/// Metrics and readiness follow every look at what is due.
fn after_look(metrics: Metrics, health: Health, publish: Option<Publish>) -> AfterLook<Outside<SystemClock>> {
    let seen = std::sync::Mutex::new(None);
    Arc::new(move |engine| {
        let view = engine.last_view();
        if let Some(publish) = &publish {
            publish.send_if_modified(|shown| {
                let is_new = shown.as_ref().is_none_or(|shown| shown.at != view.at);
                *shown = Some(view.clone());
                is_new
            });
        }
        health.tick();
        let storage = view.last.faults.iter().find(|fault| fault.label == FaultKind::Storage.label());
        health.store(storage.map_or(Ok(()), |fault| Err(fault.words.clone())));
        health.policies(view.reload.as_ref().map(|_| ()).map_err(Clone::clone));
        let mut seen = seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if seen.as_ref() != Some(&view.at) {
            metrics.observe_sweep(&view, &crate::ports::Observe::api_use(&**engine.world()));
            *seen = Some(view.at);
            if view.last.ended_at.is_some() {
                health.swept();
            }
        }
    })
}

pub(super) fn listen(heard: &Heard<'_>) -> Result<(), CommandError> {
    let Heard { context, settings, relay, metrics, health, .. } = *heard;
    let environment = &context.environment;
    let address = settings.server.listen;
    let listener = TcpListener::bind(address)
        .map_err(|error| CommandError::Io(format!("listen on {address} ([server] listen)"), error))?;
    let bound = listener.local_addr().map_err(|error| CommandError::Io("learn the address".to_owned(), error))?;
    tracing::info!("metrics and health at http://{bound}");
    let face = PublicFace { metrics: metrics.clone(), health: health.clone(), limits: HttpLimits::default() };
    tokio::spawn(serve_public(listener, face, axum_server::Handle::new()));
    if settings.web.enabled {
        serve_people((settings, environment), relay, metrics)?;
    }
    let socket = control_socket(settings);
    let control =
        ControlServer::bind(&socket).map_err(|error| CommandError::Io(format!("bind {}", socket.display()), error))?;
    tokio::spawn(control.serve(relay.clone(), axum_server::Handle::new()));
    Ok(())
}

/// The page, the API and the links of warnings.
fn serve_people(
    (settings, environment): (&Settings, &Environment),
    relay: &Arc<Relay<SystemClock>>,
    metrics: &Metrics,
) -> Result<(), CommandError> {
    let web = &settings.web;
    let listener = TcpListener::bind(web.listen)
        .map_err(|error| CommandError::Io(format!("listen on {} ([web] listen)", web.listen), error))?;
    let bound = listener.local_addr().map_err(|error| CommandError::Io("learn the address".to_owned(), error))?;
    let tls = web.tls.as_ref().map(|(certificate, key)| certified(certificate, key, "web")).transpose()?;
    let house = people::house((settings, environment), relay, bound)?;
    let at =
        web.public_url.as_ref().map_or_else(|| format!("http://{bound}"), |url| url.origin().ascii_serialization());
    tracing::info!("the page is at {at}");
    let served = people::serve(listener, tls, house, Some(metrics.clone()));
    tokio::spawn(async move {
        if let Err(error) = served.await {
            tracing::error!("nobody is served the page any more: {error}; restart the service");
        }
    });
    Ok(())
}

/// Where agents report.
pub(super) fn hear_agents(heard: &Heard<'_>) -> Result<(), CommandError> {
    let Heard { settings, engine, metrics, .. } = *heard;
    let Some(desk) = engine.world().witnesses.agents.clone() else { return Ok(()) };
    let agents = &settings.agents;
    let listener = TcpListener::bind(agents.listen)
        .map_err(|error| CommandError::Io(format!("listen on {} ([agents] listen)", agents.listen), error))?;
    let bound = listener.local_addr().map_err(|error| CommandError::Io("learn the address".to_owned(), error))?;
    let tls = agents.tls.as_ref().map(|(certificate, key)| certified(certificate, key, "agents")).transpose()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    tracing::info!("agents report at {scheme}://{bound}");
    let engine = engine.clone();
    let fleet = Arc::new(move || engine.fleet_view());
    let face = HeartbeatFace { desk, fleet, metrics: metrics.clone(), limits: heartbeat_limits() };
    tokio::spawn(serve_heartbeats(listener, tls, face, axum_server::Handle::new()));
    Ok(())
}

/// A certificate and its key, for TLS.
fn certified(certificate: &Path, key: &Path, table: &str) -> Result<RustlsConfig, CommandError> {
    let failed = |doing: String| move |error: std::io::Error| CommandError::Io(doing, error);
    let read = |path: &Path| std::fs::read(path).map_err(failed(format!("read {} ([{table}])", path.display())));
    let (certificate, key) = (read(certificate)?, read(key)?);
    tls_config(&certificate, &key).map_err(failed(format!("use tls_certificate_file and tls_key_file of [{table}]")))
}

fn metrics_options(settings: &Settings) -> MetricsOptions {
    MetricsOptions {
        instance_series: settings.server.instance_series,
        instance_series_max: usize::try_from(settings.server.instance_series_max).unwrap_or(0),
        tzdb: tzdata::release().unwrap_or_else(crate::schedule::tzdb_source),
        ..MetricsOptions::default()
    }
}

/// File changes and SIGHUP load everything anew: the policies are swapped when all are valid, else the last good ones
/// stay (S10); so do the price sheet and the owners' teams, each for itself. Other settings take a restart.
fn reloads(
    context: &Context,
    loaded: &Loaded,
    (engine, sender): (Arc<Service>, mpsc::Sender<Command>),
) -> Result<Arc<Watch>, CommandError> {
    let (changed, mut changes) = mpsc::channel(8);
    let watch = Watch::start(loaded.watched.clone(), (), changed.clone());
    let mut hangup = signal(SignalKind::hangup()).map_err(|error| CommandError::Io("hear SIGHUP".to_owned(), error))?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            // Full: a reload is waiting already.
            changed.try_send(()).unwrap_or_default();
        }
    });
    let context = context.clone();
    let watch = Arc::new(watch);
    let following = watch.clone();
    tokio::spawn(async move {
        while changes.recv().await.is_some() {
            let (context, now) = (context.clone(), tokio::task::spawn_blocking);
            reloading();
            let Ok(loaded) = now(move || context.load()).await else {
                reloaded(&Err("they could not be read".to_owned()));
                continue;
            };
            following.follow(loaded.watched.clone());
            loaded.money.diagnostics.iter().for_each(|found| tracing::warn!("{found}"));
            use_money_files(&engine, &loaded);
            let verdict = verdict_on(&loaded);
            reloaded(&verdict);
            let policies = verdict.map(|()| loaded.policies.set);
            if sender.send(Command::Policies(policies)).await.is_err() {
                return;
            }
        }
    });
    Ok(watch)
}

/// systemd shows the service as reloading until it is ready again.
fn reloading() {
    let mut words = vec![NotifyState::Reloading, NotifyState::Status("reading the policies anew")];
    words.extend(NotifyState::monotonic_usec_now());
    drop(sd_notify::notify(&words));
}

fn reloaded(verdict: &Result<(), String>) {
    let told = match verdict {
        Ok(()) => "the policies that were read last are in force".to_owned(),
        // One line: systemd reads each line as a word of its own.
        Err(why) => {
            format!("the policies read last are not valid, and those before stay in force: {}", why.replace('\n', " "))
        }
    };
    drop(sd_notify::notify(&[NotifyState::Ready, NotifyState::Status(&told)]));
}

/// Whether a load may replace what is in force. An unreadable calendar may: its policy stops nothing until it is
/// readable, and says so (S21).
fn verdict_on(loaded: &Loaded) -> Result<(), String> {
    let set: &PolicySet = &loaded.policies.set;
    if loaded.settings.is_some() && set.broken.is_empty() {
        return Ok(());
    }
    let errors = loaded.findings().filter(|found| found.severity == Severity::Error);
    Err(errors.map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

pub(super) fn ends(sender: &mpsc::Sender<Command>) -> Result<(), CommandError> {
    for kind in [SignalKind::terminate(), SignalKind::interrupt()] {
        let mut heard = signal(kind).map_err(|error| CommandError::Io("hear signals".to_owned(), error))?;
        let sender = sender.clone();
        tokio::spawn(async move {
            if heard.recv().await.is_some() {
                drop(sender.send(Command::End).await);
            }
        });
    }
    Ok(())
}

/// Logs go to stderr, as settings say. A second call changes nothing.
pub(super) fn log_to_stderr(settings: &Settings) {
    let filter = tracing_subscriber::EnvFilter::new(format!(
        "{level},sqlx=warn,tokio_cron_scheduler=off",
        level = settings.log.level.label()
    ));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    drop(match settings.log.format {
        LogFormat::Text => lines.with_ansi(false).try_init(),
        LogFormat::Json => lines.json().try_init(),
    });
}

//! Driving the demo: time stands still while the engine works, then moves on to the next instant at which anything is due.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::agents::Agents;
use super::figures::{Figures, Ratio};
use super::money;
use super::people::{Browser, Place};
use super::setup::{Stage, build};
use super::story::Story;
use super::truth::{Holds, measure, missed, running, told};
use crate::azure::OptionsError;
use crate::metrics::{Metrics, MetricsError, MetricsOptions};
use crate::notify::{CidrError, WebhookError};
use crate::ports::{Control as _, Fault, HoldRequest};
use crate::report::{FleetView, Outcome, StartLine, StartOutcome};
use crate::sandbox::{SandboxError, World, WorldError, demo as population};
use crate::store::StoreError;
use crate::web::{Health, HttpLimits, PublicFace, serve_public};

/// Two weeks begin here: a Monday, with holidays in Madrid and Tokyo, and Europe changing its clocks on the last Sunday.
const BEGINNING: &str = "2026-03-16T00:00:00Z";
/// What the demo may take when no speed is asked for.
const ABOUT_A_MINUTE: u64 = 60;

/// What was asked for.
#[derive(Debug, Clone)]
pub struct DemoOptions {
    /// Simulated days.
    pub days: u32,
    /// Simulated seconds a second; none: about a minute in all.
    pub speed: Option<u32>,
    /// The people.
    pub seed: u64,
    /// Whether to pace at all: scripts that want the figures do not wait.
    pub paced: bool,
    /// Where /metrics is; none: nowhere.
    pub listen: Option<std::net::SocketAddr>,
    /// Where the page is; none: at any port of loopback.
    pub page: Option<std::net::SocketAddr>,
    /// Agents are on so many percent of the machines.
    pub agents: u8,
    /// Where the journal is kept, to be reported from afterwards; none: nowhere. It must not hold one yet.
    pub journal: Option<std::path::PathBuf>,
}

/// Why there was no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The simulated Azure.
    #[error("could not start the simulated Azure")]
    Sandbox(#[from] SandboxError),
    /// Its twin without Lightsout.
    #[error("could not build the simulated world")]
    World(#[from] WorldError),
    /// Options of the way to it.
    #[error("could not point the engine at the simulated Azure")]
    Azure(#[from] OptionsError),
    /// The webhook.
    #[error("could not set up the people's inbox")]
    Webhook(#[from] WebhookError),
    /// Its network.
    #[error("could not set up the people's inbox")]
    Network(#[from] CidrError),
    /// The journal.
    #[error("could not open the demo's journal")]
    Store(#[from] StoreError),
    /// The journal, while in use.
    #[error("the demo's journal failed")]
    Journal(#[from] Fault),
    /// Two histories in one journal would be none.
    #[error("{} holds a journal already; name a folder that does not", .0.display())]
    Used(std::path::PathBuf),
    /// A policy of the demo.
    #[error("the demo's policies are wrong: {0}")]
    Policy(String),
    /// The page, and who looks at it.
    #[error("the demo's people have no page: {0}")]
    People(String),
    /// Agents.
    #[error("the demo's agents cannot report: {0}")]
    Agents(String),
    /// Metrics.
    #[error("could not set up metrics")]
    Metrics(#[from] MetricsError),
    /// Files or sockets.
    #[error("could not use a file or socket")]
    Io(#[from] std::io::Error),
    /// The calendar.
    #[error("could not reckon the demo's time")]
    Time(#[from] jiff::Error),
}

/// The simulated Azure and /metrics, up until this is dropped.
pub struct Open {
    stage: Stage,
    _served: Option<tokio::task::JoinHandle<std::io::Result<()>>>,
    _dir: tempfile::TempDir,
}

impl Open {
    /// How many requests arrived at the simulated Azure, by method and kind.
    #[must_use]
    pub fn requests(&self) -> BTreeMap<(String, &'static str), u64> {
        self.stage.sandbox.recorder().counts()
    }
}

/// Runs the demo to its end, telling `out` what happens.
///
/// # Errors
/// When a part cannot be set up, or the journal fails.
pub async fn demo(
    options: DemoOptions,
    out: Option<&mut (dyn std::io::Write + Send)>,
) -> Result<(Figures, Open), DemoError> {
    let start: Timestamp = BEGINNING.parse()?;
    let end = start
        .checked_add(SignedDuration::from_hours(24).saturating_mul(i32::try_from(options.days).unwrap_or(i32::MAX)))?;
    let dir = tempfile::tempdir()?;
    let place = Place::take(options.page)?;
    let (stage, keys) = build(&options, start, (dir.path(), place.linker(dir.path())?)).await?;
    let mut story = Story::new(out, &stage.policies);
    story.say(&format!("the page is at {}", place.open(&stage, dir.path())?));
    let (metrics, health) = (
        Metrics::new(MetricsOptions { instance_series: true, ..MetricsOptions::default() })?,
        Health::new(SignedDuration::MAX, || SignedDuration::ZERO),
    );
    let agents = Agents::new(options.agents, &stage, keys, &metrics)?;
    let face = PublicFace { metrics: metrics.clone(), health: health.clone(), limits: HttpLimits::default() };
    let served = serve(&options, face, &mut story)?;
    health.policies(Ok(()));
    health.store(Ok(()));
    let seed = options.seed;
    let mut run = Run {
        options,
        start,
        end,
        story,
        metrics,
        health,
        figures: Figures::default(),
        holds: Holds::new(),
        agents,
        browser: Browser::new()?,
        overdue: BTreeSet::new(),
        began: Instant::now(),
    };
    run.drive(&stage).await?;
    let mut twin = World::new(population(seed, start))?;
    twin.advance_to(end);
    twin.read_meters();
    let mut figures = run.finish(&stage);
    figures.running_hours_without = running(&twin);
    let rows = money::read(&stage.engine.world().store).await?;
    stage.sandbox.look(|world| money::compare(&rows, (world, &twin), &mut figures));
    Ok((figures, Open { stage, _served: served, _dir: dir }))
}

fn serve(
    options: &DemoOptions,
    face: PublicFace,
    story: &mut Story<'_>,
) -> Result<Option<tokio::task::JoinHandle<std::io::Result<()>>>, DemoError> {
    let Some(listen) = options.listen else { return Ok(None) };
    let listener = TcpListener::bind(listen)?;
    story.say(&format!("metrics at http://{}/metrics", listener.local_addr()?));
    Ok(Some(tokio::spawn(serve_public(listener, face, axum_server::Handle::new()))))
}

struct Run<'a> {
    options: DemoOptions,
    start: Timestamp,
    end: Timestamp,
    story: Story<'a>,
    metrics: Metrics,
    health: Health,
    figures: Figures,
    holds: Holds,
    agents: Agents,
    browser: Browser,
    overdue: BTreeSet<(String, Timestamp)>,
    began: Instant,
}

impl Run<'_> {
    async fn drive(&mut self, stage: &Stage) -> Result<(), DemoError> {
        loop {
            let now = crate::ports::Clock::now(&stage.clock);
            if now >= self.end {
                // what is going on is metered up to the end
                drop(stage.engine.sweep_all().await);
                return Ok(());
            }
            self.tick(stage, now).await?;
            let next = stage.engine.next_due().max(now.checked_add(SignedDuration::from_secs(1))?).min(self.end);
            stage.clock.advance_to(next);
            self.pace(next).await;
        }
    }

    async fn tick(&mut self, stage: &Stage, now: Timestamp) -> Result<(), DemoError> {
        // a service that has just started takes nothing that may have been sent before
        if now > self.start {
            self.agents.report(stage, now).await?;
        }
        if let Some(report) = stage.engine.tick().await {
            self.figures.sweeps = self.figures.sweeps.saturating_add(1);
            self.figures.warned = self.figures.warned.saturating_add(report.notices.len());
            let refused = report.stops.iter().filter(|line| matches!(line.outcome, Outcome::Failed { .. })).count();
            self.figures.refused = self.figures.refused.saturating_add(refused);
            let asked = |line: &&StartLine| matches!(line.outcome, StartOutcome::Asked | StartOutcome::Unclear { .. });
            self.figures.started = self.figures.started.saturating_add(report.starts.iter().filter(asked).count());
            let verified = report.settled.iter().filter(|(_, result)| result == "stopped").count();
            self.figures.verified = self.figures.verified.saturating_add(verified);
            self.story.sweep(&report, now);
            let view = stage.engine.last_view();
            self.note_overdue(&view, now);
            self.metrics.observe_sweep(&view, &stage.engine.api_use());
            self.health.swept();
        }
        stage.engine.deliver().await?;
        stage.engine.refresh_prices().await?;
        stage.engine.reconcile_if_due().await?;
        stage.engine.follow_if_due().await?;
        for wish in stage.sandbox.take_hold_wishes() {
            self.hold(stage, now, &wish).await;
        }
        Ok(())
    }

    async fn hold(&mut self, stage: &Stage, now: Timestamp, wish: &crate::sandbox::HoldWish) {
        let seconds = u32::try_from(wish.until.duration_since(now).as_secs()).unwrap_or(0);
        if let Some(link) = &wish.link {
            match self.browser.follow(link, seconds, &wish.reason).await {
                Ok(until) => {
                    self.figures.held_by_link = self.figures.held_by_link.saturating_add(1);
                    self.given(now, wish, until);
                    return;
                }
                // it was used for an earlier hold, or is too old: then they ask on the page of their machine
                Err(why) => self.story.say(&format!("  a link did not hold: {why}")),
            }
        }
        let request = HoldRequest {
            instance: wish.instance_id.clone(),
            seconds,
            reason: wish.reason.clone(),
            by: wish.by.clone(),
            life: None,
            link: None,
            off: false,
        };
        match stage.engine.hold(request).await {
            Ok(hold) => self.given(now, wish, hold.until),
            Err(declined) => self.story.say(&format!("  a hold was declined: {declined}")),
        }
    }

    fn given(&mut self, now: Timestamp, wish: &crate::sandbox::HoldWish, until: Timestamp) {
        self.figures.held = self.figures.held.saturating_add(1);
        self.story.held(now, &wish.instance_id, until, &wish.reason);
        self.holds.push((wish.instance_id.clone(), now, until));
    }

    fn note_overdue(&mut self, view: &FleetView, now: Timestamp) {
        let instances = view.workspaces.values().flat_map(|place| &place.instances);
        let late = instances.filter_map(|i| Some((i.facts.id.name().to_owned(), i.overdue_since.known()?)));
        self.overdue.extend(late.filter(|(_, since)| now.duration_since(*since) > SignedDuration::from_hours(1)));
    }

    /// Real time keeps to the asked speed; work that takes longer than its share is not hurried.
    async fn pace(&self, now: Timestamp) {
        if !self.options.paced {
            return;
        }
        let simulated = u64::try_from(now.duration_since(self.start).as_millis()).unwrap_or(0);
        let whole = u64::from(self.options.days).saturating_mul(86_400);
        let speed = self.options.speed.map_or_else(|| whole.checked_div(ABOUT_A_MINUTE).unwrap_or(1), u64::from).max(1);
        let share = Duration::from_millis(simulated.checked_div(speed).unwrap_or(0));
        tokio::time::sleep(share.saturating_sub(self.began.elapsed())).await;
    }

    fn finish(mut self, stage: &Stage) -> Figures {
        let view = stage.engine.last_view();
        self.figures.days = self.options.days;
        self.figures.seed = self.options.seed;
        self.figures.instances =
            view.workspaces.values().map(|place| place.instances.len()).fold(0, usize::saturating_add);
        self.figures.arm_calls = stage.sandbox.recorder().arm_calls();
        if let Some(compared) = &view.money.reconciliation {
            (self.figures.bill_days, self.figures.billed_days) = (compared.days, compared.compared);
            self.figures.bill_error_ratio = compared.error.map(Ratio::of_share).unwrap_or_default();
        }
        self.figures.wall_seconds = self.began.elapsed().as_secs();
        self.figures.agents_percent = self.options.agents;
        let (policies, holds) = (&stage.policies, &self.holds);
        let late = stage.sandbox.look(|world| {
            measure(world, &mut self.figures);
            told(world, policies, &view, &mut self.figures);
            missed(world, policies, &view, (holds, self.options.agents))
        });
        for (name, at) in late.union(&self.overdue) {
            self.story.say(&format!("  missed: {name}, due {at}"));
        }
        self.figures.missed = late.union(&self.overdue).count();
        self.figures
    }
}

//! A real engine in the fake world: policies from TOML, sweeps, deliveries, crashes and restarts, in virtual time.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use lightsout::cli::wire_up::engine_options;
use lightsout::engine::{Engine, EngineOptions, Telling};
use lightsout::facts::{Directory, Hold, Source};
use lightsout::guard::Bounds;
use lightsout::policy::{DefaultsSource, Severity, SourceText, Sources, parse};
use lightsout::ports::{Control, Declined, HoldRequest};
use lightsout::report::SweepReport;
use lightsout::settings::Settings;
use lightsout::units::{PolicyId, Span};
use tokio::runtime::Runtime;

use crate::world::FakeWorld;

thread_local! {
    static CRASH: Cell<Option<&'static str>> = const { Cell::new(None) };
}

/// What a crashing engine unwinds with.
pub(crate) struct Crash;

fn at_point(point: &'static str) {
    if CRASH.get() == Some(point) {
        CRASH.set(None);
        resume_unwind(Box::new(Crash));
    }
}

/// How often a workspace is read here.
pub(crate) const INTERVAL: Span = Span::seconds(60);

fn options() -> EngineOptions {
    let service = engine_options(&Settings::default());
    let bounds = Bounds {
        full_sweep_max: Span::minutes(2),
        observed_max: Span::minutes(2),
        fleet: service.bounds.workspace, // a tenth of a fleet of three is not what most scenes are about
        ..service.bounds
    };
    EngineOptions {
        interval: INTERVAL,
        discovery_interval: Span::minutes(10),
        concurrency: 4,
        workspace_deadline: Span::seconds(30),
        bounds,
        at_point: Some(at_point),
        ..service
    }
}

/// What one look did.
#[derive(Debug)]
pub(crate) enum Look {
    /// Nothing was due.
    Nothing,
    /// A sweep.
    Swept(Arc<SweepReport>),
    /// The process ended in the midst of it.
    Crashed,
}

/// The files that policies are read from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Files {
    pub(crate) policies: BTreeMap<String, String>,
    pub(crate) calendars: BTreeMap<String, Result<String, String>>,
}

impl Files {
    /// The policies as they stand in the files, put in force; or every error, and the old ones stay.
    pub(crate) fn reload(&self, engine: &Engine<FakeWorld>) -> Result<(), String> {
        let policies: Vec<SourceText> = self
            .policies
            .iter()
            .map(|(name, text)| SourceText { file: format!("{name}.toml").into(), text: text.clone() })
            .collect();
        let defaults = DefaultsSource { file: "lightsout.toml".into(), text: String::new() };
        let sources = Sources {
            defaults: Some(&defaults),
            policies: &policies,
            calendars: &self.calendars,
            channels: 1,
            sources: Source::ALL.into_iter().collect(),
        };
        let parsed = parse(&sources);
        if parsed.has_errors() {
            let errors: Vec<String> = parsed
                .diagnostics
                .iter()
                .filter(|one| one.severity == Severity::Error)
                .map(|one| one.problem.clone())
                .collect();
            engine.keep_policies(errors.join("; "));
            return Err(errors.join("; "));
        }
        let known = parsed.set.policies.iter().map(|policy| (policy.revision.clone(), policy.clone()));
        engine.world().lock().policies.extend(known);
        // every future of this world is ready at once, so this can run within a sweep too
        engine.adopt(parsed.set).now_or_never().unwrap().map_err(|fault| fault.words())
    }
}

/// The engine of the moment, and everything around it.
pub(crate) struct Stage {
    pub(crate) world: Arc<FakeWorld>,
    pub(crate) files: Files,
    /// So long after its start an engine waits for what agents have to say.
    pub(crate) agents_await: Option<Span>,
    /// A quiet workspace is read in every so-many-th interval.
    pub(crate) quiet: u32,
    /// So many planned stops of the whole fleet in one sweep; without, all.
    pub(crate) planned: Option<u32>,
    /// What is written of people.
    pub(crate) directory: Directory,
    /// How people are told.
    pub(crate) telling: Telling,
    engine: Option<Arc<Engine<FakeWorld>>>,
    pub(crate) runtime: Runtime,
}

impl Stage {
    /// At an instant, with nothing in it.
    pub(crate) fn at(now: Timestamp) -> Self {
        fastrand::seed(7); // pauses between deliveries are partly by chance
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (directory, telling) = (Directory::default(), Telling::default());
        let world = FakeWorld::at(now);
        let (files, quiet) = (Files::default(), options().quiet);
        Self { world, files, agents_await: None, quiet, planned: None, directory, telling, engine: None, runtime }
    }

    /// The engine; made anew from journal and files where there is none.
    pub(crate) fn engine(&mut self) -> Arc<Engine<FakeWorld>> {
        if let Some(engine) = &self.engine {
            return engine.clone();
        }
        let engine = self.another();
        self.begin(&engine);
        self.engine = Some(engine.clone());
        engine
    }

    /// An engine that knows nothing yet.
    pub(crate) fn another(&self) -> Arc<Engine<FakeWorld>> {
        let sources = Source::ALL.into_iter().collect();
        let mut options = options();
        options.bounds.fleet.planned_per_sweep.count = self.planned;
        let options = EngineOptions {
            agents_await: self.agents_await,
            quiet: self.quiet,
            sources,
            telling: self.telling.clone(),
            ..options
        };
        Arc::new(Engine::new(self.world.clone(), options))
    }

    /// It is told what journal and files say.
    pub(crate) fn begin(&self, engine: &Engine<FakeWorld>) {
        self.runtime.block_on(engine.recall()).unwrap();
        engine.use_owners(self.directory.clone());
        self.files.reload(engine).unwrap();
    }

    /// The process ends.
    pub(crate) fn end(&mut self) {
        self.engine = None;
        CRASH.set(None);
    }

    /// The process is to end when it passes a point: `intended`, `posted` or `sent`.
    pub(crate) fn crash_at(&self, point: &'static str) {
        CRASH.set(Some(point));
    }

    fn look(&mut self, all: bool) -> Look {
        let engine = self.engine();
        self.world.begin_sweep();
        let runtime = &self.runtime;
        let looked = catch_unwind(AssertUnwindSafe(|| {
            runtime.block_on(async { if all { Some(engine.sweep_all().await) } else { engine.tick().await } })
        }));
        match looked {
            Ok(Some(report)) => Look::Swept(report),
            Ok(None) => Look::Nothing,
            Err(crash) if crash.is::<Crash>() => {
                self.end();
                Look::Crashed
            }
            Err(other) => resume_unwind(other),
        }
    }

    /// One sweep of everything.
    pub(crate) fn sweep(&mut self) -> Look {
        self.look(true)
    }

    /// One look at what is due.
    pub(crate) fn tick(&mut self) -> Look {
        self.look(false)
    }

    /// Delivers what the outbox holds.
    pub(crate) fn deliver(&mut self) -> Result<(usize, usize), String> {
        let engine = self.engine();
        self.runtime.block_on(engine.deliver()).map_err(|fault| fault.words())
    }

    /// Somebody holds an instance.
    pub(crate) fn hold(&mut self, name: &str, length: Span) -> Result<Hold, Declined> {
        let request = HoldRequest {
            instance: name.to_owned(),
            seconds: length.as_secs(),
            reason: "training".to_owned(),
            by: "ana".to_owned(),
            life: None,
            link: None,
            off: false,
        };
        self.engine().hold(request).now_or_never().unwrap()
    }

    /// Somebody lifts the hold of an instance.
    pub(crate) fn lift(&mut self, name: &str) -> Result<(), Declined> {
        self.engine().lift(name.to_owned(), "ana".to_owned()).now_or_never().unwrap()
    }

    /// Somebody lets a changed policy act on all.
    pub(crate) fn acknowledge(&mut self, policy: &str) -> Result<(), Declined> {
        self.engine().acknowledge(PolicyId::new(policy), "ana".to_owned()).now_or_never().unwrap()
    }

    /// Lets time pass.
    pub(crate) fn pass(&self, length: SignedDuration) {
        self.world.pass(length);
    }

    /// Now.
    pub(crate) fn now(&self) -> Timestamp {
        self.world.lock().now
    }
}

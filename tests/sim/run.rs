//! A story as it runs: the real engine in the simulated world, from one event to the next. Nothing sleeps, and nothing waits.
#![expect(clippy::unwrap_used, reason = "a simulation that cannot go on has failed")]
#![expect(clippy::wildcard_enum_match_arm, reason = "what is not named there is somebody else's part of one long list")]

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use lightsout::cli::wire_up::engine_options;
use lightsout::engine::{Engine, EngineOptions};
use lightsout::facts::{Source, SourceSet};
use lightsout::guard::{Bounds, Refusal};
use lightsout::policy::{Cap, DefaultsSource, Limits, SourceText, Sources, parse};
use lightsout::report::{Outcome, SweepReport};
use lightsout::rules::{Action, Ground, Verdict};
use lightsout::settings::Settings;
use lightsout::units::{Percent, Span};
use tokio::runtime::Runtime;

use crate::book::Book;
use crate::check::{Breach, check_journal};
use crate::crash::{Ended, at_point};
use crate::log::Log;
use crate::policies::{VARIANTS, Written};
use crate::sometimes::Sometimes;
use crate::story::{Crash, Story};
use crate::world::FakeWorld;

/// No two looks are closer.
const PACE: SignedDuration = SignedDuration::from_secs(5);
/// A process that ended comes back so much later.
const AGAIN: SignedDuration = SignedDuration::from_secs(20);

/// What came of a story.
pub(crate) struct Told {
    pub(crate) breaches: Vec<Breach>,
    pub(crate) seen: Sometimes,
    pub(crate) digest: String,
    pub(crate) rows: u64,
    pub(crate) stops: u64,
    pub(crate) kept: u64,
    pub(crate) sweeps: u64,
}

/// How a story is run.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Manner {
    /// Prints every row.
    pub(crate) aloud: bool,
    /// The journal is the service's own store.
    pub(crate) on_disk: bool,
    /// Goes on after a breach.
    pub(crate) to_the_end: bool,
}

/// A story in progress.
pub(crate) struct Sim {
    pub(crate) world: Arc<FakeWorld>,
    pub(crate) written: Vec<Written>,
    pub(crate) story: Story,
    pub(crate) engine: Option<Arc<Engine<FakeWorld>>>,
    /// The process is away until then.
    pub(crate) away_until: Timestamp,
    pub(crate) runtime: Arc<Runtime>,
    pub(crate) sweeps: u64,
    /// A process that ended left something to be settled.
    pub(crate) left_open: bool,
    looked_at: Timestamp,
    told_at: Timestamp,
}

fn options(story: &Story) -> EngineOptions {
    let service = engine_options(&Settings::default());
    let interval = Span::seconds(story.interval);
    let whole = Cap { count: None, percent: Some(Percent::ALL) };
    let free = Limits {
        unplanned_per_sweep: whole,
        unplanned_per_hour: whole,
        planned_per_sweep: whole,
        planned_per_hour: whole,
    };
    let limits = |limits: Limits| if story.uncapped { free } else { limits };
    let bounds = Bounds {
        full_sweep_max: Span::seconds(story.interval * 2 + 600),
        observed_max: Span::seconds(story.interval * 2 + 600),
        workspace: limits(service.bounds.workspace),
        subscription: limits(service.bounds.subscription),
        fleet: limits(service.bounds.fleet),
        ..service.bounds
    };
    let sources = SourceSet::NONE.with(Source::Job).with(Source::Agent);
    EngineOptions { interval, bounds, sources, at_point: Some(at_point), ..service }
}

impl Sim {
    /// Runs a story to its end, or to the first breach.
    pub(crate) fn tell(story: &Story, manner: Manner) -> Told {
        fastrand::seed(story.seed);
        let runtime = Arc::new(tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap());
        let begins = Timestamp::from_second(story.begins).unwrap();
        let book = if manner.on_disk {
            let dir = tempfile::tempdir().unwrap();
            let store = runtime.block_on(lightsout::store::Store::open(dir.path())).unwrap();
            Book::Store { store: Box::new(store), dir }
        } else {
            Book::Memory(Box::default())
        };
        let world = Arc::new(FakeWorld::new(begins, book, Log::new(manner.aloud)));
        // what a story before this one left to this thread is none of its own
        world.lock().crashing.clear();
        world.lock().say(&format!("begin seed={} interval={}", story.seed, story.interval));
        for home in 0..story.written.len() {
            world.lock().cloud.workspace(&format!("ws-{home}"));
        }
        let written = story.written.clone();
        let (story, looked_at) = (story.clone(), begins);
        let mut sim = Self {
            world,
            written,
            story,
            engine: None,
            away_until: begins,
            runtime,
            sweeps: 0,
            left_open: false,
            looked_at,
            told_at: begins,
        };
        sim.go(manner);
        sim.told()
    }

    fn go(&mut self, manner: Manner) {
        let events = std::mem::take(&mut self.story.events);
        let end = Timestamp::from_second(self.story.ends).unwrap();
        let mut events = events.into_iter().peekable();
        loop {
            while let Some((_, event)) = events.next_if(|(at, _)| *at <= self.now().as_second()) {
                self.happen(&event);
            }
            self.work();
            let broken = !self.world.lock().log.checker.breaches().is_empty();
            if self.now() >= end || broken && !manner.to_the_end {
                return;
            }
            let next = events.peek().map_or(end, |(at, _)| Timestamp::from_second(*at).unwrap());
            let next = self.next_look().min(next).min(end);
            let away = next.duration_since(self.now()).max(SignedDuration::from_secs(1));
            self.pass(away);
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.world.lock().now
    }

    /// Lets time pass, and notes where the clocks of people change.
    pub(crate) fn pass(&mut self, length: SignedDuration) {
        let before = self.now();
        self.world.lock().pass(length);
        let after = self.now();
        let zone = jiff::tz::TimeZone::get("Europe/Madrid").unwrap();
        let shift = zone.to_offset(after).seconds() - zone.to_offset(before).seconds();
        let mut outside = self.world.lock();
        outside.seen.hit_if(shift > 0, "summer time began");
        outside.seen.hit_if(shift < 0, "summer time ended");
    }

    /// Waits for what never waits: every future of a world in memory is ready at once.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        match &self.world.book {
            Book::Memory(_) => {
                let _guard = self.runtime.enter();
                future.now_or_never().unwrap_or_else(|| panic!("the engine waited for something"))
            }
            Book::Store { .. } => self.runtime.block_on(future),
        }
    }

    /// When the service does something next, by the true clock.
    fn next_look(&self) -> Timestamp {
        let Some(engine) = &self.engine else { return self.away_until.max(self.now()) };
        let ahead = self.world.lock().wall_ahead;
        let due = engine.next_due().checked_sub(ahead).unwrap_or(Timestamp::MIN);
        let tries = match &self.world.book {
            Book::Memory(memory) => memory.with(|memory| memory.next_try()),
            Book::Store { .. } => None,
        };
        let tries = tries.map_or(Timestamp::MAX, |at| at.checked_sub(ahead).unwrap_or(Timestamp::MIN));
        let tries = tries.max(self.told_at.checked_add(SignedDuration::from_secs(60)).unwrap());
        due.min(tries).max(self.looked_at.checked_add(PACE).unwrap())
    }

    /// What the service does at this moment.
    fn work(&mut self) {
        if self.now() < self.away_until {
            return;
        }
        self.looked_at = self.now();
        let Some(engine) = self.process() else { return };
        {
            let mut outside = self.world.lock();
            outside.sweep += 1;
            outside.running = outside.cloud.running(None);
        }
        let looked = self.or_ends(|sim| sim.wait(engine.tick()));
        if let Some(Some(report)) = looked {
            self.sweeps += 1;
            self.weigh(&report);
        }
        if self.engine.is_some() {
            self.told_at = self.now();
            self.or_ends(|sim| drop(sim.wait(engine.deliver())));
        }
    }

    /// Does it; none where the process ended in the midst of it.
    pub(crate) fn or_ends<T>(&mut self, act: impl FnOnce(&mut Self) -> T) -> Option<T> {
        match catch_unwind(AssertUnwindSafe(|| act(self))) {
            Ok(done) => Some(done),
            Err(broken) => match broken.downcast::<Ended>() {
                Ok(ended) => {
                    self.ended(ended.0);
                    None
                }
                Err(other) => resume_unwind(other),
            },
        }
    }

    fn ended(&mut self, crash: Crash) {
        self.end_process(AGAIN);
        self.left_open = true;
        let mut outside = self.world.lock();
        outside.seen.hit(match crash {
            Crash::At("intended") => "a crash after an intent was written",
            Crash::At(_) => "a crash after a stop left",
            Crash::Write(_, true) => "a crash before a write to the journal",
            Crash::Write(_, false) => "a crash after a write to the journal",
        });
        outside.say(&format!("trouble kind=crash on=false how={crash:?}").replace(", ", "/"));
    }

    /// The process ends, and comes back later.
    pub(crate) fn end_process(&mut self, later: SignedDuration) {
        self.engine = None;
        let mut outside = self.world.lock();
        outside.crashing.clear();
        outside.wish = None;
        self.away_until = self.away_until.max(outside.now.checked_add(later).unwrap());
    }

    /// The engine; made anew from the journal where there is none. None while the journal cannot be read.
    pub(crate) fn process(&mut self) -> Option<Arc<Engine<FakeWorld>>> {
        if let Some(engine) = &self.engine {
            return Some(engine.clone());
        }
        let engine = Arc::new(Engine::new(self.world.clone(), options(&self.story)));
        let begun = self.or_ends(|sim| sim.wait(engine.recall()).is_ok() && sim.load(&engine));
        if begun != Some(true) {
            self.end_process(SignedDuration::from_secs(60));
            return None;
        }
        self.engine = Some(engine.clone());
        self.wishes(&engine);
        Some(engine)
    }

    /// Puts the policies in force as they are written; false where that cannot be noted.
    pub(crate) fn load(&self, engine: &Engine<FakeWorld>) -> bool {
        let texts = self.written.iter().enumerate().map(|(which, written)| {
            let which = u8::try_from(which).unwrap();
            SourceText { file: format!("p{which}.toml").into(), text: written.toml(which) }
        });
        let policies: Vec<SourceText> = texts.collect();
        let defaults = DefaultsSource { file: "lightsout.toml".into(), text: String::new() };
        let sources = Sources {
            defaults: Some(&defaults),
            policies: &policies,
            calendars: &std::collections::BTreeMap::new(),
            channels: 1,
            sources: SourceSet::NONE.with(Source::Job).with(Source::Agent),
        };
        let parsed = parse(&sources);
        assert!(!parsed.has_errors(), "{:?}", parsed.diagnostics);
        let revisions: Vec<(u8, Arc<str>)> = parsed
            .set
            .policies
            .iter()
            .map(|policy| (policy.id.as_str()[1..].parse().unwrap(), policy.revision.clone()))
            .collect();
        let adopted = self.wait(engine.adopt(parsed.set)).is_ok();
        let mut outside = self.world.lock();
        // what could not be noted is put in force later, by the engine itself
        for (which, revision) in revisions {
            let written = *self.written.get(usize::from(which)).unwrap();
            let before = outside.policies.insert(which, (revision.clone(), written));
            if before.is_none_or(|(known, _)| known != revision) {
                outside.say(&written.row(which, &revision));
            }
        }
        adopted
    }

    /// Everything that a sweep reports is weighed: what is due is done, or refused with a reason (I5).
    fn weigh(&mut self, report: &SweepReport) {
        let mut outside = self.world.lock();
        let mut accounted: BTreeSet<_> = report.refused.iter().map(|(step, _)| &step.instance).collect();
        accounted.extend(report.stops.iter().map(|line| &line.step.instance));
        let at = outside.now.as_millisecond();
        for verdict in report.verdicts.iter().filter(|verdict| verdict.action == Action::Stop) {
            if !accounted.contains(&verdict.instance) {
                let what = "it is due, and neither stopped nor refused with a reason".to_owned();
                outside.log.checker.say(at, "I5", verdict.instance.name(), what);
            }
        }
        for verdict in &report.verdicts {
            let busy = verdict.ground == Ground::Busy && verdict.due.is_some();
            outside.seen.hit_if(busy, "use held a stop back");
            outside.seen.hit_if(verdict.ground == Ground::Unrecognised, "a state that nobody knows");
            outside.seen.hit_if(verdict.ground == Ground::Frozen, "a freeze held a stop back");
        }
        for (_, refusal) in &report.refused {
            outside.note(&format!("refused why={}", refusal.label()));
            let what = match refusal {
                Refusal::Frozen => "a freeze held a stop back",
                Refusal::ClockUnsteady => "a clock held stops back",
                Refusal::Canary => "a changed policy was tried on a few",
                Refusal::Paced => "planned stops were paced",
                Refusal::OverCap => "more unplanned stops than the caps allow",
                Refusal::TooManyFailures => "too many stops failed",
                _passes_by_itself => continue,
            };
            outside.seen.hit(what);
        }
        for line in &report.stops {
            let changed = matches!(line.outcome, Outcome::Dropped { refusal: Refusal::NoLongerDue, .. });
            outside.seen.hit_if(changed, "the second look found it changed");
        }
        outside.seen.hit_if(self.left_open && !report.settled.is_empty(), "a stop was settled after a restart");
        outside.seen.hit_if(!report.edges_missed.is_empty(), "the service was down over an edge");
        let restarted = report.settled.iter().any(|(_, result)| result == "started_again");
        outside.seen.hit_if(restarted, "a person restarted after a stop");
        self.left_open &= report.settled.is_empty();
    }

    /// A second process in a copy of the world.
    pub(crate) fn beside(&self, world: Arc<FakeWorld>) -> Self {
        let story = Story { events: Vec::new(), ..self.story.clone() };
        let (written, runtime, now) = (self.written.clone(), self.runtime.clone(), self.now());
        let (engine, sweeps, left_open) = (None, 0, false);
        Self {
            world,
            written,
            story,
            engine,
            away_until: now,
            runtime,
            sweeps,
            left_open,
            looked_at: now,
            told_at: now,
        }
    }

    /// The verdicts of a process that has just begun.
    pub(crate) fn decides_anew(mut self) -> Vec<Arc<Verdict>> {
        let Some(engine) = self.process() else { return Vec::new() };
        self.wait(engine.sweep_all()).verdicts.clone()
    }

    fn told(self) -> Told {
        let mut breaches = self.world.lock().log.checker.breaches().to_vec();
        let journal = self.wait(crate::after::rows(&self.world.book));
        let outside = self.world.lock();
        breaches.extend(check_journal(&journal, outside.log.rows()));
        breaches.extend(self.wait_apart(crate::after::ledger(&self.world.book)));
        let (digest, rows) = outside.log.digest();
        Told {
            breaches,
            seen: outside.seen.clone(),
            digest,
            rows,
            stops: outside.log.checker.stops,
            kept: outside.log.checker.kept,
            sweeps: self.sweeps,
        }
    }

    fn wait_apart<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

/// How many variants of policies there are.
pub(crate) fn variants() -> u8 {
    u8::try_from(VARIANTS.len()).unwrap()
}

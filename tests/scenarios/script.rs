//! The language of the scenes: one command a line, carried out on the stage, and what came of it written down.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::FutureExt;
use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use lightsout::ports::{Control, StopRequest, TimerRequest};
use lightsout::report::Explanation;
use lightsout::units::{InstanceId, Span};

use crate::outside_words::outside;
use crate::replicas;
use crate::stage::{Crash, Look, Stage};
use crate::start_words::{hold_off, next_told};
use crate::transcript::Transcript;
use crate::world::Then;

/// A scene as it runs.
pub(crate) struct Scene {
    pub(crate) stage: Stage,
    told: Transcript,
    zone: TimeZone,
    begun: bool,
}

/// How long a service sleeps between two looks here.
const PACE: SignedDuration = SignedDuration::from_secs(10);

impl Scene {
    /// Runs a whole text; the transcript.
    pub(crate) fn run(text: &str) -> (String, Self) {
        let epoch = "2026-03-23T00:00:00Z".parse().unwrap();
        let mut scene =
            Self { stage: Stage::at(epoch), told: Transcript::default(), zone: TimeZone::UTC, begun: false };
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            let trimmed = line.trim();
            if trimmed.is_empty() {
                continue;
            }
            scene.told.command(trimmed);
            if trimmed.starts_with('#') {
                continue;
            }
            let words: Vec<&str> = trimmed.split_whitespace().collect();
            let mut block = String::new();
            if matches!(words.as_slice(), ["policy", _] | ["calendar", _] | ["owners"]) {
                for inner in lines.by_ref().take_while(|inner| inner.trim() != "end") {
                    scene.told.command(inner);
                    block.push_str(inner.trim());
                    block.push('\n');
                }
            }
            scene.command(&words, &block);
        }
        (scene.told.take(), scene)
    }

    fn command(&mut self, words: &[&str], block: &str) {
        match words {
            ["zone", name] => {
                self.zone = TimeZone::get(name).unwrap();
                self.told.zone(&self.zone);
            }
            ["policy", name] => self.policy(name, block),
            ["calendar", name] => drop(self.stage.files.calendars.insert((*name).to_owned(), Ok(block.to_owned()))),
            ["owners"] => {
                let (read, found) = lightsout::settings::read_owners("owners.toml", block);
                self.stage.directory = read.unwrap_or_else(|| panic!("{found:?}"));
            }
            ["quiet", "hours", zone, rest @ ..] => {
                let windows = rest.join(" ").split(',').map(|one| one.parse().unwrap()).collect();
                let none = lightsout::schedule::Holidays::new;
                let hours = lightsout::schedule::Hours::new(zone, windows, none(), none()).unwrap();
                self.stage.telling.quiet = Some(std::sync::Arc::new(hours));
            }
            ["digest", zone] => {
                let at = Time::constant(8, 0, 0, 0);
                let zone = TimeZone::get(zone).unwrap();
                self.stage.telling.weekly = Some(lightsout::engine::Weekly { zone, at });
            }
            ["operators", rest @ ..] => self.stage.telling.operators = owned(rest),
            ["at", rest @ ..] => self.at(rest),
            ["pass", length] => self.stage.pass(span(length)),
            ["clock", by] => self.stage.world.step_clock(signed(by)),
            ["sweep"] => {
                let look = self.stage.sweep();
                self.looked(look, true);
            }
            ["deliver"] => self.deliver(),
            ["run", "until", rest @ ..] => self.run_until(rest),
            ["every", length, "until", rest @ ..] => self.sweep_until(span(length), rest),
            ["reload"] => {
                let engine = self.stage.engine();
                let reloaded = self.stage.files.reload(&engine);
                self.told
                    .line(&reloaded.map_or_else(|why| format!("reload refused: {why}"), |()| "reloaded".to_owned()));
            }
            ["crash", "at", point] => self.stage.crash_at(point_named(point)),
            ["restart"] => self.stage.end(),
            ["stand", "by"] => replicas::hand_over(&mut self.stage),
            ["take", "over"] => replicas::take_up(&mut self.stage),
            ["agents", "are", "awaited", length] => self.stage.agents_await = Some(length.parse().unwrap()),
            ["between", name, rest @ ..] => {
                let (id, then) = self.meanwhile(name, rest);
                drop(self.stage.world.lock().at_look.insert(id, then));
            }
            ["waiting", name, rest @ ..] => {
                let (id, then) = self.meanwhile(name, rest);
                drop(self.stage.world.lock().at_wire.insert(id, then));
            }
            ["before", name, rest @ ..] => {
                let world = self.stage.world.clone();
                let (id, rest) = (world.lock().cloud.id(name), owned(rest));
                let then = {
                    let world = world.clone();
                    Box::new(move || outside(&world, &rest))
                };
                drop(world.lock().at_intent.insert(id, then));
            }
            _ => self.asked(words),
        }
    }

    /// What people ask of the engine; everything else happens outside.
    fn asked(&mut self, words: &[&str]) {
        if crate::ladder::said(&mut self.stage, &mut self.told, words) {
            return;
        }
        match words {
            ["hold", name, length] => {
                let held = self.stage.hold(name, length.parse().unwrap());
                let line = held.map_or_else(
                    |why| format!("declined: {why}"),
                    |hold| format!("held until {}", self.told.moment(hold.until)),
                );
                self.told.line(&line);
            }
            ["hold", name, "off", length] => {
                let held = hold_off(&mut self.stage, name, length.parse().unwrap());
                let line = held.map_or_else(
                    |why| format!("declined: {why}"),
                    |hold| format!("to stay off until {}", self.told.moment(hold.until)),
                );
                self.told.line(&line);
            }
            ["next", name] => {
                let view = self.stage.engine().last_view();
                self.told.line(&next_told(&view, name, |at| self.told.moment(at)));
            }
            ["stop", name] => self.stop_now(name, false),
            ["stop", name, "although", "in", "use"] => self.stop_now(name, true),
            ["lift", name] => {
                let lifted = self.stage.lift(name);
                self.told.line(&lifted.map_or_else(|why| format!("declined: {why}"), |()| "lifted".to_owned()));
            }
            ["acknowledge", policy] => {
                let done = self.stage.acknowledge(policy);
                self.told.line(&done.map_or_else(|why| format!("declined: {why}"), |()| "acknowledged".to_owned()));
            }
            ["apply", "timers"] => {
                let request = TimerRequest { instance: None, dry_run: false, by: "ana".to_owned() };
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                let lines = runtime.block_on(self.stage.engine().set_timers(request)).unwrap().lines;
                let now = self.stage.now();
                lines.iter().for_each(|line| self.told.timer(now, line));
            }
            ["tries"] => {
                let count = std::mem::take(&mut self.stage.world.lock().channel.silent_tries);
                self.told.line(&format!("{count} tries on a silent channel"));
            }
            ["let", "go"] => {
                let count = self.stage.engine().last_view().telling.let_go;
                self.told.line(&format!("{count} messages let go"));
            }
            ["overdue"] => self.overdue(),
            ["explain", name] => self.explain(name),
            ["instance", rest @ ..] => {
                let rest: Vec<String> = rest.iter().map(|word| self.instants(word)).collect();
                outside(&self.stage.world, &[vec!["instance".to_owned()], rest].concat());
            }
            ["quiet", name, "since", rest @ ..] => {
                let (covered, time) = rest.split_last().unwrap();
                let since = self.instant(time).to_string();
                outside(&self.stage.world, &owned(&["quiet", name, &since, covered]));
            }
            ["gap", name, from, to] => {
                let (from, to) = (self.instant(&[*from]).to_string(), self.instant(&[*to]).to_string());
                outside(&self.stage.world, &owned(&["gap", name, &from, &to]));
            }
            words => outside(&self.stage.world, &owned(words)),
        }
    }

    /// A stop that somebody asks for, and how often Azure was asked so far.
    fn stop_now(&mut self, name: &str, even_if_in_use: bool) {
        let engine = self.stage.engine();
        self.stage.world.begin_sweep();
        let (now, runtime) = (self.stage.now(), &self.stage.runtime);
        let request = asked_stop(name, even_if_in_use);
        match catch_unwind(AssertUnwindSafe(|| runtime.block_on(engine.stop_now(request)))) {
            Ok(told) => self.told.line(&told.unwrap_or_else(|why| format!("declined: {why}"))),
            Err(crash) => {
                assert!(crash.is::<Crash>(), "stopping {name} broke");
                self.stage.end();
                self.told.event(now, "the process ends");
            }
        }
        let posts = self.stage.world.lock().posts.iter().filter(|post| post.step.instance.name() == name).count();
        self.told.line(&format!("{posts} POSTs for {name} so far"));
    }

    /// What every face shows as due to be off and on.
    fn overdue(&mut self) {
        let view = self.stage.engine().last_view();
        for instance in view.workspaces.values().flat_map(|workspace| &workspace.instances) {
            if let Some(since) = instance.overdue_since.known() {
                let since = self.told.moment(since);
                self.told.line(&format!("overdue {} since {since}", instance.facts.id.name()));
            }
        }
    }

    /// What is told of one instance: since when it is overdue, and what holds it back.
    fn explain(&mut self, name: &str) {
        let decision = self.stage.engine().decision(name.to_owned(), None).now_or_never().unwrap().unwrap();
        let told: Explanation = serde_json::from_value(decision).unwrap();
        let since = told
            .overdue_since()
            .map_or_else(|| "not overdue".to_owned(), |at| format!("overdue since {}", self.told.moment(at)));
        let refusals: Vec<&str> = told.refusals.iter().map(|refusal| refusal.label()).collect();
        self.told.line(&format!("{name}: {since}, held back by [{}]", refusals.join(" ")));
    }

    fn policy(&mut self, name: &str, block: &str) {
        let scope = if block.contains("scope") { "" } else { "scope.workspaces = [\"*\"]\n" };
        let text = format!("name = \"{name}\"\n{scope}{block}");
        self.stage.files.policies.insert(name.to_owned(), text);
    }

    /// `2026-03-23 19:44` or `19:44`, in the zone of the scene.
    fn instant(&self, words: &[&str]) -> Timestamp {
        let today = self.stage.now().to_zoned(self.zone.clone()).date();
        let (date, time): (Date, Time) = match words {
            [date, time] => (date.parse().unwrap(), time.parse().unwrap()),
            [time] => (today, time.parse().unwrap()),
            _ => panic!("no time: {words:?}"),
        };
        date.to_datetime(time).to_zoned(self.zone.clone()).unwrap().timestamp()
    }

    /// A word that holds a time without zone, as an instant: `started=2026-03-23T09:00`.
    fn instants(&self, word: &str) -> String {
        let Some((key, value)) = word.split_once('=') else { return word.to_owned() };
        let civil = value.parse::<jiff::civil::DateTime>().ok().filter(|_| matches!(key, "started" | "created"));
        civil.map_or_else(
            || word.to_owned(),
            |civil| format!("{key}={}", civil.to_zoned(self.zone.clone()).unwrap().timestamp()),
        )
    }

    fn at(&mut self, words: &[&str]) {
        let wanted = self.instant(words);
        let away = wanted.duration_since(self.stage.now());
        assert!(self.begun || !away.is_negative() || words.len() == 2, "time goes on: {words:?}");
        self.begun = true;
        self.stage.pass(away);
        self.told.now(wanted);
    }

    fn looked(&mut self, look: Look, all: bool) {
        let now = self.stage.now();
        match look {
            Look::Nothing => {}
            Look::Crashed => self.told.event(now, "the process ends"),
            Look::Swept(report) => self.told.sweep(now, &report, all),
        }
    }

    fn deliver(&mut self) {
        let before = self.stage.world.lock().messages.len();
        let delivered = self.stage.deliver();
        let now = self.stage.now();
        let sent: Vec<_> =
            self.stage.world.lock().messages.iter().skip(before).map(|(_, message)| message.clone()).collect();
        sent.iter().for_each(|message| self.told.message(now, message));
        match delivered {
            Ok((_, 1..)) => self.told.once(now, "delivery", "messages could not be delivered"),
            Ok(_) => {}
            Err(why) => self.told.once(now, "delivery", &format!("fault: {why}")),
        }
    }

    /// The service runs: it looks and delivers every few seconds, and only what changes is told.
    fn run_until(&mut self, words: &[&str]) {
        let end = self.instant(words);
        loop {
            let look = self.stage.tick();
            self.looked(look, false);
            self.deliver();
            if self.stage.now() >= end {
                return;
            }
            let left = end.duration_since(self.stage.now());
            self.stage.pass(PACE.min(left));
        }
    }

    /// Weeks pass: it looks and delivers now and then, and only what changes is told.
    fn sweep_until(&mut self, length: SignedDuration, words: &[&str]) {
        let end = self.instant(words);
        while self.stage.now() < end {
            let left = end.duration_since(self.stage.now());
            self.stage.pass(length.min(left));
            let look = self.stage.sweep();
            self.looked(look, false);
            self.deliver();
        }
    }

    /// Something that happens between the list and the second look (G10), or while a stop waits to be sent (G12).
    fn meanwhile(&mut self, name: &str, words: &[&str]) -> (InstanceId, Then) {
        let world = self.stage.world.clone();
        let id = world.lock().cloud.id(name);
        let engine = self.stage.engine();
        let then: Then = match words {
            ["hold", length] => {
                let (name, length) = (name.to_owned(), length.parse::<Span>().unwrap());
                let request = lightsout::ports::HoldRequest {
                    instance: name,
                    seconds: length.as_secs(),
                    reason: "training".into(),
                    by: "ana".into(),
                    life: None,
                    link: None,
                    off: false,
                };
                Box::new(move || {
                    engine.hold(request).now_or_never().unwrap().unwrap();
                })
            }
            ["stop"] => {
                let request = asked_stop(name, false);
                Box::new(move || drop(engine.stop_now(request).now_or_never().unwrap().unwrap()))
            }
            ["reload"] => {
                let files = self.stage.files.clone();
                Box::new(move || files.reload(&engine).unwrap())
            }
            words => {
                let (world, words) = (world.clone(), owned(words));
                Box::new(move || outside(&world, &words))
            }
        };
        (id, then)
    }
}

fn asked_stop(name: &str, even_if_in_use: bool) -> StopRequest {
    StopRequest {
        instance: name.to_owned(),
        reason: "done".to_owned(),
        by: "ana".to_owned(),
        even_if_in_use,
        life: None,
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn point_named(word: &str) -> &'static str {
    let points =
        ["intended", "posted", "sent", "operation_intended", "operation_posted", "proposed", "ladder_told", "recorded"];
    let word = match word {
        "start-intended" => "operation_intended",
        "start-posted" => "operation_posted",
        other => other,
    };
    points.into_iter().find(|point| *point == word).unwrap_or_else(|| panic!("no point is called {word}"))
}

fn span(text: &str) -> SignedDuration {
    text.parse::<Span>().unwrap().duration()
}

/// `+2h` or `-1h`.
fn signed(text: &str) -> SignedDuration {
    match text.split_at(1) {
        ("+", length) => span(length),
        ("-", length) => -span(length),
        _ => panic!("a step needs a sign: {text}"),
    }
}

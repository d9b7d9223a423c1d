//! What a scene tells: verdicts, warnings, refusals, stops and their ends, one a line, in the scene's zone.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lightsout::ports::{About, Message, MessageKind};
use lightsout::report::{LadderKind, Outcome, StartLine, StartOutcome, SweepReport, TimerLine, TimerOutcome};
use lightsout::rules::{Action, Ground, Verdict};

/// The transcript so far.
pub(crate) struct Transcript {
    text: String,
    zone: TimeZone,
    /// What was told last, by what it is about: said again only when it changes.
    said: BTreeMap<String, String>,
}

impl Default for Transcript {
    fn default() -> Self {
        Self { text: String::new(), zone: TimeZone::UTC, said: BTreeMap::new() }
    }
}

impl Transcript {
    pub(crate) fn zone(&mut self, zone: &TimeZone) {
        self.zone = zone.clone();
    }

    /// The whole text.
    pub(crate) fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    /// An instant in the zone of the scene.
    pub(crate) fn moment(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%a %H:%M:%S").to_string()
    }

    /// An instant with its date, for what takes weeks.
    pub(crate) fn day(&self, at: Timestamp) -> String {
        at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M").to_string()
    }

    pub(crate) fn command(&mut self, line: &str) {
        let mark = if line.starts_with('#') { "" } else { "> " };
        writeln!(self.text, "{mark}{line}").unwrap();
    }

    pub(crate) fn line(&mut self, line: &str) {
        writeln!(self.text, "    {line}").unwrap();
    }

    pub(crate) fn now(&mut self, at: Timestamp) {
        let day = at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d").to_string();
        self.changed("day", &day);
    }

    pub(crate) fn event(&mut self, now: Timestamp, line: &str) {
        let at = self.moment(now);
        self.line(&format!("{at} {line}"));
    }

    /// An event that is told again only when it changes.
    pub(crate) fn once(&mut self, now: Timestamp, about: &str, line: &str) {
        if self.changed(about, line) {
            self.event(now, line);
        }
    }

    fn changed(&mut self, about: &str, what: &str) -> bool {
        self.said.insert(about.to_owned(), what.to_owned()).as_deref() != Some(what)
    }

    /// A message as it arrived.
    pub(crate) fn message(&mut self, now: Timestamp, message: &Message) {
        if !message.also.is_empty() {
            let names: Vec<&str> = std::iter::once(message)
                .chain(&message.also)
                .filter_map(|one| one.instance().map(|(id, _)| id.name()))
                .collect();
            self.event(now, &format!("in one message: {}", names.join(" ")));
        }
        let kind = match message.kind {
            MessageKind::Warning => "will be stopped",
            MessageKind::Stopped => "was stopped",
            MessageKind::StopFailed => "could not be stopped",
            MessageKind::StartFailed => "was not started",
            MessageKind::DiskFull => "disk full",
            MessageKind::DiskFilling => "disk fills",
            MessageKind::Budget => "budget",
            MessageKind::Overdue => "is overdue",
            MessageKind::PolicyChanged => "changed",
            MessageKind::PolicyBroken => "broken",
            MessageKind::Digest => "week",
            MessageKind::Proposal => "is proposed for deletion",
            MessageKind::Deleted => "was deleted",
            MessageKind::DeleteFailed => "could not be deleted",
            MessageKind::Test => "test",
        };
        let when =
            message.notice.as_ref().map(|notice| format!(" at {}", self.moment(notice.stop_at))).unwrap_or_default();
        let owner = message.owner.as_deref().unwrap_or("nobody");
        let takes_weeks =
            matches!(message.kind, MessageKind::Proposal | MessageKind::Deleted | MessageKind::DeleteFailed);
        if let (true, Some((id, _))) = (takes_weeks, message.instance()) {
            let day = message.notice.as_ref().map(|notice| format!(", day {}", self.day(notice.stop_at)));
            let to = match message.channel.as_deref() {
                Some("program") => "a program".to_owned(),
                Some(_) | None => std::iter::once(owner).chain(notify(message)).collect::<Vec<_>>().join(" "),
            };
            let day = day.unwrap_or_default();
            return self.line(&format!("{} told {to}: {} {kind}{day}", self.day(now), id.name()));
        }
        match &message.about {
            About::Instance { instance, .. } => {
                let people: Vec<&str> = message.address.as_deref().into_iter().chain(notify(message)).collect();
                let people = if people.is_empty() { String::new() } else { format!(" [{}]", people.join(" ")) };
                self.event(now, &format!("told {owner}{people}: {} {kind}{when}", instance.name()));
            }
            About::Budget { .. } | About::Policies { .. } | About::Week { .. } => {
                let others = message.notify.join(" ");
                self.event(now, &format!("told {owner} [{others}]: {}", message.words));
            }
        }
    }

    /// A sweep: all of it, or only what changed.
    pub(crate) fn sweep(&mut self, now: Timestamp, report: &SweepReport, all: bool) {
        for (id, result) in &report.settled {
            self.event(now, &format!("settled {}: {result}", id.name()));
        }
        for (policy, count, why) in &report.edges_missed {
            self.event(now, &format!("missed {count} edges of {policy}: {why}"));
        }
        let faults: Vec<String> =
            report.faults.iter().map(|fault| format!("{} ({})", fault.label, fault.words)).collect();
        if self.changed("faults", &faults.join("; ")) && !faults.is_empty() {
            self.event(now, &format!("fault: {}", faults.join("; ")));
        }
        for verdict in &report.verdicts {
            let waits = verdict.action == Action::Warn
                && report.refused.iter().any(|(step, _)| step.instance == verdict.instance);
            let told = if waits { held_back(verdict) } else { self.verdict(verdict) };
            if self.changed(&verdict.instance.to_string(), &told) || all {
                self.event(now, &told);
            }
        }
        for notice in &report.notices {
            let at = self.moment(notice.key.stop_at);
            self.event(now, &format!("warning for {}: stop at {at}", notice.instance.name()));
        }
        report.timers.iter().for_each(|line| self.timer(now, line));
        report.starts.iter().for_each(|line| self.start(now, line));
        for line in &report.ladder {
            let name = line.instance.name();
            let kind = match line.kind {
                LadderKind::Refused(refusal) => format!("refused, {}", refusal.label()),
                kind @ (LadderKind::Proposed
                | LadderKind::Told
                | LadderKind::Void
                | LadderKind::Sent
                | LadderKind::Deleted
                | LadderKind::Failed) => kind.label().to_owned(),
            };
            let told = format!("{} ladder {name}: {kind}: {}", self.day(now), self.with_days(&line.words));
            let is_news = self.changed(&format!("ladder {name}"), &format!("{kind} {}", line.words));
            if is_news || all {
                self.line(&told);
            }
        }
        self.refusals(now, report, all);
        for line in &report.stops {
            let outcome = match &line.outcome {
                Outcome::Accepted => "accepted".to_owned(),
                Outcome::AlreadyStopped => "already stopped".to_owned(),
                Outcome::Dropped { refusal, words } => format!("dropped, {}: {words}", refusal.label()),
                Outcome::Failed { label, .. } => format!("failed, {label}"),
                Outcome::Unclear { .. } => "unclear".to_owned(),
            };
            self.event(
                now,
                &format!("POST stop {}: {outcome}", line.step.instance.name()).replace(
                    if matches!(line.outcome, Outcome::Dropped { .. }) { "POST stop" } else { "\0" },
                    "no stop of",
                ),
            );
        }
    }

    /// A start that was due; how it waits is told when that changes.
    fn start(&mut self, now: Timestamp, line: &StartLine) {
        let name = line.instance.name();
        let told = match &line.outcome {
            StartOutcome::Asked => format!("POST start {name}: accepted"),
            StartOutcome::Unclear { .. } => format!("POST start {name}: unclear"),
            StartOutcome::Failed { label, .. } => format!("POST start {name}: failed, {label}"),
            StartOutcome::Waits { refusal, words } => format!("no start of {name}: {} {words}", refusal.label()),
            StartOutcome::Would | StartOutcome::KeptOff { .. } | StartOutcome::Missed { .. } => {
                format!("no start of {name}: {}: {}", line.outcome.label(), line.outcome.words())
            }
        };
        let again = !matches!(line.outcome, StartOutcome::Waits { .. });
        if self.changed(&format!("start {name}"), &told) || again {
            self.event(now, told.trim_end());
        }
    }

    /// The words with their instants in the zone of the scene.
    fn with_days(&self, words: &str) -> String {
        let told = |word: &str| {
            let bare = word.trim_end_matches([':', ';', ',']);
            let at: Option<Timestamp> = bare.parse().ok().filter(|_| bare.ends_with('Z'));
            at.map_or_else(|| word.to_owned(), |at| format!("{}{}", self.day(at), &word[bare.len()..]))
        };
        words.split(' ').map(told).collect::<Vec<_>>().join(" ")
    }

    /// An idle timer that was set, or was not.
    pub(crate) fn timer(&mut self, now: Timestamp, line: &TimerLine) {
        let was = line.was.map_or_else(|| "none".to_owned(), |was| was.to_string());
        let how = match &line.outcome {
            TimerOutcome::Dropped { refusal, .. } => format!("dropped, {}", refusal.label()),
            TimerOutcome::Failed { label, .. } => format!("failed, {label}"),
            TimerOutcome::WouldBeSet
            | TimerOutcome::Set
            | TimerOutcome::Unclear { .. }
            | TimerOutcome::NotShown { .. } => line.outcome.label().to_owned(),
        };
        self.event(now, &format!("timer of {} from {was} to {}: {how}", line.instance.name(), line.to));
    }

    fn refusals(&mut self, now: Timestamp, report: &SweepReport, all: bool) {
        let mut why: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (step, refusal) in &report.refused {
            why.entry(refusal.label()).or_default().push(step.instance.name());
        }
        let told: Vec<String> =
            why.iter().map(|(label, names)| format!("refused {}: {label}", names.join(" "))).collect();
        if (self.changed("refused", &told.join("; ")) || all) && !told.is_empty() {
            told.iter().for_each(|line| self.event(now, line));
        }
    }

    fn verdict(&self, verdict: &Verdict) -> String {
        // while something stronger keeps it, its stop moves with every look
        let kept = matches!(verdict.ground, Ground::Frozen | Ground::Exempt | Ground::Busy);
        let due = verdict
            .due
            .as_ref()
            .filter(|_| !kept)
            .map(|due| format!("; {} stop at {}", due.ground.label(), self.moment(due.stop_at)));
        format!(
            "{} {} {}{}",
            verdict.instance.name(),
            verdict.action.label(),
            verdict.ground.label(),
            due.unwrap_or_default()
        )
    }
}

fn notify(message: &Message) -> impl Iterator<Item = &str> {
    message.notify.iter().map(String::as_str)
}

/// Nobody is told, so no time is promised: it moves with every look.
fn held_back(verdict: &Verdict) -> String {
    format!("{} {} {}, held back", verdict.instance.name(), verdict.action.label(), verdict.ground.label())
}

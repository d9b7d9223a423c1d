//! `lightsout explain`: one decision in full.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Look, Paint};
use crate::facts::{Evidence, History, NativeSchedule, NoticeState, Reading};
use crate::report::{Explanation, words};
use crate::rules::{Action, Finding, Ground, Rule};

/// A decision as text: the answer first, then what led to it.
#[must_use]
pub fn explain(told: &Explanation, zone: &TimeZone, look: &Look) -> String {
    let mut page = Page { text: String::new(), paint: look.paint, zone: zone.clone() };
    answer(&mut page, told, look);
    facts(&mut page, told);
    if let Some(history) = &told.history {
        remembered(&mut page, history, told.verdict.at);
    }
    native(&mut page, told);
    findings(&mut page, told);
    start(&mut page, told);
    if !told.recorded {
        guard(&mut page, told);
    }
    page.text
}

struct Page {
    text: String,
    paint: Paint,
    zone: TimeZone,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
    fn heading(&mut self, words: &str) {
        let heading = self.paint.strong(words);
        self.line("");
        self.line(&heading);
    }
    fn pair(&mut self, name: &str, value: &str) {
        let written = writeln!(self.text, "  {name:<16} {value}");
        debug_assert!(written.is_ok(), "a String takes every text");
    }
    fn moment(&self, at: Timestamp) -> String {
        words::moment(at, &self.zone)
    }
    /// An instant with its distance from another.
    fn away(&self, at: Timestamp, from: Timestamp) -> String {
        format!("{}, {}", self.moment(at), words::from_now(at, from))
    }
}

fn answer(page: &mut Page, told: &Explanation, look: &Look) {
    let verdict = &told.verdict;
    let id = &told.facts.id;
    let title = format!(
        "{} in {}: {}",
        words::clean(id.name()),
        words::clean(id.workspace().name()),
        words::action(verdict.action)
    );
    let title = look.paint.strong(&title);
    page.line(&format!("{title}, because it {}", words::ground(verdict.ground)));
    let how = if told.recorded { "as recorded" } else { "as decided" };
    let decided = page.away(verdict.at, look.now);
    page.pair(how, &decided);
    let by = told.mode.map_or_else(String::new, |mode| format!(", mode {}", words::mode(mode)));
    let over = verdict
        .under
        .override_name
        .as_ref()
        .map_or_else(String::new, |name| format!(", override {}", words::clean(name)));
    page.pair(
        "policy",
        &format!(
            "{}{over}{by}, revision {}",
            words::clean(verdict.under.policy.as_str()),
            words::clean(&verdict.under.revision)
        ),
    );
    if let Some(due) = &verdict.due {
        let (by, warn, stop) =
            (page.moment(due.due_at), page.away(due.warn_at, verdict.at), page.away(due.stop_at, verdict.at));
        page.pair("due", &format!("{by} by {}", due.ground.label()));
        page.pair("warning", &warn);
        page.pair("stop", &stop);
    }
    if let Some(since) = told.overdue_since() {
        let line = look.paint.bad(&format!("for {}", words::length(verdict.at.duration_since(since))));
        page.pair("overdue", &line);
    }
    if let Some(words) = &told.deletion {
        page.pair("deletion", &words::clean(words));
    }
    let never = || "only when something happens: time alone changes nothing".to_owned();
    let next = verdict.changes_at.known().map_or_else(never, |at| page.away(at, verdict.at));
    page.pair("next change", &next);
}

fn facts(page: &mut Page, told: &Explanation) {
    let facts = &told.facts;
    let at = told.verdict.at;
    page.heading("Facts");
    page.pair(
        "state",
        &format!("{} (observed {})", words::clean(&facts.state.to_string()), words::from_now(facts.observed_at, at)),
    );
    page.pair("last operation", &words::last_operation(facts, at));
    let evidence = told.evidence.as_deref().unwrap_or(Evidence::NONE);
    for line in words::activity(facts, evidence, at) {
        page.pair("activity", &line);
    }
    if let Some(disk) = &evidence.disk {
        page.pair("disk", &words::disk(disk, at));
    }
    page.pair("owner", &words::owner(facts));
    page.pair("size", &words::clean(&facts.size));
    let created = facts
        .created
        .known()
        .map_or_else(|| "unknown".to_owned(), |at| at.to_zoned(page.zone.clone()).strftime("%d %b %Y").to_string());
    page.pair("created", &created);
    let tags = match &facts.tags {
        Reading::Known { value, .. } if value.0.is_empty() => "none".to_owned(),
        Reading::Known { value, .. } => {
            let tags = value.0.iter().map(|(name, value)| format!("{}={}", words::clean(name), words::clean(value)));
            tags.collect::<Vec<_>>().join(", ")
        }
        Reading::Unknown(why) => words::unknown(why),
    };
    page.pair("tags", &tags);
    if let Some(hold) = &told.hold {
        let until = page.away(hold.until, at);
        page.pair("held", &format!("until {until}, by {}: {}", words::clean(&hold.by), words::clean(&hold.reason)));
    }
    for odd in &facts.oddities {
        page.pair("odd", &format!("{}: {}", words::clean(&odd.field), words::clean(&odd.what)));
    }
}

fn remembered(page: &mut Page, history: &History, at: Timestamp) {
    page.heading("Remembered");
    let seen = |page: &Page, instant: Option<Timestamp>| {
        instant.map_or_else(|| "never".to_owned(), |instant| page.away(instant, at))
    };
    let on = history.on_since.known().map_or_else(|| "not on".to_owned(), |since| page.away(since, at));
    page.pair("seen on since", &on);
    let (off, busy) = (seen(page, history.last_seen_off.known()), seen(page, history.last_busy.known()));
    page.pair("last seen off", &off);
    page.pair("last in use", &busy);
    for notice in history.notices.iter().rev().take(3) {
        let delivered = match notice.state {
            NoticeState::Recorded => "recorded, not delivered yet".to_owned(),
            NoticeState::Delivered { at: when } => {
                format!("delivered {}", words::from_now(when, at))
            }
        };
        let stop = page.moment(notice.key.stop_at);
        page.pair("warned of", &format!("{stop}, {delivered}"));
    }
    if let Some(open) = &history.open {
        let sent = open
            .sent_at
            .map_or_else(|| "perhaps never sent".to_owned(), |sent| format!("sent {}", words::from_now(sent, at)));
        page.pair("being stopped", &sent);
    }
    for stop in history.stops.iter().rev().take(3) {
        let ended = page.away(stop.ended_at, at);
        page.pair("stop", &format!("{ended}: {}", words::stop_result(&stop.result)));
    }
}

fn native(page: &mut Page, told: &Explanation) {
    page.heading("Azure's own timers");
    let native = &told.facts.native;
    let idle = native.idle_shutdown.map_or_else(|| "off".to_owned(), |after| format!("after {after}"));
    page.pair("idle shutdown", &idle);
    if native.schedules.is_empty() {
        page.pair("schedules", "none");
    }
    for schedule in &native.schedules {
        page.pair(if schedule.starts { "starts" } else { "stops" }, &schedule_words(schedule));
    }
    if !native.custom_applications.is_empty() {
        page.pair("applications", &words::clean(&native.custom_applications.join(", ")));
    }
    for finding in &told.native {
        page.pair(finding.label(), &words::clean(&finding.words(native)));
    }
    for term in told.terms.iter().filter(|term| term.key.split('.').next() == Some("native")) {
        let value = term.value.as_ref().map_or_else(String::new, |value| format!(" = {}", words::clean(value)));
        let origin = words::clean(&term.origin.to_string());
        let line = page.paint.faint(&format!("       {}{value}  [{origin}]", words::clean(&term.key)));
        page.line(&line);
    }
}

fn schedule_words(schedule: &NativeSchedule) -> String {
    let zone = schedule.zone.as_deref().map_or_else(String::new, |zone| format!(", zone {}", words::clean(zone)));
    let state = match (schedule.failed, schedule.enabled) {
        (true, _) => " (Azure could not set it up)",
        (false, true) => "",
        (false, false) => " (disabled)",
    };
    format!("{}{zone}{state}", words::clean(&schedule.when))
}

fn findings(page: &mut Page, told: &Explanation) {
    page.heading("What the rules found, strongest first");
    let mut shown = Vec::new();
    for (place, finding) in told.verdict.findings.iter().enumerate() {
        let line = finding_words(finding, page);
        let mark = if place == 0 { "=>" } else { "  " };
        page.line(&format!("{mark} {line}"));
        if shown.contains(&finding.rule) {
            continue;
        }
        shown.push(finding.rule);
        for term in told.lines_of(finding.rule) {
            let value = term.value.as_ref().map_or_else(String::new, |value| format!(" = {}", words::clean(value)));
            let origin = words::clean(&term.origin.to_string());
            let line = page.paint.faint(&format!("       {}{value}  [{origin}]", words::clean(&term.key)));
            page.line(&line);
        }
    }
}

fn finding_words(finding: &Finding, page: &Page) -> String {
    let ahead = finding.due_at.known().filter(|_| finding.ground != Ground::EdgeMissed);
    let due = ahead.map_or_else(String::new, |at| format!("; due {}", page.moment(at)));
    format!(
        "{}: {} ({}){due}",
        words::rule(finding.rule),
        words::clean(&finding.words.to_string()),
        finding.ground.label()
    )
}

/// What there is to say of starting it, with the lines that say so.
fn start(page: &mut Page, told: &Explanation) {
    let Some(found) = &told.start else { return };
    page.heading("When its hours begin");
    let next =
        found.start_at.known().map_or_else(|| "never, as things stand".to_owned(), |at| page.away(at, told.at()));
    page.pair("next start", &next);
    page.line(&format!("  {} ({})", words::clean(&found.words), found.ground.label()));
    for term in told.lines_of(Rule::Start) {
        let origin = words::clean(&term.origin.to_string());
        let line = page.paint.faint(&format!("       {}  [{origin}]", words::clean(&term.key)));
        page.line(&line);
    }
}

fn guard(page: &mut Page, told: &Explanation) {
    page.heading("What the guard says to a stop now");
    if told.refusals.is_empty() {
        let keeps = told.verdict.action == Action::Keep;
        page.line(if keeps { "  it was not asked: nothing is to be stopped now" } else { "  nothing against it" });
    }
    for refusal in &told.refusals {
        let label = page.paint.bad(refusal.label());
        page.line(&format!("  {label}: {}", refusal.words()));
    }
}

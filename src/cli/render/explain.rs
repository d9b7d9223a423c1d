//! `lightsout explain`: one decision in full.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::{Look, Paint};
use crate::facts::{NativeSchedule, Reading};
use crate::guard::Refusal;
use crate::report::{Explanation, TermLine, words};
use crate::rules::Finding;

/// A decision as text: the answer first, then what led to it.
#[must_use]
pub fn explain(told: &Explanation, zone: &TimeZone, look: &Look) -> String {
    let mut page = Page { text: String::new(), paint: look.paint };
    answer(&mut page, told, zone, look);
    facts(&mut page, told, zone);
    native(&mut page, told);
    findings(&mut page, told, zone);
    guard(&mut page, told);
    page.text
}

struct Page {
    text: String,
    paint: Paint,
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
}

fn answer(page: &mut Page, told: &Explanation, zone: &TimeZone, look: &Look) {
    let verdict = &told.verdict;
    let title = format!("{} in {}: {}", words::clean(told.facts.id.name()), words::clean(told.facts.id.workspace().name()), words::action(verdict.action));
    let title = look.paint.strong(&title);
    page.line(&format!("{title}, because it {}", words::ground(verdict.ground)));
    let how = if told.recorded { "as recorded" } else { "as decided" };
    page.pair(how, &format!("{}, {}", words::moment(verdict.at, zone), words::from_now(verdict.at, look.now)));
    let mode = told.mode.map_or_else(String::new, |mode| format!(", mode {}", words::mode(mode)));
    let over = verdict.override_name.as_ref().map_or_else(String::new, |name| format!(", override {}", words::clean(name)));
    page.pair("policy", &format!("{}{over}{mode}, revision {}", words::clean(verdict.policy.as_str()), words::clean(&verdict.revision)));
    if let Some(due) = &verdict.due {
        page.pair("due", &format!("{} by {}", words::moment(due.due_at, zone), due.ground.label()));
        page.pair("warned", &format!("{}, {}", words::moment(due.warn_at, zone), words::from_now(due.warn_at, verdict.at)));
        page.pair("stopped", &format!("{}, {}", words::moment(due.stop_at, zone), words::from_now(due.stop_at, verdict.at)));
    }
    if let Some(since) = verdict.overdue_since() {
        let line = format!("for {}", words::length(verdict.at.duration_since(since)));
        page.pair("overdue", &look.paint.bad(&line));
    }
    let next = verdict.changes_at.map_or_else(
        || "only when something happens: time alone changes nothing".to_owned(),
        |at| format!("{}, {}", words::moment(at, zone), words::from_now(at, verdict.at)),
    );
    page.pair("next change", &next);
}

fn facts(page: &mut Page, told: &Explanation, zone: &TimeZone) {
    let facts = &told.facts;
    let at = told.verdict.at;
    page.heading("Facts");
    page.pair("state", &format!("{} (observed {})", words::clean(&facts.state.to_string()), words::from_now(facts.observed_at, at)));
    page.pair("last operation", &words::last_operation(facts, at));
    page.pair("activity", &words::activity(&facts.activity, at));
    page.pair("owner", &words::owner(facts));
    page.pair("size", &words::clean(&facts.size));
    page.pair("created", &facts.created.map_or_else(|| "unknown".to_owned(), |created| created.to_zoned(zone.clone()).strftime("%d %b %Y").to_string()));
    let tags = match &facts.tags {
        Reading::Known { value, .. } if value.0.is_empty() => "none".to_owned(),
        Reading::Known { value, .. } => value.0.iter().map(|(k, v)| format!("{}={}", words::clean(k), words::clean(v))).collect::<Vec<_>>().join(", "),
        Reading::Unknown(why) => words::unknown(why),
    };
    page.pair("tags", &tags);
    if let Some(hold) = &told.hold {
        page.pair("hold", &format!("until {} by {}: {}", words::moment(hold.until, zone), words::clean(&hold.by), words::clean(&hold.reason)));
    }
    for odd in &facts.oddities {
        page.pair("odd", &format!("{}: {}", words::clean(&odd.field), words::clean(&odd.what)));
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
}

fn schedule_words(schedule: &NativeSchedule) -> String {
    let zone = schedule.zone.as_deref().map_or_else(String::new, |zone| format!(", zone {}", words::clean(zone)));
    format!("{}{zone}{}", words::clean(&schedule.when), if schedule.enabled { "" } else { " (disabled)" })
}

fn findings(page: &mut Page, told: &Explanation, zone: &TimeZone) {
    page.heading("What the rules found, strongest first");
    for (place, finding) in told.verdict.findings.iter().enumerate() {
        let line = finding_words(finding, zone);
        let mark = if place == 0 { "=>" } else { "  " };
        page.line(&format!("{mark} {line}"));
        for term in told.lines_of(finding.rule) {
            let line = page.paint.faint(&format!("       {}", term_words(term)));
            page.line(&line);
        }
    }
}

fn finding_words(finding: &Finding, zone: &TimeZone) -> String {
    let due = finding.due_at.map_or_else(String::new, |at| format!("; due {}", words::moment(at, zone)));
    format!("{}: {} ({}){due}", words::rule(finding.rule), words::clean(&finding.words), finding.ground.label())
}

fn term_words(term: &TermLine) -> String {
    let value = term.value.as_ref().map_or_else(String::new, |value| format!(" = {}", words::clean(value)));
    format!("{}{value}  [{}]", term.key, words::clean(&term.origin.to_string()))
}

fn guard(page: &mut Page, told: &Explanation) {
    page.heading("What the guard would say to a stop now");
    if told.refusals.is_empty() {
        page.line("  nothing against it");
    }
    for refusal in &told.refusals {
        let line = refusal_words(*refusal, page.paint);
        page.line(&line);
    }
}

fn refusal_words(refusal: Refusal, paint: Paint) -> String {
    format!("  {}: {}", paint.bad(refusal.label()), refusal.words())
}

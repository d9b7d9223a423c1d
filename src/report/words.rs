//! Verdicts, times and lengths as people read them; every text from outside made safe for a terminal.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::facts::{
    DiskSight, Evidence, Freeze, InstanceFacts, PowerState, Reading, Source, StopResult, UNSENT, Unknown, Use,
};
use crate::policy::Mode;
use crate::rules::{Action, Ground, Rule};

/// Text from outside, safe on one line of a terminal: control characters, and those that turn the direction of
/// writing, are shown as escapes.
#[must_use]
pub fn clean(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_invisible(c) {
            safe.extend(c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Line and paragraph separators, zero width characters and bidirectional controls.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{061c}')
}

/// An instant in a zone with UTC beside it: `Tue 24 Nov 20:00 Europe/Berlin (19:00 UTC)`.
#[must_use]
pub fn moment(at: Timestamp, zone: &TimeZone) -> String {
    let utc = at.to_zoned(TimeZone::UTC);
    let there = at.to_zoned(zone.clone());
    if there.offset().is_zero() && zone.iana_name().is_none_or(|name| name == "UTC" || name == "Etc/UTC") {
        return utc.strftime("%a %d %b %H:%M UTC").to_string();
    }
    let name = zone.iana_name().map_or_else(|| there.strftime("%:z").to_string(), str::to_owned);
    let beside = if utc.date() == there.date() { "%H:%M UTC" } else { "%a %H:%M UTC" };
    format!("{} {name} ({})", there.strftime("%a %d %b %H:%M"), utc.strftime(beside))
}

/// A length in its two largest units: `2d 3h`, `1h 5m`, `45s`. Never negative.
#[must_use]
pub fn length(length: SignedDuration) -> String {
    let seconds = length.as_secs().max(0);
    let units = [("d", 86_400_i64), ("h", 3_600), ("m", 60), ("s", 1)];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (name, unit) in units {
        let n = rest.checked_div(unit).unwrap_or(0);
        rest = rest.checked_rem(unit).unwrap_or(0);
        if n > 0 {
            parts.push(format!("{n}{name}"));
        } else if !parts.is_empty() {
            break;
        }
    }
    parts.truncate(2);
    if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") }
}

/// Where an instant lies from `now`: `in 10m`, `5m ago`, `now`.
#[must_use]
pub fn from_now(at: Timestamp, now: Timestamp) -> String {
    let away = at.duration_since(now);
    if away.as_secs() == 0 {
        "now".to_owned()
    } else if away.is_positive() {
        format!("in {}", length(away))
    } else {
        format!("{} ago", length(now.duration_since(at)))
    }
}

/// What an action does, as a verb.
#[must_use]
pub const fn action(action: Action) -> &'static str {
    match action {
        Action::Keep => "keep",
        Action::Warn => "warn that it will be stopped",
        Action::Stop => "stop",
    }
}

/// A mode as a word of policy files.
#[must_use]
pub const fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Observe => "observe",
        Mode::Enforce => "enforce",
    }
}

/// A rule's name for readers.
#[must_use]
pub const fn rule(rule: Rule) -> &'static str {
    match rule {
        Rule::State => "state",
        Rule::Freeze => "freeze",
        Rule::Hold => "hold",
        Rule::Exempt => "exemptions",
        Rule::Busy => "signs of use",
        Rule::JustStarted => "just started",
        Rule::Hours => "allowed hours",
        Rule::Idle => "idle",
        Rule::Uptime => "uptime",
        Rule::Budget => "budget",
        Rule::Start => "start",
        Rule::Warning => "warning",
    }
}

/// What a ground says, completing "it …".
#[must_use]
pub const fn ground(ground: Ground) -> &'static str {
    match ground {
        Ground::Off => "is off",
        Ground::Unsettled => "is between states, or broken",
        Ground::Unrecognised => "is in a state that this version does not know",
        Ground::Held => "is held by a person",
        Ground::Frozen => "is kept because everything is frozen",
        Ground::Exempt => "is exempt",
        Ground::Busy => "is in use",
        Ground::JustStarted => "was started or stopped only just now",
        Ground::InHours => "is within its allowed hours",
        Ground::EdgeSpent => "was started by a person after its hours had ended",
        Ground::StartUnknown => "may have been started after its hours had ended; nobody knows",
        Ground::EdgeMissed => {
            "is on outside its allowed hours, whose end was missed for longer than the policy catches up"
        }
        Ground::NoActionDay => "is left alone today: a day on which nothing is done",
        Ground::HoursUnknown => "has hours that cannot be read (calendar or zone)",
        Ground::IdleUnknown => "may be idle or in use; nothing says which",
        Ground::NotDue => "is not due by any rule",
        Ground::OffHours => "is on outside its allowed hours",
        Ground::Idle => "is idle",
        Ground::Uptime => "has run too long",
        Ground::OverBudget => "runs though the month's budget is used up",
        Ground::UnusedStart => "was started when its hours began, and nobody has used it",
        Ground::Announced => "is due and waits for the announced time",
        Ground::WarningUndelivered => "is due and its warning has not been delivered",
        Ground::QuietHours => "is due and its warning waits until quiet hours end",
        Ground::StopUnderWay => "is being stopped",
        Ground::Asked => "is to be stopped, as a person wants it",
    }
}

/// Why a stop comes, in a word or two.
#[must_use]
pub const fn reason(ground: Ground) -> &'static str {
    match ground {
        Ground::OffHours => "outside its hours",
        Ground::Idle => "idle",
        Ground::Uptime => "on for too long",
        Ground::OverBudget => "over budget",
        Ground::UnusedStart => "started and not used",
        Ground::Off
        | Ground::Unsettled
        | Ground::Unrecognised
        | Ground::Held
        | Ground::Frozen
        | Ground::Exempt
        | Ground::Busy
        | Ground::JustStarted
        | Ground::InHours
        | Ground::EdgeSpent
        | Ground::StartUnknown
        | Ground::EdgeMissed
        | Ground::NoActionDay
        | Ground::HoursUnknown
        | Ground::IdleUnknown
        | Ground::NotDue
        | Ground::Announced
        | Ground::WarningUndelivered
        | Ground::StopUnderWay
        | Ground::QuietHours
        | Ground::Asked => self::ground(ground),
    }
}

/// The freeze switch in words.
#[must_use]
pub fn freeze(freeze: &Freeze) -> String {
    match freeze {
        Freeze::Off => "not frozen".to_owned(),
        Freeze::On(why) => format!("FROZEN: {}; nothing is stopped until `lightsout freeze --lift`", clean(why)),
        Freeze::Unreadable(why) => format!("FROZEN: {}; nothing is stopped until that is mended", clean(why)),
    }
}

/// What is not known, and why.
#[must_use]
pub fn unknown(why: &Unknown) -> String {
    format!("unknown: {}", clean(&why.words()))
}

/// Whose an instance is.
#[must_use]
pub fn owner(facts: &InstanceFacts) -> String {
    facts.owner.name().map_or_else(|| "nobody known".to_owned(), clean)
}

/// What each source says of an instance's use, a line each; a job by the state alone.
#[must_use]
pub fn activity(facts: &InstanceFacts, evidence: &Evidence, now: Timestamp) -> Vec<String> {
    let job = (facts.state == PowerState::JobRunning).then(|| format!("in use: {}", Source::Job.words()));
    let mut lines: Vec<String> = job.into_iter().collect();
    lines.extend(evidence.tracks.iter().map(|track| {
        let word = match track.now {
            Use::Busy => "in use",
            Use::Connected => "connected",
            Use::Quiet => "quiet",
            Use::Unknown => "unknown",
        };
        let used = track.last_busy.known().filter(|_| track.now != Use::Busy);
        let used = used.map(|at| format!("; last used {}", from_now(at, now))).unwrap_or_default();
        format!("{word}: {} ({}, {}){used}", clean(&track.words), track.source.words(), from_now(track.as_of, now))
    }));
    if lines.is_empty() {
        lines.push("unknown: no source has told of it".to_owned());
    }
    lines
}

/// How an asked stop ended.
#[must_use]
pub fn stop_result(result: &StopResult) -> String {
    match result {
        StopResult::Stopped => "seen stopped".to_owned(),
        StopResult::StartedAgain => "started again by a person".to_owned(),
        StopResult::Gone => "the instance was gone".to_owned(),
        StopResult::Failed(why) => format!("failed: {}", clean(why)),
        StopResult::Dropped(why) if why == UNSENT => "nobody knows whether it was sent".to_owned(),
        StopResult::Dropped(why) => format!("not sent: {}", clean(why)),
    }
}

/// How much room is left on the fullest disk.
#[must_use]
pub fn disk(disk: &DiskSight, now: Timestamp) -> String {
    let gib = |bytes: u64| bytes.checked_shr(30).unwrap_or(0);
    let full =
        disk.full_at.known().map(|at| format!("; full {} if it goes on so", from_now(at, now))).unwrap_or_default();
    format!("{}: {} GiB of {} free{full}", clean(&disk.mount), gib(disk.free_bytes), gib(disk.size_bytes))
}

/// What Azure says was done last.
#[must_use]
pub fn last_operation(facts: &InstanceFacts, now: Timestamp) -> String {
    match &facts.last_operation {
        Reading::Known { value, .. } => {
            let what = format!("{:?} {:?} by {:?}", value.operation, value.status, value.trigger);
            format!("{} ({})", clean(&what).replace("Other(", "(").replace("User", "a person"), from_now(value.at, now))
        }
        Reading::Unknown(why) => unknown(why),
    }
}

/// Text from outside as it may stand in HTML, between tags and in quoted attributes.
#[must_use]
pub fn html(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in clean(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_can_steer_a_terminal() {
        assert_eq!(clean("a\u{1b}]0;x\u{7}b\nc"), "a\\u{1b}]0;x\\u{7}b\\u{a}c");
        assert_eq!(clean("safe\u{202e}txt.exe"), "safe\\u{202e}txt.exe");
        assert_eq!(clean("Zoë 東京"), "Zoë 東京");
    }

    #[test]
    fn moments_name_their_zone_and_utc() {
        let at: Timestamp = "2026-11-24T23:30:00Z".parse().unwrap();
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        assert_eq!(moment(at, &berlin), "Wed 25 Nov 00:30 Europe/Berlin (Tue 23:30 UTC)");
        assert_eq!(moment(at, &TimeZone::UTC), "Tue 24 Nov 23:30 UTC");
        assert_eq!(
            moment(at, &TimeZone::get("Africa/Abidjan").unwrap()),
            "Tue 24 Nov 23:30 Africa/Abidjan (23:30 UTC)"
        );
    }

    #[test]
    fn lengths_have_two_units_at_most() {
        let of = |seconds| length(SignedDuration::from_secs(seconds));
        assert_eq!((of(0).as_str(), of(59).as_str(), of(3_660).as_str()), ("0s", "59s", "1h 1m"));
        assert_eq!((of(90_061).as_str(), of(86_401).as_str(), of(-5).as_str()), ("1d 1h", "1d", "0s"));
    }

    #[test]
    fn every_ground_has_words_of_its_own() {
        let words: std::collections::BTreeSet<_> = Ground::ALL.into_iter().map(ground).collect();
        assert_eq!(words.len(), Ground::ALL.len());
    }
}

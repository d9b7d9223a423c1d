//! The parts of a new instance that are written in words: schedules, tags, identities, setup scripts.

use jiff::civil::Weekday;

use super::creation::{CreationFault, CreationWritten};
use crate::facts::{NewIdentity, NewSchedule, NewTimes};
use crate::schedule::{WeekdaySet, WeeklyWindow, windows_zone};
use crate::units::Span;

/// Where a setup script's text is had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScriptSource {
    /// On the workspace's file share.
    Share(String),
    /// A file of this machine, sent along.
    File(String),
}

/// A setup script that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScriptWish {
    /// Its text.
    pub source: ScriptSource,
    /// Its arguments.
    pub arguments: Option<String>,
    /// How long it may take.
    pub timeout: Option<Span>,
}

/// Which of the two scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    Creation,
    Startup,
}

/// Creation and startup script.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScriptWishes {
    /// Runs once, when it is made.
    pub creation: Option<ScriptWish>,
    /// Runs whenever it starts.
    pub startup: Option<ScriptWish>,
}

const SCHEDULE_HELP: &str = "write it as \"stop Mon-Fri 19:00 Europe/Madrid\"";
const CRON_HELP: &str = "write it as \"stop 0 19 * * 1-5\": minute, hour, day of the month, month, day of the week";

/// All schedules.
///
/// # Errors
/// Everything that is wrong with any.
pub fn new_schedules(written: &CreationWritten) -> Result<Vec<NewSchedule>, Vec<CreationFault>> {
    let mut faults = Vec::new();
    let mut all = Vec::new();
    for text in &written.schedule {
        match in_words(text) {
            Ok(one) => all.push(one),
            Err((problem, help)) => faults.push(CreationFault::new("schedule", format!("\"{text}\": {problem}"), help)),
        }
    }
    let zone = written.zone.as_deref().unwrap_or("UTC");
    match windows_zone(zone) {
        Some(zone) => {
            for text in &written.cron {
                match by_fields(text, zone) {
                    Ok(one) => all.push(one),
                    Err(problem) => {
                        faults.push(CreationFault::new("cron", format!("\"{text}\": {problem}"), CRON_HELP))
                    }
                }
            }
        }
        None => faults.push(CreationFault::new("zone", format!("there is no zone \"{zone}\""), ZONE_HELP)),
    }
    if faults.is_empty() { Ok(all) } else { Err(faults) }
}

const ZONE_HELP: &str = "write an IANA name such as Europe/Madrid, or a Windows name such as Romance Standard Time";

type Wrong = (String, &'static str);

/// `stop Mon-Fri 19:00 Europe/Madrid`; without a zone it is UTC.
fn in_words(text: &str) -> Result<NewSchedule, Wrong> {
    let wrong = |problem: &str| (problem.to_owned(), SCHEDULE_HELP);
    let mut words = text.split_whitespace();
    let starts = action(words.next())?;
    let days = words.next().ok_or_else(|| wrong("it names no day"))?;
    let window: WeeklyWindow = days.parse().map_err(|_| wrong(&format!("\"{days}\" are no days")))?;
    if !window.is_whole_day() {
        return Err(wrong("a day comes before the time"));
    }
    let time = words.next().ok_or_else(|| wrong("it names no time"))?;
    let (hour, minute) = clock(time).ok_or_else(|| wrong(&format!("\"{time}\" is no time of the day")))?;
    let zone = words.collect::<Vec<_>>().join(" ");
    let zone = if zone.is_empty() { "UTC" } else { &zone };
    let zone = windows_zone(zone).ok_or_else(|| (format!("there is no zone \"{zone}\""), ZONE_HELP))?;
    let times = NewTimes::Weekly { days: names(window.days()), hour, minute };
    Ok(NewSchedule { starts, times, zone: zone.to_owned() })
}

fn action(word: Option<&str>) -> Result<bool, Wrong> {
    match word {
        Some("start") => Ok(true),
        Some("stop") => Ok(false),
        Some(_) | None => Err(("it says neither start nor stop".to_owned(), SCHEDULE_HELP)),
    }
}

fn clock(text: &str) -> Option<(u8, u8)> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
    let (hour, minute): (u8, u8) =
        (hour.parse().ok().filter(|_| digits(hour))?, minute.parse().ok().filter(|_| digits(minute))?);
    (hour < 24 && minute < 60).then_some((hour, minute))
}

/// None of them stands for every day.
fn names(days: WeekdaySet) -> Vec<String> {
    let name = |day: Weekday| {
        match day {
            Weekday::Monday => "Monday",
            Weekday::Tuesday => "Tuesday",
            Weekday::Wednesday => "Wednesday",
            Weekday::Thursday => "Thursday",
            Weekday::Friday => "Friday",
            Weekday::Saturday => "Saturday",
            Weekday::Sunday => "Sunday",
        }
        .to_owned()
    };
    if days == WeekdaySet::ALL { Vec::new() } else { days.iter().map(name).collect() }
}

/// One of the five fields: what it says, its least and greatest number, and the words that stand for numbers from the least on.
struct Field {
    name: &'static str,
    range: std::ops::RangeInclusive<u8>,
    words: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field { name: "minute", range: 0..=59, words: &[] },
    Field { name: "hour", range: 0..=23, words: &[] },
    Field { name: "day of the month", range: 1..=31, words: &[] },
    Field {
        name: "month",
        range: 1..=12,
        words: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
    },
    Field { name: "day of the week", range: 0..=7, words: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

impl Field {
    fn number(&self, text: &str) -> Option<u8> {
        let mut words = self.range.clone().zip(self.words);
        if let Some((number, _)) = words.find(|(_, word)| word.eq_ignore_ascii_case(text)) {
            return Some(number);
        }
        let number = text.parse().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()))?;
        self.range.contains(&number).then_some(number)
    }
}

/// `*`, `7`, `1-5`, `*/15`, and several of them with commas between.
fn in_field(text: &str, field: &Field) -> Result<(), String> {
    let one = |part: &str| -> Option<()> {
        let (span, step) = part.split_once('/').map_or((part, None), |(span, step)| (span, Some(step)));
        if let Some(step) = step {
            let step: u8 = step.parse().ok().filter(|_| step.bytes().all(|b| b.is_ascii_digit()))?;
            (1..=*field.range.end()).contains(&step).then_some(())?;
        }
        match span.split_once('-') {
            _ if span == "*" => Some(()),
            Some((from, to)) => (field.number(from)? <= field.number(to)?).then_some(()),
            None => field.number(span).map(drop),
        }
    };
    if text.split(',').all(|part| one(part).is_some()) {
        return Ok(());
    }
    let (least, most) = (field.range.start(), field.range.end());
    Err(format!("\"{text}\" is no {}, which is {least} to {most}, or *", field.name))
}

/// `stop 0 19 * * 1-5`.
fn by_fields(text: &str, zone: &str) -> Result<NewSchedule, String> {
    let (word, fields) = text.split_once(char::is_whitespace).ok_or("it has no fields")?;
    let starts = action(Some(word)).map_err(|(problem, _)| problem)?;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    if fields.len() != 5 {
        return Err(format!("it has {} fields, and Azure takes five", fields.len()));
    }
    for (field, bounds) in fields.iter().zip(&FIELDS) {
        in_field(field, bounds)?;
    }
    Ok(NewSchedule { starts, times: NewTimes::Cron(fields.join(" ")), zone: zone.to_owned() })
}

/// Azure's bounds of tags.
const TAGS_MAX: usize = 50;

/// Names and values of tags.
///
/// # Errors
/// Everything that is wrong with any.
pub fn tag_pairs(written: &[String]) -> Result<Vec<(String, String)>, Vec<CreationFault>> {
    let fault = |problem: String, help: &str| CreationFault::new("tag", problem, help);
    let (mut all, mut faults): (Vec<(String, String)>, Vec<CreationFault>) = (Vec::new(), Vec::new());
    for text in written {
        let Some((name, value)) = text.split_once('=').filter(|(name, _)| !name.trim().is_empty()) else {
            faults.push(fault(format!("\"{text}\" is no tag"), "write it as NAME=VALUE"));
            continue;
        };
        let (name, value) = (name.trim(), value.trim());
        if name.chars().count() > 512
            || value.chars().count() > 256
            || name.contains(['<', '>', '%', '&', '\\', '?', '/'])
        {
            faults.push(fault(
                format!("Azure takes no tag such as \"{text}\""),
                "write it shorter, and without <>%&\\?/ in its name",
            ));
        } else if all.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
            faults.push(fault(format!("the tag \"{name}\" is there twice"), "leave one out"));
        } else {
            all.push((name.to_owned(), value.to_owned()));
        }
    }
    if written.len() > TAGS_MAX {
        faults.push(fault(format!("these are {} tags", written.len()), "Azure takes 50"));
    }
    if faults.is_empty() { Ok(all) } else { Err(faults) }
}

/// The managed identity.
///
/// # Errors
/// What is wrong with it.
pub fn identities(written: &[String]) -> Result<NewIdentity, CreationFault> {
    let fault = |problem: String| {
        CreationFault::new("identity", problem, "write system, none, or the ARM id of a user-assigned identity")
    };
    let mut ids = Vec::new();
    let (mut system, mut none) = (false, false);
    for one in written {
        match one.as_str() {
            "system" => system = true,
            "none" => none = true,
            id if id.starts_with("/subscriptions/") => ids.push(id.to_owned()),
            other => return Err(fault(format!("\"{other}\" is no identity"))),
        }
    }
    match (none, system, ids.is_empty()) {
        (true, true, _) | (true, _, false) => Err(fault("it has none, and others besides".to_owned())),
        (_, false, true) => Ok(NewIdentity::None),
        (_, true, true) => Ok(NewIdentity::System),
        (_, false, false) => Ok(NewIdentity::Assigned(ids)),
        (_, true, false) => Ok(NewIdentity::Both(ids)),
    }
}

/// Both setup scripts.
///
/// # Errors
/// Everything that is wrong with either.
pub fn script_wishes(written: &CreationWritten) -> Result<ScriptWishes, Vec<CreationFault>> {
    let mut faults = Vec::new();
    let mut wishes = ScriptWishes::default();
    for text in &written.setup_script {
        let read = moment(text).and_then(|(when, script)| set_script(&mut wishes, when, script));
        faults.extend(read.err().map(|problem| {
            let help = "write creation=PATH, startup=PATH, or inline:FILE in place of the path; each once";
            CreationFault::new("setup_script", format!("\"{text}\": {problem}"), help)
        }));
    }
    for text in &written.setup_args {
        let read = moment(text).and_then(|(when, words)| {
            wish(&mut wishes, when)?.arguments = Some(words.to_owned());
            Ok(())
        });
        faults.extend(read.err().map(|problem| {
            CreationFault::new("setup_args", format!("\"{text}\": {problem}"), "write creation=ARGS or startup=ARGS")
        }));
    }
    for text in &written.setup_timeout {
        let read = moment(text).and_then(|(when, length)| {
            let span: Span = length.parse().map_err(|_| "this is no length of time".to_owned())?;
            wish(&mut wishes, when)?.timeout = Some(span);
            Ok(())
        });
        faults.extend(read.err().map(|problem| {
            CreationFault::new("setup_timeout", format!("\"{text}\": {problem}"), "write creation=15m or startup=15m")
        }));
    }
    if faults.is_empty() { Ok(wishes) } else { Err(faults) }
}

fn moment(text: &str) -> Result<(Moment, &str), String> {
    match text.split_once('=') {
        Some(("creation", rest)) if !rest.is_empty() => Ok((Moment::Creation, rest)),
        Some(("startup", rest)) if !rest.is_empty() => Ok((Moment::Startup, rest)),
        Some(_) | None => Err("it says neither creation= nor startup=".to_owned()),
    }
}

fn place(wishes: &mut ScriptWishes, when: Moment) -> &mut Option<ScriptWish> {
    match when {
        Moment::Creation => &mut wishes.creation,
        Moment::Startup => &mut wishes.startup,
    }
}

fn wish(wishes: &mut ScriptWishes, when: Moment) -> Result<&mut ScriptWish, String> {
    place(wishes, when).as_mut().ok_or_else(|| "there is no such script".to_owned())
}

fn set_script(wishes: &mut ScriptWishes, when: Moment, script: &str) -> Result<(), String> {
    let slot = place(wishes, when);
    if slot.is_some() {
        return Err("there is one already".to_owned());
    }
    let source = match script.strip_prefix("inline:") {
        Some("") => return Err("it names no file".to_owned()),
        Some(file) => ScriptSource::File(file.to_owned()),
        None => ScriptSource::Share(script.to_owned()),
    };
    *slot = Some(ScriptWish { source, arguments: None, timeout: None });
    Ok(())
}

//! What every form of a message says: a headline, its words, and rows of facts, safe to show and of bounded length.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::together::together;
use crate::ports::{About, Message, MessageKind};
use crate::report::words::clean;
use crate::units::InstanceId;

/// Longer text is cut: a card of Teams may have 28 KB, a block of Slack 3000 characters.
const WORDS_MAX: usize = 1_500;
/// A name or a value of a row.
const NAME_MAX: usize = 200;

/// Something that a person can click.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Link {
    /// What the button says.
    pub label: String,
    /// Where it leads; anything but an http address is left out.
    pub url: String,
}

impl Link {
    /// The first ones and the last one, where a form has room for so many only: the last leads to the page, where the rest
    /// can be had.
    pub(super) fn few(links: &[Self], most: usize) -> Vec<Self> {
        match links.split_last() {
            Some((last, rest)) if links.len() > most => {
                rest.iter().take(most.saturating_sub(1)).chain([last]).cloned().collect()
            }
            Some(_) | None => links.to_vec(),
        }
    }

    /// Those that lead to a web page, with their labels safe to show.
    pub(super) fn usable(links: &[Self]) -> impl Iterator<Item = (String, &str)> {
        let web = |url: &str| url.starts_with("https://") || url.starts_with("http://");
        links.iter().filter(move |link| web(&link.url)).map(|link| (shown(&link.label, NAME_MAX), link.url.as_str()))
    }
}

/// How urgent a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It happened, and nothing need be done.
    News,
    /// Something is about to happen.
    Soon,
    /// Something keeps costing until a person acts.
    Trouble,
}

/// The parts of a message, before any channel gives them its form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// One line: what happens to what, and when.
    pub headline: String,
    /// One or two sentences: why.
    pub words: String,
    /// Facts, in the order of their worth: a label of ours, and a value.
    pub rows: Vec<(&'static str, String)>,
    /// How urgent.
    pub tone: Tone,
    /// What about.
    pub kind: MessageKind,
}

impl Sheet {
    /// The parts of a message.
    #[must_use]
    pub fn of(message: &Message) -> Self {
        if !message.also.is_empty() {
            return together(message);
        }
        let headline = headline(message);
        let words = reason(&shown(&with_hours(&message.words), WORDS_MAX), &headline);
        Self { words, headline, rows: rows(message), tone: tone(message.kind), kind: message.kind }
    }
}

/// An instant for people: `19:30 UTC (Mon 23 Mar)`.
#[must_use]
pub fn when(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%H:%M UTC (%a %-d %b)").to_string()
}

/// The words with their instants as people write them; nothing else in them changes.
pub(super) fn with_hours(words: &str) -> String {
    let told = |word: &str| {
        let bare = word.trim_end_matches([':', ';', ',', '.', ')']);
        let at: Timestamp = bare.parse().ok().filter(|_| bare.ends_with('Z'))?;
        Some(format!("{}{}", when(at), word.get(bare.len()..)?))
    };
    words.split(' ').map(|word| told(word).unwrap_or_else(|| word.to_owned())).collect::<Vec<_>>().join(" ")
}

/// What is left of the words where they begin with the headline: it stands above them already.
pub(super) fn reason(words: &str, headline: &str) -> String {
    let rest = words.strip_prefix(headline).and_then(|rest| rest.strip_prefix(": ").or(rest.strip_prefix("; ")));
    let Some(rest) = rest else { return words.to_owned() };
    let mut letters = rest.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// Text from outside: nothing in it moves the cursor or turns the writing round, and it ends somewhere.
pub(super) fn shown(text: &str, most: usize) -> String {
    let safe = clean(text);
    if safe.chars().count() <= most {
        return safe;
    }
    safe.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// What a message is about, in a word or two.
pub(super) fn topic(message: &Message) -> String {
    match &message.about {
        About::Instance { instance, .. } => shown(instance.name(), NAME_MAX),
        About::Budget { scope, .. } => shown(scope, NAME_MAX),
        About::Policies { policies, .. } => shown(policies, NAME_MAX),
        About::Week { person, .. } => shown(person, NAME_MAX),
    }
}

pub(super) const fn tone(kind: MessageKind) -> Tone {
    match kind {
        MessageKind::Stopped
        | MessageKind::Test
        | MessageKind::PolicyChanged
        | MessageKind::Digest
        | MessageKind::Deleted => Tone::News,
        MessageKind::Warning | MessageKind::DiskFilling | MessageKind::Budget | MessageKind::Proposal => Tone::Soon,
        MessageKind::StopFailed
        | MessageKind::DeleteFailed
        | MessageKind::DiskFull
        | MessageKind::Overdue
        | MessageKind::PolicyBroken => Tone::Trouble,
    }
}

pub(super) fn headline(message: &Message) -> String {
    let name = topic(message);
    match message.kind {
        MessageKind::Warning => {
            let then =
                message.notice.as_ref().map_or_else(|| "soon".to_owned(), |key| format!("at {}", when(key.stop_at)));
            format!("{name} will be stopped {then}")
        }
        MessageKind::Stopped => format!("{name} was stopped"),
        MessageKind::StopFailed => format!("{name} could not be stopped"),
        MessageKind::DiskFull => format!("{name} cannot be stopped: its disk is full"),
        MessageKind::DiskFilling => format!("the disk of {name} fills up"),
        MessageKind::Budget => match &message.about {
            About::Budget { level, month, .. } => {
                format!("{level} % of the budget of {name} for {} are reached", shown(month, NAME_MAX))
            }
            About::Instance { .. } | About::Policies { .. } | About::Week { .. } => {
                format!("a budget that {name} counts towards has reached a level")
            }
        },
        MessageKind::Overdue => format!("{name} should be off, and is still on"),
        MessageKind::PolicyChanged => format!("{name} changed"),
        MessageKind::PolicyBroken => format!("{name} cannot be used"),
        MessageKind::Digest => match &message.about {
            About::Week { week, .. } => format!("your compute instances in week {}", shown(week, NAME_MAX)),
            About::Instance { .. } | About::Budget { .. } | About::Policies { .. } => format!("a week of {name}"),
        },
        MessageKind::Proposal => {
            let day = message.notice.as_ref().map(|key| format!(", {} at the earliest", when(key.stop_at)));
            format!("{name} is proposed for deletion{}", day.unwrap_or_default())
        }
        MessageKind::Deleted => format!("{name} was deleted"),
        MessageKind::DeleteFailed => format!("{name} could not be deleted"),
        MessageKind::Test => "this is a test of Lightsout's messages".to_owned(),
    }
}

fn rows(message: &Message) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    let mut row = |label: &'static str, value: &str| rows.push((label, shown(value, NAME_MAX)));
    match &message.about {
        About::Instance { instance, .. } => {
            row("Instance", instance.name());
            row("Workspace", &place(instance));
        }
        About::Budget { scope, month, level } => {
            row("Budget of", scope);
            row("Month", month);
            row("Level", &format!("{level} %"));
        }
        About::Policies { policies, revision } => {
            row("Policies", policies);
            row("Revision", revision);
            return rows;
        }
        About::Week { person, week } => {
            row("Of", person);
            row("Week", week);
            return rows;
        }
    }
    if let Some(key) = &message.notice {
        let label = if message.kind == MessageKind::Proposal { "Not before" } else { "Stops at" };
        row(label, &when(key.stop_at));
    }
    row("Rule", &message.ground.replace('_', " "));
    row("Policy", message.policy.as_str());
    if let Some(owner) = &message.owner {
        row("Owner", owner);
    }
    rows
}

/// Names of workspaces repeat, so the resource group stands beside it.
fn place(instance: &InstanceId) -> String {
    format!("{} (resource group {})", instance.workspace().name(), instance.workspace().resource_group())
}

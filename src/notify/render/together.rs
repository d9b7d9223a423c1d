//! Several messages of one kind to the same people as one: a headline that counts them, and a row for each.

use super::sheet::{Sheet, headline, reason, shown, tone, when, with_hours};
use crate::ports::{Message, MessageKind};

/// A row is no longer, so that a card of 25 stays within what Teams takes.
const ROW_MAX: usize = 120;

/// The parts of a message that others go out with.
pub(super) fn together(message: &Message) -> Sheet {
    let all: Vec<&Message> = std::iter::once(message).chain(&message.also).collect();
    let mut rows: Vec<(&'static str, String)> = all.iter().map(|one| ("Instance", row(one))).collect();
    if all.iter().all(|one| one.policy == message.policy) {
        rows.push(("Policy", shown(message.policy.as_str(), ROW_MAX)));
    }
    if let Some(owner) = &message.owner {
        rows.push(("Owner", shown(owner, ROW_MAX)));
    }
    let (headline, words) = (counted(message, &all), what_to_do(message.kind).to_owned());
    Sheet { headline, words, rows, tone: tone(message.kind), kind: message.kind }
}

fn counted(message: &Message, all: &[&Message]) -> String {
    let count = all.len();
    match message.kind {
        MessageKind::Warning => {
            let times = all.iter().filter_map(|one| one.notice.as_ref()).map(|key| key.stop_at);
            match (times.clone().min(), times.max()) {
                (Some(first), Some(last)) if first == last => {
                    format!("{count} instances will be stopped at {}", when(first))
                }
                (Some(first), _) => format!("{count} instances will be stopped, the first at {}", when(first)),
                (None, _) => format!("{count} instances will be stopped soon"),
            }
        }
        MessageKind::Stopped => format!("{count} instances were stopped"),
        MessageKind::StopFailed => format!("{count} instances could not be stopped"),
        MessageKind::StartFailed => format!("{count} instances were not started when their hours began"),
        MessageKind::DiskFull => format!("{count} instances cannot be stopped: their disks are full"),
        MessageKind::DiskFilling => format!("the disks of {count} instances fill up"),
        MessageKind::Overdue => format!("{count} instances should be off, and are still on"),
        MessageKind::Proposal => format!("{count} instances are proposed for deletion"),
        MessageKind::Deleted => format!("{count} instances were deleted"),
        MessageKind::DeleteFailed => format!("{count} instances could not be deleted"),
        MessageKind::Budget
        | MessageKind::Test
        | MessageKind::PolicyChanged
        | MessageKind::PolicyBroken
        | MessageKind::Digest => format!("{} ({count} messages)", headline(message)),
    }
}

const fn what_to_do(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Warning => "Each is stopped at the time beside it. Hold those that you still need.",
        MessageKind::Proposal => "Keep those that are to stay. What becomes of each otherwise stands beside it.",
        MessageKind::Stopped => "Start them again whenever you need them.",
        MessageKind::StopFailed
        | MessageKind::StartFailed
        | MessageKind::DiskFull
        | MessageKind::DiskFilling
        | MessageKind::Overdue
        | MessageKind::Budget
        | MessageKind::Test
        | MessageKind::PolicyChanged
        | MessageKind::PolicyBroken
        | MessageKind::Deleted
        | MessageKind::DeleteFailed
        | MessageKind::Digest => "What there is to say of each stands beside it.",
    }
}

/// Its name, since names repeat its workspace, its time, and why.
fn row(one: &Message) -> String {
    let (name, place) = one
        .instance()
        .map_or((String::new(), String::new()), |(id, _)| (id.name().to_owned(), id.workspace().name().to_owned()));
    let time = one.notice.as_ref().map(|key| format!(", {}", when(key.stop_at))).unwrap_or_default();
    let why = reason(&with_hours(&one.words), &headline(one));
    let why = if one.kind == MessageKind::Stopped || why.is_empty() { String::new() } else { format!(": {why}") };
    shown(&format!("{name} ({place}){time}{why}"), ROW_MAX)
}

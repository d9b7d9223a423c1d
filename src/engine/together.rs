//! Messages that wait for the same people are put together when they are delivered: whoever has a dozen machines gets one
//! message. Each stays a row of its own in the journal, and is delivered when the message that names it is.

use crate::ports::{About, Message, MessageKind};

/// So many are listed in one message; more go out in several, since only what is listed was told.
const MOST: usize = 25;

/// Messages that go out as one; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Together(Vec<Message>);

impl Together {
    /// What is delivered; none for no messages.
    pub(super) fn message(&self) -> Option<Message> {
        let (first, rest) = self.0.split_first()?;
        if rest.is_empty() {
            return Some(first.clone());
        }
        let ids: Vec<&str> = self.0.iter().map(|one| one.id.as_str()).collect();
        Some(Message {
            // the same messages together are the same message
            id: format!("together|{}|{}", ids.len(), digest(&ids)),
            attempts: self.0.iter().map(|one| one.attempts).max().unwrap_or_default(),
            also: rest.to_vec(),
            ..first.clone()
        })
    }

    /// Each of them, as the journal has it.
    pub(super) fn parts(&self) -> &[Message] {
        &self.0
    }
}

/// Each by itself, in the order given.
pub(super) fn apart(due: Vec<Message>) -> Vec<Together> {
    due.into_iter().map(|one| Together(vec![one])).collect()
}

/// Those of one kind to the same people in one, in the order of the first of each.
pub(super) fn together(due: Vec<Message>) -> Vec<Together> {
    let mut all: Vec<Together> = Vec::new();
    for message in due {
        let fits = |one: &&mut Together| {
            one.0.len() < MOST && one.0.first().is_some_and(|first| is_listed(first) && go_together(first, &message))
        };
        match all.iter_mut().find(fits) {
            Some(one) => one.0.push(message),
            None => all.push(Together(vec![message])),
        }
    }
    let stop_at = |one: &Message| one.notice.as_ref().map(|key| key.stop_at);
    for one in &mut all {
        one.0.sort_by(|a, b| (stop_at(a), &a.id).cmp(&(stop_at(b), &b.id)));
    }
    all
}

/// True for what can stand in a list: news of an instance. A test is about none.
fn is_listed(message: &Message) -> bool {
    matches!(message.about, About::Instance { .. }) && message.kind != MessageKind::Test
}

/// Whoever is named in one and not in the other must not get both.
fn go_together(one: &Message, other: &Message) -> bool {
    let people = |message: &Message| {
        let mut notify: Vec<String> = message.notify.iter().map(|who| who.to_lowercase()).collect();
        notify.sort();
        let owner = message.address.as_deref().or(message.owner.as_deref()).map(str::to_lowercase);
        (owner, notify)
    };
    is_listed(other)
        && (one.kind, &one.channel) == (other.kind, &other.channel)
        && one.owner == other.owner
        && people(one) == people(other)
}

/// The same for the same ids, in every run.
fn digest(ids: &[&str]) -> String {
    let start: u64 = 0xcbf2_9ce4_8422_2325;
    let bytes = ids.iter().flat_map(|id| id.bytes().chain([0]));
    let hash = bytes.fold(start, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests;

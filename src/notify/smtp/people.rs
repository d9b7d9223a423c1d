//! Whom a message is mailed to: those of its people who are named by a plain address.

use lettre::Address;

use crate::ports::Message;
use crate::units::is_plain_address;

/// A letter goes to so many at most; a list that is longer is a mailing list's work.
const PEOPLE_MAX: usize = 50;

/// The addresses of one message, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct People {
    /// The owner; or who stands in for one.
    pub(super) first: Vec<Address>,
    /// Who else is told.
    pub(super) others: Vec<Address>,
}

impl People {
    /// Those whom a message names; the fallback, where it names nobody who can be written to. None when nobody is left.
    pub(super) fn of(message: &Message, fallback: &[Address]) -> Option<Self> {
        let owner: Vec<Address> = named_owner(message).and_then(plain_address).into_iter().collect();
        let mut others: Vec<Address> = Vec::new();
        for address in message.notify.iter().filter_map(|text| plain_address(text)) {
            if !holds(&owner, &address) && !holds(&others, &address) && others.len() < PEOPLE_MAX {
                others.push(address);
            }
        }
        let first = if owner.is_empty() && others.is_empty() { fallback.to_vec() } else { owner };
        (!first.is_empty() || !others.is_empty()).then_some(Self { first, others })
    }

    /// All of them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Address> {
        self.first.iter().chain(&self.others)
    }
}

/// Where the owner is written to: as was found, else by the name where that is an address.
fn named_owner(message: &Message) -> Option<&str> {
    message.address.as_deref().or(message.owner.as_deref())
}

/// Domains have no case, and no mailbox in use today does.
pub(super) fn holds(addresses: &[Address], wanted: &Address) -> bool {
    addresses.iter().any(|address| AsRef::<str>::as_ref(address).eq_ignore_ascii_case(wanted.as_ref()))
}

/// A text that is an address and nothing else; none where it is anything more, or a mailbox that cannot be.
pub(super) fn plain_address(text: &str) -> Option<Address> {
    is_plain_address(text).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::ports::{About, MessageKind};
    use crate::units::PolicyId;

    fn message(owner: Option<&str>, notify: &[&str]) -> Message {
        Message {
            id: "m".to_owned(),
            kind: MessageKind::Budget,
            about: About::Budget { scope: "ws-a".to_owned(), month: "2026-11".to_owned(), level: 80 },
            notice: None,
            policy: PolicyId::new("lab"),
            ground: "over_budget".to_owned(),
            owner: owner.map(str::to_owned),
            notify: notify.iter().map(|text| (*text).to_owned()).collect(),
            words: String::new(),
            at: Timestamp::UNIX_EPOCH,
            attempts: 0,
            channel: None,
            address: None,
            not_before: None,
            also: Vec::new(),
        }
    }

    fn to(owner: Option<&str>, notify: &[&str], fallback: &[&str]) -> Option<(Vec<String>, Vec<String>)> {
        let message = message(owner, notify);
        let fallback: Vec<Address> = fallback.iter().filter_map(|text| plain_address(text)).collect();
        let people = People::of(&message, &fallback)?;
        let texts = |addresses: &[Address]| addresses.iter().map(ToString::to_string).collect::<Vec<_>>();
        Some((texts(&people.first), texts(&people.others)))
    }

    fn texts(all: &[&str]) -> Vec<String> {
        all.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn each_address_is_written_to_once() {
        let named = ["boss@example.org", "ADA@Example.org", "#team", "Boss@example.org", "team@example.org"];
        let expected = (texts(&["ada@example.org"]), texts(&["boss@example.org", "team@example.org"]));
        assert_eq!(to(Some("ada@example.org"), &named, &["ops@example.org"]), Some(expected));
        let many: Vec<String> = (0..200).map(|n| format!("p{n}@example.org")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(to(None, &many, &[]).unwrap().1.len(), PEOPLE_MAX);
    }

    #[test]
    fn an_address_that_was_found_comes_before_the_name() {
        let named = |address: &str| Message { address: Some(address.into()), ..message(Some("carl@example.org"), &[]) };
        let first = |message: &Message| People::of(message, &[]).unwrap().first[0].to_string();
        assert_eq!(first(&named("ada@example.org")), "ada@example.org");
        assert_eq!(first(&message(Some("carl@example.org"), &[])), "carl@example.org");
    }

    #[test]
    fn the_fallback_stands_in_where_nobody_can_be_written_to() {
        let ops = || Some((texts(&["ops@example.org"]), Vec::new()));
        assert_eq!(to(None, &[], &["ops@example.org"]), ops());
        assert_eq!(to(Some("an-object-id"), &["#team"], &["ops@example.org"]), ops());
        assert_eq!(to(Some("an-object-id"), &["#team"], &[]), None);
        assert_eq!(to(None, &["team@example.org"], &["ops@example.org"]), Some((vec![], texts(&["team@example.org"]))));
    }
}

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
        let owner: Vec<Address> = message.owner.as_deref().and_then(plain_address).into_iter().collect();
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

/// Domains have no case, and no mailbox in use today does.
pub(super) fn holds(addresses: &[Address], wanted: &Address) -> bool {
    addresses.iter().any(|address| AsRef::<str>::as_ref(address).eq_ignore_ascii_case(wanted.as_ref()))
}

/// A text that is an address and nothing else; none where it is anything more, or a mailbox that cannot be.
pub(super) fn plain_address(text: &str) -> Option<Address> {
    is_plain_address(text).then(|| text.parse().ok()).flatten()
}

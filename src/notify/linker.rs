//! The links that go into a message: to postpone with one click, and to the page that explains.

use super::render::Link;
use crate::links::{LinkBase, for_warning};
use crate::ports::{Message, MessageKind};
use crate::seal::Keys;

/// The longest hold that a link makes, in seconds, whatever the policy allows to who is signed in: a day.
const HOLD_MAX: u32 = 24 * 60 * 60;

/// Makes the links of messages.
#[derive(Debug)]
pub struct Linker {
    base: LinkBase,
    keys: Keys,
}

impl Linker {
    /// Links below an address, signed with these keys.
    #[must_use]
    pub const fn new(base: LinkBase, keys: Keys) -> Self {
        Self { base, keys }
    }

    /// The links of one message, the most wanted first.
    #[must_use]
    pub fn links(&self, message: &Message) -> Vec<Link> {
        let Some((instance, created)) = message.instance() else { return Vec::new() };
        let warned = message.notice.as_ref().filter(|_| message.kind == MessageKind::Warning);
        let token = warned.and_then(|notice| for_warning(&self.keys, (instance, created), notice, HOLD_MAX));
        let hold = token.map(|token| Link { label: "Keep it on".to_owned(), url: self.base.hold(&token) });
        let page = Link { label: "See why".to_owned(), url: self.base.instance(instance) };
        hold.into_iter().chain([page]).collect()
    }
}

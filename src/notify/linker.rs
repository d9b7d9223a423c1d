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
        let Some((instance, _)) = message.instance() else { return Vec::new() };
        if !message.also.is_empty() {
            return std::iter::once(message).chain(&message.also).filter_map(|one| self.hold_of_many(one)).collect();
        }
        let hold = self.hold(message).map(|url| Link { label: "Keep it on".to_owned(), url });
        let page = Link { label: "See why".to_owned(), url: self.base.instance(instance) };
        hold.into_iter().chain([page]).collect()
    }

    /// In a list each link names what it keeps on.
    fn hold_of_many(&self, message: &Message) -> Option<Link> {
        let (instance, _) = message.instance()?;
        Some(Link { label: format!("Keep {} on", instance.name()), url: self.hold(message)? })
    }

    fn hold(&self, message: &Message) -> Option<String> {
        let (instance, created) = message.instance()?;
        let warned = message.notice.as_ref().filter(|_| message.kind == MessageKind::Warning)?;
        Some(self.base.hold(&for_warning(&self.keys, (instance, created), warned, HOLD_MAX)?))
    }
}

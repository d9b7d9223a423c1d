//! The links that go into a message: to postpone with one click, and to the page that explains.

use super::render::Link;
use crate::links::{LinkBase, for_proposal, for_warning};
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

    /// The links of a message, the most wanted first: to hold each machine that it warns of, and the page of the one, or
    /// of all, that it is about.
    #[must_use]
    pub fn links(&self, message: &Message) -> Vec<Link> {
        let Some((instance, _)) = message.instance() else { return Vec::new() };
        let several = !message.also.is_empty();
        let hold = |one: &Message| {
            let name = one.instance().map_or("it", |(instance, _)| instance.name());
            let label = match (one.kind == MessageKind::Proposal, several) {
                (false, true) => format!("Keep {name} on"),
                (false, false) => "Keep it on".to_owned(),
                (true, true) => format!("Keep {name}"),
                (true, false) => "Keep it".to_owned(),
            };
            Some(Link { label, url: self.hold(one).or_else(|| self.keep(one))? })
        };
        let page = match several {
            true => Link { label: "See the fleet".to_owned(), url: self.base.fleet() },
            false if message.kind == MessageKind::Proposal => {
                Link { label: "See what would be lost".to_owned(), url: self.base.instance(instance) }
            }
            false => Link { label: "See why".to_owned(), url: self.base.instance(instance) },
        };
        std::iter::once(message).chain(&message.also).filter_map(hold).chain([page]).collect()
    }

    /// Where the link of a proposal leads: to keeping the instance. Deleting it takes a person who is signed in.
    fn keep(&self, message: &Message) -> Option<String> {
        let notice = message.notice.as_ref().filter(|_| message.kind == MessageKind::Proposal)?;
        let token = for_proposal(&self.keys, message.instance()?, notice)?;
        Some(self.base.keep(&token))
    }

    /// Where the link of a warning leads; none for what warns of nothing.
    fn hold(&self, message: &Message) -> Option<String> {
        let notice = message.notice.as_ref().filter(|_| message.kind == MessageKind::Warning)?;
        let token = for_warning(&self.keys, message.instance()?, notice, HOLD_MAX)?;
        Some(self.base.hold(&token))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use secrecy::SecretString;

    use super::*;
    use crate::facts::{NoticeKey, StopKey};
    use crate::links::{link_keys, read};
    use crate::ports::About;
    use crate::units::{InstanceId, PolicyId, When};

    fn keys() -> Keys {
        link_keys(SecretString::from("k".repeat(32)), None).unwrap()
    }

    fn warning(name: &str) -> Message {
        let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/";
        let stop_at = Timestamp::from_second(1_000).unwrap();
        Message {
            id: name.to_owned(),
            kind: MessageKind::Warning,
            about: About::Instance {
                instance: InstanceId::parse(&format!("{id}{name}")).unwrap(),
                created: When::NONE,
            },
            notice: Some(NoticeKey { stop: StopKey("idle/p/x".into()), stop_at }),
            policy: PolicyId::new("p"),
            ground: "idle".to_owned(),
            owner: None,
            address: None,
            notify: Vec::new(),
            words: String::new(),
            at: Timestamp::UNIX_EPOCH,
            attempts: 0,
            channel: None,
            not_before: None,
            also: Vec::new(),
        }
    }

    fn linker() -> Linker {
        Linker::new(LinkBase::new("https://a.example".parse().unwrap()), keys())
    }

    fn told(message: &Message) -> Vec<(String, Option<String>)> {
        let held = |url: &str| {
            let claim = read(&keys(), url.split_once('#')?.1, Timestamp::UNIX_EPOCH).ok()?;
            Some(claim.instance.name().to_owned())
        };
        linker().links(message).into_iter().map(|link| (link.label, held(&link.url))).collect()
    }

    #[test]
    fn a_warning_can_be_answered_and_news_can_be_looked_up() {
        let (hold, page) = (("Keep it on".to_owned(), Some("ci-a".to_owned())), ("See why".to_owned(), None));
        assert_eq!(told(&warning("ci-a")), [hold, page.clone()]);
        assert_eq!(told(&Message { kind: MessageKind::Stopped, ..warning("ci-a") }), [page]);
    }

    #[test]
    fn a_message_about_several_has_a_link_for_each() {
        let message = Message { also: vec![warning("ci-b")], ..warning("ci-a") };
        let hold = |name: &str| (format!("Keep {name} on"), Some(name.to_owned()));
        assert_eq!(told(&message), [hold("ci-a"), hold("ci-b"), ("See the fleet".to_owned(), None)]);
    }
}

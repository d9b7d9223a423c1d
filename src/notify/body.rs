//! A message as a webhook gets it: the JSON, and the signature over it.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::Serialize;
use sha2::Sha256;

use super::render::{self, Link};
use crate::ports::{About, Message, MessageKind};
use crate::units::InstanceId;

/// What is sent; a field may be added under version 1, none changes its meaning.
#[derive(Serialize)]
struct Body<'a> {
    version: u32,
    id: &'a str,
    kind: MessageKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspace: Option<String>,
    /// Only in news of a budget, which are about no instance.
    #[serde(skip_serializing_if = "Option::is_none")]
    budget: Option<Allowance<'a>>,
    /// Only in news of policies: their name, and which state of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    policies: Option<Files<'a>>,
    /// Only in what is told of a week.
    #[serde(skip_serializing_if = "Option::is_none")]
    week: Option<Week<'a>>,
    stop_at: Option<Timestamp>,
    ground: &'a str,
    policy: &'a str,
    owner: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<&'a str>,
    notify: &'a [String],
    words: &'a str,
    at: Timestamp,
    /// What a person can click: to postpone, to see why.
    #[serde(skip_serializing_if = "<[Link]>::is_empty")]
    links: &'a [Link],
}

/// The allowance of which a level is reached.
#[derive(Serialize)]
struct Allowance<'a> {
    scope: &'a str,
    month: &'a str,
    level: u32,
}

/// Policies, and which state of them.
#[derive(Serialize)]
struct Files<'a> {
    name: &'a str,
    revision: &'a str,
}

/// A week of one person's.
#[derive(Serialize)]
struct Week<'a> {
    person: &'a str,
    week: &'a str,
}

/// The bytes that are signed and sent.
pub(super) fn bytes(message: &Message, links: &[Link]) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&body(message, links))
}

/// The same inside a CloudEvent.
pub(super) fn event_bytes(message: &Message, links: &[Link]) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&render::event(message, serde_json::to_value(body(message, links))?))
}

fn body<'a>(message: &'a Message, links: &'a [Link]) -> Body<'a> {
    let instance = message.instance().map(|(instance, _)| instance);
    let budget = match &message.about {
        About::Budget { scope, month, level } => Some(Allowance { scope, month, level: *level }),
        About::Instance { .. } | About::Policies { .. } | About::Week { .. } => None,
    };
    let policies = match &message.about {
        About::Policies { policies, revision } => Some(Files { name: policies, revision }),
        About::Instance { .. } | About::Budget { .. } | About::Week { .. } => None,
    };
    let week = match &message.about {
        About::Week { person, week } => Some(Week { person, week }),
        About::Instance { .. } | About::Budget { .. } | About::Policies { .. } => None,
    };
    Body {
        version: 1,
        id: &message.id,
        kind: message.kind,
        instance: instance.map(ToString::to_string),
        instance_name: instance.map(InstanceId::name),
        workspace: instance.map(|instance| instance.workspace().to_string()),
        budget,
        policies,
        week,
        stop_at: message.notice.as_ref().map(|key| key.stop_at),
        ground: &message.ground,
        policy: message.policy.as_str(),
        owner: message.owner.as_deref(),
        address: message.address.as_deref(),
        notify: &message.notify,
        words: &message.words,
        at: message.at,
        links,
    }
}

/// `t=UNIX,v1=HEX`, where HEX is the HMAC-SHA-256 of `UNIX.BODY`: the time is signed too, so that an old message
/// cannot be played again unnoticed. None when the key has no bytes.
pub(super) fn signature(secret: &[u8], now: Timestamp, body: &[u8]) -> Option<String> {
    if secret.is_empty() {
        return None;
    }
    let unix = now.as_second();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(unix.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("t={unix},v1={hex}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_of_a_budget_names_no_instance() {
        let message = Message {
            id: "budget|lab|ws-a|2026-11|80".to_owned(),
            kind: MessageKind::Budget,
            about: About::Budget { scope: "ws-a".to_owned(), month: "2026-11".to_owned(), level: 80 },
            notice: None,
            policy: crate::units::PolicyId::new("lab"),
            ground: "over_budget".to_owned(),
            owner: None,
            notify: vec!["boss@example.com".to_owned()],
            words: "80 % are reached".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            attempts: 0,
            channel: None,
            address: None,
            not_before: None,
            also: Vec::new(),
        };
        let body: serde_json::Value = serde_json::from_slice(&bytes(&message, &[]).unwrap()).unwrap();
        let expected = serde_json::json!({
            "version": 1, "id": "budget|lab|ws-a|2026-11|80", "kind": "budget", "stop_at": null, "ground": "over_budget",
            "budget": { "scope": "ws-a", "month": "2026-11", "level": 80 }, "policy": "lab", "owner": null,
            "notify": ["boss@example.com"], "words": "80 % are reached", "at": "1970-01-01T00:00:00Z",
        });
        assert_eq!(body, expected);
    }

    #[test]
    fn the_signature_is_the_one_that_other_tools_make() {
        // printf '1800000000.{"a":1}' | openssl dgst -sha256 -hmac secret
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let expected = "t=1800000000,v1=440dfbb83aabca24d9e5027629cfd81cb45254690f8d410bb28f1cc17c990dbc";
        assert_eq!(signature(b"secret", now, br#"{"a":1}"#).as_deref(), Some(expected));
        assert_eq!(signature(b"", now, b"x"), None);
    }
}

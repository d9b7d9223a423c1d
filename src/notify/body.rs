//! A message as a webhook gets it: the JSON, and the signature over it.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::Serialize;
use sha2::Sha256;

use crate::ports::{Message, MessageKind};

/// What is sent; a field may be added under version 1, none changes its meaning.
#[derive(Serialize)]
struct Body<'a> {
    version: u32,
    id: &'a str,
    kind: MessageKind,
    instance: String,
    instance_name: &'a str,
    workspace: String,
    stop_at: Option<Timestamp>,
    ground: &'a str,
    policy: &'a str,
    owner: Option<&'a str>,
    notify: &'a [String],
    words: &'a str,
    at: Timestamp,
}

/// The bytes that are signed and sent.
pub(super) fn bytes(message: &Message) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(&Body {
        version: 1,
        id: &message.id,
        kind: message.kind,
        instance: message.instance.to_string(),
        instance_name: message.instance.name(),
        workspace: message.instance.workspace().to_string(),
        stop_at: message.notice.as_ref().map(|key| key.stop_at),
        ground: &message.ground,
        policy: message.policy.as_str(),
        owner: message.owner.as_deref(),
        notify: &message.notify,
        words: &message.words,
        at: message.at,
    })
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
    fn the_signature_is_the_one_that_other_tools_make() {
        // printf '1800000000.{"a":1}' | openssl dgst -sha256 -hmac secret
        let now = Timestamp::from_second(1_800_000_000).unwrap();
        let expected = "t=1800000000,v1=440dfbb83aabca24d9e5027629cfd81cb45254690f8d410bb28f1cc17c990dbc";
        assert_eq!(signature(b"secret", now, br#"{"a":1}"#).as_deref(), Some(expected));
        assert_eq!(signature(b"", now, b"x"), None);
    }
}

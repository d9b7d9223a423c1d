//! What an ID token must be to be believed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::{Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};
use subtle::ConstantTimeEq as _;

use super::keys::Key;

/// Clocks may be apart by so much, in seconds.
const LEEWAY: i64 = 60;
/// A subject is no longer than this (OpenID Connect Core, 2).
const SUBJECT_MAX: usize = 255;

/// What a token must say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: Timestamp,
}

/// Why it is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotBelieved {
    /// Signed with a key that is not known: it may be new.
    #[error("the token's key is not one of the provider's")]
    UnknownKey,
    /// It says what it must not, or is none.
    #[error("the token {0}")]
    Wrong(&'static str),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// What is read of a token.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Claims {
    iss: String,
    pub(super) sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    nbf: Option<i64>,
    iat: i64,
    nonce: Option<String>,
    #[serde(flatten)]
    pub(super) others: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Critical {
    crit: Option<Value>,
}

/// What a token says, when it is one of the provider's for this service and this login.
pub(super) fn judge(token: &str, keys: &[Key], expected: Expected<'_>) -> Result<Claims, NotBelieved> {
    let wrong = |words| Err(NotBelieved::Wrong(words));
    let header = decode_header(token).map_err(|_| NotBelieved::Wrong("cannot be read"))?;
    if has_critical(token) {
        return wrong("asks for what is not known here (crit)");
    }
    let key = match &header.kid {
        Some(kid) => keys.iter().find(|key| key.id.as_ref() == Some(kid)).ok_or(NotBelieved::UnknownKey)?,
        None => match keys {
            [only] => only,
            [] | [_, _, ..] => return wrong("names no key"),
        },
    };
    if !key.algorithms.contains(&header.alg) {
        return wrong("is signed in a way that its key is not for");
    }
    let claims = decode::<Claims>(token, &key.key, &rules(key))
        .map_err(|_| NotBelieved::Wrong("is not signed by the provider"))?;
    said(claims.claims, expected)
}

/// The signature and nothing else: what a token says is judged by ourselves, at the instant that is handed in.
fn rules(key: &Key) -> Validation {
    let mut rules = Validation::default();
    rules.algorithms.clone_from(&key.algorithms);
    rules.required_spec_claims.clear();
    (rules.validate_exp, rules.validate_nbf, rules.validate_aud) = (false, false, false);
    rules
}

/// A header that says that something in it has to be understood: nothing of the kind is.
fn has_critical(token: &str) -> bool {
    let header = token.split('.').next().and_then(|header| URL_SAFE_NO_PAD.decode(header).ok());
    let header = header.and_then(|header| serde_json::from_slice::<Critical>(&header).ok());
    header.is_none_or(|header| header.crit.is_some())
}

fn said(claims: Claims, expected: Expected<'_>) -> Result<Claims, NotBelieved> {
    let audiences = match &claims.aud {
        Audience::One(one) => std::slice::from_ref(one),
        Audience::Several(several) => several,
    };
    let (now, azp) = (expected.now.as_second(), claims.azp.as_deref());
    let nonce = claims.nonce.as_deref().unwrap_or_default();
    let faults = [
        (claims.iss != expected.issuer, "has another issuer"),
        (!audiences.iter().any(|one| one == expected.client_id), "is for somebody else"),
        (audiences.len() > 1 && azp.is_none(), "is for several and does not say who asked for it"),
        (azp.is_some_and(|azp| azp != expected.client_id), "was asked for by somebody else"),
        (claims.exp.saturating_add(LEEWAY) <= now, "has expired"),
        (claims.nbf.is_some_and(|from| from.saturating_sub(LEEWAY) > now), "is not valid yet"),
        (claims.iat.saturating_sub(LEEWAY) > now, "was issued in the future"),
        (!bool::from(nonce.as_bytes().ct_eq(expected.nonce.as_bytes())), "belongs to another login"),
        (claims.sub.is_empty() || claims.sub.len() > SUBJECT_MAX, "names nobody"),
    ];
    match faults.into_iter().find(|(is_wrong, _)| *is_wrong) {
        Some((_, words)) => Err(NotBelieved::Wrong(words)),
        None => Ok(claims),
    }
}

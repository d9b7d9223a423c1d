//! Tokens of an instance's managed identity, from Entra: who issued one, for whom, to which tenant, and which instance it
//! is of. The keys that sign them are fetched from Entra and kept for a day.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

/// Keys are asked for anew after so long: Entra changes them every few weeks, and announces new ones days before.
const KEYS_KEPT: SignedDuration = SignedDuration::from_hours(24);
/// A key that is not known has Entra asked again, this often at most: anybody can name one.
const ASKED_AGAIN: SignedDuration = SignedDuration::from_mins(5);
/// Clocks may be apart by so much, in seconds.
const LEEWAY: i64 = 120;
/// The answer with the keys is far below this many bytes.
const KEYS_BYTES_MAX: usize = 256 * 1024;

/// Where the keys are, and what a token must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyServer {
    /// Where Entra is: `https://login.microsoftonline.com`.
    pub authority: String,
    /// The tenant's id.
    pub tenant: String,
    /// The audience that agents ask tokens for: the app id URI, or the id, of this service's app registration.
    pub audience: String,
}

/// Why a token is not believed.
#[derive(Debug, thiserror::Error)]
pub enum EntraError {
    /// It is not one, or says what it must not.
    #[error("the Entra token is refused: {0}")]
    Refused(String),
    /// It names no compute instance.
    #[error("the Entra token is not of a compute instance's own identity: its xms_mirid names none")]
    NoInstance,
    /// Keys could not be had.
    #[error("Entra's keys cannot be had: {0}")]
    Keys(String),
}

#[derive(Debug, Deserialize)]
struct Claims {
    tid: Option<String>,
    iss: Option<String>,
    exp: i64,
    nbf: Option<i64>,
    xms_mirid: Option<String>,
}

#[derive(Default)]
struct Held {
    keys: HashMap<String, DecodingKey>,
    fetched_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
}

/// Judges tokens of managed identities.
pub struct Entra {
    server: KeyServer,
    http: reqwest::Client,
    held: Mutex<Held>,
}

impl std::fmt::Debug for Entra {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entra").field("server", &self.server).finish_non_exhaustive()
    }
}

/// Forgets that it was tried when whoever asked went away before there was an answer: else nobody would try for minutes.
struct Trying<'a>(Option<&'a Mutex<Held>>);

impl Trying<'_> {
    fn done(mut self) {
        self.0 = None;
    }
}

impl Drop for Trying<'_> {
    fn drop(&mut self) {
        if let Some(held) = self.0 {
            held.lock().unwrap_or_else(PoisonError::into_inner).tried_at = None;
        }
    }
}

impl Entra {
    /// With the keys of that tenant, over that client, which follows no redirects.
    #[must_use]
    pub fn new(server: KeyServer, http: reqwest::Client) -> Self {
        Self { server, http, held: Mutex::default() }
    }

    /// The ARM id of the instance whose identity the token is of.
    ///
    /// # Errors
    /// When it is not to be believed.
    pub async fn instance(&self, token: &str, now: Timestamp) -> Result<String, EntraError> {
        let refused = |error: jsonwebtoken::errors::Error| EntraError::Refused(error.to_string());
        let header = decode_header(token).map_err(refused)?;
        let kid = header.kid.ok_or_else(|| EntraError::Refused("it names no key".to_owned()))?;
        let key = self.key(&kid, now).await?;
        let claims = decode::<Claims>(token, &key, &self.rules()).map_err(refused)?.claims;
        let same = |said: Option<&String>, wanted: &str| said.is_some_and(|said| said.eq_ignore_ascii_case(wanted));
        if !same(claims.tid.as_ref(), &self.server.tenant) {
            return Err(EntraError::Refused("it is of another tenant".to_owned()));
        }
        if !claims.iss.as_ref().is_some_and(|issuer| self.issuers().contains(issuer)) {
            return Err(EntraError::Refused("it has another issuer".to_owned()));
        }
        let at = now.as_second();
        if claims.exp.saturating_add(LEEWAY) <= at {
            return Err(EntraError::Refused("it has expired".to_owned()));
        }
        if claims.nbf.is_some_and(|from| from.saturating_sub(LEEWAY) > at) {
            return Err(EntraError::Refused("it is not valid yet".to_owned()));
        }
        claims.xms_mirid.filter(|id| id.to_ascii_lowercase().contains("/computes/")).ok_or(EntraError::NoInstance)
    }

    /// Both versions of tokens: which one Entra issues is a setting of the app registration.
    fn issuers(&self) -> [String; 2] {
        let KeyServer { authority, tenant, .. } = &self.server;
        [format!("https://sts.windows.net/{tenant}/"), format!("{}/{tenant}/v2.0", authority.trim_end_matches('/'))]
    }

    fn rules(&self) -> Validation {
        let mut rules = Validation::new(Algorithm::RS256);
        rules.set_audience(&[&self.server.audience]);
        rules.set_issuer(&self.issuers());
        rules.set_required_spec_claims(&["exp", "iss", "aud"]);
        // judged by the clock that is handed in, below; the library reads its own
        (rules.validate_exp, rules.validate_nbf) = (false, false);
        rules
    }

    async fn key(&self, kid: &str, now: Timestamp) -> Result<DecodingKey, EntraError> {
        let since = |at: Option<Timestamp>| at.map(|at| now.duration_since(at).abs());
        {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            let fresh = since(held.fetched_at).is_some_and(|age| age < KEYS_KEPT);
            if let Some(key) = held.keys.get(kid).filter(|_| fresh) {
                return Ok(key.clone());
            }
            if since(held.tried_at).is_some_and(|age| age < ASKED_AGAIN) {
                // the last good keys count while Entra cannot be reached
                let key = held.keys.get(kid).cloned();
                let none = held.keys.is_empty();
                return key.ok_or_else(|| match none {
                    true => EntraError::Keys("they were asked for just now".to_owned()),
                    false => EntraError::Refused("its key is not known".to_owned()),
                });
            }
            held.tried_at = Some(now);
        }
        let trying = Trying(Some(&self.held));
        let fetched = self.fetch().await;
        trying.done();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match fetched {
            Ok(keys) => (held.keys, held.fetched_at) = (keys, Some(now)),
            Err(error) if !held.keys.contains_key(kid) => return Err(error),
            Err(_) => {}
        }
        held.keys.get(kid).cloned().ok_or_else(|| EntraError::Refused("its key is not known".to_owned()))
    }

    async fn fetch(&self) -> Result<HashMap<String, DecodingKey>, EntraError> {
        let failed = |error: reqwest::Error| EntraError::Keys(error.without_url().to_string());
        let url = format!("{}/{}/discovery/v2.0/keys", self.server.authority.trim_end_matches('/'), self.server.tenant);
        let mut answer = self.http.get(url).timeout(Duration::from_secs(8)).send().await.map_err(failed)?;
        if !answer.status().is_success() {
            return Err(EntraError::Keys(format!("status {}", answer.status().as_u16())));
        }
        let mut body = Vec::new();
        while let Some(piece) = answer.chunk().await.map_err(failed)? {
            body.extend_from_slice(&piece);
            if body.len() > KEYS_BYTES_MAX {
                return Err(EntraError::Keys("the answer is far too long".to_owned()));
            }
        }
        let set: JwkSet = serde_json::from_slice(&body).map_err(|error| EntraError::Keys(error.to_string()))?;
        let named =
            set.keys.iter().filter_map(|jwk| Some((jwk.common.key_id.clone()?, DecodingKey::from_jwk(jwk).ok()?)));
        Ok(named.collect())
    }
}

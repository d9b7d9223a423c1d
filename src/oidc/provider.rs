//! Signing people in with a provider: where to send them, what to ask with the code that comes back, and who it was.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, RequestBuilder, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use super::claims::identity;
use super::fetch::{asked, json};
use super::keys::{Key, KeySet};
use super::metadata::{Metadata, SecretIn, discover};
use super::options::OidcOptions;
use super::token::{Claims, Expected, NotBelieved, judge};
use crate::access::Identity;
use crate::ports::{Clock, LoggingIn, LoginAnswer, LoginFault, LoginSecrets, SignIn};

/// What a provider says of itself is asked for anew after so long.
const METADATA_KEPT: SignedDuration = SignedDuration::from_hours(1);
/// Its keys too.
const KEYS_KEPT: SignedDuration = SignedDuration::from_hours(24);
/// A key that is not known has them asked for again, this often at most.
const KEYS_AGAIN: SignedDuration = SignedDuration::from_mins(1);

/// Something that was asked for, and when.
#[derive(Debug, Clone)]
struct Held<T> {
    what: T,
    at: Timestamp,
}

#[derive(Debug, Default)]
struct Known {
    metadata: Option<Held<Arc<Metadata>>>,
    keys: Option<Held<Arc<Vec<Key>>>>,
}

/// A provider.
pub struct Provider<C> {
    options: OidcOptions,
    http: Client,
    clock: Arc<C>,
    known: Mutex<Known>,
}

impl<C> std::fmt::Debug for Provider<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").field("options", &self.options).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Granted {
    id_token: Option<String>,
}

#[derive(Deserialize)]
struct NotGranted {
    error: String,
}

fn refused(words: impl Into<String>) -> LoginFault {
    LoginFault::Refused(words.into())
}

impl<C: Clock> Provider<C> {
    /// A provider that is asked over that client, by that clock.
    #[must_use]
    pub fn new(options: OidcOptions, http: Client, clock: Arc<C>) -> Self {
        Self { options, http, clock, known: Mutex::default() }
    }

    fn known<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_fresh<T>(held: &Held<T>, now: Timestamp, kept: SignedDuration) -> bool {
        now.duration_since(held.at).abs() < kept
    }

    /// What it says of itself; what it said last, while it cannot be asked.
    async fn metadata(&self) -> Result<Arc<Metadata>, LoginFault> {
        let now = self.clock.now();
        let held = self.known(|known| known.metadata.clone());
        if let Some(held) = held.as_ref().filter(|held| Self::is_fresh(held, now, METADATA_KEPT)) {
            return Ok(held.what.clone());
        }
        match (discover(&self.http, &self.options.issuer).await, held) {
            (Ok(metadata), _) => {
                let what = Arc::new(metadata);
                self.known(|known| known.metadata = Some(Held { what: what.clone(), at: now }));
                Ok(what)
            }
            (Err(LoginFault::Unreachable(_)), Some(held)) => Ok(held.what),
            (Err(fault), _) => Err(fault),
        }
    }

    /// Its keys, asked for anew when they are older than this.
    async fn keys(&self, metadata: &Metadata, kept: SignedDuration) -> Result<Arc<Vec<Key>>, LoginFault> {
        let now = self.clock.now();
        let held = self.known(|known| known.keys.clone());
        if let Some(held) = held.as_ref().filter(|held| Self::is_fresh(held, now, kept)) {
            return Ok(held.what.clone());
        }
        let set: KeySet = json("set of keys", self.http.get(metadata.jwks.clone())).await?;
        let what = Arc::new(set.keys());
        self.known(|known| known.keys = Some(Held { what: what.clone(), at: now }));
        Ok(what)
    }

    async fn login_url(&self, secrets: &LoginSecrets) -> Result<String, LoginFault> {
        let metadata = self.metadata().await?;
        let mut url = metadata.authorization.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.options.client_id)
            .append_pair("redirect_uri", &self.options.redirect_uri)
            .append_pair("scope", &self.options.scopes.join(" "))
            .append_pair("state", &secrets.state)
            .append_pair("nonce", &secrets.nonce)
            .append_pair("code_challenge", &URL_SAFE_NO_PAD.encode(Sha256::digest(secrets.verifier.as_bytes())))
            .append_pair("code_challenge_method", "S256");
        Ok(url.into())
    }

    async fn who(&self, secrets: &LoginSecrets, answer: &LoginAnswer) -> Result<Identity, LoginFault> {
        let metadata = self.metadata().await?;
        let same = |named: &String| bool::from(named.as_bytes().ct_eq(self.options.issuer.as_bytes()));
        let is_ours = answer.issuer.as_ref().map_or(!metadata.names_itself, same);
        if !is_ours {
            return Err(refused("the answer is of another provider"));
        }
        let token = self.granted(&metadata, secrets, answer).await?;
        let claims = self.believed(&metadata, secrets, token.expose_secret()).await?;
        let (identity, left_out) = identity(&claims, &self.options);
        if left_out {
            tracing::warn!(
                who = identity.key,
                "the provider left the groups of somebody out of the token, because there are too many; no role is given by \
                 them: use app roles in their place"
            );
        }
        Ok(identity)
    }

    async fn believed(&self, metadata: &Metadata, secrets: &LoginSecrets, token: &str) -> Result<Claims, LoginFault> {
        let expected = Expected {
            issuer: &self.options.issuer,
            client_id: &self.options.client_id,
            nonce: &secrets.nonce,
            now: self.clock.now(),
        };
        let keys = self.keys(metadata, KEYS_KEPT).await?;
        let judged = match judge(token, &keys, expected) {
            Err(NotBelieved::UnknownKey) => judge(token, &self.keys(metadata, KEYS_AGAIN).await?, expected),
            judged => judged,
        };
        judged.map_err(|not| refused(not.to_string()))
    }

    /// Exchanges the code for a token.
    async fn granted(
        &self,
        metadata: &Metadata,
        secrets: &LoginSecrets,
        answer: &LoginAnswer,
    ) -> Result<SecretString, LoginFault> {
        let request = self.exchange(metadata, secrets, answer)?;
        let (status, body) = asked("token endpoint", request).await?;
        if status != StatusCode::OK {
            let said = serde_json::from_slice::<NotGranted>(&body).map(|not| not.error).unwrap_or_default();
            let word: String = said.chars().filter(|c| c.is_ascii_lowercase() || *c == '_').take(60).collect();
            return Err(match status.is_client_error() && !word.is_empty() {
                true => refused(format!("the provider did not take the code: {word}")),
                false => LoginFault::Unreachable(format!("its token endpoint answered {}", status.as_u16())),
            });
        }
        let granted: Granted =
            serde_json::from_slice(&body).map_err(|_| refused("the provider's answer to the code cannot be read"))?;
        granted.id_token.map(SecretString::from).ok_or_else(|| refused("the provider sent no ID token"))
    }

    fn exchange(
        &self,
        metadata: &Metadata,
        secrets: &LoginSecrets,
        answer: &LoginAnswer,
    ) -> Result<RequestBuilder, LoginFault> {
        let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let client = &self.options.client_id;
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", &answer.code),
            ("redirect_uri", &self.options.redirect_uri),
            ("code_verifier", &secrets.verifier),
        ];
        let request = self.http.post(metadata.token.clone());
        let secret = self.options.secret.as_ref().map(|read| read()).transpose().map_err(LoginFault::Unreachable)?;
        let Some(secret) = secret else {
            form.push(("client_id", client));
            return Ok(request.form(&form));
        };
        let secret = secret.expose_secret();
        Ok(match metadata.secret_in {
            SecretIn::Header => {
                let both = STANDARD.encode(format!("{}:{}", encoded(client), encoded(secret)));
                request.header("authorization", format!("Basic {both}")).form(&form)
            }
            SecretIn::Body => {
                form.extend([("client_id", client.as_str()), ("client_secret", secret)]);
                request.form(&form)
            }
        })
    }
}

impl<C: Clock> SignIn for Provider<C> {
    fn begin<'a>(&'a self, secrets: &'a LoginSecrets) -> LoggingIn<'a, String> {
        Box::pin(self.login_url(secrets))
    }

    fn finish<'a>(&'a self, secrets: &'a LoginSecrets, answer: &'a LoginAnswer) -> LoggingIn<'a, Identity> {
        Box::pin(self.who(secrets, answer))
    }
}

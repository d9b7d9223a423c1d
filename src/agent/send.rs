//! Sends heartbeats: over HTTPS, packed, with a bearer token that goes to one address and nowhere else.

use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::{Certificate, Client, Response, StatusCode, header, redirect};
use url::Url;

use super::beat::AGENT;
use super::identity::IdentityError;
use super::pace::Wait;
use super::read::read_bounded;
use super::record::Moment;
use super::rules::ServiceRules;
use super::speaker::Speaker;
use crate::heartbeat::{Answer, Heartbeat};
use crate::units::InstanceId;

/// An answer is read so far.
const ANSWER_MOST: usize = 64 * 1_024;
/// What the service says of a refusal is shown so far.
const WORDS_MOST: usize = 300;
/// Certificates are read so far.
const CA_MOST: u64 = 4 * 1_024 * 1_024;

/// Why a heartbeat did not arrive.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The managed identity gives no token.
    #[error(transparent)]
    Identity(IdentityError),
    /// Nobody answered.
    #[error("{0} cannot be reached")]
    Unreachable(String, #[source] reqwest::Error),
    /// Somebody answered otherwise than with 200.
    #[error("{origin} refuses the heartbeat with {status}{words}")]
    Refused {
        /// Where.
        origin: String,
        /// How.
        status: u16,
        /// Why, in its words or ours.
        words: String,
        /// How long to wait.
        wait: Wait,
    },
    /// The answer is none.
    #[error("{0} took the heartbeat, and its answer cannot be read")]
    Unreadable(String),
    /// It could not be written down.
    #[error("the heartbeat could not be packed")]
    Packing(#[source] std::io::Error),
}

impl SendError {
    /// How long to wait before the next try.
    #[must_use]
    pub fn wait(&self) -> Wait {
        match self {
            Self::Refused { wait, .. } => *wait,
            Self::Identity(error) => error.wait(),
            Self::Unreachable(..) | Self::Unreadable(_) | Self::Packing(_) => Wait::Usual,
        }
    }
}

/// Why nothing can be sent at all.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    /// The certificates cannot be read.
    #[error("could not read service.ca_file {0}")]
    Authorities(String, #[source] Box<dyn std::error::Error + Send + Sync>),
    /// No client can be made.
    #[error("could not make an HTTP client")]
    Client(#[source] reqwest::Error),
}

/// Sends heartbeats to one service.
#[derive(Debug)]
pub struct Sender {
    client: Client,
    url: Url,
    origin: String,
    speaker: Speaker,
}

impl Sender {
    /// A sender to this address.
    ///
    /// # Errors
    /// When it can be none.
    pub fn new(rules: &ServiceRules, url: &Url, speaker: Speaker) -> Result<Self, SenderError> {
        let timeout = Duration::from_millis(rules.timeout.millis());
        let mut builder = Client::builder()
            .timeout(timeout)
            .connect_timeout(timeout)
            .redirect(redirect::Policy::none())
            .https_only(url.scheme() == "https")
            .pool_max_idle_per_host(1)
            .user_agent(format!("lightsout-agent/{AGENT}"));
        if url.scheme() != "https" {
            builder = builder.no_proxy();
        }
        if !rules.ca_file.0.is_empty() {
            let failed = |error| SenderError::Authorities(rules.ca_file.0.clone(), error);
            let pem = read_bounded(Path::new(&rules.ca_file.0), CA_MOST).map_err(|error| failed(error.into()))?;
            let found = Certificate::from_pem_bundle(&pem).map_err(|error| failed(error.into()))?;
            builder = builder.tls_certs_merge(found);
        }
        let client = builder.build().map_err(SenderError::Client)?;
        let mut target = url.clone();
        target.set_path(&format!("{}/api/v1/heartbeats", url.path().trim_end_matches('/')));
        Ok(Self { client, origin: url.origin().ascii_serialization(), url: target, speaker })
    }

    /// Who speaks for the instance.
    #[must_use]
    pub fn speaker(&self) -> &Speaker {
        &self.speaker
    }

    /// The instance that it sends for, with a token to show.
    ///
    /// # Errors
    /// When the managed identity gives none.
    pub async fn ready(&mut self, now: Moment) -> Result<InstanceId, SendError> {
        self.speaker.ready(now).await.map_err(SendError::Identity)
    }

    /// Sends one, and reads what is answered. A token that is refused is fetched anew once, where it is fetched at all.
    ///
    /// # Errors
    /// When it did not arrive, or was refused.
    pub async fn send(&mut self, beat: &Heartbeat, now: Moment) -> Result<Answer, SendError> {
        let first = self.post(beat).await;
        let result = if is_refused(&first) && self.speaker.renew(now).await.map_err(SendError::Identity)? {
            self.post(beat).await
        } else {
            first
        };
        if result.is_ok() {
            self.speaker.taken();
        }
        result
    }

    async fn post(&self, beat: &Heartbeat) -> Result<Answer, SendError> {
        let body = packed(beat).map_err(SendError::Packing)?;
        let secret = self.speaker.secret().unwrap_or_default();
        let mut bearer = header::HeaderValue::try_from(format!("Bearer {secret}"))
            .map_err(|_| SendError::Packing(std::io::ErrorKind::InvalidData.into()))?;
        bearer.set_sensitive(true);
        let request = self
            .client
            .post(self.url.clone())
            .header(header::AUTHORIZATION, bearer)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CONTENT_ENCODING, "gzip")
            .body(body);
        let unreachable = |error: reqwest::Error| SendError::Unreachable(self.origin.clone(), error.without_url());
        let mut answer = request.send().await.map_err(unreachable)?;
        let body = start_of(&mut answer).await.map_err(unreachable)?;
        if answer.status() == StatusCode::OK {
            serde_json::from_slice(&body).map_err(|_| SendError::Unreadable(self.origin.clone()))
        } else {
            Err(self.refusal(&answer, &body))
        }
    }

    fn refusal(&self, answer: &Response, body: &[u8]) -> SendError {
        let asked =
            answer.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let (wait, ours) = match answer.status().as_u16() {
            401 | 403 => (Wait::Long, self.speaker.advice()),
            404 | 405 => (Wait::Long, "no service of this kind answers there; see service.url"),
            300..=399 => (Wait::Long, "it sends elsewhere, which is not followed; see service.url"),
            413 | 415 | 422 => (Wait::Long, "the service is older than this agent"),
            _ => (Wait::Usual, ""),
        };
        let wait = asked.map_or(wait, Wait::Asked);
        // A gateway may repeat the request that it refuses.
        let secret = self.speaker.secret().filter(|secret| !secret.is_empty());
        let said = String::from_utf8_lossy(body);
        let said = secret.map_or_else(|| said.clone(), |secret| said.replace(secret, "…").into());
        let said: String = said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(WORDS_MOST).collect();
        let words = [ours, said.trim()].into_iter().filter(|words| !words.is_empty()).map(|words| format!(": {words}"));
        SendError::Refused {
            origin: self.origin.clone(),
            status: answer.status().as_u16(),
            words: words.collect(),
            wait,
        }
    }
}

/// True when the token was refused, and not what it may do.
fn is_refused(result: &Result<Answer, SendError>) -> bool {
    matches!(result, Err(SendError::Refused { status: 401, .. }))
}

fn packed(beat: &Heartbeat) -> std::io::Result<Vec<u8>> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(&serde_json::to_vec(beat)?)?;
    packer.finish()
}

/// The beginning of an answer; of one that never ends, no more.
async fn start_of(answer: &mut Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await? {
        let room = ANSWER_MOST.saturating_sub(body.len());
        body.extend_from_slice(part.get(..room).unwrap_or(&part));
        if body.len() >= ANSWER_MOST {
            break;
        }
    }
    Ok(body)
}

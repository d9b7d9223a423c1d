//! A signed JSON POST to one address, which is checked by us and connected to as checked.

use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use url::{Host, Url};

use super::address::{AddressRule, Cidr};
use super::body;
use crate::ports::{Fault, FaultKind, Message};

/// The whole of it: connecting, sending, the answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// An answer is read so far, to be able to use the connection again; nothing in it matters.
const REPLY_MAX: usize = 64 * 1024;

/// Reads the time for the signature.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;
/// Addresses on their way.
pub type Looking = Pin<Box<dyn Future<Output = std::io::Result<Vec<IpAddr>>> + Send>>;

/// Finds the addresses of a host.
pub trait Lookup: Send + Sync {
    /// Every address of it.
    fn lookup(&self, host: &str) -> Looking;
}

/// The operating system's resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, host: &str) -> Looking {
        let host = host.to_owned();
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect()) })
    }
}

/// What a webhook is set up with.
#[derive(Debug, Clone)]
pub struct WebhookOptions {
    /// Where messages are posted.
    pub url: String,
    /// The key of the signature; shared with the receiver.
    pub secret: Option<SecretString>,
    /// True to send without a signature, knowing that anyone could then send the same.
    pub unsigned: bool,
    /// Private networks that the address may lie in.
    pub allow_private: Vec<Cidr>,
    /// How long a delivery may take; 5 s when none.
    pub timeout: Option<SignedDuration>,
}

/// Why a webhook cannot be set up. The address's path is never shown: it may hold a secret.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// Not a URL.
    #[error("the webhook's url cannot be read; write it in full, such as \"https://hooks.example.org/lightsout\"")]
    Url(#[source] url::ParseError),
    /// Not https.
    #[error(
        "the webhook's url begins with `{0}:`; only https is sent to (and http to this machine, when allow_private names loopback)"
    )]
    Scheme(String),
    /// A user name or password in the URL.
    #[error("the webhook's url holds a user name or password; take it out, the signature proves who sends")]
    UserInfo,
    /// No host.
    #[error("the webhook's url names no host")]
    Host,
    /// An address that is not public.
    #[error("the webhook's address {ip} is refused ({why}); allow its network with allow_private if it is meant")]
    Address {
        /// The address.
        ip: IpAddr,
        /// What it is.
        why: &'static str,
    },
    /// No key to sign with.
    #[error("the webhook has no secret to sign with; give it one, or set `unsigned = true` to do without")]
    Unsigned,
    /// The HTTP client could not be made.
    #[error("the HTTP client for the webhook cannot be made")]
    Client(#[source] reqwest::Error),
}

/// A name's addresses, none of which may be used.
#[derive(Debug, thiserror::Error)]
#[error("`{host}` leads to {ip}, which is refused ({why}); allow its network with allow_private if it is meant")]
struct Forbidden {
    host: String,
    ip: IpAddr,
    why: &'static str,
}

/// A name without addresses.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` has no address")]
struct Nowhere(String);

/// Gives the HTTP client only addresses that were checked, at every connection: an answer that changes between the
/// check and the connection cannot matter, since the checked one is what is connected to.
struct Checked {
    rule: AddressRule,
    is_tls: bool,
    lookup: Arc<dyn Lookup>,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let (host, rule, is_tls) = (name.as_str().to_owned(), self.rule.clone(), self.is_tls);
        let looking = self.lookup.lookup(&host);
        Box::pin(async move {
            let mut refused = None;
            let mut good = Vec::new();
            for ip in looking.await? {
                match rule.refusal(ip, is_tls) {
                    None => good.push(SocketAddr::new(ip, 0)),
                    Some(why) => refused = Some((ip, why)),
                }
            }
            match (good.is_empty(), refused) {
                (false, _) => Ok(Box::new(good.into_iter()) as Addrs),
                (true, Some((ip, why))) => Err(Forbidden { host, ip, why }.into()),
                (true, None) => Err(Nowhere(host).into()),
            }
        })
    }
}

/// A webhook that is set up.
pub struct Webhook {
    url: Url,
    secret: Option<SecretString>,
    client: reqwest::Client,
    now: Now,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook")
            .field("origin", &self.origin())
            .field("signed", &self.secret.is_some())
            .finish_non_exhaustive()
    }
}

impl Webhook {
    /// Sets it up; nothing is sent, no name is looked up.
    ///
    /// # Errors
    /// When the URL, its address or the lack of a secret is refused.
    pub fn new(options: WebhookOptions, now: Now) -> Result<Self, WebhookError> {
        Self::with_lookup(options, now, Arc::new(SystemLookup))
    }

    /// The same with another way to look up names.
    ///
    /// # Errors
    /// As [`Webhook::new`].
    pub fn with_lookup(options: WebhookOptions, now: Now, lookup: Arc<dyn Lookup>) -> Result<Self, WebhookError> {
        let rule = AddressRule::new(options.allow_private);
        let url = checked_url(&options.url, &rule)?;
        let secret = options.secret.filter(|secret| !secret.expose_secret().is_empty());
        if secret.is_none() && !options.unsigned {
            return Err(WebhookError::Unsigned);
        }
        let timeout = options
            .timeout
            .and_then(|length| Duration::try_from(length).ok())
            .filter(|length| !length.is_zero())
            .unwrap_or(TIMEOUT);
        // A provider that is there already is as good.
        rustls::crypto::ring::default_provider().install_default().ok();
        let is_tls = url.scheme() == "https";
        let client = reqwest::Client::builder()
            .dns_resolver(Arc::new(Checked { rule, is_tls, lookup }))
            // A proxy would look the name up itself, and connect to what it finds.
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(timeout)
            .user_agent(concat!("lightsout/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(WebhookError::Client)?;
        Ok(Self { url, secret, client, now })
    }

    /// Posts one message. Only a status from 200 to 299 confirms it.
    ///
    /// # Errors
    /// `Throttled` with the wait that was asked for on a 429, `Undelivered` on anything else.
    pub async fn deliver(&self, message: &Message) -> Result<(), Fault> {
        let doing = || format!("post the message {} to {}", message.id, self.origin());
        let body = body::bytes(message).map_err(|error| Fault::new(FaultKind::Undelivered, doing()).because(error))?;
        let mut request = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("idempotency-key", idempotency_key(&message.id));
        if let Some(secret) = &self.secret {
            let signature = body::signature(secret.expose_secret().as_bytes(), (self.now)(), &body);
            request = request.header("lightsout-signature", signature.unwrap_or_default());
        }
        let sent = request.body(body).send().await;
        let mut answer =
            sent.map_err(|error| Fault::new(FaultKind::Undelivered, doing()).because(error.without_url()))?;
        let status = answer.status();
        let kind = match status {
            status if status.is_success() => {
                finish(&mut answer).await;
                return Ok(());
            }
            StatusCode::TOO_MANY_REQUESTS => FaultKind::Throttled(retry_after(&answer, (self.now)())),
            _ => FaultKind::Undelivered,
        };
        Err(Fault::new(kind, doing()).because(refused(status)))
    }

    /// Scheme, host and port: what may be shown.
    fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }
}

fn checked_url(text: &str, rule: &AddressRule) -> Result<Url, WebhookError> {
    let mut url = Url::parse(text).map_err(WebhookError::Url)?;
    let is_tls = match url.scheme() {
        "https" => true,
        "http" => false,
        other => return Err(WebhookError::Scheme(other.to_owned())),
    };
    if !url.username().is_empty() || url.password().is_some() || has_userinfo(text) {
        return Err(WebhookError::UserInfo);
    }
    let ip = match url.host().ok_or(WebhookError::Host)? {
        Host::Ipv4(ip) => Some(IpAddr::V4(ip)),
        Host::Ipv6(ip) => Some(IpAddr::V6(ip)),
        // Looked up, and checked, at each connection.
        Host::Domain(_) => None,
    };
    if let Some((ip, why)) = ip.and_then(|ip| Some((ip, rule.refusal(ip, is_tls)?))) {
        return Err(WebhookError::Address { ip, why });
    }
    if !is_tls && !rule.allows_loopback() {
        return Err(WebhookError::Scheme("http".to_owned()));
    }
    url.set_fragment(None);
    Ok(url)
}

/// An empty user name is dropped in parsing; whoever wrote the `@` meant something by it.
fn has_userinfo(text: &str) -> bool {
    let after = text.split_once(':').map_or(text, |(_, rest)| rest).trim_start_matches(['/', '\\']);
    after.split(['/', '\\', '?', '#']).next().is_some_and(|authority| authority.contains('@'))
}

fn refused(status: StatusCode) -> String {
    if status.is_redirection() {
        format!("it answered {status}; redirects are not followed, give the address that it leads to")
    } else {
        format!("it answered {status}")
    }
}

/// The id itself where a header can hold it; else a digest of it, just as lasting.
fn idempotency_key(id: &str) -> String {
    if id.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        id.to_owned()
    } else {
        Sha256::digest(id).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Reads what is left of the answer, so far as it goes; how that ends does not matter any more.
async fn finish(answer: &mut Response) {
    let mut read = 0_usize;
    while let Ok(Some(chunk)) = answer.chunk().await {
        read = read.saturating_add(chunk.len());
        if read > REPLY_MAX {
            return;
        }
    }
}

/// Seconds or an HTTP date, kept between a second and a quarter of an hour (faults 1 and 2).
fn retry_after(answer: &Response, now: Timestamp) -> Option<SignedDuration> {
    let text = answer.headers().get("retry-after")?.to_str().ok()?.trim();
    let wait = match text.parse::<u32>() {
        Ok(seconds) => SignedDuration::from_secs(i64::from(seconds)),
        Err(_) => jiff::fmt::rfc2822::parse(text).ok()?.timestamp().duration_since(now),
    };
    Some(wait.clamp(SignedDuration::from_secs(1), SignedDuration::from_mins(15)))
}

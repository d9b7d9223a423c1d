//! A JSON POST to one address of the operator's, which is checked by us and connected to as checked.

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
use crate::ports::{Fault, FaultKind};

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

/// Why an address cannot be posted to. Its path is never shown: it may hold a secret.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// Not a URL.
    #[error("the url cannot be read; write it in full, such as \"https://hooks.example.org/lightsout\"")]
    Url(#[source] url::ParseError),
    /// Not https.
    #[error(
        "the url begins with `{0}:`; only https is sent to (and http to this machine, when allow_private names loopback)"
    )]
    Scheme(String),
    /// A user name or password in the URL.
    #[error("the url holds a user name or password; take it out")]
    UserInfo,
    /// No host.
    #[error("the url names no host")]
    Host,
    /// An address that is not public.
    #[error("the address {ip} is refused ({why}); allow its network with allow_private if it is meant")]
    Address {
        /// The address.
        ip: IpAddr,
        /// What it is.
        why: &'static str,
    },
    /// No key to sign with.
    #[error("there is no secret to sign with; give it one, or set `unsigned = true` to do without")]
    Unsigned,
    /// The HTTP client could not be made.
    #[error("the HTTP client cannot be made")]
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

/// How the receiver is reached.
#[derive(Debug, Clone, Default)]
pub(super) struct Reach {
    /// Private networks that the address may lie in.
    pub(super) allow_private: Vec<Cidr>,
    /// How long a delivery may take; 5 s when none.
    pub(super) timeout: Option<SignedDuration>,
}

/// What a channel is set up with whose address is a secret.
#[derive(Debug, Clone)]
pub struct HookOptions {
    /// Where messages are posted.
    pub url: SecretString,
    /// Private networks that the address may lie in.
    pub allow_private: Vec<Cidr>,
    /// How long a delivery may take; 5 s when none.
    pub timeout: Option<SignedDuration>,
}

impl HookOptions {
    /// The same with a path put behind that of the address, unless it ends so already.
    pub(super) fn below(self, path: &str) -> Self {
        let text = self.url.expose_secret();
        let (base, rest) = text.split_at(text.find(['?', '#']).unwrap_or(text.len()));
        let base = base.trim_end_matches('/').trim_end_matches(path);
        let url = format!("{base}{path}{rest}");
        Self { url: url.into(), ..self }
    }

    /// The way there, called by this name alone.
    pub(super) fn post(self, name: &str, now: Now, lookup: Arc<dyn Lookup>) -> Result<Post, WebhookError> {
        let reach = Reach { allow_private: self.allow_private, timeout: self.timeout };
        Post::new(self.url.expose_secret(), Some(name), reach, now, lookup)
    }
}

/// What is posted of one message.
pub(super) struct Parcel<'a> {
    /// The message's id.
    pub(super) id: &'a str,
    /// The value of `content-type`.
    pub(super) content_type: &'static str,
    /// The bytes.
    pub(super) body: Vec<u8>,
    /// A header of the sender's own.
    pub(super) signature: Option<String>,
}

/// An address that messages are posted to.
pub(super) struct Post {
    url: Url,
    client: reqwest::Client,
    now: Now,
    /// What faults call it; never more of the address than its origin.
    shown: String,
}

impl Post {
    /// Sets it up; nothing is sent, no name is looked up. Without a name of its own it is called by its origin.
    pub(super) fn new(
        url: &str,
        name: Option<&str>,
        reach: Reach,
        now: Now,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Self, WebhookError> {
        let rule = AddressRule::new(reach.allow_private);
        let url = checked_url(url, &rule)?;
        let timeout = reach
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
        let shown = name.map_or_else(|| url.origin().ascii_serialization(), str::to_owned);
        Ok(Self { url, client, now, shown })
    }

    /// What may be shown of where it leads.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// The hour by the clock that signatures are stamped with.
    pub(super) fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// Posts. Only a status from 200 to 299 confirms it.
    pub(super) async fn send(&self, parcel: Parcel<'_>) -> Result<(), Fault> {
        let doing = || format!("post the message {} to {}", parcel.id, self.shown);
        let mut request = self
            .client
            .post(self.url.clone())
            .header("content-type", parcel.content_type)
            .header("idempotency-key", idempotency_key(parcel.id));
        if let Some(signature) = &parcel.signature {
            request = request.header("lightsout-signature", signature);
        }
        let sent = request.body(parcel.body).send().await;
        let mut answer =
            sent.map_err(|error| Fault::new(FaultKind::Undelivered, doing()).because(error.without_url()))?;
        let status = answer.status();
        let kind = match status {
            status if status.is_success() => {
                finish(&mut answer).await;
                return Ok(());
            }
            StatusCode::TOO_MANY_REQUESTS => FaultKind::Throttled(retry_after(&answer, self.now())),
            status if is_of_the_message(status) => FaultKind::Unfit,
            _ => FaultKind::Undelivered,
        };
        Err(Fault::new(kind, doing()).because(refused(status)))
    }
}

/// That bytes could not be made of a message.
pub(super) fn unwritten(id: &str, error: serde_json::Error) -> Fault {
    Fault::new(FaultKind::Unfit, format!("write the message {id} as JSON")).because(error)
}

pub(super) fn checked_url(text: &str, rule: &AddressRule) -> Result<Url, WebhookError> {
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

/// True for what says that the receiver is there and does not like what it was sent; any other answer is one that the next
/// message would get too.
fn is_of_the_message(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::BAD_REQUEST
            | StatusCode::CONFLICT
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            | StatusCode::UNPROCESSABLE_ENTITY
    )
}

fn refused(status: StatusCode) -> String {
    if status.is_redirection() {
        format!("it answered {status}; redirects are not followed, give the address that it leads to")
    } else if matches!(
        status,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE
    ) {
        format!("it answered {status}; see that the address is whole and still in force there")
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

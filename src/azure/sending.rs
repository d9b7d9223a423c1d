//! One HTTP exchange and nothing else: no redirect, one origin, bounded in time and bytes.

use std::sync::{Arc, Once};

use reqwest::dns::Resolve;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName};
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, redirect, retry, tls};

use super::allow::Verb;
use super::error::AzureError;
use super::options::{AzureOptions, IdentityOptions, OptionsError};
use super::origin::{Origin, PinnedUrl};
use super::prices::PriceUrl;
use super::requests::NOTHING_THERE;
use super::tokens::Bearer;
use super::words::clean;
use crate::facts::Verb as Operation;

/// The longest answer, counted after inflation (fault 8).
const BODY_MAX: usize = 32 * 1024 * 1024;
/// The longest body of an error that is read; what is beyond is dropped.
const ERROR_BODY_MAX: usize = 64 * 1024;
/// Header lines in one answer.
const HEADERS_MAX: usize = 100;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-client-request-id");
const CLIENT_TYPE: HeaderName = HeaderName::from_static("clienttype");

/// What finds the addresses of a host, at every connection; none is the operating system's.
pub(super) type Names = Option<Arc<dyn Resolve>>;

/// The client for Resource Manager.
pub(super) fn arm_client(options: &AzureOptions, origin: &Origin, names: &Names) -> Result<Client, OptionsError> {
    let builder = base(options, names)?
        .https_only(origin.is_https())
        .timeout(options.timeouts.total)
        .http1_max_headers(HEADERS_MAX);
    finish(with_roots(builder, options, origin)?)
}

/// The client for Azure's public price list. It never meets a token.
pub(super) fn price_client(options: &AzureOptions, origin: &Origin, names: &Names) -> Result<Client, OptionsError> {
    arm_client(options, origin, names)
}

/// The client for token endpoints: plain http is how a machine's own endpoint is reached, and never through a proxy.
pub(super) fn token_client(options: &AzureOptions, origin: &Origin, names: &Names) -> Result<Client, OptionsError> {
    let builder = base(options, names)?.timeout(options.timeouts.token);
    let is_local = matches!(options.identity, IdentityOptions::Managed(_));
    let builder = if is_local { builder.no_proxy() } else { builder };
    finish(with_roots(builder, options, origin)?)
}

fn base(options: &AzureOptions, names: &Names) -> Result<ClientBuilder, OptionsError> {
    static PROVIDER: Once = Once::new();
    // An error means that one is installed already, which is as good.
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    let builder = match names {
        Some(names) => Client::builder().dns_resolver(Arc::clone(names)),
        None => Client::builder(),
    };
    Ok(builder
        .user_agent(concat!("lightsout/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        // Left to itself the client sends a request again, a POST too, that a gateway refused or said goodbye to (fault 36).
        // What is sent again is decided in `transport`, where a read and a stop are told apart.
        .retry(retry::never())
        .connect_timeout(options.timeouts.connect)
        .read_timeout(options.timeouts.read)
        .tls_version_min(tls::Version::TLS_1_2)
        .referer(false)
        .pool_max_idle_per_host(options.concurrency.max(1)))
}

fn with_roots(builder: ClientBuilder, options: &AzureOptions, origin: &Origin) -> Result<ClientBuilder, OptionsError> {
    let roots = match &options.ca_file {
        None => Vec::new(),
        Some(path) => {
            let failed =
                |cause: Box<dyn std::error::Error + Send + Sync>| OptionsError::CaFile { path: path.clone(), cause };
            let pem = std::fs::read(path).map_err(|error| failed(error.into()))?;
            let found = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| failed(error.into()))?;
            if found.is_empty() {
                return Err(failed("it holds no certificate (BEGIN CERTIFICATE)".into()));
            }
            found
        }
    };
    if origin.is_loopback() {
        // This machine is not vouched for by the world's authorities, and must not need them to be installed.
        return Ok(builder.tls_certs_only(roots).no_proxy());
    }
    Ok(if roots.is_empty() { builder } else { builder.tls_certs_merge(roots) })
}

fn finish(builder: ClientBuilder) -> Result<Client, OptionsError> {
    builder.build().map_err(|error| OptionsError::Client(error.into()))
}

/// One answer: status, the few headers that matter, and the body.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body, when the answer says that it is JSON in UTF-8.
    pub(super) fn json(&self) -> Result<&[u8], AzureError> {
        let said = self.header("content-type").unwrap_or("no content type");
        let mut parts = said.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default();
        let is_json = kind.eq_ignore_ascii_case("application/json") || kind.eq_ignore_ascii_case("text/json");
        let charset =
            parts.find_map(|part| part.split_once('=').filter(|(key, _)| key.trim().eq_ignore_ascii_case("charset")));
        let is_utf8 = charset.is_none_or(|(_, name)| {
            matches!(name.trim_matches(['"', ' ']).to_ascii_lowercase().as_str(), "utf-8" | "utf8" | "us-ascii")
        });
        if is_json && is_utf8 { Ok(&self.body) } else { Err(AzureError::NotJson(clean(said))) }
    }
}

/// Sends one request. The bearer is attached in this function and in no other, to a URL that was pinned (I10).
pub(super) async fn exchange(
    client: &Client,
    verb: Verb,
    (url, body): (&PinnedUrl, Option<&str>),
    bearer: &Bearer,
) -> Result<Answer, AzureError> {
    super::allow::admits(verb, url)?;
    let request = match verb {
        Verb::Get => client.get(url.url().clone()),
        Verb::Post => client.post(url.url().clone()).header(CONTENT_LENGTH, 0),
        Verb::Timer(_) => client
            .post(url.url().clone())
            .header(CONTENT_TYPE, "application/json")
            .body(body.unwrap_or_default().to_owned()),
        Verb::Operate(leave) => operate(client, leave.verb(), url, body),
        Verb::Query(_) => client
            .post(url.url().clone())
            .header(CONTENT_TYPE, "application/json")
            // a kind of client that names itself has a quota of its own (FACTS 7)
            .header(CLIENT_TYPE, "lightsout")
            .body(body.unwrap_or_default().to_owned()),
        Verb::Metrics(_) | Verb::Name(_) => client
            .post(url.url().clone())
            .header(CONTENT_TYPE, "application/json")
            .body(body.unwrap_or_default().to_owned()),
    };
    received(request.header(AUTHORIZATION, bearer.header.clone()), verb).await
}

/// The request of an operation.
fn operate(client: &Client, verb: Operation, url: &PinnedUrl, body: Option<&str>) -> RequestBuilder {
    match verb {
        Operation::Start | Operation::Restart => client.post(url.url().clone()).header(CONTENT_LENGTH, 0),
        Operation::Delete => client.delete(url.url().clone()),
        Operation::Create => client
            .put(url.url().clone())
            .header(CONTENT_TYPE, "application/json")
            .header(NOTHING_THERE.0, NOTHING_THERE.1)
            .body(body.unwrap_or_default().to_owned()),
    }
}

/// Reads a page of the public price list: without a bearer, and a GET is all there is (G3, I10).
pub(super) async fn fetch(client: &Client, url: &PriceUrl) -> Result<Answer, AzureError> {
    received(client.get(url.url().clone()), Verb::Get).await
}

async fn received(request: RequestBuilder, verb: Verb) -> Result<Answer, AzureError> {
    let sent = request.header(ACCEPT, "application/json").header(REQUEST_ID, request_id()).send().await;
    let mut response = sent.map_err(|error| unanswered(&error))?;
    let status = response.status().as_u16();
    let headers = std::mem::take(response.headers_mut());
    let body = match verb {
        _ if !(200..300).contains(&status) => prefix(response).await,
        // A stop was taken by its status, as every write is; a body that breaks off changes nothing.
        Verb::Post | Verb::Timer(_) | Verb::Operate(_) => prefix(response).await,
        Verb::Get | Verb::Query(_) | Verb::Metrics(_) | Verb::Name(_) => whole(response).await?,
    };
    Ok(Answer { status, headers, body })
}

async fn whole(mut response: Response) -> Result<Vec<u8>, AzureError> {
    let announced = response.content_length().and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let mut body = Vec::with_capacity(announced.min(1024 * 1024));
    while let Some(chunk) = response.chunk().await.map_err(|error| unanswered(&error))? {
        if body.len().saturating_add(chunk.len()) > BODY_MAX {
            return Err(AzureError::TooBig(BODY_MAX / (1024 * 1024)));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

async fn prefix(mut response: Response) -> Vec<u8> {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = ERROR_BODY_MAX.saturating_sub(body.len());
        body.extend_from_slice(chunk.get(..room.min(chunk.len())).unwrap_or_default());
        if room == 0 {
            break;
        }
    }
    body
}

/// A failed connection did nothing; anything later may have been read by the other side.
fn unanswered(error: &reqwest::Error) -> AzureError {
    let text = causes(error);
    if error.is_connect() { AzureError::NoConnection(text) } else { AzureError::Broken(text) }
}

/// The causes without the URL, which may be signed.
fn causes(error: &reqwest::Error) -> String {
    let mut words = if error.is_timeout() { "timed out".to_owned() } else { String::new() };
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        let text = deeper.to_string();
        if !words.contains(&text) {
            if !words.is_empty() {
                words.push_str(": ");
            }
            words.push_str(&text);
        }
        cause = deeper.source();
    }
    if words.is_empty() { "the connection failed".to_owned() } else { clean(&words) }
}

/// A GUID, by which Microsoft's support finds the request.
fn request_id() -> String {
    let n = fastrand::u128(..);
    let hex = format!("{n:032x}");
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-4{}-a{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

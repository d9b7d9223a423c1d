//! One request to the provider: no redirects, so many bytes, so much time; over TLS, or to this very machine.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use url::{Host, Url};

use crate::ports::LoginFault;

/// What a provider answers is far below this many bytes.
const BYTES_MAX: usize = 256 * 1024;
/// For one whole answer.
const PATIENCE: Duration = Duration::from_secs(4);

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
#[error("could not set up the way to the login provider")]
pub struct ClientError(#[from] reqwest::Error);

/// The client by which a provider is asked; certificates of its own authority are trusted beside the system's.
///
/// # Errors
/// When the certificates are none.
pub fn client(issuer: &str, certificates: &[u8]) -> Result<Client, ClientError> {
    let authorities = Certificate::from_pem_bundle(certificates)?;
    let local = Url::parse(issuer).is_ok_and(|url| is_loopback(&url));
    let client = Client::builder()
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(Duration::from_secs(3))
        .timeout(PATIENCE)
        .https_only(!local)
        .tls_certs_merge(authorities);
    // what is on this machine is asked without whatever proxy stands before others
    Ok(if local { client.no_proxy() } else { client }.build()?)
}

/// True when a URL is of this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Where a secret or a code may be sent to: https, or this machine where the provider itself is on it.
pub(super) fn endpoint(text: &str, issuer: &str) -> Result<Url, LoginFault> {
    let refused = || LoginFault::Refused("the provider names an address that is not https".to_owned());
    let url = Url::parse(text).map_err(|_| refused())?;
    let local = || is_loopback(&url) && Url::parse(issuer).is_ok_and(|issuer| is_loopback(&issuer));
    let safe = url.scheme() == "https" || (url.scheme() == "http" && local());
    let plain = url.username().is_empty() && url.password().is_none() && url.has_host() && url.fragment().is_none();
    if safe && plain { Ok(url) } else { Err(refused()) }
}

/// Sends a request and reads the whole answer.
pub(super) async fn asked(what: &str, request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), LoginFault> {
    let failed = |error: reqwest::Error| {
        let error = error.without_url();
        let cause = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        LoginFault::Unreachable(format!("its {what} gave no answer: {cause}"))
    };
    let mut answer = request.header("accept", "application/json").send().await.map_err(failed)?;
    let status = answer.status();
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(failed)? {
        body.extend_from_slice(&piece);
        if body.len() > BYTES_MAX {
            return Err(LoginFault::Unreachable(format!("its {what} answers far too much")));
        }
    }
    Ok((status, body))
}

/// The same, of JSON that has to come with 200.
pub(super) async fn json<T: DeserializeOwned>(what: &str, request: RequestBuilder) -> Result<T, LoginFault> {
    let (status, body) = asked(what, request).await?;
    if status != StatusCode::OK {
        return Err(LoginFault::Unreachable(format!("its {what} answered {}", status.as_u16())));
    }
    serde_json::from_slice(&body).map_err(|_| LoginFault::Unreachable(format!("its {what} cannot be read")))
}

//! One exchange with the server: no redirect, one address, bounded in time and bytes.

use std::sync::Once;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Certificate, Client, Response, redirect, retry, tls};
use secrecy::ExposeSecret as _;
use url::{Host, Url};

use super::error::{PromqlError, SetupError, plain};
use super::options::PromqlOptions;
use super::wire::{Answer, read};

/// The longest answer, counted after inflation.
const BODY_MAX: usize = 32 * 1024 * 1024;
/// To connect, TLS included.
const CONNECT: Duration = Duration::from_secs(5);

/// What a look at the server found, for `doctor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doctored {
    /// How many series the expression has now.
    pub series: usize,
    /// How many of them have the label.
    pub labelled: usize,
}

/// The way to one Prometheus.
pub(super) struct Server {
    client: Client,
    base: Url,
    options: PromqlOptions,
}

impl Server {
    /// Sets it up; sends nothing.
    pub(super) fn new(options: PromqlOptions) -> Result<Self, SetupError> {
        static PROVIDER: Once = Once::new();
        // An error means that one is installed already, which is as good.
        PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let base = base_of(&options.url)?;
        let is_https = base.scheme() == "https";
        if !is_https && options.bearer.is_some() && !is_loopback(&base) {
            return Err(SetupError::BearerInClear);
        }
        let builder = Client::builder()
            .user_agent(concat!("lightsout/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .https_only(is_https)
            .tls_version_min(tls::Version::TLS_1_2)
            .connect_timeout(CONNECT.min(options.timeout))
            .timeout(options.timeout);
        let builder = match roots(&options)? {
            found if is_loopback(&base) => builder.tls_certs_only(found).no_proxy(),
            found if found.is_empty() => builder,
            found => builder.tls_certs_merge(found),
        };
        Ok(Self { client: builder.build().map_err(SetupError::Client)?, base, options })
    }

    /// For how long the server repeats a last sample.
    pub(super) const fn lookback(&self) -> jiff::SignedDuration {
        self.options.lookback
    }

    /// Asks, below `/api/v1`: `query` or `query_range`.
    pub(super) async fn ask(&self, what: &str, form: &[(&str, String)], label: &str) -> Result<Answer, PromqlError> {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/api/v1/{what}", self.base.path().trim_end_matches('/')));
        let mut request = self.client.post(url).form(form);
        if let Some(bearer) = &self.options.bearer {
            let token = (bearer.0)().map_err(PromqlError::NoBearer)?;
            let unusable = || PromqlError::NoBearer("it holds characters that no header may".to_owned());
            let header = HeaderValue::try_from(format!("Bearer {}", token.expose_secret()));
            let mut header = header.map_err(|_| unusable())?;
            header.set_sensitive(true);
            request = request.header(AUTHORIZATION, header);
        }
        let response = request.send().await.map_err(broken)?;
        let status = response.status().as_u16();
        if (300..400).contains(&status) {
            let words = "a redirect, which is not followed: write the address itself in promql.url".to_owned();
            return Err(PromqlError::Refused { status, words });
        }
        read(status, &whole(response).await?, label)
    }
}

async fn whole(mut response: Response) -> Result<Vec<u8>, PromqlError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len().saturating_add(chunk.len()) > BODY_MAX {
            return Err(PromqlError::TooBig(BODY_MAX / (1024 * 1024)));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The causes without the URL.
fn broken(error: reqwest::Error) -> PromqlError {
    let words = if error.is_timeout() { "timed out" } else { "the connection failed" };
    PromqlError::Broken(plain(&crate::ports::with_causes(words.to_owned(), std::error::Error::source(&error))))
}

fn base_of(text: &str) -> Result<Url, SetupError> {
    let url = Url::parse(text).map_err(|_| SetupError::Url)?;
    let is_plain = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if is_plain { Ok(url) } else { Err(SetupError::Url) }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn roots(options: &PromqlOptions) -> Result<Vec<Certificate>, SetupError> {
    let Some(path) = &options.ca_file else { return Ok(Vec::new()) };
    let failed = |cause: Box<dyn std::error::Error + Send + Sync>| SetupError::CaFile { path: path.clone(), cause };
    let pem = std::fs::read(path).map_err(|error| failed(error.into()))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|error| failed(error.into()))?;
    if found.is_empty() { Err(failed("it holds no certificate (BEGIN CERTIFICATE)".into())) } else { Ok(found) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::SignedDuration;

    use super::super::options::BearerSource;
    use super::*;

    fn options(url: &str, with_token: bool) -> PromqlOptions {
        let bearer = with_token.then(|| BearerSource(Arc::new(|| Err("none".to_owned()))));
        let timeout = Duration::from_secs(1);
        PromqlOptions { url: url.to_owned(), bearer, ca_file: None, timeout, lookback: SignedDuration::from_mins(5) }
    }

    #[test]
    fn where_a_server_may_be() {
        for good in
            ["http://127.0.0.1:9090", "https://prom.example.org/team-a/", "http://prometheus.monitoring.svc:9090"]
        {
            assert!(Server::new(options(good, false)).is_ok(), "{good}");
        }
        for bad in ["", "prom:9090", "ftp://prom", "https://u:p@prom.example.org", "https://prom.example.org/?x=y"] {
            assert!(matches!(Server::new(options(bad, false)), Err(SetupError::Url)), "{bad}");
        }
        let clear = Server::new(options("http://prom.example.org", true));
        assert!(matches!(clear, Err(SetupError::BearerInClear)));
        assert!(Server::new(options("http://127.0.0.1:1", true)).is_ok());
    }
}

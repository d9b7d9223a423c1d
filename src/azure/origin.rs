//! The outbound pin: a bearer token goes to one parsed origin and below one subscription, or nowhere.
//!
//! A [`PinnedUrl`] can only be made here. Whoever attaches the bearer asks for one, so that a `nextLink`, a `Location`
//! or an `Azure-AsyncOperation` of another host cannot carry it away (RULES section 5, fault 11).

use std::fmt;

use url::{Host, Url};

use super::options::OptionsError;
use crate::units::SubscriptionId;

/// Longer than any signed status URL that was seen (kilobytes), shorter than an attack on memory.
const URL_BYTES_MAX: usize = 16 * 1024;

/// Resource Manager's scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    base: Url,
    loopback: bool,
}

/// A URL that was compared part by part with the origin. Its query may be a signature: it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct PinnedUrl(Url);

impl fmt::Debug for PinnedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PinnedUrl({}?…)", self.0.path())
    }
}

impl PinnedUrl {
    /// The same, asked with one word more.
    pub(super) fn with(mut self, key: &str, value: &str) -> Self {
        self.0.query_pairs_mut().append_pair(key, value);
        self
    }

    /// The parsed URL.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.0
    }

    /// With another key in its query, encoded here.
    #[must_use]
    pub(super) fn and(mut self, key: &str, value: &str) -> Self {
        self.0.query_pairs_mut().append_pair(key, value);
        self
    }
}

/// Why a URL that Azure gave was not followed. Its words never hold the URL's query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Foreign {
    /// Not a URL, too long, or written in a way that parsers disagree on.
    #[error("a link in Azure's answer is not a plain URL ({0}); it was not followed")]
    Malformed(&'static str),
    /// Another scheme, host or port, or a user name in it.
    #[error(
        "a link in Azure's answer leads to another origin (`{0}`); it was not followed and no token was sent there"
    )]
    Elsewhere(String),
    /// The right origin, but outside the subscription that was asked about.
    #[error("a link in Azure's answer leads outside its subscription; it was not followed")]
    Outside,
    /// The right origin, but not the list of prices that was being read.
    #[error("a link in Azure's answer leads outside the list of prices; it was not followed")]
    NotPrices,
    /// The right origin and subscription, but not the question about costs that was being asked.
    #[error("a link in Azure's answer leads outside the costs that were asked for; it was not followed")]
    NotCosts,
}

impl Origin {
    /// Reads an endpoint as written in settings.
    ///
    /// # Errors
    /// When it is not `https://host[:port]`, or http on a host that is not loopback.
    pub fn new(endpoint: &str) -> Result<Self, OptionsError> {
        let shown = || endpoint.chars().take(120).collect::<String>();
        let base = Url::parse(endpoint).map_err(|_| OptionsError::Endpoint(shown()))?;
        let loopback = match base.host() {
            None => return Err(OptionsError::Endpoint(shown())),
            Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
        };
        match base.scheme() {
            "https" => {}
            "http" if loopback => {}
            _ => return Err(OptionsError::NotHttps(shown())),
        }
        let plain = base.username().is_empty()
            && base.password().is_none()
            && base.query().is_none()
            && base.fragment().is_none();
        if !plain || base.path() != "/" {
            return Err(OptionsError::EndpointExtra(shown()));
        }
        Ok(Self { base, loopback })
    }

    /// True when the host is this machine.
    #[must_use]
    pub const fn is_loopback(&self) -> bool {
        self.loopback
    }

    /// True when requests go over TLS.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.base.scheme() == "https"
    }

    /// The host's name.
    #[must_use]
    pub fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// A URL of our own making: path segments are percent-encoded here, nothing else can enter.
    #[must_use]
    pub(super) fn build(&self, segments: &[&str], api_version: &str) -> PinnedUrl {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(segments);
        }
        url.query_pairs_mut().append_pair("api-version", api_version);
        PinnedUrl(url)
    }

    /// Compares a URL that Azure gave, absolute or rooted (`/subscriptions/…`), with the origin and subscription.
    ///
    /// # Errors
    /// [`Foreign`], when it leads anywhere else or parsers could disagree about where it leads.
    pub fn pin(&self, text: &str, subscription: &SubscriptionId) -> Result<PinnedUrl, Foreign> {
        let url = self.followed(text)?;
        is_below(url.path(), subscription)?;
        Ok(PinnedUrl(url))
    }

    /// Compares a URL that Azure gave, absolute or rooted, with the origin alone: no bearer may go where this leads.
    pub(super) fn followed(&self, text: &str) -> Result<Url, Foreign> {
        if text.len() > URL_BYTES_MAX {
            return Err(Foreign::Malformed("it is too long"));
        }
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\') {
            return Err(Foreign::Malformed("it holds a blank, a backslash or a letter outside ASCII"));
        }
        let url = if text.starts_with('/') {
            self.base.join(text).map_err(|_| Foreign::Malformed("it does not parse"))?
        } else {
            Url::parse(text).map_err(|_| Foreign::Malformed("it does not parse"))?
        };
        self.is_ours(&url)?;
        if url.fragment().is_some() {
            return Err(Foreign::Malformed("it holds a fragment"));
        }
        Ok(url)
    }

    /// A URL of our own making that is not for the bearer: a fixed path, and a query in letters that need no care.
    pub(super) fn open(&self, path: &str, query: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url.set_query(Some(query));
        url
    }

    /// True for a URL that was pinned to this origin, and not to another.
    pub(super) fn holds(&self, url: &PinnedUrl) -> bool {
        self.is_ours(&url.0).is_ok()
    }

    fn is_ours(&self, url: &Url) -> Result<(), Foreign> {
        let same = url.scheme() == self.base.scheme()
            && url.host() == self.base.host()
            && url.port_or_known_default() == self.base.port_or_known_default()
            && url.username().is_empty()
            && url.password().is_none();
        if same {
            return Ok(());
        }
        let shown: String = format!("{}://{}", url.scheme(), url.host_str().unwrap_or("?")).chars().take(120).collect();
        Err(Foreign::Elsewhere(shown))
    }
}

/// The parser has already resolved `.` and `..`; what it leaves encoded could be resolved by a server behind.
fn is_below(path: &str, subscription: &SubscriptionId) -> Result<(), Foreign> {
    let lower = path.to_ascii_lowercase();
    if ["%2e", "%2f", "%5c", "%25", "%00", "//"].iter().any(|trick| lower.contains(trick)) {
        return Err(Foreign::Malformed("its path is encoded in an unusual way"));
    }
    let inside = lower
        .strip_prefix("/subscriptions/")
        .and_then(|rest| rest.strip_prefix(&subscription.as_str().to_ascii_lowercase()))
        .is_some_and(|rest| rest.starts_with('/') && rest.len() > 1);
    if inside { Ok(()) } else { Err(Foreign::Outside) }
}

/// The same URL with our api-version in place of another; everything else stays byte for byte (fault 12).
pub(super) fn with_api_version(pinned: PinnedUrl, api_version: &str) -> PinnedUrl {
    let PinnedUrl(mut url) = pinned;
    let is_version = |pair: &&str| pair.split('=').next().is_some_and(|key| key.eq_ignore_ascii_case("api-version"));
    let query = url.query().unwrap_or_default();
    let wanted = format!("api-version={api_version}");
    let mut versions = query.split('&').filter(is_version);
    if versions.next() == Some(wanted.as_str()) && versions.next().is_none() {
        return PinnedUrl(url);
    }
    let mut kept: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !is_version(pair)).collect();
    kept.push(&wanted);
    let joined = kept.join("&");
    url.set_query(Some(&joined));
    PinnedUrl(url)
}

#[cfg(test)]
#[path = "origin_tests.rs"]
mod tests;

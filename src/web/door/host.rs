//! Which names this service answers to. A page of somebody else's that has its own name point here (DNS rebinding) asks by
//! that name, and is turned away.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use axum::http::Uri;
use axum::http::header::HOST;
use url::{Host, Url};

/// The names of one listener.
#[derive(Debug, Clone)]
pub(super) struct Names {
    /// Scheme, host and port by which people reach it.
    public: Option<Url>,
    /// Whether only this machine reaches it.
    on_loopback: bool,
    /// `https` where TLS ends here.
    scheme: &'static str,
}

/// What a request calls this service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Called {
    /// The origin that its pages have, such as `https://lightsout.example.org`.
    pub(super) origin: String,
    /// Whether it is a name of loopback.
    pub(super) is_loopback: bool,
}

impl Names {
    /// Of a listener that is reached by an origin, or on loopback.
    pub(super) fn new(public: Option<Url>, listener: SocketAddr, scheme: &'static str) -> Self {
        Self { public, on_loopback: listener.ip().is_loopback(), scheme }
    }

    /// The origin by which people reach it; none: by loopback's names alone.
    pub(super) fn public(&self) -> Option<String> {
        self.public.as_ref().map(|url| url.origin().ascii_serialization())
    }

    /// Whether nothing but this machine's own names lead here.
    pub(super) fn is_loopback_only(&self) -> bool {
        self.on_loopback && self.public.as_ref().is_none_or(is_loopback)
    }

    /// Whether browsers reach it over TLS.
    pub(super) fn is_tls(&self) -> bool {
        self.public.as_ref().map_or(self.scheme, Url::scheme) == "https"
    }

    /// What a request calls it; none when that is no name of its own.
    pub(super) fn called(&self, headers: &HeaderMap, uri: &Uri, peer: IpAddr) -> Option<Called> {
        let authority = authority(headers, uri)?;
        if let Some(public) = &self.public {
            let as_public = Url::parse(&format!("{}://{authority}", public.scheme())).ok();
            if as_public.as_ref().is_some_and(|url| url.origin() == public.origin()) {
                return Some(Called {
                    origin: public.origin().ascii_serialization(),
                    is_loopback: is_loopback(public),
                });
            }
        }
        let url = Url::parse(&format!("{}://{authority}", self.scheme)).ok()?;
        let local = self.on_loopback && peer.to_canonical().is_loopback() && is_loopback(&url);
        local.then(|| Called { origin: url.origin().ascii_serialization(), is_loopback: true })
    }
}

/// The one authority of a request; none when there is none, or there are two.
fn authority<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next().map(|value| value.to_str());
    if hosts.next().is_some() {
        return None;
    }
    let plain = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte)) && !text.is_empty()
    };
    match (host, uri.authority().map(axum::http::uri::Authority::as_str)) {
        (Some(Ok(host)), None) => Some(host),
        (None, Some(authority)) => Some(authority),
        (Some(Ok(host)), Some(authority)) => host.eq_ignore_ascii_case(authority).then_some(host),
        (Some(Err(_)), _) | (None, None) => None,
    }
    .filter(|text| plain(text))
}

/// A name of this machine alone.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn called(names: &Names, hosts: &[&'static str], peer: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(HOST, HeaderValue::from_static(host));
        }
        names.called(&headers, &Uri::from_static("/x"), peer.parse().unwrap()).map(|called| called.origin)
    }

    #[test]
    fn on_loopback_only_names_of_loopback_are_its_own() {
        let names = Names::new(None, "127.0.0.1:9190".parse().unwrap(), "http");
        for (host, origin) in [
            ("127.0.0.1:9190", "http://127.0.0.1:9190"),
            ("localhost:8080", "http://localhost:8080"),
            ("LOCALHOST", "http://localhost"),
            ("[::1]:9190", "http://[::1]:9190"),
        ] {
            assert_eq!(called(&names, &[host], "127.0.0.1").as_deref(), Some(origin), "{host}");
        }
        for bad in [
            "evil.example:9190",
            "localhost.evil.example",
            "127.0.0.1.evil.example:9190",
            "127.0.0.1@evil.example",
            "evil.example#localhost",
            "0.0.0.0:9190",
            "10.0.0.1:9190",
            "",
        ] {
            assert_eq!(called(&names, &[bad], "127.0.0.1"), None, "{bad}");
        }
        assert_eq!(called(&names, &["localhost", "localhost"], "127.0.0.1"), None, "two of them");
        assert_eq!(called(&names, &[], "127.0.0.1"), None);
        assert_eq!(called(&names, &["localhost"], "10.0.0.1"), None, "from elsewhere");
    }

    #[test]
    fn a_public_name_is_compared_as_a_whole() {
        let public = Url::parse("https://lightsout.example.org").unwrap();
        let names = Names::new(Some(public), "0.0.0.0:9190".parse().unwrap(), "http");
        let own = Some("https://lightsout.example.org".to_owned());
        assert_eq!(called(&names, &["lightsout.example.org"], "10.0.0.1"), own);
        assert_eq!(called(&names, &["LIGHTSOUT.example.org:443"], "10.0.0.1"), own);
        for bad in
            ["lightsout.example.org:80", "lightsout.example.org.evil.example", "example.org", "127.0.0.1", "localhost"]
        {
            assert_eq!(called(&names, &[bad], "127.0.0.1"), None, "{bad}");
        }
        assert!(names.is_tls());
    }
}

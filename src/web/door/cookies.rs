//! Cookies: the one of the session and the short-lived one of a login under way.

use axum::http::HeaderMap;
use axum::http::header::{COOKIE, HeaderValue};

/// Whether cookies go over TLS alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire {
    /// https, here or at the proxy before.
    Tls,
    /// Plain http, which is on loopback.
    Plain,
}

/// What a cookie is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Jar {
    /// The session.
    Session,
    /// A login under way.
    Login,
}

impl Jar {
    /// The name. `__Host-` has browsers take it from this very host, over TLS, for all paths, and from nobody else; over
    /// plain http they would not take it at all.
    pub(super) const fn name(self, wire: Wire) -> &'static str {
        match (self, wire) {
            (Self::Session, Wire::Tls) => "__Host-lightsout",
            (Self::Session, Wire::Plain) => "lightsout",
            (Self::Login, Wire::Tls) => "__Host-lightsout-login",
            (Self::Login, Wire::Plain) => "lightsout-login",
        }
    }

    /// The header that sets it for so many seconds; none ends it.
    pub(super) fn set(self, wire: Wire, value: &str, seconds: i64) -> Option<HeaderValue> {
        let name = self.name(wire);
        let secure = match wire {
            Wire::Tls => "; Secure",
            Wire::Plain => "",
        };
        let cookie = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={}{secure}", seconds.max(0));
        HeaderValue::from_str(&cookie).ok()
    }

    /// Its value in a request. Two of one name are none: somebody else may have set one of them.
    pub(super) fn value(self, wire: Wire, headers: &HeaderMap) -> Option<&str> {
        let name = self.name(wire);
        let pairs = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut values = pairs
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| value);
        let value = values.next().filter(|value| value.len() <= 128);
        if values.next().is_some() { None } else { value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_for_this_host_alone_and_two_of_a_name_are_none() {
        let set = Jar::Session.set(Wire::Tls, "abc", 60).unwrap();
        assert_eq!(set, "__Host-lightsout=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure");
        assert_eq!(
            Jar::Login.set(Wire::Plain, "abc", -1).unwrap(),
            "lightsout-login=abc; Path=/; HttpOnly; SameSite=Lax; Max-Age=0"
        );
        let of = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(COOKIE, HeaderValue::from_static(line));
            }
            Jar::Session.value(Wire::Tls, &headers).map(str::to_owned)
        };
        assert_eq!(of(&["a=b; __Host-lightsout=x"]).as_deref(), Some("x"));
        assert_eq!(of(&["__Host-lightsout=x; __Host-lightsout=y"]), None);
        assert_eq!(of(&["__Host-lightsout=x", "__Host-lightsout=y"]), None);
        assert_eq!(of(&["lightsout=x; __host-lightsout=y"]), None);
        assert_eq!(of(&[]), None);
    }
}

//! Requests that other sites have a browser send. Whatever changes something has to be JSON, or a DELETE without a body, which
//! no form can send, and to come from a page of this service; nothing is answered that would let another site ask for leave (CORS).

use axum::http::header::{CONTENT_TYPE, COOKIE, ORIGIN};
use axum::http::{HeaderMap, Method};

/// Whether the caller showed a token, which no browser adds by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// It did.
    Bearer,
    /// It did not.
    Nothing,
}

/// Why a request is not taken for one of our own pages'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum CrossSite {
    /// Another type than JSON.
    #[error("send JSON, with `Content-Type: application/json`")]
    NotJson,
    /// From a page of another site.
    #[error("this was sent by a page of another site")]
    OtherOrigin,
    /// Nothing says from where.
    #[error("nothing says that a page of this service sent this: send `Origin`, or a token and no cookie")]
    NoOrigin,
}

/// Judges a request by its headers. Reading needs nothing.
///
/// # Errors
/// When it may have been another site's.
pub(super) fn judge(method: &Method, headers: &HeaderMap, own: &str, shown: Shown) -> Result<(), CrossSite> {
    if matches!(*method, Method::GET | Method::HEAD) {
        return Ok(());
    }
    // what takes something away by its path has nothing to send, and no form sends it
    let says_nothing = *method == Method::DELETE && !headers.contains_key(CONTENT_TYPE);
    if !says_nothing && !is_json(headers) {
        return Err(CrossSite::NotJson);
    }
    let mut origins = headers.get_all(ORIGIN).iter();
    let (origin, second) = (origins.next(), origins.next());
    match origin {
        Some(origin) if second.is_none() && origin.as_bytes() == own.as_bytes() => Ok(()),
        Some(_) => Err(CrossSite::OtherOrigin),
        None if shown == Shown::Bearer && !headers.contains_key(COOKIE) => Ok(()),
        None => {
            let mut sites = headers.get_all("sec-fetch-site").iter();
            let same = sites.next().is_some_and(|site| site.as_bytes() == b"same-origin") && sites.next().is_none();
            if same { Ok(()) } else { Err(CrossSite::NoOrigin) }
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let mut kinds = headers.get_all(CONTENT_TYPE).iter();
    let (Some(kind), None) = (kinds.next(), kinds.next()) else { return false };
    let kind = kind.to_str().ok().and_then(|kind| kind.split(';').next()).unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("application/json")
}

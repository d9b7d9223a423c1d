//! What happens to every request before its route: how often, by which name, who, and whether a page of ours sent it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{AUTHORIZATION, CONTENT_LENGTH};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::middleware::Next;
use axum::response::Response;

use super::audit::{Event, Line};
use super::cookies::Jar;
use super::cross_site::{self, Shown};
use super::guarded::Door;
use super::headers::dress;
use super::host::Called;
use super::problem::{Call, Problem, plain};
use super::tokens::NotOpened;
use crate::access::{Identity, Person, Way};

/// Headers that proxies add.
const FORWARDED: [&str; 6] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];

/// What is known of a request when it reaches its route.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    /// The door that it came through.
    pub(super) door: Door,
    /// Who asks, if anybody is known.
    pub(super) person: Option<Person>,
    /// From where.
    pub(super) from: IpAddr,
}

/// The layer before every route.
pub(super) async fn enter(State(door): State<Door>, request: Request, next: Next) -> Response {
    let is_tls = door.inner.names.is_tls();
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip().to_canonical());
    let Some(peer) = peer else {
        return dress(plain(StatusCode::INTERNAL_SERVER_ERROR, "nobody knows from where this came"), is_tls);
    };
    let (mut parts, body) = request.into_parts();
    let response = match admit(&door, &mut parts, peer) {
        Ok(standing) => {
            let call = Call::of(&parts);
            parts.extensions.insert(standing);
            let answer = run_to_its_end(&door, next, Request::from_parts(parts, body), &call);
            tokio::time::timeout(door.limits().patience, answer).await.ok().flatten().unwrap_or_else(|| {
                door.show(&Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no answer in time; ask again"), &call)
            })
        }
        Err(problem) => door.show(&problem, &Call::of(&parts)),
    };
    dress(response, is_tls)
}

/// What changes something is finished once it is begun, also when whoever asked goes away or the answer is late: a hold that
/// is written down and not in force would be worse than none. It begins when all of the body is there: who sends one for ever
/// is let go of, and leaves nothing behind that waits for the rest.
async fn run_to_its_end(door: &Door, next: Next, request: Request, call: &Call) -> Option<Response> {
    if matches!(call.method, Method::GET | Method::HEAD) {
        return Some(next.run(request).await);
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, door.limits().body_bytes).await else {
        let words = "the body has more bytes than is sensible, or broke off";
        return Some(door.show(&Problem::new(StatusCode::PAYLOAD_TOO_LARGE, words), call));
    };
    tokio::spawn(next.run(Request::from_parts(parts, axum::body::Body::from(body)))).await.ok()
}

/// Whether a request may go to its route, and what is known of it.
fn admit(door: &Door, parts: &mut Parts, peer: IpAddr) -> Result<Standing, Problem> {
    let inner = &door.inner;
    let proxy = inner.ways.proxy.as_ref();
    let from = proxy.map_or(peer, |proxy| proxy.asker(&parts.headers, peer));
    let too_often = || Problem::new(StatusCode::TOO_MANY_REQUESTS, "too many requests; wait some seconds");
    if !inner.by_address.take(counted(from), door.steady()) {
        return Err(too_often());
    }
    if is_too_long(&parts.headers, door.limits().body_bytes) {
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "the body has more bytes than is sensible"));
    }
    let called = inner.names.called(&parts.headers, &parts.uri, peer).ok_or_else(|| {
        Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "this service does not answer to that name; see public_url of [web], and have a proxy pass the Host header on",
        )
    })?;
    let (person, shown) = who(door, parts, (peer, from), &called)?;
    let often = person.as_ref().is_none_or(|person| inner.by_person.take(person.key.clone(), door.steady()));
    if !often {
        return Err(too_often());
    }
    cross_site::judge(&parts.method, &parts.headers, &called.origin, shown)
        .map_err(|cross| Problem::new(StatusCode::FORBIDDEN, cross.to_string()))?;
    Ok(Standing { door: door.clone(), person, from })
}

/// The address under which requests are counted: of IPv6 the network, of which anybody has a whole one.
pub(super) fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

/// A body that says of itself that it is too long is not waited for; one that lies is cut where it is read.
fn is_too_long(headers: &HeaderMap, most: usize) -> bool {
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length > most)
}

/// Who asks: a token says it before a proxy, a proxy before a session. What is shown and not believed is never passed over.
fn who(
    door: &Door,
    parts: &mut Parts,
    (peer, from): (IpAddr, IpAddr),
    called: &Called,
) -> Result<(Option<Person>, Shown), Problem> {
    let inner = &door.inner;
    let refuse = |status, words: String, target: &str| {
        door.note(Event::NotKnown, &Line { who: "nobody", target, from, why: &words });
        Problem::new(status, words)
    };
    let target = Call::of(parts).words();
    let named = match &inner.ways.proxy {
        Some(proxy) => proxy
            .named(&mut parts.headers, peer)
            .map_err(|smuggled| refuse(StatusCode::BAD_REQUEST, smuggled.to_string(), &target))?,
        None => None,
    };
    if let Some(token) = bearer(&parts.headers).map_err(|words| refuse(StatusCode::UNAUTHORIZED, words, &target))? {
        let opened = opened(door, token).map_err(|(status, words)| refuse(status, words, &target))?;
        return Ok((Some(opened), Shown::Bearer));
    }
    let signed_in = || {
        let id = Jar::Session.value(door.wire(), &parts.headers)?;
        inner.sessions.find(id, door.steady())
    };
    let known: Option<(Identity, Way)> = match named {
        Some(identity) => Some((identity, Way::Proxy)),
        None => signed_in().map(|identity| (identity, Way::Session)),
    };
    if let Some((identity, way)) = known {
        let person = inner.roles.person(&identity, way).ok_or_else(|| {
            let words = format!("{} has no role here; [web.roles] of the settings gives one", identity.name);
            refuse(StatusCode::FORBIDDEN, words, &target)
        })?;
        return Ok((Some(person), Shown::Nothing));
    }
    // what a proxy passes on comes from elsewhere, whatever the peer and the name say
    let passed_on = FORWARDED.iter().any(|name| parts.headers.contains_key(*name));
    let open = inner.ways.open.as_ref().filter(|_| called.is_loopback && peer.is_loopback() && !passed_on);
    Ok((open.map(|name| Person::of_this_machine(name)), Shown::Nothing))
}

/// The token that is shown, if one is. Other schemes are none of ours, such as a proxy's own password.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, String> {
    let mut sent = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = sent.next() else { return Ok(None) };
    if sent.next().is_some() {
        return Err("send one header `Authorization`".to_owned());
    }
    let text = value.to_str().unwrap_or_default();
    let token = text.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    Ok(token.map(|(_, token)| token.trim()))
}

fn opened(door: &Door, token: &str) -> Result<Person, (StatusCode, String)> {
    let Some(tokens) = &door.inner.ways.tokens else {
        return Err((
            StatusCode::UNAUTHORIZED,
            "no tokens are taken here; see [web.tokens] of the settings".to_owned(),
        ));
    };
    tokens.person(token, (door.inner.surroundings.now)()).map_err(|not| match not {
        NotOpened::Refused(why) => (StatusCode::UNAUTHORIZED, why.to_string()),
        // the log says which file and why: that is not for everybody
        NotOpened::Unreadable(_) => {
            (StatusCode::SERVICE_UNAVAILABLE, "the service cannot read its tokens; see its log".to_owned())
        }
    })
}

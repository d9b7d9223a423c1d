//! Signing in with a provider and out again: the browser is sent there with a cookie of its own, and comes back with a code.

use axum::extract::{Query, Request};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use subtle::ConstantTimeEq as _;

use super::asked::{Anyone, Asked};
use super::audit::{Event, Line};
use super::cookies::Jar;
use super::entrance::{Standing, counted};
use super::guarded::{Begun, Door};
use super::problem::{LoginPage, Problem};
use super::random::{NoRandom, random_text};
use super::routes::Routes;
use crate::access::{Identity, Way};
use crate::ports::{LoginAnswer, LoginFault, LoginSecrets, SignIn};

/// The page.
pub(super) const LOGIN: &str = "/login";
/// Where it begins.
const START: &str = "/login/start";
/// Where the provider sends the browser back to.
pub const LOGIN_BACK: &str = "/login/back";
/// Where it ends.
pub const LOGOUT: &str = "/logout";
/// A path to go back to is no longer than this.
const PATH_MAX: usize = 512;

/// The routes of the login.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(routes: Routes<S>) -> Routes<S> {
    routes.get(LOGIN, Anyone, page).get(START, Anyone, start).get(LOGIN_BACK, Anyone, back).post(LOGOUT, Anyone, logout)
}

#[derive(Debug, Deserialize)]
struct Wish {
    return_to: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Back {
    code: Option<String>,
    state: Option<String>,
    iss: Option<String>,
    error: Option<String>,
}

/// A path of this service and nothing else: no other host, and nothing that a browser takes for one.
fn local(path: Option<&str>) -> String {
    let is_local = |path: &&str| {
        path.len() <= PATH_MAX
            && path.starts_with('/')
            && !path.starts_with("//")
            && path.bytes().all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\')
            && !path.starts_with(LOGIN)
    };
    path.filter(is_local).unwrap_or("/").to_owned()
}

async fn page(asked: Asked<Anyone>, Query(wish): Query<Wish>) -> Response {
    let return_to = local(wish.return_to.as_deref());
    if asked.who().is_some() {
        return Redirect::to(&return_to).into_response();
    }
    let door = asked.door();
    let start = door.inner.ways.sign_in.as_ref().map(|_| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("return_to", &return_to);
        format!("{START}?{}", query.finish())
    });
    door.login_page(&LoginPage { start, problem: None })
}

/// Ends a login that came to nothing, with what went wrong.
fn failed(standing: &Standing, words: &str) -> Response {
    let door = &standing.door;
    let start = door.inner.ways.sign_in.as_ref().map(|_| START.to_owned());
    let mut response = door.login_page(&LoginPage { start, problem: Some(words.to_owned()) });
    *response.status_mut() = StatusCode::FORBIDDEN;
    cookie(&mut response, Jar::Login.set(door.wire(), "", 0));
    response
}

fn cookie(response: &mut Response, value: Option<HeaderValue>) {
    if let Some(value) = value {
        response.headers_mut().append(SET_COOKIE, value);
    }
}

fn refused(standing: &Standing, words: &str) -> Response {
    let line = Line { who: "nobody", target: LOGIN_BACK, from: standing.from, why: words };
    standing.door.note(Event::NotKnown, &line);
    failed(standing, words)
}

async fn start(asked: Asked<Anyone>, Query(wish): Query<Wish>) -> Response {
    let standing = asked.standing().clone();
    let door = &standing.door;
    let Some(provider) = door.inner.ways.sign_in.clone() else {
        return door.show(&Problem::new(StatusCode::NOT_FOUND, "nobody can sign in here"), asked.call());
    };
    if !door.inner.logins_begun.take(counted(standing.from), door.steady()) {
        let words = "too many logins were begun from here; wait a minute";
        return door.show(&Problem::new(StatusCode::TOO_MANY_REQUESTS, words), asked.call());
    }
    match begin(door, &*provider, local(wish.return_to.as_deref())).await {
        Ok((url, id)) => {
            let mut response = Redirect::to(&url).into_response();
            cookie(&mut response, Jar::Login.set(door.wire(), &id, 600));
            response
        }
        Err(fault) => refused(&standing, &fault.to_string()),
    }
}

async fn begin(door: &Door, provider: &dyn SignIn, return_to: String) -> Result<(String, String), LoginFault> {
    let none = |NoRandom| LoginFault::Unreachable(NoRandom.to_string());
    let random = || random_text().map_err(none);
    let secrets = LoginSecrets { state: random()?, nonce: random()?, verifier: random()? };
    let url = provider.begin(&secrets).await?;
    let id = door.inner.logins.begin(Begun { secrets, return_to }, door.steady()).map_err(none)?;
    Ok((url, id))
}

async fn back(asked: Asked<Anyone>, headers: HeaderMap, Query(back): Query<Back>) -> Response {
    let standing = asked.standing().clone();
    let door = &standing.door;
    let begun = Jar::Login.value(door.wire(), &headers).and_then(|id| door.inner.logins.end(id, door.steady()));
    let (Some(provider), Some(begun)) = (door.inner.ways.sign_in.clone(), begun) else {
        return refused(&standing, "this login was not begun in this browser, took too long, or is over; begin again");
    };
    let state = back.state.as_deref().unwrap_or_default();
    if !bool::from(state.as_bytes().ct_eq(begun.secrets.state.as_bytes())) {
        return refused(&standing, "the answer belongs to another login; begin again");
    }
    let Some(code) = back.code.filter(|code| !code.is_empty() && back.error.is_none()) else {
        let error: String =
            back.error.unwrap_or_default().chars().filter(|c| c.is_ascii_lowercase() || *c == '_').collect();
        return refused(&standing, &format!("the login provider said no: {error}"));
    };
    let answer = LoginAnswer { code, issuer: back.iss };
    match provider.finish(&begun.secrets, &answer).await {
        Ok(identity) => admitted(&standing, &headers, (identity, &begun.return_to)),
        Err(fault) => refused(&standing, &fault.to_string()),
    }
}

/// Opens a session under an id that nobody has seen before; what was open in this browser ends.
fn admitted(standing: &Standing, headers: &HeaderMap, (identity, return_to): (Identity, &str)) -> Response {
    let door = &standing.door;
    let Some(person) = door.inner.roles.person(&identity, Way::Session) else {
        let words = format!("{} has no role here; [web.roles] of the settings gives one", identity.name);
        return refused(standing, &words);
    };
    if let Some(before) = Jar::Session.value(door.wire(), headers) {
        door.inner.sessions.end(before, door.steady());
    }
    let Ok(id) = door.inner.sessions.begin(identity, door.steady()) else {
        return refused(standing, &NoRandom.to_string());
    };
    let why = format!("{} signed in with the role {}", person.name, person.role);
    door.note(Event::Login, &Line { who: &person.key, target: LOGIN_BACK, from: standing.from, why: &why });
    let mut response = Redirect::to(return_to).into_response();
    cookie(&mut response, Jar::Session.set(door.wire(), &id, door.inner.session.most.as_secs()));
    cookie(&mut response, Jar::Login.set(door.wire(), "", 0));
    response
}

async fn logout(asked: Asked<Anyone>, request: Request) -> Response {
    let standing = asked.standing();
    let door = &standing.door;
    if let Some(id) = Jar::Session.value(door.wire(), request.headers())
        && let Some(identity) = door.inner.sessions.end(id, door.steady())
    {
        let why = format!("{} signed out", identity.name);
        door.note(Event::Logout, &Line { who: &identity.key, target: LOGOUT, from: standing.from, why: &why });
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    cookie(&mut response, Jar::Session.set(door.wire(), "", 0));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere_after_a_login() {
        for good in ["/", "/fleet?x=1", "/i/ws%2Fci"] {
            assert_eq!(local(Some(good)), good);
        }
        let long = format!("/{}", "x".repeat(PATH_MAX));
        for bad in [
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "/\t/evil.example",
            "/ü",
            "javascript:alert(1)",
            "",
            "fleet",
            "/x\r\nSet-Cookie: a=b",
            "/login/start",
            &long,
        ] {
            assert_eq!(local(Some(bad)), "/", "{bad:?}");
        }
        assert_eq!(local(None), "/");
    }
}

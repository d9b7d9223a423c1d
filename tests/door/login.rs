//! Logins and sessions at the door, with a provider that says what the test has it say. The real one is tried elsewhere.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use lightsout::access::{Identity, Role, Roles};
use lightsout::ports::{LoggingIn, LoginAnswer, LoginFault, LoginSecrets, SignIn};

use crate::site::{ADA, Answer, Site};

/// Believes the code `good`, and calls whoever has it Ada.
struct Provider;

impl SignIn for Provider {
    fn begin<'a>(&'a self, secrets: &'a LoginSecrets) -> LoggingIn<'a, String> {
        Box::pin(async move { Ok(format!("https://issuer.example.org/auth?state={}", secrets.state)) })
    }

    fn finish<'a>(&'a self, _: &'a LoginSecrets, answer: &'a LoginAnswer) -> LoggingIn<'a, Identity> {
        Box::pin(async move {
            let groups = match answer.code.as_str() {
                "good" => vec!["staff".to_owned()],
                "stranger" => Vec::new(),
                _ => return Err(LoginFault::Refused("the code is not known".to_owned())),
            };
            let name = "Ada".to_owned();
            Ok(Identity { key: "https://issuer|1".to_owned(), name, addresses: vec![ADA.to_owned()], groups })
        })
    }
}

const HOST: &str = "lightsout.example.org";

fn site() -> Site {
    Site::with(|_, options| {
        options.public = Some(format!("https://{HOST}").parse().unwrap());
        options.ways.sign_in = Some(Arc::new(Provider));
        options.roles = Roles::new([], [("staff".to_owned(), Role::Owner)], None);
    })
}

fn get(site: &Site, path: &str, cookie: &str) -> Answer {
    let cookie = if cookie.is_empty() { String::new() } else { format!("Cookie: {cookie}\r\n") };
    site.send(&format!("GET {path} HTTP/1.1\r\nHost: {HOST}\r\nAccept: text/html\r\n{cookie}"), "")
}

/// `name=value` of a cookie that an answer sets.
fn set(answer: &Answer, name: &str) -> String {
    let all = answer.all("set-cookie");
    let cookie =
        all.iter().find(|cookie| cookie.starts_with(&format!("{name}="))).unwrap_or_else(|| panic!("{answer:?}"));
    cookie.split(';').next().unwrap().to_owned()
}

/// Begins a login: its cookie and its state.
fn begun(site: &Site, return_to: &str) -> (String, String) {
    let started = get(site, &format!("/login/start?return_to={return_to}"), "");
    assert_eq!(started.status, 303, "{started:?}");
    let state = started.header("location").unwrap().rsplit_once("state=").unwrap().1.to_owned();
    (set(&started, "__Host-lightsout-login"), state)
}

fn signed_in(site: &Site) -> String {
    let (login, state) = begun(site, "%2Fpage");
    set(&get(site, &format!("/login/back?code=good&state={state}"), &login), "__Host-lightsout")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_signs_in_comes_back_to_the_page_and_signs_out() {
    let site = site();
    let turned = get(&site, "/page?x=1", "");
    assert_eq!((turned.status, turned.header("location")), (303, Some("/login?return_to=%2Fpage%3Fx%3D1")));
    let page = get(&site, "/login?return_to=%2Fpage%3Fx%3D1", "");
    assert!(page.status == 200 && page.body.contains("/login/start?return_to=%2Fpage%3Fx%3D1"), "{page:?}");
    let (login, state) = begun(&site, "%2Fpage%3Fx%3D1");
    let back = get(&site, &format!("/login/back?code=good&state={state}"), &login);
    assert_eq!((back.status, back.header("location")), (303, Some("/page?x=1")));
    let cookie = back.all("set-cookie").into_iter().find(|cookie| cookie.starts_with("__Host-lightsout=")).unwrap();
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=43200; Secure"), "{cookie}");
    let session = set(&back, "__Host-lightsout");
    let who = get(&site, "/page", &session).json();
    assert_eq!(
        (who["key"].as_str(), who["role"].as_str(), who["way"].as_str()),
        (Some("https://issuer|1"), Some("owner"), Some("session"))
    );
    assert_eq!(get(&site, "/login", &session).header("location"), Some("/"), "who is signed in needs no login");

    let head = |origin: &str| {
        format!(
            "POST /logout HTTP/1.1\r\nHost: {HOST}\r\nOrigin: {origin}\r\nContent-Type: application/json\r\nCookie: {session}\r\n"
        )
    };
    assert_eq!(site.send(&head("https://evil.example"), "{}").status, 403, "another site signs nobody out");
    assert_eq!(get(&site, "/page", &session).status, 200);
    let out = site.send(&head(&format!("https://{HOST}")), "{}");
    assert_eq!(out.status, 204);
    assert!(out.header("set-cookie").unwrap().starts_with("__Host-lightsout=; ") && out.head.contains("Max-Age=0"));
    assert_eq!(get(&site, "/page", &session).status, 303, "the session is over, not only its cookie");
    assert_eq!((site.audited("login").len(), site.audited("logout").len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_is_finished_once_where_it_was_begun_with_its_own_state() {
    let site = site();
    let refused = |path: &str, cookie: &str| {
        let answer = get(&site, path, cookie);
        assert_eq!(answer.status, 403, "{answer:?}");
        assert!(answer.all("set-cookie").iter().all(|cookie| !cookie.starts_with("__Host-lightsout=")), "{answer:?}");
    };
    let (login, state) = begun(&site, "/");
    let (other, _) = begun(&site, "/");
    refused(&format!("/login/back?code=good&state={state}"), "");
    refused(&format!("/login/back?code=good&state={state}"), "__Host-lightsout-login=forged");
    refused(&format!("/login/back?code=good&state={state}"), &other);
    // that other login is over now, and so is one whose state was wrong
    refused("/login/back?code=good&state=wrong", &login);
    refused(&format!("/login/back?code=good&state={state}"), &login);
    let (login, state) = begun(&site, "/");
    assert_eq!(get(&site, &format!("/login/back?code=good&state={state}"), &login).status, 303);
    refused(&format!("/login/back?code=good&state={state}"), &login);
    let (login, state) = begun(&site, "/");
    site.seconds.fetch_add(600, Ordering::Relaxed);
    refused(&format!("/login/back?code=good&state={state}"), &login);
    for query in ["code=bad", "error=access_denied&error_description=%3Cscript%3E", "code=good&error=x", ""] {
        let (login, state) = begun(&site, "/");
        refused(&format!("/login/back?{query}&state={state}"), &login);
    }
    let lines = site.audited("login_refused");
    assert!(lines.len() >= 9 && lines.iter().all(|line| !line.why.contains("script")), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_no_role_gets_no_session_and_nobody_is_sent_elsewhere() {
    let site = site();
    let (login, state) = begun(&site, "https:%2F%2Fevil.example");
    let back = get(&site, &format!("/login/back?code=good&state={state}"), &login);
    assert_eq!(back.header("location"), Some("/"));
    let (login, state) = begun(&site, "/");
    let stranger = get(&site, &format!("/login/back?code=stranger&state={state}"), &login);
    assert!(stranger.status == 403 && stranger.body.contains("no role"), "{stranger:?}");
    assert!(site.audited("login_refused").iter().any(|line| line.why.contains("Ada has no role")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_ends_by_itself_and_a_new_login_ends_the_one_before() {
    let site = site();
    let session = signed_in(&site);
    let status = |cookie: &str| get(&site, "/page", cookie).status;
    assert_eq!(status(&session), 200);
    let (login, state) = begun(&site, "/");
    let again = get(&site, &format!("/login/back?code=good&state={state}"), &format!("{login}; {session}"));
    let second = set(&again, "__Host-lightsout");
    assert_eq!((status(&session), status(&second)), (303, 200));
    assert_eq!(status(&format!("{second}; {second}")), 303, "two of them are none");
    site.seconds.fetch_add(3_600, Ordering::Relaxed);
    assert_eq!(status(&second), 303, "not used for an hour");
    let busy = signed_in(&site);
    for _ in 0..23 {
        site.seconds.fetch_add(1_800, Ordering::Relaxed);
        assert_eq!(status(&busy), 200);
    }
    site.seconds.fetch_add(1_800, Ordering::Relaxed);
    assert_eq!(status(&busy), 303, "over after twelve hours, whatever is done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_without_end_are_not_begun() {
    let site = site();
    let statuses: Vec<u16> = (0..40).map(|_| get(&site, "/login/start", "").status).collect();
    assert!(statuses.starts_with(&[303; 20]) && statuses.ends_with(&[429]), "{statuses:?}");
    assert!(!site.door.limits().patience.is_zero());
}

//! Headers in which a proxy names users: believed from the proxy alone, and never when they can be read in two ways.

use std::net::IpAddr;
use std::sync::Arc;

use lightsout::access::{Role, Roles};
use lightsout::web::door::{ProxyTrust, Rate};

use crate::site::Site;

const PROXY: &str = "127.0.0.7";

fn site() -> Site {
    Site::with(|_, options| {
        options.public = Some("https://lightsout.example.org".parse().unwrap());
        options.roles = Roles::new([], [("ml-admins".to_owned(), Role::Admin)], Some(Role::Viewer));
        options.rates.address = Rate { burst: 100, a_minute: 1 };
        options.ways.proxy = Some(ProxyTrust {
            trusted: Arc::new(|peer| peer == PROXY.parse::<IpAddr>().unwrap()),
            user_header: Some("x-forwarded-user".parse().unwrap()),
            email_header: Some("x-forwarded-email".parse().unwrap()),
            roles_header: Some("x-forwarded-groups".parse().unwrap()),
        });
    })
}

fn asked(site: &Site, from: &str, headers: &str) -> (u16, String) {
    let head = format!("GET /api/v1/read HTTP/1.1\r\nHost: lightsout.example.org\r\n{headers}");
    let answer = site.send_from(from, &head, "");
    let role = serde_json::from_str::<serde_json::Value>(&answer.body).ok();
    (answer.status, role.and_then(|told| Some(told["role"].as_str()?.to_owned())).unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_proxy_names_users() {
    let site = site();
    let admin = "X-Forwarded-User: ada\r\nX-Forwarded-Groups: staff, ML-Admins\r\n";
    assert_eq!(asked(&site, PROXY, admin), (200, "admin".to_owned()));
    assert_eq!(asked(&site, PROXY, "X-Forwarded-User: ada\r\n"), (200, "viewer".to_owned()));
    assert_eq!(asked(&site, PROXY, "X-Forwarded-Groups: ml-admins\r\n").0, 401, "groups of nobody");
    assert_eq!(asked(&site, PROXY, "X-Forwarded-User: \r\n").0, 401);
    for other in ["127.0.0.1", "127.0.0.8"] {
        assert_eq!(asked(&site, other, admin).0, 401, "from {other}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_header_that_can_be_read_in_two_ways_is_refused() {
    let site = site();
    let user = "X-Forwarded-User: ada\r\n";
    for smuggled in [
        format!("{user}X-Forwarded-User: root\r\n"),
        format!("{user}X_Forwarded_User: root\r\n"),
        format!("{user}X_Forwarded-User: root\r\n"),
        "X_Forwarded_User: root\r\n".to_owned(),
        format!("{user}X-Forwarded_Groups: ml-admins\r\n"),
        format!("{user}X-Forwarded-Groups: staff\r\nX-Forwarded-Groups: ml-admins\r\n"),
        format!("{user}X-FORWARDED-EMAIL: a@example.org\r\nx-forwarded-email: b@example.org\r\n"),
        format!("X-Forwarded-User: {}\r\n", "x".repeat(600)),
        "X-Forwarded-User: a\tb\r\n".to_owned(),
    ] {
        assert_eq!(asked(&site, PROXY, &smuggled).0, 400, "{smuggled}");
        assert_eq!(asked(&site, "127.0.0.1", &smuggled).0, 401, "from elsewhere they are nothing: {smuggled}");
    }
    assert!(site.audited("login_refused").iter().any(|line| line.why.contains("x_forwarded_user")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_a_proxy_speaks_for_is_counted_and_not_the_proxy() {
    let site = site();
    let head =
        |who: &str| format!("GET /open HTTP/1.1\r\nHost: lightsout.example.org\r\nX-Forwarded-For: 9.9.9.9, {who}\r\n");
    let status = |from: &str, who: &str| site.send_from(from, &head(who), "").status;
    for _ in 0..100 {
        assert_eq!(status(PROXY, "10.0.0.1"), 200);
    }
    assert_eq!(status(PROXY, "10.0.0.1"), 429);
    assert_eq!(status(PROXY, "10.0.0.2"), 200, "somebody else behind the same proxy");
    // who is no proxy speaks for itself, whatever it says
    let own = |n: usize| status("127.0.0.9", &format!("10.1.0.{n}"));
    assert!((0..100).all(|n| own(n) == 200));
    assert_eq!(own(200), 429);
}

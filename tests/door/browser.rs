//! What other sites have browsers send, and what every answer tells a browser.

use crate::site::{Answer, Site};

const BODY: &str = "{\"owner\":\"x\"}";

fn posted(site: &Site, headers: &str, body: &str) -> Answer {
    site.send(&format!("POST /api/v1/operate HTTP/1.1\r\nHost: {}\r\n{headers}", site.address), body)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_changed_by_a_request_that_another_site_could_have_sent() {
    let site = Site::open();
    let own = format!("Origin: http://{}\r\n", site.address);
    let json = "Content-Type: application/json\r\n";
    for (what, headers) in [
        ("a form", "Origin: http://evil.example\r\nContent-Type: application/x-www-form-urlencoded\r\n".to_owned()),
        ("a form of ours", format!("{own}Content-Type: application/x-www-form-urlencoded\r\n")),
        ("JSON as text", format!("{own}Content-Type: text/plain\r\n")),
        ("JSON as text with more", format!("{own}Content-Type: text/plain; application/json\r\n")),
        ("no type", own.clone()),
        ("two types", format!("{own}{json}Content-Type: text/plain\r\n")),
        ("no origin", json.to_owned()),
        ("another origin", format!("{json}Origin: http://evil.example\r\n")),
        ("the origin null", format!("{json}Origin: null\r\n")),
        ("another port", format!("{json}Origin: http://{}:1\r\n", site.address.ip())),
        ("https", format!("{json}Origin: https://{}\r\n", site.address)),
        ("two origins", format!("{json}{own}Origin: http://evil.example\r\n")),
        ("an origin that begins like ours", format!("{json}Origin: http://{}.evil.example\r\n", site.address)),
        ("the same site only", format!("{json}Sec-Fetch-Site: same-site\r\n")),
        ("another site", format!("{json}Sec-Fetch-Site: cross-site\r\n")),
        (
            "another origin that says it is ours",
            format!("{json}Sec-Fetch-Site: same-origin\r\nOrigin: http://evil.example\r\n"),
        ),
    ] {
        let answer = posted(&site, &headers, BODY);
        assert_eq!(answer.status, 403, "{what}: {answer:?}");
        let problem = answer.json();
        assert_eq!((&problem["type"], &problem["status"]), (&"about:blank".into(), &403.into()), "{problem}");
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    for (what, headers) in [
        ("our page", format!("{own}{json}")),
        ("our page, with a charset", format!("{own}Content-Type: application/json; charset=utf-8\r\n")),
        ("our page, in a browser's word", format!("{json}Sec-Fetch-Site: same-origin\r\n")),
    ] {
        assert_eq!(posted(&site, &headers, BODY).status, 200, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_needs_no_origin_but_json_and_no_cookie_beside_it() {
    let site = Site::with_tokens();
    let bearer = format!("Authorization: Bearer {}\r\n", site.token("op", &[lightsout::access::Scope::Operate], &[]));
    let json = "Content-Type: application/json\r\n";
    assert_eq!(posted(&site, &format!("{bearer}{json}"), BODY).status, 200);
    assert_eq!(posted(&site, &bearer, BODY).status, 403, "no JSON");
    assert_eq!(
        posted(&site, &format!("{bearer}{json}Cookie: a=b\r\n"), BODY).status,
        403,
        "a browser may have sent this"
    );
    assert_eq!(posted(&site, &format!("{bearer}{json}Origin: http://evil.example\r\n"), BODY).status, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_other_site_is_given_leave() {
    let site = Site::open();
    let asked =
        "OPTIONS /api/v1/operate HTTP/1.1\r\nOrigin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\n";
    let answers = [
        site.send(&format!("{asked}Host: {}\r\n", site.address), ""),
        site.get("/api/v1/read", "Origin: http://evil.example\r\n"),
    ];
    for answer in answers {
        assert!(!answer.head.to_ascii_lowercase().contains("access-control-"), "{answer:?}");
    }
}

const SNAPSHOT: [(&str, &str); 7] = [
    ("cache-control", "no-store"),
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_tells_browsers_the_same() {
    let site = Site::open();
    for (path, headers, status) in [
        ("/open", "", 200),
        ("/api/v1/read", "", 200),
        ("/nothing", "", 404),
        ("/api/v1/operate", "", 405),
        ("/open", "Host: evil.example\r\n", 421),
    ] {
        let answer = site.get(path, headers);
        assert_eq!(answer.status, status, "{answer:?}");
        for (name, value) in SNAPSHOT {
            assert_eq!(answer.all(name), [value], "{name} of {path}");
        }
        assert_eq!(answer.header("strict-transport-security"), None, "plain http");
        assert_eq!(answer.header("server"), None);
    }
    let tls = Site::with(|dir, options| {
        options.public = Some("https://lightsout.example.org".parse().unwrap());
        options.ways.tokens = Some(std::sync::Arc::new(lightsout::web::door::TokenFile::at(dir.join("tokens"))));
    });
    let answer = tls.send("GET /open HTTP/1.1\r\nHost: lightsout.example.org\r\n", "");
    assert_eq!((answer.status, answer.header("strict-transport-security")), (200, Some("max-age=31536000")));
}

//! Marked secrets go through the whole service and come out nowhere: log, metrics, journal, answers.

#[path = "support/allowed.rs"]
mod allowed;
#[path = "support/estate.rs"]
mod estate;
#[path = "support/people.rs"]
mod people;
#[path = "support/program.rs"]
mod program;
#[path = "support/receiver.rs"]
mod receiver;
#[path = "support/service.rs"]
mod service;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use estate::Estate;
use people::{KEY, People};
use program::{Place, off_now};
use receiver::Server;
use service::{Service, until};

const HEADER: &str = "canary-identity-header-77a0e1";
/// Part of an address that is a secret as a whole.
const ADDRESS: &str = "canary-address-c41b9e";

fn holds(bytes: &[u8], secret: &str) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_no_secret_leaves_the_service_but_to_whom_it_is_meant() {
    let estate = Estate::start(1, 1, |options| options.identity_header = HEADER.to_owned()).await;
    let people = People::listen();
    let slack = Server::status("200 OK").await;
    let settings = format!(
        "{}[notify.slack]\nurl_env = \"SLACK_ADDRESS\"\nallow_private = [\"127.0.0.0/8\"]\n[log]\nlevel = \"trace\"\n",
        people.settings()
    );
    let place = Place::new(&estate.sandbox.base_url(), estate.workspaces(), &settings)
        .with("IDENTITY_HEADER", HEADER)
        .with("SLACK_ADDRESS", &format!("http://{}/{ADDRESS}?sig={ADDRESS}", slack.address))
        .with("INBOX_KEY", KEY);
    let policy = off_now("enforce", "0s", "").replace("lead = \"0s\"\n", "lead = \"0s\"\nproof = \"recorded\"\n");
    place.write("policies/night.toml", &policy);
    let mut service = Service::start(&place, &[]);
    until("the stop", || (estate.stops_of("ci-00000-00000") == (1, 1)).then_some(()));
    estate.let_operations_end();
    until("word of it", || (people.messages("stopped").len() == 1).then_some(()));
    until("a post", || (slack.connections() > 0).then(|| slack.seen().pop()).flatten());
    let sent = slack.seen().into_iter().all(|post| {
        let whole = post.line.contains(ADDRESS) && post.headers.contains_key("idempotency-key");
        whole && !post.body.is_empty()
    });
    assert!(sent, "{:?}", slack.seen());

    let mut seen = vec![("the log".to_owned(), service.log().into_bytes())];
    seen.push(("/metrics".to_owned(), service.get("/metrics").into_bytes()));
    for args in
        [vec!["status", "--json"], vec!["explain", "ci-00000-00000", "--json"], vec!["hold", "--list"], vec!["plan"]]
    {
        let said = place.run(&args);
        assert_eq!(said.code, 0, "{args:?}: {}{}", said.out, said.err);
        seen.push((format!("{args:?}"), (said.out + &said.err).into_bytes()));
    }
    for file in std::fs::read_dir(place.path("store")).unwrap().map(Result::unwrap) {
        if file.file_type().unwrap().is_file() {
            seen.push((format!("{:?}", file.path()), std::fs::read(file.path()).unwrap()));
        }
    }
    let page =
        until("the page", || service.log().split("the page is at http://").nth(1)?.lines().next().map(str::to_owned));
    for path in ["/", "/api/v1/instances", "/api/v1/fleet", "/api/v1/openapi.json", "/nothing", "/metrics"] {
        let answer = asked(&page, path);
        assert!(answer.starts_with("HTTP/1.1 "), "{path}: {answer}");
        seen.push((path.to_owned(), answer.into_bytes()));
    }
    assert!(
        seen.iter().any(|(path, answer)| path == "/" && holds(answer, "200 OK") && holds(answer, "ci-00000-00000"))
    );
    assert!(seen.len() >= 14, "log, metrics, four answers, the journal, six pages");
    nowhere(&seen);
    service.child.kill().unwrap();
    assert!(!service.ended().success());
}

/// None of the secrets in any of these.
fn nowhere(seen: &[(String, Vec<u8>)]) {
    for (place, bytes) in seen {
        for secret in [HEADER, KEY, ADDRESS, "Bearer "] {
            assert!(!holds(bytes, secret), "{secret} in {place}");
        }
    }
}

/// A GET as whoever is on this machine.
#[expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
fn asked(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// A panic in the middle of a sweep ends the service, with a trace and without a secret.
#[cfg(debug_assertions)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i10_a_panic_tells_no_secret() {
    let estate = Estate::start(1, 1, |options| options.identity_header = HEADER.to_owned()).await;
    let people = People::listen();
    let settings = format!("{}[log]\nlevel = \"trace\"\n", people.settings());
    let place = Place::new(&estate.sandbox.base_url(), estate.workspaces(), &settings)
        .with("IDENTITY_HEADER", HEADER)
        .with("INBOX_KEY", KEY);
    place.write("policies/night.toml", &off_now("enforce", "0s", ""));
    let panics = [("LIGHTSOUT_TEST_CRASH_AT", "panic:recorded"), ("RUST_BACKTRACE", "full")];
    let mut service = Service::start(&place, &panics);
    let status = service.ended();
    assert!(!status.success(), "a service that broke does not go on: {}", service.log());
    let log = until("the words of the panic", || service.log().contains("as asked").then(|| service.log()));
    assert!(log.contains("panicked at") && log.contains("crash.rs"), "{log}");
    nowhere(&[("the panic".to_owned(), log.into_bytes())]);
}

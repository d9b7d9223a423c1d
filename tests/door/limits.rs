//! Clients that take too much: slow ones, large ones, many at once, and those that knock all the time.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use lightsout::web::HttpLimits;
use lightsout::web::door::{Rate, people_limits};

use crate::site::Site;

fn limited(limits: HttpLimits) -> Site {
    Site::with(|_, options| {
        options.ways.open = Some("someone".to_owned());
        options.limits = limits;
    })
}

/// Sends pieces and waits for the end of the connection, which has to come by itself.
fn ends(site: &Site, pieces: &[&str]) -> String {
    let mut socket = TcpStream::connect(site.address).unwrap();
    for piece in pieces {
        if socket.write_all(piece.as_bytes()).is_err() {
            break;
        }
    }
    let mut all = Vec::new();
    drop(socket.read_to_end(&mut all));
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_slow_is_let_go_of() {
    let site = limited(HttpLimits { patience: Duration::from_millis(300), ..people_limits() });
    // a head that never ends, and one that never begins
    assert!(!ends(&site, &["GET /open HTTP/1.1\r\nHost:"]).contains("200 OK"));
    assert_eq!(ends(&site, &[]), "");
    // a body that never comes
    let own = format!("Host: {0}\r\nOrigin: http://{0}\r\n", site.address);
    let head =
        format!("POST /api/v1/own HTTP/1.1\r\n{own}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{");
    let answer = ends(&site, &[&head]);
    assert!(answer.starts_with("HTTP/1.1 503") || answer.is_empty(), "{answer}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_large_is_refused() {
    let site = limited(people_limits());
    let large = site.post("/api/v1/own", "", &format!("{{\"owner\":\"{}\"}}", "x".repeat(70 * 1024)));
    assert_eq!(large.status, 413);
    let own = format!("Host: {0}\r\nOrigin: http://{0}\r\nContent-Type: application/json\r\n", site.address);
    let chunk = format!("{:x}\r\n{}\r\n", 40 * 1024, " ".repeat(40 * 1024));
    let unsaid = ends(
        &site,
        &[
            &format!("POST /api/v1/own HTTP/1.1\r\n{own}Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"),
            &chunk,
            &chunk,
            "0\r\n\r\n",
        ],
    );
    assert!(unsaid.starts_with("HTTP/1.1 413"), "{unsaid}");
    let both = format!(
        "POST /api/v1/own HTTP/1.1\r\n{own}Content-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    );
    let both = ends(&site, &[&both, "0\r\n\r\nGET /api/v1/read HTTP/1.1\r\n\r\n"]);
    assert!(both.matches("HTTP/1.1").count() <= 1, "two lengths make no second request: {both}");
    let head = site.get("/open", &format!("X-Big: {}\r\n", "x".repeat(64 * 1024)));
    assert!(matches!(head.status, 0 | 431), "{head:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_connection_too_many_is_closed_and_a_place_that_is_free_again_is_given() {
    let site = limited(HttpLimits { connections: 8, patience: Duration::from_secs(60), ..people_limits() });
    let mut held: Vec<TcpStream> = (0..8).map(|_| TcpStream::connect(site.address).unwrap()).collect();
    for socket in &mut held {
        socket.write_all(format!("GET /open HTTP/1.1\r\nHost: {}\r\n\r\n", site.address).as_bytes()).unwrap();
        assert!(socket.read(&mut [0_u8; 64]).unwrap() > 0, "each of those is served");
    }
    let refused = (0..200).filter(|_| site.get("/open", "").status == 0).count();
    assert_eq!(refused, 200);
    drop(held);
    while site.get("/open", "").status != 200 {
        std::thread::yield_now();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_knocks_all_the_time_is_told_to_wait_and_may_come_back() {
    let site = Site::with(|dir, options| {
        options.ways.tokens = Some(std::sync::Arc::new(lightsout::web::door::TokenFile::at(dir.join("tokens"))));
        options.rates.address = Rate { burst: 30, a_minute: 60 };
        options.rates.person = Rate { burst: 5, a_minute: 60 };
    });
    let bearer =
        |name: &str| format!("Authorization: Bearer {}\r\n", site.token(name, &[lightsout::access::Scope::Read], &[]));
    let (one, two) = (bearer("one"), bearer("another"));
    let status = |bearer: &str| site.get("/api/v1/read", bearer).status;
    assert_eq!([0; 6].map(|_| status(&one)), [200, 200, 200, 200, 200, 429]);
    assert_eq!(status(&two), 200, "each token for itself");
    assert!(
        (0..30).map(|_| site.get("/open", "").status).any(|status| status == 429),
        "and the address for all of them"
    );
    let waiting = site.get("/open", "");
    assert_eq!((waiting.status, waiting.header("retry-after")), (429, Some("5")));
    site.seconds.fetch_add(5, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(status(&one), 200);
}

//! By which name a request comes: a page whose own name was made to point here is turned away (DNS rebinding). And what
//! door there cannot be.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lightsout::web::door::{Door, DoorError, DoorOptions, ProxyTrust, Surroundings};

use crate::site::{Site, options};

fn built(options: DoorOptions) -> Option<DoorError> {
    let surroundings = Surroundings::plain(|| Timestamp::UNIX_EPOCH, || SignedDuration::ZERO, Arc::new(drop));
    Door::new(options, surroundings).err()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_asks_from_this_machine_by_its_name_may_do_everything_where_no_login_is_set_up() {
    let site = Site::open();
    let answer = site.get("/api/v1/read", "");
    assert_eq!(
        answer.json(),
        serde_json::json!({ "key": "loopback", "name": "someone on this machine", "role": "admin", "way": "loopback" })
    );
    let named = |host: &str| site.send(&format!("GET /api/v1/read HTTP/1.1\r\nHost: {host}\r\n"), "").status;
    assert_eq!(named(&format!("localhost:{}", site.address.port())), 200);
    for host in
        ["evil.example", "evil.example:9190", "localhost.evil.example", "127.0.0.1.nip.example", "[::ffff:8.8.8.8]"]
    {
        assert_eq!(named(host), 421, "{host}");
    }
    assert_eq!(site.send("GET /api/v1/read HTTP/1.1\r\n", "").status, 421, "no name at all");
    let absolute = format!("GET http://evil.example/api/v1/read HTTP/1.1\r\nHost: {}\r\n", site.address);
    assert_eq!(site.send(&absolute, "").status, 421, "two names");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_proxy_passes_on_is_not_from_this_machine() {
    let site = Site::open();
    for header in ["X-Forwarded-For: 10.0.0.1", "Forwarded: for=10.0.0.1", "Via: 1.1 proxy", "X-Real-IP: 10.0.0.1"] {
        assert_eq!(site.get("/api/v1/read", &format!("{header}\r\n")).status, 401, "{header}");
    }
}

#[test]
fn a_door_that_is_open_to_others_is_refused() {
    let everywhere = "0.0.0.0:9190".parse().unwrap();
    let mut open = options(everywhere);
    open.ways.open = Some("someone".to_owned());
    assert_eq!(built(open.clone()), Some(DoorError::Open(everywhere)));
    open.listener = "127.0.0.1:9190".parse().unwrap();
    assert_eq!(built(open.clone()), None);
    open.public = Some("https://lightsout.example.org".parse().unwrap());
    assert!(matches!(built(open), Some(DoorError::Open(_))), "a public name on loopback: a proxy stands before it");
    let proxy = |trusted: fn(std::net::IpAddr) -> bool| {
        let mut options = options(everywhere);
        let user_header = Some("x-user".parse().unwrap());
        options.ways.proxy =
            Some(ProxyTrust { trusted: Arc::new(trusted), user_header, email_header: None, roles_header: None });
        options
    };
    assert_eq!(built(proxy(|peer| peer.is_loopback())), Some(DoorError::Nameless(everywhere)));
    let mut named = proxy(|_| true);
    named.public = Some("https://lightsout.example.org".parse().unwrap());
    assert_eq!(built(named), Some(DoorError::EverybodyIsProxy));
}

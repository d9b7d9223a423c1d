//! Who is believed at the desk, and what becomes of what they say.

use std::sync::atomic::{AtomicI64, Ordering};

use jsonwebtoken::{EncodingKey, Header, encode};
use secrecy::SecretString;
use serde_json::{Value, json};
use thin_vec::ThinVec;

use super::super::entra::KeyServer;
use super::super::token::{agent_keys, mint};
use super::*;
use crate::facts::Use;
use crate::heartbeat::{DiskRoom, Kind, Sign, Signal, Watched};
use crate::units::When;

/// A clock that is set.
#[derive(Debug, Default)]
struct SetClock(AtomicI64);

impl SetClock {
    fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + self.0.load(Ordering::Relaxed)).unwrap()
    }
    fn steady(&self) -> SignedDuration {
        SignedDuration::from_secs(self.0.load(Ordering::Relaxed))
    }
    async fn sleep(&self, length: SignedDuration) {
        self.pass(length.as_secs());
    }
}

struct Site {
    desk: Desk<SetClock>,
    clock: Arc<SetClock>,
    dir: tempfile::TempDir,
}

const ID: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/ci-a";

fn id() -> InstanceId {
    InstanceId::parse(ID).unwrap()
}

fn keys() -> Keys {
    agent_keys(SecretString::from("k".repeat(32)), None).unwrap()
}

impl Site {
    fn new(entra: Option<Entra>) -> Self {
        let (dir, clock) = (tempfile::tempdir().unwrap(), Arc::new(SetClock::default()));
        let revoked = Revoked::beside(dir.path());
        let options = DeskOptions { keys: Some(keys()), entra, revoked, every: Span::seconds(60) };
        let desk = Desk::new(options, clock.clone());
        clock.pass(60);
        Self { desk, clock, dir }
    }

    fn token(&self) -> String {
        mint(&keys(), &id(), self.clock.now()).unwrap()
    }

    fn beat(&self, seq: u64) -> Heartbeat {
        let now = self.clock.now();
        let before = |seconds: i64| now.checked_sub(SignedDuration::from_secs(seconds)).unwrap();
        Heartbeat {
            v: 1,
            agent: "0.1.0".to_owned(),
            instance: ID.to_owned(),
            boot: "boot-1".to_owned(),
            seq,
            sent_at: now,
            looked_at: before(1),
            signs: vec![
                Sign {
                    signal: Signal::Jupyter,
                    kind: Kind::Connected,
                    last_busy: Some(before(50)),
                    words: "one tab".to_owned(),
                },
                Sign { signal: Signal::Cpu, kind: Kind::Quiet, last_busy: None, words: "0 %".to_owned() },
            ],
            watched: vec![Watched { from: before(40), to: before(1) }],
            disks: vec![DiskRoom { mount: "/".to_owned(), free_bytes: 5, size_bytes: 9, full_at: None }],
        }
    }

    async fn take(&self, token: &str, beat: &Heartbeat) -> Result<InstanceId, &'static str> {
        self.desk.take(token, &serde_json::to_vec(beat).unwrap()).await.map_err(|away| away.label)
    }

    async fn heard(&self) -> Heard {
        let workspace = crate::facts::WorkspaceFacts {
            id: id().workspace().clone(),
            region: crate::units::Region::new("westeurope"),
            tags: crate::facts::Tags::default(),
        };
        let question = Question {
            instance: id(),
            created: When::NONE,
            region: workspace.region.clone(),
            workspace: Arc::new(workspace),
            window: Span::minutes(60),
            busy: ThinVec::new(),
            promql: None,
        };
        self.desk.ask(&[question], self.clock.now()).await
    }
}

#[tokio::test]
async fn a_heartbeat_becomes_an_account_by_our_clock() {
    let site = Site::new(None);
    let mut beat = site.beat(1);
    // its clock is two minutes ahead
    let ahead = |at: &mut Timestamp| *at = at.checked_add(SignedDuration::from_secs(120)).unwrap();
    [&mut beat.sent_at, &mut beat.looked_at].into_iter().for_each(ahead);
    beat.watched.iter_mut().flat_map(|stretch| [&mut stretch.from, &mut stretch.to]).for_each(ahead);
    beat.signs.iter_mut().filter_map(|sign| sign.last_busy.as_mut()).for_each(ahead);
    assert_eq!(site.take(&site.token(), &beat).await, Ok(id()));
    let heard = site.heard().await;
    let (_, track) = &heard.tracks[0];
    let ago = |at: Timestamp| site.clock.now().duration_since(at).as_secs();
    assert_eq!((track.now, ago(track.as_of)), (Use::Connected, 1));
    assert_eq!(track.last_busy.known().map(ago), Some(50));
    assert_eq!((ago(track.watched[0].from), ago(track.watched[0].to)), (40, 1));
    assert_eq!(&*track.words, "jupyter: one tab");
    assert_eq!(heard.disks[0].1.free_bytes, 5);
}

#[tokio::test]
async fn one_unknown_signal_makes_it_unknown_and_one_busy_makes_it_busy() {
    let site = Site::new(None);
    let mut beat = site.beat(1);
    beat.signs[1].kind = Kind::Unknown;
    beat.watched.clear();
    assert!(site.take(&site.token(), &beat).await.is_ok());
    assert_eq!(site.heard().await.tracks[0].1.now, Use::Unknown);
    site.clock.pass(60);
    let mut beat = site.beat(2);
    beat.signs[1].kind = Kind::Unknown;
    assert!(site.take(&site.token(), &beat).await.is_ok());
    assert_eq!(site.heard().await.tracks[0].1.now, Use::Connected, "one that need not be read");
    site.clock.pass(60);
    let mut beat = site.beat(3);
    (beat.signs[0].kind, beat.signs[1].kind) = (Kind::Busy, Kind::Unknown);
    assert!(site.take(&site.token(), &beat).await.is_ok());
    let track = site.heard().await.tracks.remove(0).1;
    assert_eq!((track.now, track.last_busy), (Use::Busy, When::at(track.as_of)));
}

#[tokio::test]
async fn replays_are_refused_and_so_are_strangers() {
    let site = Site::new(None);
    let (token, first) = (site.token(), site.beat(7));
    assert_eq!(site.take(&token, &first).await, Ok(id()));
    assert_eq!(site.take(&token, &first).await, Err("replay"), "the same again");
    site.clock.pass(60);
    assert_eq!(site.take(&token, &first).await, Err("replay"));
    let other_boot = Heartbeat { boot: "boot-2".to_owned(), seq: 1, sent_at: first.sent_at, ..first.clone() };
    assert_eq!(site.take(&token, &other_boot).await, Err("replay"), "sent before one that was taken");
    assert_eq!(
        site.take(&token, &Heartbeat { boot: "boot-2".to_owned(), ..site.beat(1) }).await,
        Ok(id()),
        "a new boot"
    );
    site.clock.pass(2);
    assert_eq!(site.take(&token, &Heartbeat { boot: "boot-2".to_owned(), ..site.beat(2) }).await, Err("too_often"));
    site.clock.pass(60);
    let elsewhere = Heartbeat { instance: ID.replace("ci-a", "ci-b"), ..site.beat(9) };
    assert_eq!(site.take(&token, &elsewhere).await, Err("other_instance"));
    assert_eq!(site.take("lo1.x.y", &site.beat(9)).await, Err("no_token"));
    let forged = mint(&agent_keys(SecretString::from("x".repeat(32)), None).unwrap(), &id(), site.clock.now()).unwrap();
    assert_eq!(site.take(&forged, &site.beat(9)).await, Err("forged"));
    assert_eq!(site.take("eyJ.some.jwt", &site.beat(9)).await, Err("no_token"), "no managed identities are taken");
}

#[tokio::test]
async fn an_agent_that_lost_its_record_counts_from_one_again_and_is_heard() {
    let site = Site::new(None);
    assert_eq!(site.take(&site.token(), &site.beat(2000)).await, Ok(id()));
    site.clock.pass(60);
    assert_eq!(site.take(&site.token(), &site.beat(1)).await, Ok(id()));
}

#[tokio::test]
async fn of_two_machines_with_one_token_nothing_is_believed_but_use() {
    let site = Site::new(None);
    let of = |boot: &str, seq: u64, kind: Kind| {
        let mut beat = Heartbeat { boot: boot.to_owned(), ..site.beat(seq) };
        beat.signs[0].kind = kind;
        beat
    };
    let heard = async || site.heard().await.tracks.remove(0).1;
    assert_eq!(site.take(&site.token(), &of("a", 1, Kind::Busy)).await, Ok(id()));
    site.clock.pass(60);
    assert_eq!(site.take(&site.token(), &of("b", 1, Kind::Quiet)).await, Ok(id()));
    site.clock.pass(60);
    assert_eq!(site.take(&site.token(), &of("a", 2, Kind::Busy)).await, Err("two_senders"));
    assert_eq!(heard().await.now, Use::Unknown);
    site.clock.pass(60);
    assert_eq!(site.take(&site.token(), &of("b", 2, Kind::Quiet)).await, Ok(id()));
    let track = heard().await;
    assert_eq!((track.now, track.watched.len()), (Use::Unknown, 0), "its next heartbeat changes nothing");
    site.clock.pass(60);
    assert_eq!(site.take(&site.token(), &of("b", 3, Kind::Busy)).await, Ok(id()));
    assert_eq!(heard().await.now, Use::Busy);
    for minutes in [30, 31] {
        site.clock.pass(60 * minutes);
        assert_eq!(site.take(&site.token(), &of("b", 4, Kind::Quiet)).await, Ok(id()));
    }
    assert_eq!(heard().await.now, Use::Quiet, "for an hour nobody else spoke");
}

#[tokio::test]
async fn what_was_sent_before_the_service_started_is_not_taken_again() {
    let site = Site::new(None);
    let mut early = site.beat(1);
    early.sent_at = early.sent_at.checked_sub(SignedDuration::from_secs(61)).unwrap();
    (early.looked_at, early.watched, early.signs[0].last_busy) = (early.sent_at, Vec::new(), None);
    assert_eq!(site.take(&site.token(), &early).await, Err("replay"));
    assert_eq!(site.take(&site.token(), &site.beat(2)).await, Ok(id()));
}

#[tokio::test]
async fn a_revoked_token_is_refused_and_a_new_one_is_not() {
    let site = Site::new(None);
    let token = site.token();
    Revoked::beside(site.dir.path()).revoke(&id(), site.clock.now(), "ana").unwrap();
    assert_eq!(site.take(&token, &site.beat(1)).await, Err("revoked"));
    let list = site.dir.path().join("agents.revoked");
    let whole = std::fs::read(&list).unwrap();
    std::fs::write(&list, "torn").unwrap();
    assert_eq!(site.take(&site.token(), &site.beat(1)).await, Err("no_revocations"));
    let faults = site.heard().await.faults;
    assert!(faults[0].1.words().contains("agents.revoked"), "it is no silent failure: {faults:?}");
    std::fs::write(&list, whole).unwrap();
    assert!(site.heard().await.faults.is_empty());
    site.clock.pass(1);
    assert_eq!(site.take(&site.token(), &site.beat(1)).await, Ok(id()));
}

#[tokio::test]
async fn what_an_earlier_machine_of_the_name_said_is_not_said_of_this_one() {
    let site = Site::new(None);
    assert!(site.take(&site.token(), &site.beat(1)).await.is_ok());
    let mut heard = site.heard().await;
    assert_eq!(heard.tracks.len(), 1);
    let mut question = Question {
        instance: id(),
        created: When::at(site.clock.now()),
        region: crate::units::Region::new("westeurope"),
        workspace: Arc::new(crate::facts::WorkspaceFacts {
            id: id().workspace().clone(),
            region: crate::units::Region::new("westeurope"),
            tags: crate::facts::Tags::default(),
        }),
        window: Span::minutes(60),
        busy: ThinVec::new(),
        promql: None,
    };
    heard = site.desk.ask(std::slice::from_ref(&question), site.clock.now()).await;
    assert!(heard.tracks.is_empty());
    question.created = When::NONE;
    assert_eq!(site.desk.ask(&[question], site.clock.now()).await.tracks.len(), 1);
}

/// What a token of the identity of `ci-a` says; the cases change one thing each.
fn claims(site: &Site) -> Value {
    let now = site.clock.now().as_second();
    json!({
        "aud": "api://lightsout", "iss": "https://sts.windows.net/tenant-1/", "tid": "tenant-1",
        "iat": now, "nbf": now - 5, "exp": now + 3_600, "xms_mirid": ID.to_lowercase(),
    })
}

fn signed(claims: &Value, key: &[u8], kid: &str) -> String {
    let mut header = Header::new(jsonwebtoken::Algorithm::RS256);
    header.kid = Some(kid.to_owned());
    encode(&header, claims, &EncodingKey::from_rsa_pem(key).unwrap()).unwrap()
}

const SIGNING: &[u8] = include_bytes!("../../../tests/fixtures/entra/signing.pem");
const STRANGER: &[u8] = include_bytes!("../../../tests/fixtures/entra/stranger.pem");

/// An Entra that has the one key, and counts how often it is asked.
async fn key_server() -> (KeyServer, Arc<AtomicI64>) {
    let keys = include_str!("../../../tests/fixtures/entra/keys.json");
    let counted = Arc::new(AtomicI64::new(0));
    let counter = counted.clone();
    let routes = axum::Router::new().route(
        "/tenant-1/discovery/v2.0/keys",
        axum::routing::get(move || {
            counter.fetch_add(1, Ordering::Relaxed);
            async move { keys }
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let authority = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (KeyServer { authority, tenant: "tenant-1".to_owned(), audience: "api://lightsout".to_owned() }, counted)
}

#[tokio::test]
async fn a_managed_identity_is_believed_for_its_own_instance_alone() {
    drop(rustls::crypto::ring::default_provider().install_default());
    let (server, asked) = key_server().await;
    let site = Site::new(Some(Entra::new(server, reqwest::Client::new())));
    let good = claims(&site);
    assert_eq!(site.take(&signed(&good, SIGNING, "key-1"), &site.beat(1)).await, Ok(id()));
    site.clock.pass(60);
    let cases = [
        ("aud", json!("api://another"), "forged"),
        ("iss", json!("https://sts.windows.net/tenant-2/"), "forged"),
        ("iss", json!("https://evil.example/tenant-1/"), "forged"),
        ("tid", json!("tenant-2"), "forged"),
        ("tid", json!(null), "forged"),
        ("exp", json!(site.clock.now().as_second() - 121), "forged"),
        ("exp", json!(null), "forged"),
        ("nbf", json!(site.clock.now().as_second() + 4_000), "forged"),
        ("xms_mirid", json!(null), "no_instance"),
        (
            "xms_mirid",
            json!("/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u"),
            "no_instance",
        ),
        ("xms_mirid", json!(ID.replace("ci-a", "ci-b")), "other_instance"),
    ];
    for (key, value, label) in cases {
        let mut claims = claims(&site);
        claims[key] = value.clone();
        assert_eq!(site.take(&signed(&claims, SIGNING, "key-1"), &site.beat(2)).await, Err(label), "{key} = {value}");
    }
    assert_eq!(site.take(&signed(&good, STRANGER, "key-1"), &site.beat(2)).await, Err("forged"), "signed by another");
    assert_eq!(
        site.take(&signed(&good, STRANGER, "key-2"), &site.beat(2)).await,
        Err("forged"),
        "a key that is not there"
    );
    let mut header = Header::new(jsonwebtoken::Algorithm::HS256);
    header.kid = Some("key-1".to_owned());
    let confused = encode(&header, &good, &EncodingKey::from_secret(SIGNING)).unwrap();
    assert_eq!(site.take(&confused, &site.beat(2)).await, Err("forged"), "another algorithm");
    assert!(asked.load(Ordering::Relaxed) <= 2, "an unknown key has Entra asked now and then, not each time");
}

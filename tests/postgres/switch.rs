//! The freeze switch of all replicas (G12).

use jiff::SignedDuration;
use lightsout::facts::Freeze;
use lightsout::store::Store;

use crate::fresh;
use crate::lease::{NOW, member};
use crate::postgres::Postgres;

fn on(words: &str) -> Freeze {
    Freeze::On(words.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_freezes_one_freezes_all_and_what_cannot_be_read_is_frozen() {
    let Some(postgres) = Postgres::start() else { return };
    let server = fresh(&postgres).await.server;
    let (a, lease_a) = member(&server, "a").await;
    let (b, lease_b) = Store::replica(&server, "b").await.unwrap();
    assert_eq!(a.freeze_of_all(NOW), Freeze::Off);
    assert!(matches!(b.freeze_of_all(NOW), Freeze::Unreadable(_)), "nobody read it yet");
    lease_b.look(NOW).await.unwrap();
    assert_eq!(b.freeze_of_all(NOW), Freeze::Off);
    // who is no member can: at once for itself, and for the others with their next renewal
    b.freeze_all("incident 7\nmore", "ann").await.unwrap();
    assert_eq!(b.freeze_of_all(NOW), on("incident 7more (by ann)"));
    let table = lease_a.renew(NOW).await.unwrap().unwrap();
    assert_eq!(table.frozen.as_deref(), Some("incident 7more (by ann)"));
    assert_eq!(a.freeze_of_all(NOW), on("incident 7more (by ann)"));
    a.freeze_all("incident 8", "bob").await.unwrap();
    assert_eq!(lease_b.look(NOW).await.unwrap().frozen.as_deref(), Some("incident 8 (by bob)"));
    let (c, _lease_c) = member(&server, "c").await;
    assert_eq!(c.freeze_of_all(NOW), on("incident 8 (by bob)"), "who joins knows it");
    assert!(a.lift_freeze().await.unwrap());
    assert!(!b.lift_freeze().await.unwrap());
    assert_eq!((a.freeze_of_all(NOW), b.freeze_of_all(NOW)), (Freeze::Off, Freeze::Off));
    assert_eq!(c.freeze_of_all(NOW), on("incident 8 (by bob)"), "until it reads it again");
    // not read for longer than a lease lasts
    let later = |seconds| NOW + SignedDuration::from_secs(seconds);
    assert_eq!(a.freeze_of_all(later(15)), Freeze::Off);
    assert!(matches!(a.freeze_of_all(later(16)), Freeze::Unreadable(_)));
    postgres.kill();
    assert!(lease_a.renew(later(16)).await.is_err());
    assert!(matches!(a.freeze_of_all(later(16)), Freeze::Unreadable(_)));
    postgres.up();
    assert!(lease_a.renew(later(17)).await.unwrap().is_some());
    assert_eq!(a.freeze_of_all(later(17)), Freeze::Off);
}

#[tokio::test]
async fn a_journal_of_one_process_has_no_such_switch() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).await.unwrap();
    assert!(!store.is_shared());
    assert_eq!(store.freeze_of_all(SignedDuration::ZERO), Freeze::Off);
}

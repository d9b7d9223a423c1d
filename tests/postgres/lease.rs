//! The leases of several replicas: each has one of its own, what it writes depends on it, and a part of the fleet is with one at a
//! time (L2, L3).

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use lightsout::facts::{Moves, Shard};
use lightsout::ports::{AuditLine, FaultKind, Journal as _};
use lightsout::store::{Lease, Store, Turn};

use crate::journal_samples::{at, born, intent, running};
use crate::postgres::Postgres;

pub(crate) const NOW: SignedDuration = SignedDuration::from_secs(100);

/// One that has joined.
pub(crate) async fn member(server: &lightsout::store::Server, name: &str) -> (Store, Lease) {
    let (store, lease) = Store::replica(server, name).await.unwrap();
    lease.join(NOW).await.unwrap();
    (store, lease)
}

pub(crate) async fn run_out(postgres: &Postgres, database: &str, holder: &str) {
    let sql = format!("UPDATE members SET expires_at = clock_timestamp() WHERE holder = '{holder}'");
    assert_eq!(postgres.ask(database, &sql).await.unwrap(), 1, "{holder} is there");
}

pub(crate) async fn refused(store: &Store) -> String {
    let fault = store.intend(&intent("late", "ci-a", born(), "late", at(9))).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Storage);
    fault.words()
}

pub(crate) fn shards(numbers: impl IntoIterator<Item = u16>) -> BTreeSet<Shard> {
    numbers.into_iter().filter_map(Shard::numbered).collect()
}

fn all() -> BTreeSet<Shard> {
    Shard::all().collect()
}

async fn holders(lease: &Lease) -> BTreeMap<Shard, String> {
    lease.look(NOW).await.unwrap().holders
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_replica_writes_depends_on_its_lease() {
    let Some(postgres) = Postgres::start() else { return };
    let name = postgres.database().await;
    let server = postgres.server(&name);
    let (a, lease_a) = Store::replica(&server, "a").await.unwrap();
    let (b, lease_b) = Store::replica(&server, "b").await.unwrap();
    assert_eq!(a.turn(), Turn::Lease { renewed: None });
    assert!(refused(&a).await.contains("is no member"));
    lease_a.join(NOW).await.unwrap();
    assert_eq!(a.turn(), Turn::Lease { renewed: Some(NOW) });
    a.record(&running("ci-a", born(), at(0))).await.unwrap();
    // who is no member reads, and who signed in at it is told
    assert!(refused(&b).await.contains("is no member"));
    assert_eq!(b.recall(at(1)).await.unwrap().instances.len(), 1);
    let line = AuditLine {
        at: at(1),
        who: "ann".to_owned(),
        what: "sign in".to_owned(),
        target: String::new(),
        why: String::new(),
    };
    b.audit(&line).await.unwrap();
    // a second member writes beside the first
    lease_b.join(NOW).await.unwrap();
    b.record(&running("ci-b", born(), at(1))).await.unwrap();
    // run out: nothing is written, and as long as nobody took its row away, it can be renewed
    run_out(&postgres, &name, "a").await;
    assert!(refused(&a).await.contains("the lease of this replica is over"));
    assert!(lease_a.take(&all()).await.unwrap_err().to_string().contains("is over"));
    assert!(lease_a.renew(NOW).await.unwrap().is_some());
    a.record(&running("ci-a", born(), at(2))).await.unwrap();
    // a process of the same name that comes after it is another one
    let (again, lease_again) = member(&server, "a").await;
    assert!(refused(&a).await.contains("is over"));
    assert!(lease_a.renew(NOW).await.unwrap().is_none());
    again.record(&running("ci-a", born(), at(3))).await.unwrap();
    lease_again.leave().await.unwrap();
    assert!(refused(&again).await.contains("is no member"));
    assert!(lease_again.leave().await.is_err(), "it had left");
    assert!(b.examine().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shard_is_with_one_and_changes_hands_by_being_given_or_with_its_holders_row() {
    let Some(postgres) = Postgres::start() else { return };
    let name = postgres.database().await;
    let server = postgres.server(&name);
    let (a, lease_a) = member(&server, "a").await;
    let (_b, lease_b) = member(&server, "b").await;
    let two = shards([0, 1]);
    assert_eq!(lease_a.take(&two).await.unwrap(), two);
    assert_eq!(lease_a.take(&two).await.unwrap(), two, "whose answer was lost asks again");
    assert_eq!(lease_b.take(&shards([1, 2])).await.unwrap(), shards([2]), "what another has stays with it");
    assert_eq!(lease_a.take(&BTreeSet::new()).await.unwrap(), BTreeSet::new());
    let table = lease_b.renew(NOW).await.unwrap().unwrap();
    assert_eq!(table.members, ["a", "b"].map(str::to_owned).into());
    let named = |rows: &[(u16, &str)]| -> BTreeMap<Shard, String> {
        rows.iter().map(|(number, who)| (Shard::numbered(*number).unwrap(), (*who).to_owned())).collect()
    };
    assert_eq!(table.holders, named(&[(0, "a"), (1, "a"), (2, "b")]));
    assert!(table.at.duration_since(lease_a.server_time().await.unwrap()).abs() < SignedDuration::from_secs(60));
    // given, it is free; only its holder can
    lease_b.give(&two).await.unwrap();
    assert_eq!(holders(&lease_b).await.len(), 3);
    lease_a.give(&shards([1])).await.unwrap();
    assert_eq!(lease_b.take(&two).await.unwrap(), shards([1]));
    // whose lease is over has what it has until somebody takes it, and then nothing for ever
    lease_a.publish("a", at(1)).await.unwrap();
    run_out(&postgres, &name, "a").await;
    assert_eq!(lease_b.renew(NOW).await.unwrap().unwrap().members, ["b".to_owned()].into());
    assert_eq!(holders(&lease_b).await.len(), 3);
    assert_eq!(lease_b.take(&shards([5])).await.unwrap(), shards([5]));
    assert_eq!(holders(&lease_b).await.get(&Shard::LEAD).map(String::as_str), Some("a"), "nobody asked for any of it");
    assert_eq!(lease_b.take(&two).await.unwrap(), two);
    assert!(refused(&a).await.contains("is over"));
    assert!(lease_a.renew(NOW).await.unwrap().is_none(), "a late renewal revives nothing");
    assert_eq!(a.turn(), Turn::Lease { renewed: None });
    assert!(lease_a.publish("a", at(2)).await.is_err());
    assert!(lease_a.take(&all()).await.is_err());
    lease_a.give(&two).await.unwrap();
    assert_eq!(
        holders(&lease_b).await,
        named(&[(0, "b"), (1, "b"), (2, "b"), (5, "b")]),
        "it gives nothing of another's"
    );
    let mut other = postgres.other(&name).await;
    let epochs: Vec<i64> = sqlx::query_scalar("SELECT epoch FROM shards WHERE epoch > 0 ORDER BY shard")
        .fetch_all(&mut other)
        .await
        .unwrap();
    assert_eq!(epochs, [2, 2, 1, 1], "L2: each change of hands is an epoch of its own");
    let shown: i64 = sqlx::query_scalar("SELECT count(*) FROM shown").fetch_one(&mut other).await.unwrap();
    assert_eq!(shown, 0, "what it showed is gone");
    // who leaves has nothing
    lease_b.leave().await.unwrap();
    assert!(holders(&lease_b).await.is_empty());
    // nor does who ended without a word: nobody had to take from it, and its row does not stay for ever
    let (_c, lease_c) = member(&server, "c").await;
    lease_c.take(&two).await.unwrap();
    postgres.ask(&name, "UPDATE members SET expires_at = clock_timestamp() - interval '61 minutes'").await.unwrap();
    lease_b.join(NOW).await.unwrap();
    assert!(lease_c.renew(NOW).await.unwrap().is_none());
    assert!(holders(&lease_b).await.is_empty());
}

/// Waits until somebody waits for a row that another program has.
async fn somebody_waits(postgres: &Postgres, database: &str) {
    let mut other = postgres.other(database).await;
    loop {
        let sql =
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
        let waiting: i64 = sqlx::query_scalar(sql).fetch_one(&mut other).await.unwrap();
        if waiting > 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_takes_waits_for_who_writes_and_for_who_renews() {
    let Some(postgres) = Postgres::start() else { return };
    let name = postgres.database().await;
    let server = postgres.server(&name);
    let (_a, lease_a) = member(&server, "a").await;
    let (_b, lease_b) = member(&server, "b").await;
    let lease_b = std::sync::Arc::new(lease_b);
    assert_eq!(lease_a.take(&shards([3])).await.unwrap(), shards([3]));
    let taken = || {
        let lease_b = lease_b.clone();
        tokio::spawn(async move { lease_b.take(&shards([3])).await.unwrap() })
    };
    // a renewal that is on its way when it runs out is in time
    let mut renewing = postgres.other(&name).await;
    run_out(&postgres, &name, "a").await;
    let renew = "BEGIN; UPDATE members SET expires_at = clock_timestamp() + interval '15 seconds' WHERE holder = 'a'";
    sqlx::raw_sql(renew).execute(&mut renewing).await.unwrap();
    let waiting = taken();
    somebody_waits(&postgres, &name).await;
    sqlx::raw_sql("COMMIT").execute(&mut renewing).await.unwrap();
    assert_eq!(waiting.await.unwrap(), BTreeSet::new());
    // a write that began under a lease is on disk before anybody acts on what it was about
    let mut writing = postgres.other(&name).await;
    let write = "BEGIN; SELECT epoch FROM members WHERE holder = 'a' AND expires_at > clock_timestamp() FOR SHARE;
         INSERT INTO workspaces (workspace, seen_at) VALUES ('w', 'then')";
    sqlx::raw_sql(write).execute(&mut writing).await.unwrap();
    // it lasts longer than the lease, which a renewal that waits for it cannot prolong: the row is as it would be then
    let mut over = postgres.other(&name).await;
    let renewing = tokio::spawn(async move {
        let sql = "UPDATE members SET expires_at = clock_timestamp() - interval '1 second' WHERE holder = 'a'";
        sqlx::raw_sql(sql).execute(&mut over).await.unwrap();
    });
    somebody_waits(&postgres, &name).await;
    assert_eq!(lease_b.take(&shards([3])).await.unwrap(), BTreeSet::new());
    sqlx::raw_sql("COMMIT").execute(&mut writing).await.unwrap();
    renewing.await.unwrap();
    // now it is over; another write by it that is still under way holds up whoever takes
    let hold = "BEGIN; SELECT epoch FROM members WHERE holder = 'a' FOR SHARE; UPDATE workspaces SET seen_at = 'now'";
    sqlx::raw_sql(hold).execute(&mut writing).await.unwrap();
    let waiting = taken();
    somebody_waits(&postgres, &name).await;
    assert!(!waiting.is_finished());
    sqlx::raw_sql("COMMIT").execute(&mut writing).await.unwrap();
    assert_eq!(waiting.await.unwrap(), shards([3]));
    let seen: String = sqlx::query_scalar("SELECT seen_at FROM workspaces").fetch_one(&mut writing).await.unwrap();
    assert_eq!(seen, "now");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_that_take_at_once_each_shard_is_with_one() {
    let Some(postgres) = Postgres::start() else { return };
    let name = postgres.database().await;
    let server = postgres.server(&name);
    let (_dead, lease) = member(&server, "dead").await;
    lease.take(&shards(0..40)).await.unwrap();
    run_out(&postgres, &name, "dead").await;
    let mut reaching = Vec::new();
    for number in 0..4 {
        let (store, lease) = member(&server, &format!("r{number}")).await;
        reaching.push(tokio::spawn(async move { (lease.take(&all()).await.unwrap(), store, lease) }));
    }
    let (mut taken, mut kept) = (Vec::new(), Vec::new());
    for one in reaching {
        let (had, store, lease) = one.await.unwrap();
        taken.extend(had);
        kept.push((store, lease));
    }
    assert_eq!((taken.len(), taken.into_iter().collect::<BTreeSet<_>>()), (64, all()));
    // and by what each should have, a dead one's are divided among those that are left
    for (_, lease) in &kept {
        lease.give(&all()).await.unwrap();
    }
    let settle = async |kept: &[(Store, Lease)]| {
        let mut counts = Vec::new();
        for (_, lease) in kept {
            let table = lease.renew(NOW).await.unwrap().unwrap();
            let moves = Moves::of(lease.holder(), &table.members, &table.holders);
            assert_eq!(lease.take(&moves.take).await.unwrap(), moves.take);
            counts.push(moves.take.len());
        }
        counts
    };
    assert_eq!(settle(&kept).await.iter().sum::<usize>(), 64);
    run_out(&postgres, &name, "r3").await;
    let taken_over = settle(&kept[..3]).await;
    assert!(taken_over.iter().filter(|count| **count > 0).count() > 1, "{taken_over:?}");
    assert_eq!(settle(&kept[..3]).await, [0, 0, 0]);
    let holders = holders(&kept[0].1).await;
    assert!(holders.len() == 64 && holders.values().all(|holder| holder != "r3"), "{holders:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_acts_alone_has_everything_or_nothing() {
    let Some(postgres) = Postgres::start() else { return };
    let name = postgres.database().await;
    let server = postgres.server(&name);
    // of several that begin at once one has it
    let reaching: Vec<_> = (0..4)
        .map(|number| {
            let server = server.clone();
            tokio::spawn(async move {
                let (store, lease) = member(&server, &format!("r{number}")).await;
                let another = lease.take_all().await.unwrap();
                if another.is_some() {
                    lease.leave().await.unwrap();
                }
                (another, store, lease)
            })
        })
        .collect();
    let mut alone = None;
    for one in reaching {
        let (another, store, lease) = one.await.unwrap();
        if another.is_none() {
            assert!(alone.replace((store, lease)).is_none(), "one alone");
        }
    }
    let (_store, lease) = alone.unwrap();
    assert_eq!(holders(&lease).await.len(), 64);
    let (_later, later) = member(&server, "later").await;
    assert_eq!(later.take_all().await.unwrap().as_deref(), Some(lease.holder()));
    assert_eq!(later.take(&all()).await.unwrap(), BTreeSet::new());
    // it ended without a word
    run_out(&postgres, &name, lease.holder()).await;
    let (_last, last) = member(&server, "last").await;
    assert_eq!(last.take_all().await.unwrap().as_deref(), Some("later"), "a replica without a shard is one, too");
    assert!(holders(&last).await.is_empty() || holders(&last).await.len() == 64);
    assert_eq!(later.take_all().await.unwrap(), None, "who came after it is no reason");
    assert_eq!(last.take_all().await.unwrap().as_deref(), Some("later"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_shows_what_the_others_show() {
    let Some(postgres) = Postgres::start() else { return };
    let name = postgres.database().await;
    let server = postgres.server(&name);
    let (_a, lease_a) = Store::replica(&server, "a").await.unwrap();
    let (_b, lease_b) = member(&server, "b").await;
    let (_c, lease_c) = member(&server, "c").await;
    assert!(lease_a.publish("{}", at(1)).await.is_err(), "who is no member shows nothing of its own");
    lease_a.join(NOW).await.unwrap();
    let known = |rows: &[(&str, i64)]| rows.iter().map(|(who, when)| ((*who).to_owned(), at(*when))).collect();
    let row = |who: &str, when: i64, view: &str| (who.to_owned(), at(when), view.to_owned());
    assert_eq!(lease_b.published(&known(&[])).await.unwrap(), []);
    lease_a.publish("one", at(1)).await.unwrap();
    lease_b.publish("its own", at(1)).await.unwrap();
    lease_c.publish("other", at(3)).await.unwrap();
    assert_eq!(lease_b.published(&known(&[])).await.unwrap(), [row("a", 1, "one"), row("c", 3, "other")]);
    assert_eq!(lease_b.published(&known(&[("a", 1), ("c", 3)])).await.unwrap(), []);
    lease_a.publish("two", at(2)).await.unwrap();
    assert_eq!(lease_b.published(&known(&[("a", 1), ("c", 3)])).await.unwrap(), [row("a", 2, "two")]);
    run_out(&postgres, &name, "a").await;
    assert_eq!(
        lease_b.published(&known(&[])).await.unwrap(),
        [row("c", 3, "other")],
        "whose lease is over shows nothing"
    );
    let apart = lease_b.server_time().await.unwrap().duration_since(lightsout::sandbox::wall_now());
    assert!(apart.abs() < SignedDuration::from_secs(5), "L10: both are this machine");
}

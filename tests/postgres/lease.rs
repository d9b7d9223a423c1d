//! The lease of several replicas: one has it, each taking is an epoch, and what an earlier one still writes is refused (L2, L3).

use jiff::SignedDuration;
use lightsout::ports::{AuditLine, FaultKind, Journal as _};
use lightsout::store::{Lease, Store, Taken, Turn};
use lightsout::units::PolicyId;

use crate::fresh;
use crate::journal_samples::{at, born, intent, running};
use crate::postgres::Postgres;

const NOW: SignedDuration = SignedDuration::from_secs(100);

async fn run_out(postgres: &Postgres, database: &str) {
    postgres.ask(database, "UPDATE leases SET expires_at = clock_timestamp()").await.unwrap();
}

async fn refused(store: &Store) -> String {
    let fault = store.intend(&intent("late", "ci-a", born(), "late", at(9))).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Storage);
    fault.words()
}

async fn taken(lease: &Lease) -> Taken {
    lease.take(NOW).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_replica_writes_depends_on_its_lease() {
    let Some(postgres) = Postgres::start() else { return };
    let name = postgres.database().await;
    let server = postgres.server(&name);
    let (a, lease_a) = Store::replica(&server, "a").await.unwrap();
    let (b, lease_b) = Store::replica(&server, "b").await.unwrap();
    assert_eq!(a.turn(), Turn::Lease { renewed: None });
    assert!(refused(&a).await.contains("stands by"));
    assert_eq!(taken(&lease_a).await, Taken::Ours);
    assert_eq!(a.turn(), Turn::Lease { renewed: Some(NOW) });
    assert_eq!(taken(&lease_b).await, Taken::By("a".to_owned()));
    a.record(&running("ci-a", born(), at(0))).await.unwrap();
    assert!(refused(&b).await.contains("stands by"));
    // what b reads is what a wrote, and who signed in at it is told
    assert_eq!(b.recall(at(1)).await.unwrap().instances.len(), 1);
    let line = AuditLine {
        at: at(1),
        who: "ann".to_owned(),
        what: "sign in".to_owned(),
        target: String::new(),
        why: String::new(),
    };
    b.audit(&line).await.unwrap();
    // run out: nothing is written, and as long as nobody took it, it can be renewed
    run_out(&postgres, &name).await;
    assert!(refused(&a).await.contains("the lease of this replica is over"));
    assert!(lease_a.renew(NOW).await.unwrap().is_some());
    a.record(&running("ci-a", born(), at(2))).await.unwrap();
    // taken over: another epoch, and the earlier one writes nothing more, renewed or not
    run_out(&postgres, &name).await;
    assert_eq!(taken(&lease_b).await, Taken::Ours);
    assert!(refused(&a).await.contains("the lease of this replica is over"));
    assert!(lease_a.renew(NOW).await.unwrap().is_none());
    assert_eq!(a.turn(), Turn::Lease { renewed: None });
    assert!(refused(&a).await.contains("stands by"));
    b.record(&running("ci-b", born(), at(3))).await.unwrap();
    // given back, it is had at once; and whoever takes it is not taken for who had it before
    lease_b.release().await.unwrap();
    assert_eq!(taken(&lease_a).await, Taken::Ours);
    let mut other = postgres.other(&name).await;
    let epoch: i64 = sqlx::query_scalar("SELECT epoch FROM leases").fetch_one(&mut other).await.unwrap();
    assert_eq!(epoch, 3);
    assert!(a.examine().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_that_reach_for_it_one_has_it() {
    let Some(postgres) = Postgres::start() else { return };
    let server = fresh(&postgres).await.server;
    let reaching: Vec<_> = (0..4)
        .map(|n| {
            let server = server.clone();
            tokio::spawn(async move {
                let (_store, lease) = Store::replica(&server, &format!("r{n}")).await.unwrap();
                taken(&lease).await == Taken::Ours
            })
        })
        .collect();
    let mut ours = 0;
    for one in reaching {
        ours += u32::from(one.await.unwrap());
    }
    assert_eq!(ours, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_others_show_what_the_acting_one_shows() {
    let Some(postgres) = Postgres::start() else { return };
    let server = fresh(&postgres).await.server;
    let (_a, lease_a) = Store::replica(&server, "a").await.unwrap();
    let (_b, lease_b) = Store::replica(&server, "b").await.unwrap();
    assert!(lease_a.publish("{}", at(1)).await.is_err(), "who stands by shows nothing of its own");
    assert_eq!(taken(&lease_a).await, Taken::Ours);
    assert_eq!(lease_b.published(None).await.unwrap(), None);
    lease_a.publish("one", at(1)).await.unwrap();
    assert_eq!(lease_b.published(None).await.unwrap().as_deref(), Some("one"));
    assert_eq!(lease_b.published(Some(at(1))).await.unwrap(), None);
    lease_a.publish("two", at(2)).await.unwrap();
    assert_eq!(lease_b.published(Some(at(1))).await.unwrap().as_deref(), Some("two"));
    let apart = lease_b.server_time().await.unwrap().duration_since(lightsout::sandbox::wall_now());
    assert!(apart.abs() < SignedDuration::from_secs(5), "L10: both are this machine");
}

/// L11: a server that another took over from without its last commits, seen as a database that an older copy of it replaced.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_forgot_what_it_confirmed_is_written_to_no_more_until_a_person_looked() {
    let Some(postgres) = Postgres::start() else { return };
    let name = postgres.database().await;
    let server = postgres.server(&name);
    let (a, lease_a) = Store::replica(&server, "a").await.unwrap();
    let (_b, lease_b) = Store::replica(&server, "b").await.unwrap();
    assert_eq!(taken(&lease_a).await, Taken::Ours);
    a.record(&running("ci-a", born(), at(0))).await.unwrap();
    let a = &a;
    let alone = |sql: String| {
        let postgres = &postgres;
        let name = name.clone();
        async move {
            let end =
                format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IN ('{name}', 'behind')");
            postgres.ask("postgres", &end).await.unwrap();
            postgres.ask("postgres", &sql).await.unwrap();
        }
    };
    alone(format!("CREATE DATABASE behind TEMPLATE {name}")).await;
    // what the copy knows is no reason to stop writing
    assert!(lease_a.renew(NOW).await.unwrap().is_some());
    for second in 1..4 {
        a.revision(&PolicyId::new("office"), &format!("r{second}"), at(second)).await.unwrap();
    }
    assert_eq!(taken(&lease_b).await, Taken::By("a".to_owned()));
    alone(format!("ALTER DATABASE {name} RENAME TO ahead")).await;
    postgres.ask("postgres", &format!("ALTER DATABASE behind RENAME TO {name}")).await.unwrap();
    // another one, which knew no more than the older copy has, takes over and writes: nothing tells it
    run_out(&postgres, &name).await;
    let (c, lease_c) = Store::replica(&server, "c").await.unwrap();
    assert_eq!(taken(&lease_c).await, Taken::Ours);
    c.revision(&PolicyId::new("office"), "r9", at(9)).await.unwrap();
    // until the one that had them confirmed looks: then it is known to all, and stays so
    let said = lease_a.renew(NOW).await.unwrap_err().to_string();
    assert!(said.contains("has forgotten 2 writes that it had confirmed"), "{said}");
    for store in [a, &c] {
        let said = refused(store).await;
        assert!(said.contains("has forgotten") || said.contains("stands by"), "{said}");
    }
    let (d, lease_d) = Store::replica(&server, "d").await.unwrap();
    run_out(&postgres, &name).await;
    for lease in [&lease_b, &lease_c, &lease_d] {
        assert!(lease.take(NOW).await.unwrap_err().to_string().contains("has forgotten"));
    }
    // a person has looked: whoever is there goes on, the one that noticed too
    assert_eq!(lease_d.accept_loss().await.unwrap(), 2);
    assert_eq!(lease_d.accept_loss().await.unwrap(), 0);
    assert_eq!(taken(&lease_d).await, Taken::Ours);
    d.record(&running("ci-b", born(), at(10))).await.unwrap();
    lease_d.release().await.unwrap();
    assert_eq!(taken(&lease_a).await, Taken::Ours);
    a.record(&running("ci-c", born(), at(11))).await.unwrap();
    assert!(a.examine().await.unwrap().is_empty());
}

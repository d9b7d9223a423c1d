//! A server that has forgotten what it had confirmed (L11).

use lightsout::ports::Journal as _;
use lightsout::store::Store;
use lightsout::units::PolicyId;

use crate::journal_samples::{at, born, running};
use crate::lease::{NOW, member, refused, run_out, shards};
use crate::postgres::Postgres;

/// As when another took over from it without its last commits: a database that an older copy of it replaced.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_forgot_what_it_confirmed_is_written_to_no_more_until_a_person_looked() {
    let Some(postgres) = Postgres::start() else { return };
    let name = postgres.database().await;
    let server = postgres.server(&name);
    let (a, lease_a) = member(&server, "a").await;
    let (_b, lease_b) = Store::replica(&server, "b").await.unwrap();
    assert_eq!(lease_a.take(&shards([0])).await.unwrap(), shards([0]));
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
    for second in 1..3 {
        a.revision(&PolicyId::new("office"), &format!("r{second}"), at(second)).await.unwrap();
    }
    // a freeze counts: a server that forgot it would stop what a person said not to
    a.freeze_all("incident", "ann").await.unwrap();
    lease_b.look(NOW).await.unwrap();
    alone(format!("ALTER DATABASE {name} RENAME TO ahead")).await;
    postgres.ask("postgres", &format!("ALTER DATABASE behind RENAME TO {name}")).await.unwrap();
    // another one, which knew no more than the older copy has, takes over and writes: nothing tells it
    run_out(&postgres, &name, "a").await;
    let (c, lease_c) = member(&server, "c").await;
    c.revision(&PolicyId::new("office"), "r9", at(9)).await.unwrap();
    // until the one that had them confirmed looks: then it is known to all, and stays so
    let said = lease_a.renew(NOW).await.unwrap_err().to_string();
    assert!(said.contains("has forgotten 2 writes that it had confirmed"), "{said}");
    for store in [a, &c] {
        let said = refused(store).await;
        assert!(said.contains("has forgotten") || said.contains("is over"), "{said}");
    }
    // whoever joins or renews sees it; and what freezes is no write that is refused for it
    let (d, lease_d) = Store::replica(&server, "d").await.unwrap();
    for lease in [&lease_b, &lease_d] {
        assert!(lease.join(NOW).await.unwrap_err().to_string().contains("has forgotten"));
    }
    assert!(lease_c.renew(NOW).await.unwrap_err().to_string().contains("has forgotten"));
    d.freeze_all("losses", "ann").await.unwrap();
    assert!(d.lift_freeze().await.unwrap_err().to_string().contains("has forgotten"), "a person looks first");
    // a person has looked: whoever is there goes on, the one that noticed too
    assert_eq!(lease_d.accept_loss().await.unwrap(), 2);
    assert_eq!(lease_d.accept_loss().await.unwrap(), 0);
    assert!(d.lift_freeze().await.unwrap());
    lease_d.join(NOW).await.unwrap();
    d.record(&running("ci-b", born(), at(10))).await.unwrap();
    assert_eq!(lease_d.take(&shards([0])).await.unwrap(), shards([0]), "from one whose lease is over");
    assert!(lease_a.renew(NOW).await.unwrap().is_none());
    lease_a.join(NOW).await.unwrap();
    a.record(&running("ci-c", born(), at(11))).await.unwrap();
    assert!(a.examine().await.unwrap().is_empty());
}

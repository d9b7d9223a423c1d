//! A database of the version in which one replica acted and the others stood by: what it holds goes on, and that version writes no more.

use lightsout::facts::Shard;
use lightsout::store::Store;

use crate::lease::{NOW, member, refused, run_out};
use crate::postgres::Postgres;

/// What the fourth migration and the fifth made, taken back.
const BACK: &str =
    "DROP TABLE requests, heartbeats, shown, shards, members, freezes; DROP SEQUENCE member_epochs; DROP INDEX messages_delivered;
     DELETE FROM lightsout_schema WHERE version >= 4";
/// That version's statements.
const TAKE: &str = "INSERT INTO leases (name, holder, epoch, expires_at)
     VALUES ('fleet', 'old', 1, clock_timestamp() + interval '15 seconds')
     ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, epoch = leases.epoch + 1, expires_at = excluded.expires_at
     WHERE leases.expires_at <= clock_timestamp() RETURNING epoch";
const RENEW: &str = "UPDATE leases SET expires_at = clock_timestamp() + interval '15 seconds'
     WHERE name = 'fleet' AND holder = 'old' AND epoch = 1";
const STANDS: &str = "SELECT epoch FROM leases
     WHERE name = 'fleet' AND holder = 'old' AND epoch = 1 AND expires_at > clock_timestamp() FOR SHARE";

/// A database of that version.
async fn of_before(postgres: &Postgres) -> String {
    let name = postgres.database().await;
    Store::connect(&postgres.server(&name)).await.unwrap().close().await;
    postgres.ask(&name, BACK).await.unwrap();
    postgres.ask(&name, include_str!("../../src/store/migrations/postgres/0002_leases.sql")).await.unwrap();
    name
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_acted_before_the_upgrade_keeps_the_fleet_until_its_lease_is_over_and_writes_no_more() {
    let Some(postgres) = Postgres::start() else { return };
    let name = of_before(&postgres).await;
    for statement in [TAKE, RENEW, STANDS] {
        postgres.ask(&name, statement).await.unwrap();
    }
    // a request of it may still be on its way
    let server = postgres.server(&name);
    let (new, lease) = member(&server, "new").await;
    let all = Shard::all().collect();
    assert!(lease.take(&all).await.unwrap().is_empty());
    assert_eq!(lease.take_all().await.unwrap().as_deref(), Some("old"));
    for statement in [TAKE, RENEW, STANDS] {
        let said = postgres.ask(&name, statement).await.unwrap_err().to_string();
        assert!(said.contains("\"leases\" does not exist"), "{said}");
    }
    run_out(&postgres, &name, "old").await;
    assert_eq!(lease.take(&all).await.unwrap(), all);
    assert_eq!(lease.renew(NOW).await.unwrap().unwrap().members, ["new".to_owned()].into());
    lease.leave().await.unwrap();
    assert!(refused(&new).await.contains("is no member"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_lease_that_was_over_everything_is_free() {
    let Some(postgres) = Postgres::start() else { return };
    let name = of_before(&postgres).await;
    postgres.ask(&name, TAKE).await.unwrap();
    postgres.ask(&name, "UPDATE leases SET expires_at = clock_timestamp()").await.unwrap();
    let (_store, lease) = member(&postgres.server(&name), "new").await;
    assert_eq!(lease.take(&Shard::all().collect()).await.unwrap().len(), 64);
    let name = of_before(&postgres).await;
    let (_store, lease) = member(&postgres.server(&name), "new").await;
    assert_eq!(lease.take_all().await.unwrap(), None, "and where nobody ever had one");
}

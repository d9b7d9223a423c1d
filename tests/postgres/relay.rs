//! What replicas ask of each other by way of the server, and what none of them writes about a workspace of another.

use std::collections::BTreeMap;

use lightsout::facts::Shard;
use lightsout::ports::{FaultKind, Journal as _};

use crate::journal_samples::{at, born, hold, hours, id, intent, running};
use crate::lease::{member, refused, run_out, shards};
use crate::postgres::Postgres;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn l3_stops_and_holds_are_written_by_whoever_decides_about_the_workspace() {
    let Some(postgres) = Postgres::start() else { return };
    let name = postgres.database().await;
    let server = postgres.server(&name);
    let ((a, lease_a), (b, lease_b)) = (member(&server, "a").await, member(&server, "b").await);
    let its = [Shard::of(id("ci-a").workspace())].into();
    assert_eq!(lease_a.take(&its).await.unwrap(), its);
    a.record(&running("ci-a", born(), at(0))).await.unwrap();
    assert!(refused(&b).await.contains("does not decide about that workspace"));
    let until = at(0).checked_add(hours(2)).unwrap();
    let held = b.hold(&hold("h1", "ci-a", born(), at(1), until)).await.unwrap_err();
    assert!(held.words().contains("does not decide about that workspace"), "{}", held.words());
    a.hold(&hold("h1", "ci-a", born(), at(1), until)).await.unwrap();
    a.intend(&intent("i1", "ci-a", born(), "k1", at(2))).await.unwrap();
    // handed over, the one before has no say any more
    lease_a.give(&its).await.unwrap();
    assert!(refused(&a).await.contains("does not decide about that workspace"));
    assert_eq!(lease_b.take(&its).await.unwrap(), its);
    // and the other one knows what the first began
    let again = b.intend(&intent("i2", "ci-a", born(), "k2", at(3))).await.unwrap_err();
    assert_eq!(again.kind, FaultKind::Conflict);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_taken_up_once_soon_or_not_at_all() {
    let Some(postgres) = Postgres::start() else { return };
    let name = postgres.database().await;
    let server = postgres.server(&name);
    let ((_a, lease_a), (_b, lease_b)) = (member(&server, "a").await, member(&server, "b").await);
    assert!(lease_a.ask("r0", "nobody", "{}").await.is_err(), "who is no member is asked nothing");
    lease_a.ask("r1", "b", "hold").await.unwrap();
    assert_eq!(lease_a.answer_to("r1").await.unwrap(), None);
    assert!(lease_a.asked().await.unwrap().is_empty(), "it is for another one");
    let taken = lease_b.asked().await.unwrap();
    assert_eq!(taken.iter().map(|one| (one.id.as_str(), one.body.as_str())).collect::<Vec<_>>(), [("r1", "hold")]);
    assert!(lease_b.asked().await.unwrap().is_empty(), "once");
    assert!(!lease_a.take_back("r1").await.unwrap(), "it is being done");
    lease_b.answer("r1", "done").await.unwrap();
    assert_eq!(lease_a.answer_to("r1").await.unwrap().as_deref(), Some("done"));
    // taken back, nobody takes it up
    lease_a.ask("r2", "b", "hold").await.unwrap();
    assert!(lease_a.take_back("r2").await.unwrap());
    assert!(lease_b.asked().await.unwrap().is_empty());
    // too old, it is not taken up, since whoever asked has been told so
    lease_a.ask("r3", "b", "stop").await.unwrap();
    postgres.ask(&name, "UPDATE requests SET asked_at = asked_at - interval '21 seconds'").await.unwrap();
    assert!(lease_b.asked().await.unwrap().is_empty());
    // who has no lease takes nothing up, and whoever asked finds the request gone with the member
    lease_a.ask("r4", "b", "stop").await.unwrap();
    run_out(&postgres, &name, "b").await;
    assert!(lease_b.asked().await.is_err());
    lease_b.leave().await.unwrap();
    assert!(lease_a.answer_to("r4").await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heartbeats_reach_whoever_has_the_shard() {
    let Some(postgres) = Postgres::start() else { return };
    let name = postgres.database().await;
    let server = postgres.server(&name);
    let ((_a, lease_a), (_b, lease_b)) = (member(&server, "a").await, member(&server, "b").await);
    let its = [Shard::of(id("ci-a").workspace())].into();
    let other = shards((0..64).filter(|number| *number != Shard::of(id("ci-a").workspace()).number()));
    let beat = |body: &str| BTreeMap::from([(id("ci-a"), body.to_owned())]);
    lease_a.lay_down(&beat("first")).await.unwrap();
    assert_eq!(lease_b.laid_down(&other, 0).await.unwrap().0, Vec::<String>::new());
    let (bodies, until) = lease_b.laid_down(&its, 0).await.unwrap();
    assert_eq!(bodies, ["first"]);
    assert!(lease_b.laid_down(&its, until + 1).await.unwrap().0.is_empty());
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    lease_a.lay_down(&beat("second")).await.unwrap();
    assert_eq!(lease_b.laid_down(&its, until).await.unwrap().0, ["second"], "the newest of each");
    assert_eq!(lease_b.laid_down(&shards([]), 0).await.unwrap().0, Vec::<String>::new());
}

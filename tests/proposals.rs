//! The book of proposals: what is written comes back, one is open at a time, and nothing happens to one that has ended.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use lightsout::facts::{Proposal, ProposalEvent, ProposalStep, VoidGround};
use lightsout::ports::{FaultKind, ProposalBook as _};
use lightsout::store::Store;
use lightsout::units::{InstanceId, PolicyId, Span, When};

const ID: &str =
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/ci-a";

fn at(days: i64) -> Timestamp {
    let start: Timestamp = "2026-02-01T08:00:00Z".parse().unwrap();
    start.checked_add(SignedDuration::from_hours(24 * days)).unwrap()
}

fn proposal(id: &str, day: i64) -> Proposal {
    Proposal {
        id: id.to_owned(),
        instance: InstanceId::parse(ID).unwrap(),
        created: When::at(at(-100)),
        owner: Some("ana@example.com".to_owned()),
        policy: PolicyId::new("tidy"),
        revision: Arc::from("r1"),
        off_since: at(day - 30),
        automatic: false,
        ladder: vec![Span::hours(14 * 24), Span::hours(24)],
        made_at: at(day),
        due_at: at(day + 14),
        steps: Vec::new(),
        confirmed: None,
        failed: None,
        end: None,
    }
}

fn event(id: &str, day: i64, what: ProposalStep) -> ProposalEvent {
    ProposalEvent { proposal: id.to_owned(), at: at(day), who: "ana".to_owned(), what }
}

fn kept(until: Option<i64>, link: Option<&str>) -> ProposalStep {
    ProposalStep::Kept { until: until.map(at), why: "thesis".to_owned(), link: link.map(Into::into) }
}

async fn open(dir: &Path) -> Store {
    Store::open(dir).await.unwrap()
}

/// Whatever was written, as it would be folded by hand.
fn folded(mut made: Proposal, events: &[ProposalEvent]) -> Proposal {
    events.iter().for_each(|event| made.apply(event));
    made
}

#[tokio::test]
async fn a_proposal_comes_back_with_everything_that_happened_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let lead = Span::hours(14 * 24);
    let events = [
        event("p1", 0, ProposalStep::Told { lead, day: at(14) }),
        event("p1", 1, ProposalStep::Delivered { lead }),
        event("p1", 2, ProposalStep::Confirmed { why: "old".to_owned(), not_before: at(3) }),
        event("p1", 2, ProposalStep::Withdrawn { why: "no".to_owned() }),
        event("p1", 4, ProposalStep::Confirmed { why: "yes".to_owned(), not_before: at(5) }),
        event("p1", 6, ProposalStep::Failed { operation: "o1".to_owned(), words: "a lock".to_owned() }),
    ];
    {
        let store = open(dir.path()).await;
        store.propose(&proposal("p1", 0)).await.unwrap();
        for event in &events {
            store.note_proposal(event).await.unwrap();
        }
    }
    let store = open(dir.path()).await;
    let wanted = folded(proposal("p1", 0), &events);
    assert!(wanted.confirmed.is_none() && wanted.failed.is_some() && wanted.steps.len() == 1);
    assert_eq!(store.proposals(at(400)).await.unwrap(), [wanted], "what is open is never forgotten");
}

#[tokio::test]
async fn one_is_open_at_a_time_and_what_has_ended_has_ended() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    store.propose(&proposal("p1", 0)).await.unwrap();
    assert_eq!(store.propose(&proposal("p2", 1)).await.unwrap_err().kind, FaultKind::Conflict);
    let void = ProposalStep::Void { ground: VoidGround::Started, words: "Azure says Running".to_owned() };
    store.note_proposal(&event("p1", 2, void.clone())).await.unwrap();
    for what in [void, kept(None, None), ProposalStep::Confirmed { why: String::new(), not_before: at(9) }] {
        let refused = store.note_proposal(&event("p1", 3, what)).await.unwrap_err();
        assert_eq!(refused.kind, FaultKind::Conflict);
    }
    let nothing = store.note_proposal(&event("none", 3, kept(None, None))).await.unwrap_err();
    assert_eq!(nothing.kind, FaultKind::Conflict);
    store.propose(&proposal("p2", 4)).await.unwrap();
    assert_eq!(store.proposals(at(3)).await.unwrap().len(), 1, "what ended before is left out");
    assert_eq!(store.proposals(at(1)).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_keep_can_be_changed_and_its_link_is_used_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    store.propose(&proposal("p1", 0)).await.unwrap();
    store.note_proposal(&event("p1", 1, kept(Some(20), Some("jti")))).await.unwrap();
    assert_eq!(store.proposals(at(19)).await.unwrap().len(), 1, "kept until then");
    assert!(store.proposals(at(21)).await.unwrap().is_empty());
    store.note_proposal(&event("p1", 2, kept(None, None))).await.unwrap();
    let found = store.proposals(at(3_000)).await.unwrap();
    assert_eq!(found.first().and_then(|one| one.kept_at(at(3_000))), Some((None, "ana")), "for good");
    store.note_proposal(&event("p1", 3, kept(Some(5), None))).await.unwrap();
    store.propose(&proposal("p2", 6)).await.unwrap();
    let again = store.note_proposal(&event("p2", 7, kept(None, Some("jti")))).await.unwrap_err();
    assert_eq!(again.kind, FaultKind::Conflict);
    let open = store.proposals(at(7)).await.unwrap();
    assert!(open.iter().any(|one| one.id == "p2" && one.is_open()), "a link that was used changed nothing");
}

#[tokio::test]
async fn no_row_is_changed_or_deleted() {
    use sqlx::Connection as _;
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    store.propose(&proposal("p1", 0)).await.unwrap();
    store.note_proposal(&event("p1", 1, kept(None, None))).await.unwrap();
    drop(store);
    let found = std::fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().path());
    let database = found.into_iter().find(|path| path.extension().is_some_and(|end| end == "db")).unwrap();
    let mut writer = sqlx::SqliteConnection::connect(&format!("sqlite:{}", database.display())).await.unwrap();
    for sql in [
        "DELETE FROM proposals",
        "DELETE FROM proposal_events",
        "UPDATE proposals SET body = '{}'",
        "UPDATE proposal_events SET body = '{}'",
    ] {
        assert!(sqlx::query(sql).execute(&mut writer).await.is_err(), "{sql}");
    }
}

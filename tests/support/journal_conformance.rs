//! What every journal must do, written once against the port; each store runs it with its own bench.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests: a panic is the failure")]
#![expect(clippy::cognitive_complexity, reason = "a scenario is told in one piece; every assertion counts as a branch")]

use std::future::Future;
use std::sync::Arc;

use jiff::Timestamp;
use lightsout::facts::{Created, History, Hold, MadeHold, NoticeState, Operation, PowerState, StopResult};
use lightsout::ports::{AuditLine, FaultKind, Intent, Journal, Message, Recall, SweepRecord};
use lightsout::units::PolicyId;

use crate::journal_samples::{
    at, born, decision, facts, hold, hours, id, intent, kind, operated, running, sighting, sweep_of, upper, warning,
};

#[path = "journal_marks.rs"]
mod marks;
pub(crate) use marks::*;

/// A place where one journal lives and can be opened again.
pub(crate) trait Bench: Send + Sync {
    /// The journal.
    type Journal: Journal + 'static;
    /// Opens it, for the first time or again.
    fn open(&self) -> impl Future<Output = Self::Journal> + Send;
}

async fn recall(journal: &impl Journal, when: Timestamp) -> Recall {
    journal.recall(when).await.unwrap()
}

fn history<'a>(recall: &'a Recall, name: &str) -> &'a History {
    &recall.instances[&id(name)].history
}

/// What two recalls must have in common to be the same.
pub(crate) fn same(a: &Recall, b: &Recall) {
    assert_eq!(a.instances, b.instances);
    assert_eq!(a.open, b.open);
    assert_eq!(a.evaluated, b.evaluated);
    assert_eq!(a.revisions, b.revisions);
    assert_eq!(a.holds, b.holds);
}

/// Closes without a word and opens again: what is recalled must not change (I9).
async fn again<B: Bench>(bench: &B, journal: B::Journal, when: Timestamp) -> B::Journal {
    let before = recall(&journal, when).await;
    drop(journal);
    let journal = bench.open().await;
    same(&before, &recall(&journal, when).await);
    journal
}

pub(crate) async fn an_empty_journal_recalls_nothing<B: Bench>(bench: &B) {
    let journal = bench.open().await;
    same(&recall(&journal, at(0)).await, &Recall::default());
    assert!(due(&journal, at(0), 10).await.is_empty());
    assert!(journal.decision(&id("ci-a"), at(0)).await.unwrap().is_none());
    journal.record(&SweepRecord::default()).await.unwrap();
    again(bench, journal, at(0)).await;
}

pub(crate) async fn instances_come_back_as_they_were_seen<B: Bench>(bench: &B) {
    let journal = bench.open().await;
    let first =
        operated(facts("ci-a", born(), PowerState::Changing(Arc::from("Starting")), at(0)), Operation::Start, at(-60));
    let seen = sighting(first.clone(), None);
    journal.record(&sweep_of(vec![seen.clone()], at(5))).await.unwrap();
    let journal = again(bench, journal, at(10)).await;
    let found = recall(&journal, at(10)).await;
    let remembered = &found.instances[&upper(&id("ci-a"))];
    assert_eq!(remembered.facts, first);
    assert_eq!(remembered.facts.id.to_string(), id("ci-a").to_string(), "spelling is kept");
    assert_eq!(remembered.history, seen.history);
    assert_eq!(remembered.last_seen, at(5));
    // the same instance in another case is no second one (fault 26); its workspace read again moves last_seen forward only
    let mut second = sighting(facts("ci-a", born(), PowerState::Stopped, at(300)), Some(first.state));
    let shouted = upper(&second.facts.id);
    Arc::make_mut(&mut second.facts).id = shouted;
    second.history.on_since = Created::NONE;
    journal.record(&sweep_of(vec![second.clone()], at(300))).await.unwrap();
    journal
        .record(&SweepRecord {
            at: Some(at(100)),
            seen: vec![(id("ci-a").workspace().clone(), at(100))],
            ..SweepRecord::default()
        })
        .await
        .unwrap();
    let found = recall(&again(bench, journal, at(301)).await, at(301)).await;
    assert_eq!(found.instances.len(), 1);
    let remembered = &found.instances[&id("ci-a")];
    assert_eq!((&remembered.facts.state, remembered.last_seen), (&PowerState::Stopped, at(300)));
    assert_eq!(remembered.history, second.history);
}

pub(crate) async fn what_is_gone_is_not_recalled_until_it_is_seen_again<B: Bench>(bench: &B) {
    let journal = bench.open().await;
    journal.record(&running("ci-a", born(), at(0))).await.unwrap();
    journal
        .record(&SweepRecord {
            at: Some(at(600)),
            gone: vec![(upper(&id("ci-a")), at(300)), (id("never-seen"), at(300))],
            ..SweepRecord::default()
        })
        .await
        .unwrap();
    let journal = again(bench, journal, at(601)).await;
    assert!(recall(&journal, at(601)).await.instances.is_empty());
    journal.record(&running("ci-a", born(), at(900))).await.unwrap();
    assert_eq!(recall(&again(bench, journal, at(901)).await, at(901)).await.instances.len(), 1);
}

pub(crate) async fn a_name_used_again_inherits_nothing<B: Bench>(bench: &B) {
    let journal = bench.open().await;
    journal.record(&running("ci-a", born(), at(0))).await.unwrap();
    journal.hold(&hold("h1", "ci-a", born(), at(1), at(90_000))).await.unwrap();
    journal.intend(&intent("i1", "ci-a", born(), "k1", at(2))).await.unwrap();
    journal.settle("i1", &StopResult::Stopped, at(3)).await.unwrap();
    let told = SweepRecord {
        at: Some(at(4)),
        messages: vec![warning("ci-a", born(), "k1", at(500), at(4))],
        ..SweepRecord::default()
    };
    journal.record(&told).await.unwrap();
    let found = recall(&journal, at(5)).await;
    let old = history(&found, "ci-a");
    assert_eq!((old.holds.len(), old.stops.len(), old.notices.len()), (1, 1, 1));
    // fault 28
    let reborn = Created::at(at(100));
    journal.record(&running("ci-a", reborn, at(200))).await.unwrap();
    let journal = again(bench, journal, at(201)).await;
    let found = recall(&journal, at(201)).await;
    let new = history(&found, "ci-a");
    assert_eq!((new.holds.len(), new.stops.len(), new.notices.len()), (0, 0, 0));
    journal.intend(&intent("i2", "ci-a", reborn, "k1", at(202))).await.unwrap();
}

pub(crate) async fn a_hold_stands_where_nobody_knows_the_life<B: Bench>(bench: &B) {
    let journal = bench.open().await;
    journal.record(&running("ci-a", Created::NONE, at(0))).await.unwrap();
    journal.hold(&hold("h1", "ci-a", Created::NONE, at(1), at(9000))).await.unwrap();
    journal.record(&running("ci-a", born(), at(200))).await.unwrap();
    let journal = again(bench, journal, at(201)).await;
    assert_eq!(
        history(&recall(&journal, at(201)).await, "ci-a").holds.len(),
        1,
        "G13: a hold is never lost to a missing createdOn"
    );
}

pub(crate) async fn one_open_stop_an_instance_and_one_stop_a_reason<B: Bench>(bench: &B) {
    let journal = bench.open().await;
    journal.intend(&intent("i1", "ci-a", born(), "k1", at(0))).await.unwrap();
    let mut other_case = intent("i2", "ci-a", born(), "k2", at(1));
    other_case.step.instance = upper(&other_case.step.instance);
    assert_eq!(kind(journal.intend(&other_case).await), FaultKind::Conflict, "L6: one open stop an instance");
    assert_eq!(
        kind(journal.intend(&intent("i2", "ci-a", at(1).into(), "k9", at(1))).await),
        FaultKind::Conflict,
        "L6: of any life"
    );
    assert_eq!(
        kind(journal.intend(&intent("i1", "ci-b", born(), "k1", at(1))).await),
        FaultKind::Conflict,
        "an id is used once"
    );
    journal.intend(&intent("i3", "ci-b", born(), "k1", at(1))).await.unwrap();
    let mut journal = again(bench, journal, at(2)).await;
    journal.settle("i1", &StopResult::Dropped("unsent".to_owned()), at(2)).await.unwrap();
    for (n, result) in
        [StopResult::Failed("conflict".to_owned()), StopResult::Dropped(String::new())].into_iter().enumerate()
    {
        let name = format!("again-{n}");
        journal.intend(&Intent { attempt: 2, ..intent(&name, "ci-a", born(), "k1", at(3)) }).await.unwrap();
        journal.settle(&name, &result, at(4)).await.unwrap();
    }
    for (n, result) in [StopResult::Stopped, StopResult::StartedAgain].into_iter().enumerate() {
        let (name, key) = (format!("done-{n}"), format!("key-{n}"));
        journal.intend(&intent(&name, "ci-a", born(), &key, at(5))).await.unwrap();
        journal.settle(&name, &result, at(6)).await.unwrap();
        journal = again(bench, journal, at(7)).await;
        assert_eq!(
            kind(journal.intend(&intent("more", "ci-a", born(), &key, at(8))).await),
            FaultKind::Conflict,
            "I4: {result:?}"
        );
    }
    assert_eq!(recall(&journal, at(9)).await.open.len(), 1, "only ci-b's");
}

pub(crate) async fn racing_intents_leave_one<B: Bench>(bench: &B) {
    let journal = Arc::new(bench.open().await);
    let mut tasks = Vec::new();
    for n in 0..8 {
        let journal = journal.clone();
        tasks.push(tokio::spawn(async move {
            journal.intend(&intent(&format!("i{n}"), "ci-a", born(), &format!("k{n}"), at(n))).await.is_ok()
        }));
    }
    let mut won = 0;
    for task in tasks {
        won += i32::from(task.await.unwrap());
    }
    assert_eq!(won, 1, "L6");
    assert_eq!(recall(&*journal, at(9)).await.open.len(), 1);
}

pub(crate) async fn a_stop_goes_from_intended_to_sent_to_its_end<B: Bench>(bench: &B) {
    let journal = bench.open().await;
    journal.record(&running("ci-a", born(), at(0))).await.unwrap();
    journal.intend(&intent("i1", "ci-a", born(), "k1", at(10))).await.unwrap();
    let journal = again(bench, journal, at(11)).await;
    let found = recall(&journal, at(11)).await;
    let open = &found.open[0];
    assert_eq!(
        (open.id.as_str(), &open.instance, open.created, open.sent_at, open.intended_at),
        ("i1", &id("ci-a"), born(), None, at(10)),
        "L5: never sent, perhaps"
    );
    assert_eq!((open.policy.as_str(), open.ground.as_str(), &*open.key.0), ("Nightly", "off_hours", "k1"));
    assert_eq!(history(&found, "ci-a").open.as_ref().unwrap().id, "i1");
    journal.sent("i1", at(12)).await.unwrap();
    journal.sent("i1", at(99)).await.unwrap();
    let journal = again(bench, journal, at(13)).await;
    assert_eq!(recall(&journal, at(13)).await.open[0].sent_at, Some(at(12)), "the first word stands");
    journal.settle("i1", &StopResult::Stopped, at(14)).await.unwrap();
    journal.settle("i1", &StopResult::Stopped, at(15)).await.unwrap();
    assert_eq!(kind(journal.settle("i1", &StopResult::Gone, at(16)).await), FaultKind::Conflict, "an end stands");
    assert_eq!(kind(journal.sent("i1", at(17)).await), FaultKind::Storage, "it is not open");
    assert_eq!(kind(journal.sent("nobody", at(17)).await), FaultKind::Storage);
    assert_eq!(kind(journal.settle("nobody", &StopResult::Gone, at(17)).await), FaultKind::Storage);
    let found = recall(&again(bench, journal, at(18)).await, at(18)).await;
    assert!(found.open.is_empty());
    let stop = &history(&found, "ci-a").stops[0];
    assert_eq!((stop.asked_at, stop.ended_at, &stop.result), (at(10), at(14), &StopResult::Stopped));
    assert!(history(&found, "ci-a").open.is_none());
}

pub(crate) async fn a_clock_that_went_back_ends_nothing_before_it_began<B: Bench>(bench: &B) {
    let journal = bench.open().await;
    journal.record(&running("ci-a", born(), at(0))).await.unwrap();
    journal.intend(&intent("i1", "ci-a", born(), "k1", at(100))).await.unwrap();
    journal.sent("i1", at(50)).await.unwrap();
    assert_eq!(recall(&journal, at(100)).await.open[0].sent_at, Some(at(100)));
    journal.settle("i1", &StopResult::Failed("disk_full".to_owned()), at(50)).await.unwrap();
    let found = recall(&journal, at(100)).await;
    let stop = &history(&found, "ci-a").stops[0];
    assert_eq!((stop.ended_at, &stop.result), (at(100), &StopResult::Failed("disk_full".to_owned())), "S12");
}

pub(crate) async fn a_sweep_is_written_whole_or_not_at_all<B: Bench>(bench: &B) {
    let journal = bench.open().await;
    journal.intend(&intent("i1", "ci-a", born(), "k1", at(0))).await.unwrap();
    let mut record = running("ci-a", born(), at(10));
    record.settled = vec![("i1".to_owned(), StopResult::Stopped), ("unknown".to_owned(), StopResult::Gone)];
    record.messages = vec![warning("ci-a", born(), "k1", at(500), at(10))];
    record.evaluated = vec![PolicyId::new("Nightly")];
    record.at = None;
    assert_eq!(kind(journal.record(&record).await), FaultKind::Storage, "a sweep that settles has a time");
    let journal = again(bench, journal, at(11)).await;
    let found = recall(&journal, at(11)).await;
    assert_eq!(
        (found.instances.len(), found.open.len(), found.evaluated.len()),
        (0, 1, 0),
        "L8: nothing of it is there"
    );
    assert!(due(&journal, at(11), 9).await.is_empty());
    record.at = Some(at(10));
    journal.record(&record).await.unwrap();
    record.settled = vec![("i1".to_owned(), StopResult::Gone)];
    journal.record(&record).await.unwrap();
    let journal = again(bench, journal, at(11)).await;
    let found = recall(&journal, at(11)).await;
    assert_eq!((found.instances.len(), found.open.len(), found.evaluated.len()), (1, 0, 1));
    assert_eq!(history(&found, "ci-a").stops[0].result, StopResult::Stopped, "the first end stands");
    assert_eq!(due(&journal, at(11), 9).await.len(), 1);
}

pub(crate) async fn the_outbox_keeps_a_message_until_it_is_confirmed<B: Bench>(bench: &B) {
    let journal = bench.open().await;
    let [one, two, three] = [1, 2, 3].map(|n| warning("ci-a", born(), &format!("k{n}"), at(900), at(n)));
    let mut record = running("ci-a", born(), at(0));
    record.messages = vec![three.clone(), one.clone(), two.clone()];
    journal.record(&record).await.unwrap();
    let journal = again(bench, journal, at(5)).await;
    assert!(due(&journal, at(0), 9).await.is_empty(), "none before it was written");
    assert_eq!(due(&journal, at(5), 2).await, [one.clone(), two.clone()], "oldest first, at most so many");
    journal.undelivered(&one.id, "503", Some(at(60))).await.unwrap();
    journal.undelivered(&two.id, "410", None).await.unwrap();
    journal.delivered(&three.id, at(7)).await.unwrap();
    journal.undelivered(&three.id, "late", Some(at(8))).await.unwrap();
    let journal = again(bench, journal, at(9)).await;
    assert!(due(&journal, at(59), 9).await.is_empty());
    assert_eq!(due(&journal, at(60), 9).await, [Message { attempts: 1, ..one.clone() }], "fault 42");
    // the same message again changes nothing: neither tries nor what was delivered
    record.messages = vec![Message { words: "other".to_owned(), ..one.clone() }, two.clone(), three.clone()];
    journal.record(&record).await.unwrap();
    assert_eq!(due(&journal, at(60), 9).await, [Message { attempts: 1, ..one.clone() }]);
    let found = recall(&journal, at(61)).await;
    let states: Vec<_> =
        history(&found, "ci-a").notices.iter().map(|n| (n.key.clone(), n.recorded_at, n.state)).collect();
    let key = |message: &Message| message.notice.clone().unwrap();
    assert_eq!(
        states,
        [
            (key(&one), at(1), NoticeState::Recorded),
            (key(&two), at(2), NoticeState::Recorded),
            (key(&three), at(3), NoticeState::Delivered { at: at(7) })
        ]
    );
    assert_eq!(kind(journal.delivered("nobody", at(8)).await), FaultKind::Storage);
    assert_eq!(kind(journal.undelivered("nobody", "x", None).await), FaultKind::Storage);
}

/// A hold may be made before anything of its instance is recorded; it must not be forgotten meanwhile (G13).
pub(crate) async fn a_hold_waits_for_its_instance<B: Bench>(bench: &B) {
    let journal = bench.open().await;
    let early = hold("h-1", "ci-a", born(), at(0), at(7_200));
    journal.hold(&early).await.unwrap();
    let journal = again(bench, journal, at(1)).await;
    assert_eq!(recall(&journal, at(1)).await.holds, vec![early.clone()]);
    journal.record(&running("ci-a", born(), at(5))).await.unwrap();
    let found = recall(&journal, at(6)).await;
    assert_eq!((history(&found, "ci-a").holds.to_vec(), found.holds), (vec![early.clone()], Vec::new()));
    // gone from two lists, and perhaps back (fault 27)
    let gone = SweepRecord { at: Some(at(9)), gone: vec![(id("ci-a"), at(8))], ..SweepRecord::default() };
    journal.record(&gone).await.unwrap();
    let journal = again(bench, journal, at(10)).await;
    let found = recall(&journal, at(10)).await;
    assert_eq!((found.instances.len(), found.holds), (0, vec![early]));
}

pub(crate) async fn holds_last_until_they_end_or_are_lifted<B: Bench>(bench: &B) {
    let journal = bench.open().await;
    journal.record(&running("ci-a", born(), at(0))).await.unwrap();
    journal.hold(&hold("h1", "ci-a", born(), at(10), at(100))).await.unwrap();
    let linked = Hold { link: Some("l".into()), ..hold("h2", "ci-a", born(), at(20), at(9000)) };
    journal.hold(&linked).await.unwrap();
    for twice in [Hold { link: None, ..linked.clone() }, Hold { id: "h3".to_owned(), ..linked.clone() }] {
        assert_eq!(kind(journal.hold(&twice).await), FaultKind::Conflict, "an id, and a link, makes one hold");
    }
    let journal = again(bench, journal, at(30)).await;
    let found = recall(&journal, at(30)).await;
    assert_eq!(history(&found, "ci-a").holds, [hold("h1", "ci-a", born(), at(10), at(100)), linked.clone()]);
    assert!(!journal.lift("h1", "bob", at(100)).await.unwrap(), "it ended by itself");
    assert!(!journal.lift("nobody", "bob", at(100)).await.unwrap());
    assert!(journal.lift("h2", "bob", at(200)).await.unwrap());
    assert!(!journal.lift("h2", "bob", at(201)).await.unwrap());
    let journal = again(bench, journal, at(300)).await;
    let found = recall(&journal, at(300)).await;
    assert_eq!((history(&found, "ci-a").hold_at(at(300)), history(&found, "ci-a").held_until()), (None, Some(at(200))));
    let made = |since: i64| journal.made_holds(at(since));
    let ends = |made: &[MadeHold]| made.iter().map(|one| one.ends_at).collect::<Vec<_>>();
    assert_eq!(ends(&made(10).await.unwrap()), [at(100), at(200)], "lifted ones too");
    assert_eq!(made(11).await.unwrap()[1].hold, linked, "as it was made: price, payer and link");
}

pub(crate) async fn what_is_long_past_is_not_recalled<B: Bench>(bench: &B) {
    let journal = bench.open().await;
    let mut record = running("ci-a", born(), at(0));
    record.messages = vec![warning("ci-a", born(), "k1", at(100), at(0))];
    journal.record(&record).await.unwrap();
    journal.hold(&hold("h1", "ci-a", born(), at(0), at(100))).await.unwrap();
    journal.intend(&intent("i1", "ci-a", born(), "k1", at(0))).await.unwrap();
    journal.settle("i1", &StopResult::Stopped, at(100)).await.unwrap();
    let counts = |found: &Recall| {
        let history = history(found, "ci-a");
        (history.holds.len(), history.notices.len(), history.stops.len())
    };
    assert_eq!(
        counts(&recall(&journal, at(101) + hours(36)).await),
        (1, 1, 1),
        "S12: a clock that is ahead forgets nothing"
    );
    for (now, wanted) in
        [(at(100) + hours(24), (1, 1, 1)), (at(101) + hours(24), (0, 1, 1)), (at(101) + hours(36), (0, 0, 0))]
    {
        journal.record(&read_again("ci-a", now)).await.unwrap();
        assert_eq!(counts(&recall(&journal, now).await), wanted, "{now}");
    }
    assert_eq!(
        kind(journal.intend(&intent("i2", "ci-a", born(), "k1", at(0) + hours(10_000))).await),
        FaultKind::Conflict,
        "S2: a key is spent for ever"
    );
}

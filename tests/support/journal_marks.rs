//! What every journal must do with marks, decisions, audit lines, and a first sweep of a large fleet.

use lightsout::ports::Lane;

use super::*;
use crate::journal_samples::EVERY;

#[path = "journal_operations.rs"]
mod operations;
pub(crate) use operations::*;

/// What is due on whatever channel.
pub(crate) async fn due(journal: &impl Journal, now: Timestamp, most: u32) -> Vec<Message> {
    journal.outbox(EVERY, now, most).await.unwrap()
}

/// The workspace is read again, and nothing changed.
pub(crate) fn read_again(name: &str, now: Timestamp) -> SweepRecord {
    SweepRecord { at: Some(now), seen: vec![(id(name).workspace().clone(), now)], ..SweepRecord::default() }
}

/// What keeps an absence and a freeze from being forgotten by those who sweep once and end.
pub(crate) async fn absence_and_freeze_outlast_a_process<B: Bench>(bench: &B) {
    let journal = bench.open().await;
    journal.record(&running("ci-a", born(), at(0))).await.unwrap();
    assert_eq!(recall(&journal, at(0)).await.frozen, None);
    let absent = |found: &Recall| found.instances.get(&id("ci-a")).unwrap().absent;
    assert!(!absent(&recall(&journal, at(0)).await));
    let frozen = Some((at(10), at(60)));
    let missing = SweepRecord { absent: vec![id("ci-a")], frozen, ..read_again("ci-a", at(60)) };
    journal.record(&missing).await.unwrap();
    let found = recall(&journal, at(61)).await;
    assert!(absent(&found), "fault 27: missing once, and known to be");
    assert_eq!(found.frozen, frozen);
    journal.record(&read_again("ci-a", at(120))).await.unwrap();
    let found = recall(&journal, at(121)).await;
    assert!(!absent(&found), "it was there again");
    assert_eq!(found.frozen, frozen, "the freeze that was, until the next one");
    let timeless = SweepRecord { at: None, ..missing };
    assert_eq!(kind(journal.record(&timeless).await), FaultKind::Storage);
}

pub(crate) async fn evaluation_never_goes_back<B: Bench>(bench: &B) {
    let journal = bench.open().await;
    for (when, policies) in [(100, vec!["Nightly", "weekend"]), (50, vec!["nightly"]), (200, vec!["weekend"])] {
        let evaluated = policies.into_iter().map(PolicyId::new).collect();
        journal.record(&SweepRecord { at: Some(at(when)), evaluated, ..SweepRecord::default() }).await.unwrap();
    }
    let found = recall(&again(bench, journal, at(300)).await, at(300)).await;
    let marks: Vec<_> = found.evaluated.iter().map(|(id, when)| (id.clone(), *when)).collect();
    assert_eq!(marks, [(PolicyId::new("nightly"), at(100)), (PolicyId::new("weekend"), at(200))], "S12");
}

pub(crate) async fn a_revision_is_marked_when_it_replaces_another<B: Bench>(bench: &B) {
    let journal = bench.open().await;
    let policy = PolicyId::new("Nightly");
    let first = journal.revision(&policy, "r1", at(1)).await.unwrap();
    assert_eq!((first.since, first.replaced, first.acknowledged), (at(1), false, false), "G19: the first is no canary");
    assert_eq!(journal.revision(&PolicyId::new("NIGHTLY"), "r1", at(2)).await.unwrap(), first);
    let second = journal.revision(&policy, "r2", at(3)).await.unwrap();
    assert_eq!((second.since, second.replaced, second.acknowledged), (at(3), true, false));
    assert!(!journal.acknowledge(&policy, "r1").await.unwrap(), "not the loaded one");
    assert!(!journal.acknowledge(&PolicyId::new("other"), "r2").await.unwrap());
    assert!(journal.acknowledge(&policy, "r2").await.unwrap());
    let journal = again(bench, journal, at(4)).await;
    assert!(journal.revision(&policy, "r2", at(5)).await.unwrap().acknowledged, "kept over a restart");
    let back = journal.revision(&policy, "r1", at(6)).await.unwrap();
    assert_eq!((back.since, back.replaced, back.acknowledged), (at(6), true, false), "going back is a change too");
    let journal = again(bench, journal, at(7)).await;
    let found = recall(&journal, at(7)).await;
    assert_eq!(found.revisions.clone().into_iter().collect::<Vec<_>>(), [(policy, back)]);
    assert_eq!(journal.policy_marks().await.unwrap(), found.revisions, "as it is recalled");
}

pub(crate) async fn the_decision_in_force_is_found<B: Bench>(bench: &B) {
    let journal = bench.open().await;
    let of_a = |when, words: &str| decision("ci-a", at(when), words);
    let row = |when, words: &str| of_a(when, words).row().unwrap();
    let decisions = vec![of_a(10, "keep"), of_a(20, "warn"), of_a(20, "stop"), decision("ci-b", at(15), "other")];
    journal.record(&SweepRecord { decisions, ..SweepRecord::default() }).await.unwrap();
    let journal = again(bench, journal, at(30)).await;
    assert!(journal.decision(&id("ci-a"), at(9)).await.unwrap().is_none());
    assert_eq!(journal.decision(&upper(&id("ci-a")), at(19)).await.unwrap(), Some(row(10, "keep")));
    assert_eq!(
        journal.decision(&id("ci-a"), at(999)).await.unwrap(),
        Some(row(20, "stop")),
        "the later of one instant"
    );
}

/// One notice on two channels is one notice, and delivered when the first of them took it.
pub(crate) async fn a_notice_on_two_channels_is_one<B: Bench>(bench: &B) {
    let journal = bench.open().await;
    let both = warning("ci-a", born(), "k1", at(900), at(1)).for_each_channel(&["smtp", "teams"]);
    let mut record = running("ci-a", born(), at(0));
    record.messages.clone_from(&both);
    journal.record(&record).await.unwrap();
    assert_eq!(due(&journal, at(5), 9).await, both);
    let states = async |journal: &B::Journal, now: Timestamp| {
        let found = recall(journal, now).await;
        history(&found, "ci-a").notices.iter().map(|notice| notice.state).collect::<Vec<_>>()
    };
    assert_eq!(states(&journal, at(6)).await, [NoticeState::Recorded]);
    journal.delivered(&both[1].id, at(8)).await.unwrap();
    journal.undelivered(&both[0].id, "421", Some(at(60))).await.unwrap();
    assert_eq!(states(&journal, at(9)).await, [NoticeState::Delivered { at: at(8) }]);
    assert_eq!(due(&journal, at(60), 9).await.len(), 1, "the other channel is still to take it");
    journal.delivered(&both[0].id, at(61)).await.unwrap();
    let journal = again(bench, journal, at(62)).await;
    assert_eq!(states(&journal, at(62)).await, [NoticeState::Delivered { at: at(8) }]);
}

/// Several replicas learn by it what one of them delivered.
pub(crate) async fn what_arrived_is_told_by_when_it_did<B: Bench>(bench: &B) {
    let journal = bench.open().await;
    let told = [("ci-a", "k1"), ("ci-b", "k2"), ("ci-c", "k3")]
        .map(|(name, key)| warning(name, born(), key, at(900), at(1)).for_each_channel(&["smtp", "teams"]));
    let news = Message { id: "news".to_owned(), notice: None, ..told[0][0].clone() };
    let mut record = running("ci-a", born(), at(0));
    record.messages = told.concat();
    record.messages.push(news.clone());
    journal.record(&record).await.unwrap();
    assert!(journal.arrived(at(0)).await.unwrap().is_empty(), "nothing was delivered yet");
    for (message, when) in [(&told[1][0], 20), (&told[0][0], 10), (&told[0][1], 30), (&news, 25)] {
        journal.delivered(&message.id, at(when)).await.unwrap();
    }
    let journal = again(bench, journal, at(40)).await;
    let arrived = |since| {
        let journal = &journal;
        async move {
            let found = journal.arrived(at(since)).await.unwrap();
            assert!(found.iter().all(|one| one.message.notice.as_ref().unwrap().stop_at == at(900)));
            let name = |one: &lightsout::ports::Arrival| one.message.instance().unwrap().0.name().to_owned();
            found.into_iter().map(|one| (name(&one), one.at)).collect::<Vec<_>>()
        }
    };
    let named =
        |rows: &[(&str, i64)]| rows.iter().map(|(name, when)| ((*name).to_owned(), at(*when))).collect::<Vec<_>>();
    assert_eq!(arrived(0).await, named(&[("ci-a", 10), ("ci-b", 20), ("ci-a", 30)]));
    assert_eq!(arrived(10).await, named(&[("ci-b", 20), ("ci-a", 30)]), "what is known already is not told again");
    assert!(arrived(30).await.is_empty());
}

/// What waits for one channel stands before no other's: each has a lane of its own, and what no channel has one beside.
pub(crate) async fn each_channel_has_its_own_messages<B: Bench>(bench: &B) {
    let journal = bench.open().await;
    let mut record = running("ci-a", born(), at(0));
    let crowd = (0..40).map(|n| warning("ci-a", born(), &format!("k{n}"), at(900), at(n)));
    record.messages = crowd.flat_map(|one| one.for_each_channel(&["smtp"])).collect();
    let alone = warning("ci-a", born(), "k1", at(900), at(50)).for_each_channel(&["teams"]);
    let unclaimed = warning("ci-a", born(), "k2", at(900), at(51));
    record.messages.extend(alone.iter().cloned().chain([unclaimed.clone()]));
    journal.record(&record).await.unwrap();
    let journal = again(bench, journal, at(60)).await;
    assert_eq!(journal.outbox(Lane::On("teams"), at(60), 5).await.unwrap(), alone);
    assert_eq!(journal.outbox(Lane::On("smtp"), at(60), 99).await.unwrap().len(), 40);
    assert_eq!(journal.outbox(Lane::On("slack"), at(60), 9).await.unwrap(), []);
    assert_eq!(journal.outbox(Lane::Beside(&["smtp", "teams"]), at(60), 9).await.unwrap(), [unclaimed]);
    assert_eq!(journal.outbox(Lane::Beside(&["smtp"]), at(60), 9).await.unwrap().len(), 2, "one that is gone");
    assert_eq!(due(&journal, at(60), 99).await.len(), 42);
}

/// What quiet hours hold back is due when they end, and not sooner.
pub(crate) async fn a_message_is_due_when_it_says<B: Bench>(bench: &B) {
    let journal = bench.open().await;
    let mut record = running("ci-a", born(), at(0));
    let held = Message { not_before: Some(at(500)), ..warning("ci-a", born(), "k1", at(900), at(1)) };
    record.messages = vec![held.clone()];
    journal.record(&record).await.unwrap();
    let journal = again(bench, journal, at(60)).await;
    assert_eq!(due(&journal, at(499), 9).await, []);
    assert_eq!(due(&journal, at(500), 9).await, [held]);
}

pub(crate) async fn audit_lines_are_taken<B: Bench>(bench: &B) {
    let journal = bench.open().await;
    for n in 0..3 {
        let line = AuditLine {
            at: at(n),
            who: "ann".to_owned(),
            what: "hold".to_owned(),
            target: "ci-a".to_owned(),
            why: "\"quotes\" and\nlines".to_owned(),
        };
        journal.audit(&line).await.unwrap();
    }
    let timer = |seconds: i64| AuditLine {
        at: at(seconds),
        who: "lightsout".to_owned(),
        what: AuditLine::TIMER.to_owned(),
        target: id("ci-a").to_string(),
        why: "set to 1h, was none: asked".to_owned(),
    };
    for seconds in [5, 6] {
        journal.audit(&timer(seconds)).await.unwrap();
    }
    let journal = again(bench, journal, at(7)).await;
    assert_eq!(
        recall(&journal, at(7)).await.timers,
        [timer(5), timer(6)],
        "those about timers are recalled, oldest first"
    );
    let two_days = 48 * 3_600;
    assert_eq!(recall(&journal, at(two_days + 6)).await.timers, [timer(6)], "those of the last two days");
}

pub(crate) async fn a_first_sweep_of_100_000_is_one_record<B: Bench>(bench: &B) {
    let journal = bench.open().await;
    let sightings =
        (0..100_000).map(|n| sighting(facts(&format!("ci-{n}"), born(), PowerState::Running, at(0)), None)).collect();
    journal.record(&sweep_of(sightings, at(0))).await.unwrap();
    let found = recall(&journal, at(1)).await;
    assert_eq!(found.instances.len(), 100_000);
}

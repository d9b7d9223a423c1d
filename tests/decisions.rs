//! Decisions as properties: of one verdict, of one review, and of whole weeks with random people and faults.

#[path = "decisions/cases.rs"]
mod cases;
#[path = "support/cloud.rs"]
#[expect(dead_code, reason = "what only the scenarios ask of it")]
mod cloud;
#[path = "support/invariants.rs"]
mod invariants;
#[path = "support/memory_journal.rs"]
mod memory_journal;
#[path = "support/policies.rs"]
mod policies;
#[path = "decisions/reviews.rs"]
mod reviews;
#[path = "decisions/shared.rs"]
mod shared;
#[path = "decisions/sparse.rs"]
mod sparse;
#[path = "support/stage.rs"]
mod stage;
#[path = "decisions/storm.rs"]
mod storm;
#[path = "decisions/weeks.rs"]
mod weeks;
#[path = "support/world.rs"]
mod world;

use jiff::SignedDuration;
use lightsout::facts::{Freeze, Hold, PowerState, Reading, Source, Tags, Track, Unknown, Use};
use lightsout::policy::OptOut;
use lightsout::rules::{Action, Ground, Moment, evaluate};
use proptest::prelude::*;

use cases::{case, told};

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    /// A sign of use never makes a stop out of what was kept: whoever sees it, whenever it was.
    #[test]
    fn newer_activity_never_turns_keep_into_stop(case in case(), told in told()) {
        let before = case.verdict();
        let mut newer = case.clone();
        told.tell(&mut newer);
        let after = newer.verdict();
        prop_assert!(before.action == Action::Stop || after.action != Action::Stop, "{before:?}\n{after:?}");
    }

    /// A source that falls silent, or does not know any more, never makes a stop out of what was kept.
    #[test]
    fn a_lost_source_never_turns_keep_into_stop(case in case(), told in told(), minutes in 0_i64..600) {
        let mut heard = case.clone();
        told.tell(&mut heard);
        let mut lost = heard.clone();
        lost.lose(told.source(), minutes);
        // what was said before the run began says nothing of it, lost or not
        let of_the_run = |track: &Track| case.history.on_since.known().is_none_or(|since| track.as_of >= since);
        prop_assume!(lost.evidence.of(told.source()).is_none_or(of_the_run));
        let (with, without) = (heard.verdict(), lost.verdict());
        prop_assert!(with.action == Action::Stop || without.action != Action::Stop, "{with:?}\n{without:?}");
    }

    /// The same in, the same out; also after a journal has written and read it (I9).
    #[test]
    fn evaluated_twice_is_evaluated_once(case in case()) {
        let first = case.verdict();
        let mut read_back = case.clone();
        read_back.facts = serde_json::from_str(&serde_json::to_string(&case.facts).unwrap()).unwrap();
        read_back.history = serde_json::from_str(&serde_json::to_string(&case.history).unwrap()).unwrap();
        prop_assert_eq!(&first, &case.verdict());
        prop_assert_eq!(&first, &read_back.verdict());
        prop_assert!(!first.findings.is_empty(), "G21: a verdict without a reason");
        let leads = first.findings.first().map(|finding| finding.ground) == Some(first.ground);
        prop_assert!(leads || first.ground == Ground::NotDue, "the strongest reason comes first: {first:?}");
        let read: lightsout::rules::Verdict = serde_json::from_str(&serde_json::to_string(&first).unwrap()).unwrap();
        prop_assert_eq!(first, read);
    }

    /// What nobody knows never stops anything for being idle (G14, G17).
    #[test]
    fn unknown_is_never_idle(case in case(), what in 0_u8..4, minutes in 11_i64..600) {
        let mut case = case;
        let tracks = &mut case.evidence.tracks;
        match what {
            0 => tracks.clear(),
            1 => tracks.iter_mut().for_each(|track| track.now = Use::Unknown),
            2 => tracks.iter_mut().for_each(|track| track.watched.clear()),
            _ => case.lose(Source::Agent, minutes),
        }
        let verdict = case.verdict();
        // where nothing was watched it is quiet from now on at the earliest
        let due = verdict.due.as_ref().filter(|due| due.ground == Ground::Idle);
        prop_assert!(due.is_none_or(|due| what == 2 && due.due_at > case.now), "{verdict:?}");
    }

    /// Unknown states, tags, creation: nothing is done at all (G13, G14).
    #[test]
    fn unknown_facts_never_stop(case in case(), what in 0_u8..6) {
        let mut case = case;
        match what {
            0 => case.facts.state = PowerState::Unrecognised("Hibernating".into()),
            1 => case.facts.state = PowerState::Changing("Starting".into()),
            2 => case.facts.state = PowerState::Broken("Unusable".into()),
            3 => case.facts.tags = Reading::Unknown(Unknown::Missing),
            4 => case.facts.created = Default::default(),
            _ => case.facts.tags = Reading::Known { value: Tags(vec![("LIGHTSOUT-keep".into(), "?!".into())]), as_of: case.now.into() },
        }
        prop_assert_eq!(case.verdict().action, Action::Keep);
    }

    /// A hold, a freeze or an exemption in force never stops, and only a hold announces its end (G12, G13).
    #[test]
    fn what_holds_back_holds_back(case in case(), what in 0_u8..4, made in -90_i64..90, left in 1_i64..300) {
        let mut case = case;
        let minutes = |n: i64| case.now.checked_add(SignedDuration::from_mins(n)).unwrap();
        match what {
            0 => case.history.holds.push(Hold {
                id: "1".to_owned(), instance: case.facts.id.clone(), created: case.facts.created, until: minutes(left),
                by: "ana".to_owned(), reason: "training".to_owned(), made_at: minutes(made.min(left)), price: None,
                payer: Box::default(), link: None, off: false,
            }),
            1 => case.freeze = Freeze::On("incident".to_owned()),
            2 => case.facts.tags = Reading::Known { value: Tags(vec![("lightsout-keep".into(), "true".into())]), as_of: case.now.into() },
            _ => {
                let until = minutes(left).to_string();
                case.facts.tags = Reading::Known { value: Tags(vec![("lightsout-keep".into(), until.as_str().into())]), as_of: case.now.into() };
            }
        }
        let verdict = case.verdict();
        prop_assert!(verdict.action != Action::Stop, "{verdict:?}");
        prop_assert!(what == 0 || verdict.action == Action::Keep, "{verdict:?}");
    }

    /// What is decided is announced a full lead before it comes (S8), and the words about time agree with each other.
    #[test]
    fn a_stop_is_never_sooner_than_its_warning_says(case in case()) {
        let verdict = case.verdict();
        if let Some(key) = &verdict.notice {
            prop_assert_eq!(verdict.action, Action::Warn);
            let lead = key.stop_at.duration_since(case.now);
            prop_assert!(lead >= case.lead(), "{verdict:?}");
        }
        if verdict.action == Action::Stop {
            let due = verdict.due.as_ref().unwrap();
            prop_assert!(due.stop_at <= case.now && due.due_at <= due.stop_at, "{verdict:?}");
        }
        if let Some(changes) = verdict.changes_at.known() {
            prop_assert!(changes > case.now, "{verdict:?}");
        }
    }

    /// Hours unknown, or no rule at all: nothing is done (S17, S21, G20).
    #[test]
    fn no_rule_and_no_hours_do_nothing(case in case()) {
        let mut bare = (*case.policy).clone();
        let mut terms = (*bare.terms).clone();
        (terms.hours, terms.idle, terms.uptime) = (None, None, None);
        bare.terms = terms.into();
        let verdict = evaluate(&Moment::new(&bare, case.now), &case.facts, &case.evidence, &case.history, &Freeze::Off);
        prop_assert_eq!((verdict.action, verdict.due), (Action::Keep, None));
    }

    /// Any text as the opt-out tag: what is not clearly "no" or past opts out (G13).
    #[test]
    fn a_tag_that_means_nothing_opts_out(value in ".{0,12}") {
        let read = lightsout::policy::opt_out(Some(&value));
        let word = value.trim().to_ascii_lowercase();
        let says_no = ["false", "no", "off", "0"].contains(&word.as_str());
        prop_assert_eq!(read == OptOut::No, says_no, "{:?}", value);
    }
}

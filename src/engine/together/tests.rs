//! Tests of which messages go out as one.

use jiff::Timestamp;

use super::*;
use crate::facts::{NoticeKey, StopKey};
use crate::units::{InstanceId, PolicyId, When};

fn warning(name: &str, minute: i64) -> Message {
    let id = format!(
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/{name}"
    );
    let at = |seconds: i64| Timestamp::from_second(1_800_000_000 + seconds).unwrap();
    Message {
        id: format!("warning|{name}"),
        kind: MessageKind::Warning,
        about: About::Instance { instance: InstanceId::parse(&id).unwrap(), created: When::NONE },
        notice: Some(NoticeKey { stop: StopKey(format!("hours/p/{name}").into()), stop_at: at(minute * 60) }),
        policy: PolicyId::new("p"),
        ground: "off_hours".to_owned(),
        owner: Some("ana@example.org".to_owned()),
        notify: vec!["b@example.org".to_owned(), "c@example.org".to_owned()],
        words: String::new(),
        at: at(0),
        attempts: 0,
        channel: Some("smtp".into()),
        address: None,
        not_before: None,
        also: Vec::new(),
    }
}

fn names(all: &[Together]) -> Vec<Vec<&str>> {
    all.iter().map(|one| one.parts().iter().map(|part| part.id.trim_start_matches("warning|")).collect()).collect()
}

#[test]
fn a_dozen_machines_of_one_person_are_one_message_by_the_time_of_their_stops() {
    let dozen = (0..12).map(|n| warning(&format!("ci-{n:02}"), 30 - n)).collect();
    let all = together(dozen);
    let [one] = all.as_slice() else { panic!("{} messages", all.len()) };
    let message = one.message().unwrap();
    assert_eq!(message.also.len(), 11);
    assert_eq!(message.instance().unwrap().0.name(), "ci-11", "the earliest first");
    assert_eq!(one.parts().len(), 12);
    assert_eq!(one.message(), all[0].message(), "the same again is the same message");
}

#[test]
fn one_alone_is_itself() {
    let alone = warning("ci-a", 5);
    assert_eq!(together(vec![alone.clone()])[0].message(), Some(alone.clone()));
    assert_eq!(apart(vec![alone.clone(), warning("ci-b", 5)]).len(), 2);
}

#[test]
fn only_the_same_people_share_a_message() {
    let one = || warning("ci-a", 5);
    let other = |change: fn(&mut Message)| {
        let mut other = warning("ci-b", 5);
        change(&mut other);
        other
    };
    let same = other(|other| other.notify = vec!["C@example.org".to_owned(), "b@example.org".to_owned()]);
    assert_eq!(names(&together(vec![one(), same])), [["ci-a", "ci-b"]], "in whatever order they are named");
    let changes: [fn(&mut Message); 6] = [
        |other| other.owner = None,
        |other| other.address = Some("dan@example.org".into()),
        |other| other.notify.truncate(1),
        |other| other.kind = MessageKind::Stopped,
        |other| other.channel = Some("slack".into()),
        |other| {
            other.about = About::Budget { scope: "w".to_owned(), month: "2027-01".to_owned(), level: 80 };
        },
    ];
    for change in changes {
        assert_eq!(names(&together(vec![one(), other(change)])).len(), 2);
    }
    let test = |name: &str| Message { kind: MessageKind::Test, ..warning(name, 5) };
    assert_eq!(together(vec![test("ci-a"), test("ci-b")]).len(), 2);
}

#[test]
fn what_does_not_fit_goes_out_in_another() {
    let all = together((0..60).map(|n| warning(&format!("ci-{n}"), 5)).collect());
    let sizes: Vec<usize> = all.iter().map(|one| one.parts().len()).collect();
    assert_eq!(sizes, [25, 25, 10]);
    assert!(all.iter().all(|one| one.message().unwrap().also.len() + 1 == one.parts().len()), "all are listed");
    let ids: std::collections::BTreeSet<String> = all.iter().map(|one| one.message().unwrap().id).collect();
    assert_eq!(ids.len(), 3);
}

#[test]
fn what_was_tried_before_counts() {
    let tried = Message { attempts: 3, ..warning("ci-b", 5) };
    assert_eq!(together(vec![warning("ci-a", 5), tried])[0].message().unwrap().attempts, 3);
}

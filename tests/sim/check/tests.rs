//! Every rule of the checker can be broken: an evening that is as it should be, and what is wrong as soon as one row is.

use super::{Checker, check_journal};

/// 2026-03-23T09:00:00Z, a Monday.
const NINE: i64 = 1_774_256_400_000;
const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
/// The end of hours: 20:00.
const END: i64 = NINE + 11 * HOUR;

const POLICY: &str = "policy id=p0 rev=r ws=ws-0 enforces=true zone=UTC allowed=Mon-Fri@08:00-20:00 no_action=- respect=0 \
    spread=0 catch_up=0 idle=3600 uptime=36000 cap=0 lead=900 recorded=false postpone=0 unknown=true count=2 share=100 \
    planned=1000 canary=100";

fn wire(changes: &[(&str, &str)]) -> String {
    let (end, was) = (END.to_string(), (END - MINUTE).to_string());
    let mut pairs = vec![
        ("verb", "stop"),
        ("i", "ws-0/ci-0"),
        ("ws", "ws-0"),
        ("life", "7"),
        ("there", "true"),
        ("on", "true"),
        ("held", "false"),
        ("key", "k"),
        ("policy", "p0"),
        ("rev", "r"),
        ("ground", "off_hours"),
        ("due", &end),
        ("stop", &end),
        ("looked", &end),
        ("wall", &end),
        ("sweep", "1"),
        ("running", "9"),
        ("took", "true"),
        ("throttled", "false"),
    ];
    for (key, value) in changes {
        let value = if *value == "before" { was.as_str() } else { value };
        pairs.iter_mut().filter(|(found, _)| found == key).for_each(|pair| pair.1 = value);
    }
    let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("wire {}", pairs.join(" "))
}

/// A day that is as it should be, up to the stop.
fn day() -> Vec<(i64, String)> {
    let row = |at: i64, words: &str| (at, words.to_owned());
    vec![
        row(NINE - 72 * HOUR, "begin seed=1 interval=60"),
        row(NINE - 72 * HOUR, POLICY),
        row(NINE - 71 * HOUR, "create i=ws-0/ci-0 life=7 owned=true"),
        row(NINE, "start i=ws-0/ci-0"),
        row(END - 16 * MINUTE, &format!("warning id=w i=ws-0/ci-0 life=7 key=k stop={END}")),
        row(END - 16 * MINUTE, "arrived id=w"),
        row(END - 16 * MINUTE, "delivered id=w"),
        row(END, "intend id=n i=ws-0/ci-0 life=7 key=k rev=r"),
    ]
}

fn rules(rows: &[(i64, String)]) -> Vec<&'static str> {
    let mut checker = Checker::default();
    rows.iter().for_each(|(at, words)| checker.read(&format!("{at} {words}")));
    checker.breaches().iter().map(|breach| breach.rule).collect()
}

#[test]
fn a_day_as_it_should_be_breaks_nothing() {
    let mut rows = day();
    rows.push((END, wire(&[])));
    rows.push((END + MINUTE, "stopped i=ws-0/ci-0".to_owned()));
    rows.push((END + 9 * HOUR, "freeze on=false".to_owned()));
    assert_eq!(rules(&rows), [""; 0]);
}

#[test]
fn whatever_is_wrong_with_a_post_is_seen() {
    let cases: [(&str, &[(&str, &str)]); 14] = [
        ("I1", &[("verb", "delete")]),
        ("I1", &[("rev", "unheard-of")]),
        ("I1", &[("ws", "ws-1")]),
        ("I1", &[("there", "false")]),
        ("I2", &[("key", "another")]),
        ("I3", &[("held", "true")]),
        ("I4", &[("due", "1774250000000")]),
        ("I4", &[("life", "8")]),
        ("I6", &[("key", "another")]),
        ("G10", &[("looked", "before")]),
        ("G14", &[("on", "false")]),
        ("S8", &[("stop", "1774299999000")]),
        ("G17", &[("ground", "idle"), ("due", "1774256400001")]),
        ("G20", &[("ground", "budget")]),
    ];
    for (rule, changes) in cases {
        let mut rows = day();
        if rule == "G17" {
            rows.push((END - 30 * MINUTE, "says i=ws-0/ci-0 what=busy".to_owned()));
            rows.push((END - 20 * MINUTE, "says i=ws-0/ci-0 what=quiet".to_owned()));
            rows.sort_by_key(|(at, _)| *at);
        }
        rows.push((END, wire(changes)));
        assert!(rules(&rows).contains(&rule), "{rule}: {changes:?} gives {:?}", rules(&rows));
    }
}

#[test]
fn whatever_stands_before_a_post_is_seen() {
    let until = END + HOUR;
    let cases = [
        ("I3", END - MINUTE, "freeze on=true".to_owned()),
        ("I3", END - MINUTE, "tag i=ws-0/ci-0 out=true".to_owned()),
        ("I3", END - MINUTE, format!("hold id=h i=ws-0/ci-0 life=7 until={until}")),
        ("I4", END, "start i=ws-0/ci-0".to_owned()),
        ("G15", END - 10 * MINUTE, "start i=ws-0/ci-0".to_owned()),
        ("G17", END - MINUTE, "says i=ws-0/ci-0 what=busy".to_owned()),
        ("G17", END - MINUTE, "job i=ws-0/ci-0 on=true".to_owned()),
        ("F42", END - MINUTE, "arrived id=w".to_owned()),
        ("S1", END - MINUTE, POLICY.replace("20:00", "22:00")),
        ("S1", END - MINUTE, POLICY.replace("allowed=Mon-Fri@08:00-20:00", "allowed=-")),
        ("S21", END - MINUTE, POLICY.replace("no_action=-", "no_action=2026-03-23")),
        ("G1", END - MINUTE, POLICY.replace("enforces=true", "enforces=false")),
        ("G11", END - MINUTE, POLICY.replace("rev=r", "rev=newer")),
        ("I6", END - MINUTE, POLICY.replace("lead=900", "lead=1800")),
    ];
    for (rule, at, words) in cases {
        let mut rows = day();
        rows.push((at, words.clone()));
        rows.sort_by_key(|(at, _)| *at);
        rows.push((END, wire(&[])));
        assert!(rules(&rows).contains(&rule), "{rule}: {words} gives {:?}", rules(&rows));
    }
}

#[test]
fn caps_and_repetitions_are_counted() {
    let mut rows = day();
    rows.push((END, wire(&[])));
    rows.push((END, wire(&[])));
    let found = rules(&rows);
    assert!(found.contains(&"I4") && found.contains(&"I2") && found.contains(&"G15"), "{found:?}");
    let idle = |key: &str| wire(&[("ground", "idle"), ("key", key), ("i", "ws-0/another")]);
    let three: Vec<(i64, String)> = day().into_iter().chain(["a", "b", "c"].map(|key| (END, idle(key)))).collect();
    assert!(rules(&three).contains(&"I7"), "three in an hour that may have two: {:?}", rules(&three));
}

#[test]
fn an_end_of_hours_that_passes_without_a_stop_is_seen() {
    let mut rows = day();
    rows.truncate(4);
    rows.push((END + 9 * HOUR, "freeze on=false".to_owned()));
    assert_eq!(rules(&rows), ["I12"]);
    for excuse in ["freeze on=true", "trouble kind=disk on=true", "trouble i=ws-0/ci-0 kind=hidden on=true"] {
        let mut excused = rows.clone();
        excused.insert(4, (END - HOUR, excuse.to_owned()));
        assert_eq!(rules(&excused), [""; 0], "{excuse}");
    }
}

#[test]
fn the_journal_is_judged_by_itself() {
    let rows = |rows: &[&str]| rows.iter().map(|row| (*row).to_owned()).collect::<Vec<_>>();
    let outside = rows(&[&format!("{END} {}", wire(&[]))]);
    let early = format!("{} message i=ws-0/ci-0 life=7 key=k stop={END}", END - 16 * MINUTE);
    let attempt = format!("{END} attempt i=ws-0/ci-0 life=7 key=k");
    let done = format!("{attempt} ended={END} result=stopped");
    let found =
        |journal: &[&str]| check_journal(&rows(journal), &outside).iter().map(|breach| breach.rule).collect::<Vec<_>>();
    assert_eq!(found(&[&early, &done]), [""; 0]);
    assert_eq!(found(&[&early]), ["I2"]);
    assert_eq!(found(&[&done]), ["I6"]);
    assert_eq!(found(&[&early, &done, &done]), ["I4"]);
    assert_eq!(found(&[&early, &attempt, &done]), ["S18"]);
}

//! Records of one machine, written by hand in the format of exports, whose replays anybody can work out.

use std::path::Path;

use serde_json::{Value, json};

use crate::replay;

const ID: &str = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-ml/providers/Microsoft.MachineLearningServices/workspaces/ws-a/computes/ci-ada";

/// One day, in UTC.
const DAY: &str = "2026-11-24";

/// A record, line by line.
struct Record(Vec<Value>);

fn at(clock: &str) -> String {
    format!("{DAY}T{clock}:00Z")
}

fn second(clock: &str) -> i64 {
    at(clock).parse::<jiff::Timestamp>().unwrap().as_second()
}

impl Record {
    /// A machine that was started at eight.
    fn new() -> Self {
        let head =
            json!({"head": {"format": "lightsout-history", "version": 1, "from": at("07:00"), "to": at("23:00")}});
        let created = "2026-01-05T09:00:00Z";
        let started = json!({"operation": "start", "at": at("08:00"), "status": "succeeded", "trigger": "user"});
        let facts = json!({
            "id": ID, "created": created, "state": "running", "size": "STANDARD_DS3_V2", "region": "westeurope",
            "owner": {"user_name": "ada@example.com", "user_id": null, "assigned_id": null},
            "tags": {"known": {"value": [], "as_of": at("07:00")}},
            "last_operation": {"known": {"value": started, "as_of": at("08:00")}},
            "native": {"idle_shutdown": null, "schedules": []},
            "observed_at": at("07:00"), "oddities": [],
        });
        let mut record = Self(vec![head, json!({"instance": [0, ID, created]}), json!({"facts": [0, facts]})]);
        record.turned("07:00", None, "stopped", None);
        record.turned("08:01", Some("08:00"), "running", Some(("start", "08:00")));
        record
    }

    fn turned(&mut self, seen: &str, before: Option<&str>, state: &str, operation: Option<(&str, &str)>) {
        let operation = operation
            .map(|(word, when)| json!({"operation": word, "at": at(when), "status": "succeeded", "trigger": "user"}));
        let mut change = json!({"at": at(seen), "state": state, "operation": operation});
        if let Some(before) = before {
            change["not_before"] = json!(at(before));
        }
        self.0.push(json!({"state": [0, change]}));
    }

    /// What the agent said at an instant, having watched since another.
    fn heard(&mut self, when: &str, now: &str, last_busy: Option<&str>, watched: &str) {
        let track = json!({
            "source": "agent", "now": now, "as_of": at(when), "words": "kernel train.ipynb", "last_busy": last_busy.map(at),
            "watched": [{"from": at(watched), "to": at(when)}],
        });
        self.0.push(json!({"heard": [0, {"at": at(when), "tracks": [track]}]}));
    }

    fn ran(&mut self, from: &str, to: &str) {
        let bound = |clock: &str| json!({"at": second(clock), "low": second(clock), "high": second(clock)});
        let interval = json!({"from": bound(from), "to": bound(to), "state": "running", "basis": "observed"});
        let rate = json!({"nanos": 1_000_000_000, "currency": "USD"});
        self.0.push(json!({"metered": [0, {"interval": interval, "rate": rate}]}));
    }

    fn stopped(&mut self, asked: &str, ended: &str) {
        let key = format!("hours/a/{DAY}/0/off");
        let stop = json!({
            "asked_at": at(asked), "key": key, "ground": "off_hours", "ended_at": at(ended), "result": "stopped",
        });
        self.0.push(json!({"stop": [0, stop]}));
    }

    fn write(&self, dir: &Path) {
        std::fs::create_dir_all(dir.join("history")).unwrap();
        let lines: Vec<String> = self.0.iter().map(Value::to_string).collect();
        std::fs::write(dir.join("history/one.jsonl"), lines.join("\n")).unwrap();
    }

    /// The replay of a policy with these rules.
    fn under(&self, rules: &str) -> Value {
        let dir = tempfile::tempdir().unwrap();
        self.write(dir.path());
        let policy = format!("name = \"a\"\nmode = \"enforce\"\nscope.workspaces = [\"ws-a\"]\n{rules}\n");
        std::fs::write(dir.path().join("a.toml"), policy).unwrap();
        replay(dir.path(), &["--history", "history", "--policy", "a.toml", "--json"]).json()
    }
}

fn cost(figures: &Value) -> &str {
    figures["cost"][0]["amount"].as_str().unwrap()
}

fn ends<'v>(told: &'v Value, figure: &str) -> [&'v Value; 2] {
    let replayed = &told["total"]["replayed"];
    [&replayed["least"][figure], &replayed["most"][figure]]
}

const IDLE: &str = "idle.after = \"1h\"\nwarning.lead = \"15m\"\nlimits = { unplanned_per_sweep = { count = 9, percent = 100 }, unplanned_per_hour = { count = 9, percent = 100 } }";

/// Used until noon, quiet until it was turned off at eight in the evening; the agent told all of it.
fn told_all_day() -> Record {
    let mut record = Record::new();
    record.heard("08:05", "busy", Some("08:05"), "08:02");
    record.heard("12:01", "quiet", Some("12:00"), "08:02");
    record.heard("19:59", "quiet", Some("12:00"), "08:02");
    record.turned("20:01", Some("20:00"), "stopped", Some(("stop", "20:00")));
    record.ran("08:00", "20:00");
    record
}

#[test]
fn what_the_record_tells_is_told_to_the_second() {
    let told = told_all_day().under(IDLE);
    assert_eq!(cost(&told["total"]["happened"]), "12.000000");
    // an hour after noon, and nobody worked after that
    assert_eq!(told["instances"][0]["stops"][0]["at"], at("13:00"), "{told:#}");
    assert_eq!(told["instances"][0]["stops"][0]["regret"], "none");
    assert_eq!(ends(&told, "stops"), [1, 1]);
    assert_eq!(ends(&told, "warnings"), [1, 1]);
    assert_eq!(ends(&told, "regrets"), [0, 0]);
    for figures in [&told["total"]["replayed"]["least"], &told["total"]["replayed"]["most"]] {
        assert_eq!(cost(figures), "5.000000");
        // the person turned it off at eight: no more than seven hours were avoided
        assert_eq!(figures["avoided"][0]["amount"], "7.000000");
    }
}

#[test]
fn work_soon_after_a_stop_is_a_regret_and_starts_it_again() {
    let mut record = Record::new();
    record.heard("08:05", "busy", Some("08:05"), "08:02");
    record.heard("12:01", "quiet", Some("12:00"), "08:02");
    record.heard("13:20", "busy", Some("13:20"), "08:02");
    record.heard("14:01", "quiet", Some("14:00"), "08:02");
    record.heard("14:30", "quiet", Some("14:00"), "08:02");
    record.turned("14:31", Some("14:30"), "stopped", Some(("stop", "14:30")));
    record.ran("08:00", "14:30");
    let told = record.under(IDLE);
    assert_eq!(
        (ends(&told, "stops"), ends(&told, "regrets")),
        ([&json!(1), &json!(1)], [&json!(1), &json!(1)]),
        "{told:#}"
    );
    let hurt = &told["hurt"][0];
    assert_eq!((&hurt["at"], &hurt["owner"]), (&json!(at("13:00")), &json!("ada@example.com")));
    assert_eq!(hurt["regret"]["certain"]["at"], at("13:20"));
    assert_eq!(hurt["regret"]["certain"]["worked"]["seen"]["source"], "agent");
    // off from one to twenty past, and five minutes of a restart are charged
    assert_eq!(cost(&told["total"]["replayed"]["most"]), "6.166667");
    assert_eq!(told["total"]["replayed"]["most"]["avoided"][0]["amount"], "-0.083333");
}

#[test]
fn what_nobody_told_is_bounded_and_never_guessed() {
    // the agent fell silent at ten past twelve: a stop by hours at two may have hurt, or not
    let mut record = Record::new();
    record.heard("08:05", "busy", Some("08:05"), "08:02");
    record.heard("12:10", "quiet", Some("12:00"), "08:02");
    record.turned("20:01", Some("20:00"), "stopped", Some(("stop", "20:00")));
    record.ran("08:00", "20:00");
    let hours =
        "hours = { zone = \"UTC\", allowed = [\"daily 07:00-14:00\"], spread = \"0s\" }\nwarning.lead = \"15m\"";
    let told = record.under(hours);
    assert_eq!(ends(&told, "regrets"), [0, 1], "{told:#}");
    let [least, most] = [&told["total"]["replayed"]["least"], &told["total"]["replayed"]["most"]];
    // quiet: stopped at two. used: use holds the stop back, for ever
    assert_eq!((cost(least), cost(most)), ("6.000000", "12.000000"));
    assert_eq!(told["hurt"][0]["regret"]["possible"]["from"], at("14:00"));
    let untold = told["instances"][0]["untold_seconds"].as_i64().unwrap();
    assert!((7 * 3_600..8 * 3_600).contains(&untold), "{untold}");
    let notes = told["notes"].to_string();
    assert!(notes.contains("the record does not tell"), "{notes}");
}

#[test]
fn after_the_stop_of_another_policy_nobody_knows() {
    // stopped by the policy of then at six; started again the next day, which the record does not have
    let mut record = told_all_day();
    record.0.retain(|line| line.get("metered").is_none());
    record.0.retain(|line| line["state"][1]["at"] != at("20:01"));
    record.stopped("18:00", "18:02");
    record.turned("18:02", Some("17:59"), "stopped", Some(("stop", "18:00")));
    record.0.retain(|line| line["heard"][1]["at"] != at("19:59"));
    record.heard("17:59", "quiet", Some("12:00"), "08:02");
    record.ran("08:00", "18:00");
    let told = record.under(
        "uptime.max = \"12h\"\nwarning.lead = \"15m\"\nlimits = { unplanned_per_sweep = { count = 9, percent = 100 } }",
    );
    assert_eq!(told["total"]["happened"]["stops"], 1);
    let [least, most] = [&told["total"]["replayed"]["least"], &told["total"]["replayed"]["most"]];
    // the ceiling at eight in the evening stops a quiet machine; use would have held that back until the end of the record
    assert_eq!((cost(least), cost(most)), ("12.000000", "15.000000"), "{told:#}");
}

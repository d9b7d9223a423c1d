//! Exports and mistakes: what cannot be read is named with its place, its rule and what to do.

use std::path::Path;

use crate::replay;

const HEAD: &str =
    r#"{"head":{"format":"lightsout-history","version":1,"from":"2026-11-01T00:00:00Z","to":"2026-11-02T00:00:00Z"}}"#;

fn place(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("history")).unwrap();
    let policy =
        "name = \"a\"\nscope.workspaces = [\"ws-a\"]\nhours = { zone = \"UTC\", allowed = [\"daily 07:00-14:00\"] }\n";
    std::fs::write(dir.path().join("a.toml"), policy).unwrap();
    for (name, text) in files {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

fn refused(dir: &Path, args: &[&str], words: &[&str]) {
    let said = replay(dir, args);
    assert_ne!(said.code, 0, "{}", said.out);
    for word in words {
        assert!(said.err.contains(word), "{word}: {}", said.err);
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named_with_its_line() {
    let tried = ["--history", "history", "--policy", "a.toml"];
    for (text, words) in [
        ("", ["history/x.jsonl:1", "does not say what it is"]),
        ("{\"head\":{}}", ["history/x.jsonl:1", "--export"]),
        (&HEAD.replace("\"version\":1", "\"version\":9"), ["history/x.jsonl:1", "version 9"]),
        (&format!("{HEAD}\n\n{{\"weather\":[0]}}"), ["history/x.jsonl:3", "weather"]),
        (&format!("{HEAD}\n{HEAD}"), ["history/x.jsonl:2", "one head"]),
        (
            &format!(
                "{HEAD}\n{{\"told\":[4,{{\"at\":\"2026-11-01T00:00:00Z\",\"key\":{{\"stop\":\"idle/a/b\",\"stop_at\":\"2026-11-01T00:00:00Z\"}}}}]}}"
            ),
            ["history/x.jsonl:2", "about instance 4"],
        ),
    ] {
        refused(place(&[("history/x.jsonl", text)]).path(), &tried, &words);
    }
    refused(place(&[]).path(), &tried, &["--history history", "no file *.jsonl", "--export"]);
    refused(place(&[]).path(), &["--history", "nowhere", "--policy", "a.toml"], &["nowhere"]);
}

#[test]
fn what_is_asked_for_and_cannot_be_is_said() {
    let dir = place(&[("history/x.jsonl", HEAD)]);
    let with = |more: &[&'static str]| -> Vec<&'static str> {
        ["--history", "history"].into_iter().chain(more.iter().copied()).collect()
    };
    let dir = dir.path();
    refused(dir, &with(&["--policy", "none"]), &["--policy", "none", "name a folder"]);
    std::fs::create_dir(dir.join("empty")).unwrap();
    refused(dir, &with(&["--policy", "empty"]), &["empty holds no policy"]);
    std::fs::write(dir.join("bad.toml"), "name = \"a\"\nscope.workspaces = [\"ws-a\"]\nidle.aftr = \"1h\"\n").unwrap();
    refused(dir, &with(&["--policy", "bad.toml"]), &["bad.toml:3", "aftr"]);
    refused(
        dir,
        &with(&["--policy", "a.toml", "--from", "2027-01-01"]),
        &["from 2027-01-01T00:00:00Z", "2026-11-02T00:00:00Z", "--to"],
    );
    refused(dir, &with(&["--policy", "a.toml", "--from", "yesterday"]), &["yesterday", "2026-11-01"]);
    refused(dir, &with(&["--policy", "a.toml", "--sweep", "idle.after=15m..4h"]), &["--sweep idle.after", "[idle]"]);
    refused(
        dir,
        &with(&["--policy", "a.toml", "--sweep", "hours.zone=Mars"]),
        &["--sweep", "hours.zone = Mars", "Mars"],
    );
    refused(dir, &with(&["--policy", "a.toml", "--sweep", "idle"]), &["idle.after=15m..4h"]);
    refused(dir, &["--store", "nothing", "--policy", "a.toml"], &["no journal at nothing"]);
}

#[test]
fn an_empty_record_says_so() {
    let dir = place(&[("history/x.jsonl", HEAD)]);
    let said = replay(dir.path(), &["--history", "history", "--policy", "a.toml"]);
    assert!(said.text().contains("The record has no machine on in this time."), "{}", said.out);
    assert!(said.text().contains("Tried as if it enforced, though it says mode = \"observe\": a."), "{}", said.out);
}

//! The commands that these files name: the binary must know them and their flags.

use std::process::Command;

use super::{read, run};
use crate::command_names::COMMANDS;

/// Commands that have commands below them.
const GROUPS: [&str; 6] = ["agent", "journal", "ledger", "native", "notify", "token"];

/// Every `lightsout …` call in a file: the subcommand and its long flags.
fn calls(path: &str) -> Vec<(String, Vec<String>)> {
    let text = read(path).replace("[\"/usr/local/bin/lightsout\"]\nCMD [", "lightsout ").replace("\\\n", " ");
    let mut calls = Vec::new();
    let mut boxed = false;
    let shown = |line: &&str| {
        boxed = if line.starts_with("```") { *line == "```sh" } else { boxed };
        !path.ends_with(".md") || boxed || line.trim_start().starts_with("$ ")
    };
    for line in text.lines().filter(shown) {
        let clean = line.replace(['"', '\'', ',', '[', ']'], " ").replace("cargo run --release -- ", "lightsout ");
        let words: Vec<&str> = clean.split_whitespace().take_while(|word| !word.starts_with('#')).collect();
        let Some(at) = words.iter().rposition(|word| *word == "lightsout" || word.ends_with("/bin/lightsout")) else {
            continue;
        };
        let rest: Vec<String> = words.iter().skip(at + 1).map(|word| (*word).to_owned()).collect();
        let Some(name) = rest.first().filter(|name| name.chars().all(|c| c.is_ascii_lowercase())) else {
            continue;
        };
        let flags = rest.iter().filter(|word| word.starts_with("--"));
        // Of a command that has commands below it, the one that is called.
        let below = rest.get(1).filter(|_| GROUPS.contains(&name.as_str()));
        let name = below.map_or_else(|| name.clone(), |below| format!("{name} {below}"));
        calls.push((name, flags.map(|flag| flag.split('=').next().unwrap_or(flag).to_owned()).collect()));
    }
    calls
}

#[test]
fn every_command_that_the_files_name_exists() {
    let help = |arguments: &[&str]| {
        let (fine, out, err) = run(Command::new(env!("CARGO_BIN_EXE_lightsout")).args(arguments));
        assert!(fine, "lightsout {arguments:?}: {out}{err}");
        out
    };
    let top = help(&["--help"]);
    let has_word =
        |text: &str, word: &str| text.lines().any(|line| line.split([' ', ',', '=', '[']).any(|part| part == word));
    for name in COMMANDS {
        assert!(has_word(&top, name), "`lightsout --help` does not list `{name}`:\n{top}");
    }
    for path in [
        "deploy/Dockerfile",
        "deploy/lightsout.service",
        "deploy/lightsout-sweep.service",
        "deploy/lightsout.cron",
        "deploy/README.md",
        "deploy/compose/README.md",
        "deploy/k8s/README.md",
        "deploy/azure/README.md",
        "README.md",
    ] {
        let calls = calls(path);
        assert!(!calls.is_empty(), "{path} calls nothing: the reader of this test is broken");
        for (name, flags) in calls {
            let words: Vec<&str> = name.split(' ').chain(["--help"]).collect();
            let help = help(&words);
            for flag in flags {
                assert!(has_word(&help, &flag), "{path}: `lightsout {name}` has no {flag}:\n{help}");
            }
        }
    }
}

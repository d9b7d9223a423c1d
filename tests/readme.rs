//! The README says the truth: its policy loads without a word, and its map knows every command.
#![expect(clippy::expect_used, reason = "helpers of tests: a panic is the failure")]

use std::collections::BTreeMap;

use clap::CommandFactory;
use lightsout::cli::args::Args;
use lightsout::facts::SourceSet;
use lightsout::policy::{SourceText, Sources, parse};

const README: &str = include_str!("../README.md");

fn between<'a>(text: &'a str, begin: &str, end: &str) -> &'a str {
    let from = text.find(begin).map(|at| at + begin.len()).expect("the mark");
    let length = text[from..].find(end).expect("its end");
    &text[from..from + length]
}

#[test]
fn the_policy_of_the_readme_has_nothing_wrong_with_it() {
    let block = between(README, "<!-- policy:begin -->\n```toml\n", "```\n<!-- policy:end -->");
    let policies = [SourceText { file: "README.md".into(), text: block.to_owned() }];
    let calendars = BTreeMap::new();
    let parsed = parse(&Sources {
        defaults: None,
        policies: &policies,
        calendars: &calendars,
        channels: 0,
        sources: SourceSet::NONE,
    });
    assert!(parsed.diagnostics.is_empty(), "{:#?}", parsed.diagnostics);
    assert_eq!(parsed.set.policies.len(), 1);
}

#[test]
fn every_command_that_the_readme_shows_exists() {
    let known = Args::command();
    let known: Vec<&str> = known.get_subcommands().map(clap::Command::get_name).collect();
    let shown: Vec<&str> = README
        .split("lightsout ")
        .skip(1)
        .filter_map(|rest| rest.split(|c: char| !c.is_ascii_lowercase()).next())
        .filter(|word| !word.is_empty())
        .collect();
    let commands: Vec<&&str> = shown.iter().filter(|word| known.contains(*word)).collect();
    assert!(commands.len() >= 6, "the README shows {commands:?}");
    let codes = between(README, "$ cargo run --release -- ", "\n");
    assert!(known.contains(&codes.trim()), "{codes}");
}

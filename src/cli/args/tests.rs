//! What the command line takes and what it refuses.

use clap::CommandFactory as _;
use clap::error::ErrorKind;

use super::*;
use crate::units::Span;

fn read(line: &str) -> Result<Args, clap::Error> {
    Args::try_parse_from(std::iter::once("lightsout").chain(line.split_whitespace()))
}

#[test]
fn the_tree_is_sound_and_every_command_shows_an_example() {
    Args::command().debug_assert();
    for command in Args::command().get_subcommands() {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(help.contains(&format!("lightsout {}", command.get_name())), "{} has no example", command.get_name());
    }
}

#[test]
fn holds_are_made_listed_or_lifted_and_never_half() {
    for good in [
        "hold ci --for 2h --reason thesis",
        "hold --list",
        "hold --lift ci",
        "--json hold --list",
        "hold --list --json",
    ] {
        assert!(read(good).is_ok(), "{good}");
    }
    for bad in [
        "hold",
        "hold ci",
        "hold ci --for 2h",
        "hold ci --reason x",
        "hold ci --list",
        "hold --list --lift ci",
        "hold --for 2h --reason x",
        "hold ci --for 0s --reason x",
        "hold ci --for two --reason x",
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
    let Command::Hold(hold) = read("hold ci --for 1h30m --reason x").unwrap().command else {
        panic!("another command")
    };
    assert_eq!(hold.length, Some(Span::minutes(90)));
}

#[test]
fn freezing_takes_one_word_in_a_hurry() {
    for good in ["freeze", "freeze --reason incident", "freeze --lift", "freeze --status"] {
        assert!(read(good).is_ok(), "{good}");
    }
    for bad in ["freeze --lift --reason x", "freeze --reason"] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

#[test]
fn times_dates_and_numbers_are_read_or_refused_here() {
    let Command::Explain(explain) = read("explain ci --at 2026-11-20T19:05:00Z").unwrap().command else {
        panic!("another command")
    };
    assert_eq!(explain.at, "2026-11-20T19:05:00Z".parse().ok());
    let Command::Check(check) = read("check --from 2027-03-22 --days 14 a.toml").unwrap().command else {
        panic!("another command")
    };
    assert_eq!((check.days, check.files.len()), (14, 1));
    for bad in [
        "explain ci --at yesterday",
        "check --from 22.3.2027",
        "check --days -1",
        "demo --days 0",
        "completions cmd",
        "explain",
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
    assert_eq!(read("").unwrap_err().kind(), ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand);
}

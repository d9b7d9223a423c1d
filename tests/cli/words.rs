//! Commands that need nothing but the program: help, completions, and refusals of what cannot be meant.

use crate::command_names::COMMANDS;
use crate::program::Place;

fn nowhere() -> Place {
    Place::new("http://127.0.0.1:9", &[], "")
}

#[test]
fn every_command_has_help_worth_reading() {
    let place = nowhere();
    let whole = place.run(&["--help"]);
    assert_eq!((whole.code, whole.err.as_str()), (0, ""));
    for command in COMMANDS {
        assert!(whole.out.contains(&format!("\n  {command} ")), "{command} is not listed:\n{}", whole.out);
        let help = place.run(&[command, "--help"]);
        assert_eq!(help.code, 0, "{command}: {}", help.err);
        assert!(help.out.contains("Usage: lightsout") && help.out.contains("--json"), "{command}:\n{}", help.out);
        assert!(help.out.contains("Examples:") || help.out.lines().count() > 10, "{command}:\n{}", help.out);
        assert!(!help.out.contains('\u{1b}'), "{command}: colours in a pipe");
    }
}

#[test]
fn completions_are_scripts_of_each_shell() {
    let place = nowhere();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = place.run(&["completions", shell]);
        assert_eq!((script.code, script.err.as_str()), (0, ""), "{shell}");
        assert!(COMMANDS.iter().all(|command| script.out.contains(command)), "{shell}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let place = nowhere();
    let refused = [
        (vec![], "Usage: lightsout"),
        (vec!["stop-everything"], "unrecognized subcommand"),
        (vec!["hold", "ci-a"], "--for"),
        (vec!["hold", "ci-a", "--for", "0h", "--reason", "x"], "holds nothing"),
        (vec!["hold", "ci-a", "--for", "2h", "--reason", "  "], "say why"),
        (vec!["freeze", "--reason", " "], "--reason"),
        (vec!["check", "--from", "2026-02-30"], "--from"),
    ];
    for (args, words) in refused {
        let said = place.run(&args);
        assert_eq!(said.code, 2, "{args:?}: {}", said.out);
        assert!(said.err.contains(words), "{args:?}: {}", said.err);
    }
}

#[test]
fn the_sandbox_serves_this_machine_only() {
    let said = nowhere().run(&["sandbox", "--listen", "0.0.0.0:0"]);
    assert_eq!((said.code, said.out.as_str()), (1, ""));
    assert!(said.err.contains("0.0.0.0:0 is not a loopback address"), "{}", said.err);
}

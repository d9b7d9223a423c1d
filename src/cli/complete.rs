//! Completions for shells, written from the command tree itself.

use clap::CommandFactory as _;
use clap_complete::{Shell, generate};

use super::args::Args;

/// The completion script of a shell.
#[must_use]
pub fn script(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    generate(shell, &mut Args::command(), "lightsout", &mut script);
    script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shells_script_knows_the_commands() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish] {
            let text = String::from_utf8(script(shell)).unwrap();
            for word in ["explain", "freeze", "doctor", "completions"] {
                assert!(text.contains(word), "{shell}: {word}");
            }
        }
    }
}

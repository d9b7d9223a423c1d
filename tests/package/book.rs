//! `deploy/README.md` as a book of commands: those in boxes, which are run, and those with `$`, which cannot be.

use crate::read;

/// What cannot be run here: how the line begins, and why.
pub(crate) const NOT_RUN: &[(&str, &str)] = &[
    ("ssh -L", "there is one machine only"),
    ("docker ", "no container daemon is at hand; tests/deploy.rs judges the file"),
    ("RUSTFLAGS=", "another build of many minutes; `.ci/long agent` runs it"),
    ("sha256sum target/", "of that build"),
    ("(umask 077; openssl", "openssl is not in a plain Debian; the secret's reader is tested in tests/settings.rs"),
    ("lightsout agent token", "needs instances that were seen; tests/cli/agents.rs runs it"),
    ("lightsout agent revoke", "needs instances that were seen; tests/cli/agents.rs runs it"),
    ("sudo sh -c 'set -a", "on an instance, with its identity; tests/agent.rs runs the check"),
    ("lightsout agent status", "on an instance; tests/agent.rs runs it"),
    ("lightsout agent check", "on an instance; tests/agent.rs runs it"),
    ("sudo install -m 0600 -o root client-secret", "a secret that only its owner has; tests/settings.rs reads one"),
];

/// A box of commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Commands {
    /// The heading of the second rank that it stands under.
    pub(crate) part: String,
    /// The nearest heading.
    pub(crate) heading: String,
    /// The line of the file.
    pub(crate) line: usize,
    /// The commands.
    pub(crate) text: String,
}

/// Every box, in order.
pub(crate) fn boxes() -> Vec<Commands> {
    let book = read("deploy/README.md");
    let (mut part, mut heading, mut open, mut found) = (String::new(), String::new(), None, Vec::new());
    for (number, line) in (1..).zip(book.lines()) {
        match &mut open {
            Some(Commands { .. }) if line == "```" => found.extend(open.take()),
            Some(inside) => {
                inside.text.push_str(line);
                inside.text.push('\n');
            }
            None if line.starts_with("```") => {
                assert_eq!(line, "```sh", "deploy/README.md:{number}: a box of something that is not run");
                let (part, heading) = (part.clone(), heading.clone());
                open = Some(Commands { part, heading, line: number, text: String::new() });
            }
            None => {
                let title = line.trim_start_matches('#').trim();
                match line.chars().take_while(|c| *c == '#').count() {
                    0 => continue,
                    1 | 2 => title.clone_into(&mut part),
                    _ => {}
                }
                title.clone_into(&mut heading);
            }
        }
    }
    assert!(open.is_none(), "a box has no end");
    found
}

#[test]
fn what_is_not_run_is_listed_with_a_reason() {
    let book = read("deploy/README.md");
    let shown: Vec<&str> = book.lines().filter_map(|line| line.trim_start().strip_prefix("$ ")).collect();
    assert!(!shown.is_empty(), "the reader of this test is broken");
    for line in &shown {
        assert!(
            NOT_RUN.iter().any(|(begin, _)| line.starts_with(begin)),
            "deploy/README.md shows `{line}` and nothing runs it"
        );
    }
    for (begin, why) in NOT_RUN {
        assert!(shown.iter().any(|line| line.starts_with(begin)), "`{begin}` ({why}) is shown no more: take it out");
    }
}

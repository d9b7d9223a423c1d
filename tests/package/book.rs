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

/// Commands in the text and in tables: those that are to be typed as they stand, which begin with `sudo` in the book, and those
/// that `az vm run-command` hands to the machine as root; where each stands, and the command. `systemctl` and `install` there
/// are parts of a box above them or of another section.
pub(crate) fn spoken() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut boxed = false;
    for (number, line) in (1..).zip(read("deploy/README.md").lines()) {
        boxed ^= line.starts_with("```");
        let spans = line.split('`').skip(1).step_by(2).filter(|_| !boxed && !line.starts_with("```"));
        let typed = spans.filter(|span| span.starts_with("sudo ") && span.contains(" lightsout "));
        found.extend(typed.map(|span| (format!("deploy/README.md:{number}"), span.to_owned())));
    }
    for (number, line) in (1..).zip(read("deploy/azure/README.md").lines()) {
        let scripts = line.split("--scripts \"").nth(1).and_then(|rest| rest.split('"').next());
        found.extend(scripts.map(|text| (format!("deploy/azure/README.md:{number}"), format!("sudo {text}"))));
    }
    found
}

#[test]
fn the_text_says_how_to_freeze_and_how_to_go_on() {
    let spoken: Vec<String> = spoken().into_iter().map(|(_, command)| command).collect();
    for command in
        ["sudo -u lightsout lightsout freeze", "sudo -u lightsout lightsout freeze --lift", "sudo lightsout status"]
    {
        assert!(spoken.iter().any(|one| one == command), "{command}: {spoken:#?}");
    }
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

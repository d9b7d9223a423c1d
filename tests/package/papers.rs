//! Manual pages and completions: judged by the programs that read them, and equal to what the binary itself says.

use std::collections::BTreeSet;
use std::path::Path;

use clap::CommandFactory as _;
use lightsout::cli::args::Args;

use crate::tools::tool;
use crate::{lightsout, run};

/// Every command by the words that call it.
fn commands(of: &clap::Command, words: &[String], into: &mut Vec<Vec<String>>) {
    into.push(words.to_vec());
    for below in of.get_subcommands().filter(|below| below.get_name() != "help") {
        let mut words = words.to_vec();
        words.push(below.get_name().to_owned());
        commands(below, &words, into);
    }
}

fn all() -> Vec<Vec<String>> {
    let mut found = Vec::new();
    commands(&Args::command(), &[], &mut found);
    assert!(found.len() > 30, "{found:?}");
    found
}

fn written(folder: &Path) -> BTreeSet<String> {
    lightsout(&["man", "--dir", folder.to_str().unwrap()]);
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn every_command_has_a_page_and_no_page_has_no_command() {
    let folder = tempfile::tempdir().unwrap();
    let pages = written(&folder.path().join("man1"));
    let name = |words: &Vec<String>| format!("{}.1", [&["lightsout".to_owned()], words.as_slice()].concat().join("-"));
    let wanted: BTreeSet<String> = all().iter().map(name).collect();
    assert_eq!(pages, wanted);
    assert!(lightsout(&["man"]).contains(".TH LIGHTSOUT 1"));
}

#[test]
fn pages_say_what_help_says() {
    let folder = tempfile::tempdir().unwrap();
    written(folder.path());
    let flags = |text: &str| -> BTreeSet<String> {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        words.filter(|word| word.starts_with("--") && word.len() > 3).map(str::to_owned).collect()
    };
    for words in all() {
        let mut call: Vec<&str> = words.iter().map(String::as_str).collect();
        call.push("--help");
        let help = lightsout(&call);
        let name = [&["lightsout".to_owned()], words.as_slice()].concat().join("-");
        let page = std::fs::read_to_string(folder.path().join(format!("{name}.1"))).unwrap();
        let page = ["\\fB", "\\fI", "\\fR"].iter().fold(page.replace("\\-", "-"), |page, font| page.replace(font, " "));
        let options = |text: &str| {
            text.lines().map(str::trim_start).filter(|line| line.starts_with('-')).collect::<Vec<_>>().join("\n")
        };
        let missing: Vec<String> = flags(&options(&help)).difference(&flags(&page)).cloned().collect();
        assert!(missing.is_empty(), "{name}.1 lacks {missing:?}:\n{page}");
    }
}

#[test]
fn mandoc_and_groff_read_every_page_without_a_word() {
    let folder = tempfile::tempdir().unwrap();
    let pages = written(folder.path());
    for page in &pages {
        let path = folder.path().join(page);
        let Some(mut mandoc) = tool("mandoc") else { return };
        let (fine, out, err) = run(mandoc.args(["-T", "lint", "-W", "error"]).arg(&path));
        assert!(fine && out.is_empty() && err.is_empty(), "{page}: {out}{err}");
        let Some(mut groff) = tool("groff") else { return };
        let (fine, _, err) = run(groff.args(["-man", "-ww", "-z", "-Kutf8", "-Tutf8"]).arg(&path));
        assert!(fine && err.is_empty(), "{page}: {err}");
    }
    // They have a say: a page that calls a macro nobody knows is not let pass.
    let bad = folder.path().join("bad.1");
    std::fs::write(&bad, ".TH BAD 1\n.SH NAME\nbad \\- x\n.NOSUCH y\n").unwrap();
    let (_, _, err) = run(tool("groff").unwrap().args(["-man", "-ww", "-z"]).arg(&bad));
    assert!(err.contains("NOSUCH"), "{err}");
}

#[test]
fn each_shell_reads_its_completions() {
    let folder = tempfile::tempdir().unwrap();
    for (shell, only_read) in [("bash", "-n"), ("zsh", "-n"), ("fish", "--no-execute")] {
        let script = folder.path().join(shell);
        std::fs::write(&script, lightsout(&["completions", shell])).unwrap();
        let Some(mut judge) = tool(shell) else { return };
        let (fine, out, err) = run(judge.arg(only_read).arg(&script));
        assert!(fine && err.is_empty(), "{shell}: {out}{err}");
        std::fs::write(&script, "if then (\n").unwrap();
        assert!(!run(tool(shell).unwrap().arg(only_read).arg(&script)).0, "{shell} reads anything");
    }
    // And offers the commands, as one who presses Tab sees it.
    let script = folder.path().join("bash");
    std::fs::write(&script, lightsout(&["completions", "bash"])).unwrap();
    let ask = ". \"$1\"; COMP_WORDS=(lightsout jour); COMP_CWORD=1; _lightsout lightsout jour lightsout; echo \"${COMPREPLY[@]}\"";
    let (_, out, err) = run(tool("bash").unwrap().args(["-c", ask, "bash"]).arg(&script));
    assert_eq!((out.trim(), err.as_str()), ("journal", ""));
}

//! The package and its papers, as an operator meets them: built, inspected, installed in a plain Debian, followed by the book,
//! upgraded, removed and purged.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot set up what it judges has nothing to say"
)]

#[path = "package/azure_commands.rs"]
mod azure_commands;
#[path = "package/book.rs"]
mod book;
#[path = "package/built.rs"]
mod built;
#[path = "package/deb.rs"]
mod deb;
#[path = "package/debian.rs"]
mod debian;
#[path = "package/life.rs"]
mod life;
#[path = "package/papers.rs"]
mod papers;
#[path = "package/release.rs"]
mod release;
#[path = "package/ten_minutes.rs"]
mod ten_minutes;
#[path = "support/tools.rs"]
mod tools;
#[path = "package/versions.rs"]
mod versions;

use std::path::{Path, PathBuf};
use std::process::Command;

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Exit success, stdout and stderr.
fn run(command: &mut Command) -> (bool, String, String) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

/// The program under test with these arguments; it must end well.
fn lightsout(arguments: &[&str]) -> String {
    let (fine, out, err) = run(Command::new(env!("CARGO_BIN_EXE_lightsout")).args(arguments));
    assert!(fine, "lightsout {arguments:?}: {out}{err}");
    out
}

//! Tells the program which commit it is built from, so that `lightsout --version`, its log and its metrics can say so.
//!
//! In this order: `LIGHTSOUT_COMMIT`, for builds where neither git nor an archive is; `.ci/commit`, which `git archive` and
//! downloaded source archives fill in; git itself. A build that is not for release asks nobody: it would be made anew with
//! every commit, and its `-changed` would be stale.
#![expect(clippy::disallowed_methods, reason = "cargo speaks to a build script by its environment")]

use std::env;
use std::path::Path;
use std::process::Command;

/// So much of a commit's name; git itself shows seven to twelve.
const SHOWN: usize = 12;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=LIGHTSOUT_COMMIT");
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let released = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let commit = given().or_else(|| if released { archived().or_else(asked) } else { None });
    let words = match &commit {
        Some(commit) => format!("{version} ({commit})"),
        None if released => format!("{version} (commit unknown)"),
        None => format!("{version} (not a release build)"),
    };
    println!("cargo:rustc-env=BUILT_COMMIT={}", commit.as_deref().unwrap_or("unknown"));
    println!("cargo:rustc-env=BUILT_RELEASE={words}");
}

/// A commit's name in hexadecimal, shortened; what follows a `-` stays.
fn short(text: &str) -> Option<String> {
    let text = text.trim();
    let (name, rest) = text.split_once('-').map_or((text, None), |(name, rest)| (name, Some(rest)));
    let proper = name.len() >= 7 && name.chars().all(|c| c.is_ascii_hexdigit());
    let plain = rest.is_none_or(|rest| rest == "changed");
    let name = name.get(..SHOWN.min(name.len()))?.to_ascii_lowercase();
    (proper && plain).then(|| rest.map_or(name.clone(), |rest| format!("{name}-{rest}")))
}

fn given() -> Option<String> {
    let text = env::var("LIGHTSOUT_COMMIT").ok().filter(|text| !text.is_empty())?;
    let commit = short(&text);
    assert!(commit.is_some(), "LIGHTSOUT_COMMIT is `{text}`: not the name of a commit, with or without -changed");
    commit
}

/// In a checkout the file holds a placeholder, which is no commit.
fn archived() -> Option<String> {
    println!("cargo:rerun-if-changed=.ci/commit");
    short(&std::fs::read_to_string(".ci/commit").ok()?)
}

fn asked() -> Option<String> {
    // A folder inside somebody else's checkout is not of that commit.
    let top = git(&["rev-parse", "--show-toplevel"])?;
    let here = env::current_dir().ok()?.canonicalize().ok()?;
    if Path::new(top.trim()).canonicalize().ok()? != here {
        return None;
    }
    let commit = short(&git(&["rev-parse", "HEAD"])?)?;
    // What is built is made of these; whatever changes in them changes what this says.
    let parts = ["src", "config", "deploy/agent", "benches", "Cargo.toml", "Cargo.lock", "build.rs"];
    for part in parts {
        println!("cargo:rerun-if-changed={part}");
    }
    for part in ["HEAD", "logs/HEAD", "index"] {
        if let Some(path) = git(&["rev-parse", "--git-path", part]).filter(|path| Path::new(path.trim()).exists()) {
            println!("cargo:rerun-if-changed={}", path.trim());
        }
    }
    let mut look = vec!["status", "--porcelain", "--untracked-files=no", "--"];
    look.extend(parts);
    let changed = git(&look)?;
    Some(if changed.trim().is_empty() { commit } else { format!("{commit}-changed") })
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8(output.stdout).ok())?
}

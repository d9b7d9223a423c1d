//! The package installed in a plain Debian, run, upgraded, removed and purged.

use std::process::Command;

use crate::built::{next, package, stripped};
use crate::debian::Debian;
use crate::run;

#[test]
fn installed_run_upgraded_removed_and_purged_it_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let Some(binary) = stripped(folder.path()) else { return };
    let Some(deb) = package(&binary, folder.path(), None) else { return };
    let Some(debian) = Debian::new(&binary) else { return };
    let next = next(&binary, folder.path()).unwrap();
    debian.copy(&next, "opt/next.deb");
    // From outside, as image builders do it.
    let installed = format!("--root={}", debian.path("").display());
    let (fine, out, err) = run(Command::new("dpkg").args([&installed, "--install"]).arg(&deb));
    assert!(fine, "{out}{err}");
    assert!(out.contains("it observes, and stops nothing"), "{out}{err}");
    let said = debian.walk(include_str!("debian/life.sh"));
    assert!(said.contains("== all of it\n"), "{said}");
}

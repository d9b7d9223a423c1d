//! The package as a file: the same bytes each time, what stands in it, and what Debian's own judge says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::built::{named, package, stripped};
use crate::tools::tool;
use crate::{read, run};

#[test]
fn the_same_binary_gives_the_same_package_wherever_it_is_built() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let Some(binary) = stripped(one.path()) else { return };
    let Some(first) = package(&binary, one.path(), None) else { return };
    // Another folder, another hour of the files, another umask of whoever builds.
    let copy = two.path().join("another-name");
    std::fs::copy(&binary, &copy).unwrap();
    let second = package(&copy, two.path(), None).unwrap();
    assert_eq!(first.file_name(), second.file_name());
    assert!(std::fs::read(&first).unwrap() == std::fs::read(&second).unwrap(), "the packages differ");
    let third = package(&binary, two.path(), Some("0.1.1")).unwrap();
    assert!(std::fs::read(&first).unwrap() != std::fs::read(&third).unwrap(), "the judge sees no difference");
}

fn field(deb: &Path, name: &str) -> String {
    let (fine, out, err) = run(Command::new("dpkg-deb").arg("--field").arg(deb).arg(name));
    assert!(fine, "{err}");
    out.trim().to_owned()
}

#[test]
fn the_package_holds_what_it_says_and_is_owned_by_root() {
    let folder = tempfile::tempdir().unwrap();
    let Some(binary) = stripped(folder.path()) else { return };
    let Some(deb) = package(&binary, folder.path(), None) else { return };
    let size = std::fs::metadata(&deb).unwrap().len();
    println!("{}: {size} bytes of the binary under test", deb.display());
    assert_eq!(field(&deb, "Version"), env!("CARGO_PKG_VERSION"));
    let depends = field(&deb, "Depends");
    assert!(depends.contains("libc6 (>= 2.") && depends.contains("ca-certificates"), "{depends}");

    let (_, listed, _) = run(Command::new("dpkg-deb").arg("--contents").arg(&deb));
    let strays: Vec<&str> = listed.lines().filter(|line| !line.contains(" root/root ")).collect();
    assert!(strays.is_empty(), "{strays:?}");
    let writable = |line: &&str| line.chars().nth(5) == Some('w') || line.chars().nth(8) == Some('w');
    assert_eq!(listed.lines().find(writable), None, "others may write it");
    let paths: BTreeSet<&str> = listed.lines().filter_map(|line| line.split_whitespace().nth(5)).collect();
    for path in [
        "./usr/bin/lightsout",
        "./etc/lightsout/lightsout.toml",
        "./etc/lightsout/policies/first.toml",
        "./usr/lib/systemd/system/lightsout.service",
        "./usr/lib/systemd/system/lightsout-sweep.service",
        "./usr/lib/systemd/system/lightsout-sweep.timer",
        "./usr/share/doc/lightsout/copyright",
        "./usr/share/doc/lightsout/changelog.gz",
        "./usr/share/doc/lightsout/NEWS.md.gz",
        "./usr/share/doc/lightsout/examples/lightsout.cron",
        "./usr/share/doc/lightsout/examples/role.json",
        "./usr/share/doc/lightsout/examples/policies/research.toml",
        "./usr/share/bash-completion/completions/lightsout",
        "./usr/share/zsh/vendor-completions/_lightsout",
        "./usr/share/fish/vendor_completions.d/lightsout.fish",
        "./usr/share/man/man1/lightsout-journal-restore.1.gz",
    ] {
        assert!(paths.contains(path), "{path} is not in the package:\n{listed}");
    }
}

#[test]
fn what_the_package_installs_is_what_stands_here() {
    let folder = tempfile::tempdir().unwrap();
    let Some(binary) = stripped(folder.path()) else { return };
    let Some(deb) = package(&binary, folder.path(), None) else { return };
    let at = folder.path().join("unpacked");
    let (fine, _, err) = run(Command::new("dpkg-deb").arg("--raw-extract").arg(&deb).arg(&at));
    assert!(fine, "{err}");
    let installed =
        |path: &str| std::fs::read_to_string(at.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert_eq!(installed("etc/lightsout/lightsout.toml"), read("deploy/deb/lightsout.toml"));
    // every setting stands in the example, and nothing there has to be edited, which would make dpkg ask
    assert_eq!(installed("usr/share/doc/lightsout/examples/lightsout.toml"), read("config/lightsout.toml"));
    for line in read("deploy/deb/lightsout.toml").lines().filter(|line| !line.is_empty() && !line.starts_with("# What"))
    {
        let stands = line.starts_with("# /usr") || read("config/lightsout.toml").lines().any(|known| known == line);
        assert!(stands, "`{line}` is no line of config/lightsout.toml");
    }
    let conffiles = installed("DEBIAN/conffiles");
    assert_eq!(conffiles, "/etc/lightsout/lightsout.toml\n/etc/lightsout/policies/first.toml\n");
    for unit in ["lightsout.service", "lightsout-sweep.service"] {
        let text = installed(&format!("usr/lib/systemd/system/{unit}"));
        assert!(text.contains("\nExecStart=/usr/bin/lightsout "), "{text}");
        assert!(!text.contains("/usr/local") && !text.contains("Install as"), "{text}");
    }
    // The first policy has nothing wrong with it, stops nothing, and names its scope; the settings lack what only the
    // operator knows, and say so in one line.
    let first = installed("etc/lightsout/policies/first.toml");
    assert!(first.contains("\nmode = \"observe\""), "{first}");
    let settings = at.join("etc/lightsout/lightsout.toml");
    let mut check = Command::new(&binary);
    let (fine, out, err) = run(check
        .args(["check", "--config"])
        .arg(&settings)
        .env_remove("LIGHTSOUT_REQUIRE_TOOLS")
        .env_remove("LIGHTSOUT_PACKAGE_BINARY"));
    assert!(!fine, "settings that name no workspace are not enough");
    assert!(
        out.contains("1 error(s), 0 warning(s), 1 valid policies")
            && out.contains("fleet: it names nothing to look at"),
        "{out}{err}"
    );
    let page = at.join("usr/share/man/man1/lightsout-hold.1.gz");
    let (_, page, _) = run(Command::new("gzip").arg("-dc").arg(page));
    // of the very program that is in it: a release names its commit
    let (_, own, _) = run(Command::new(&binary).args(["man", "hold"]));
    assert_eq!(page, own);
}

/// The package with something else in the binary's place, packed anew: lintian takes minutes over the binary of tests, which
/// is ten times as large as a released one. `.ci/long deb` shows it the released one.
fn lighter(folder: &Path, deb: &Path, change: impl Fn(&Path)) -> PathBuf {
    let (at, made) = (folder.join("lighter"), folder.join("lighter.deb"));
    let (fine, _, err) = run(Command::new("dpkg-deb").arg("--raw-extract").arg(deb).arg(&at));
    assert!(fine, "{err}");
    if !named() {
        std::fs::copy("/bin/true", at.join("usr/bin/lightsout")).unwrap();
    }
    let sums = "find usr -type f | LC_ALL=C sort | xargs md5sum >DEBIAN/md5sums";
    let (fine, _, err) = run(Command::new("sh").args(["-c", sums]).current_dir(&at));
    assert!(fine, "{err}");
    change(&at);
    let (fine, _, err) = run(Command::new("dpkg-deb").args(["--root-owner-group", "--build"]).arg(&at).arg(&made));
    assert!(fine, "{err}");
    std::fs::remove_dir_all(&at).unwrap();
    made
}

#[test]
fn lintian_finds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let lintian = |deb: &Path| {
        let mut lintian = tool("lintian")?;
        Some(run(lintian.args(["--fail-on", "error,warning", "--allow-root"]).arg(deb)))
    };
    let Some(binary) = stripped(folder.path()) else { return };
    let Some(deb) = package(&binary, folder.path(), None) else { return };
    let Some((fine, out, err)) = lintian(&lighter(folder.path(), &deb, |_| {})) else { return };
    assert!(fine && out.is_empty(), "{out}{err}");
    // It has a say: a package that nobody maintains is not let pass.
    let unmaintained = |at: &Path| {
        let control = std::fs::read_to_string(at.join("DEBIAN/control")).unwrap();
        let kept: Vec<&str> = control.lines().filter(|line| !line.starts_with("Maintainer")).collect();
        std::fs::write(at.join("DEBIAN/control"), kept.join("\n") + "\n").unwrap();
    };
    let (fine, out, _) = lintian(&lighter(folder.path(), &deb, unmaintained)).unwrap();
    assert!(!fine && out.contains("Maintainer"), "{out}");
}

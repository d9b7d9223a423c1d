//! Builds the package of the binary under test, without its debug symbols, which would make it ten times as large.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools::tool;
use crate::{root, run};

/// Before the day that any file here was made: what is packed is as old as this and no younger.
pub(crate) const EPOCH: u64 = 1_700_000_000;

/// Whether a binary is named by LIGHTSOUT_PACKAGE_BINARY, rather than that of the tests.
pub(crate) fn named() -> bool {
    std::env::vars().any(|(name, _)| name == "LIGHTSOUT_PACKAGE_BINARY")
}

/// The binary under test without debug symbols; with LIGHTSOUT_PACKAGE_BINARY, as `.ci/long deb` sets it, that one.
pub(crate) fn stripped(folder: &Path) -> Option<PathBuf> {
    let binary = folder.join("lightsout");
    let named = std::env::vars().find(|(name, _)| name == "LIGHTSOUT_PACKAGE_BINARY").map(|(_, path)| path);
    let from = named.unwrap_or_else(|| env!("CARGO_BIN_EXE_lightsout").to_owned());
    let (fine, _, err) = run(tool("strip")?.arg("-o").arg(&binary).arg(from));
    assert!(fine, "{err}");
    Some(binary)
}

/// The package of a binary, quickly packed, in that folder.
pub(crate) fn package(binary: &Path, folder: &Path, version: Option<&str>) -> Option<PathBuf> {
    tool("dpkg-deb")?;
    let mut build = Command::new(root("deploy/deb/build.sh"));
    build.arg(binary).arg(folder).env("SOURCE_DATE_EPOCH", EPOCH.to_string());
    build.env("DEB_COMPRESSION", "gzip").env("DEB_LEVEL", "1").env("DEB_MAINTAINER", "Ada Lovelace <ada@contoso.com>");
    if let Some(version) = version {
        build.env("DEB_VERSION", version);
    }
    let (fine, out, err) = run(&mut build);
    assert!(fine && err.is_empty(), "{out}{err}");
    Some(PathBuf::from(out.trim()))
}

/// The package of the next release, whose settings are not those of the last: what dpkg asks about where the operator edited
/// them.
pub(crate) fn next(binary: &Path, folder: &Path) -> Option<PathBuf> {
    let deb = package(binary, folder, Some("0.1.1"))?;
    let at = folder.join("next");
    let done = |command: &mut Command| {
        let (fine, out, err) = run(command);
        assert!(fine, "{out}{err}");
    };
    done(Command::new("dpkg-deb").arg("--raw-extract").arg(&deb).arg(&at));
    for file in ["etc/lightsout/lightsout.toml", "etc/lightsout/policies/first.toml"] {
        let text = std::fs::read_to_string(at.join(file)).unwrap();
        std::fs::write(at.join(file), format!("# As of the next release.\n{text}")).unwrap();
    }
    done(Command::new("dpkg-deb").args(["--root-owner-group", "-Zgzip", "-z1", "--build"]).arg(&at).arg(&deb));
    std::fs::remove_dir_all(&at).unwrap();
    Some(deb)
}

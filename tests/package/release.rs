//! What a release is made of: the folder of one, and its bill of materials.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::built::{EPOCH, stripped};
use crate::tools::tool;
use crate::{lightsout, read, root, run};

fn materials() -> String {
    let (fine, out, err) = run(Command::new(root(".ci/sbom")).env("SOURCE_DATE_EPOCH", EPOCH.to_string()));
    assert!(fine, "{err}");
    out
}

/// What Cargo.lock says: each crate of a registry with its checksum.
fn locked() -> BTreeMap<(String, String), String> {
    let lock: toml::Table = read("Cargo.lock").parse().unwrap();
    let text = |package: &toml::Value, key: &str| package.get(key).and_then(toml::Value::as_str).map(str::to_owned);
    let packages = lock.get("package").and_then(toml::Value::as_array).unwrap();
    let of = |package| Some(((text(package, "name")?, text(package, "version")?), text(package, "checksum")?));
    packages.iter().filter_map(of).collect()
}

const JUDGE: &str = "
import sys
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
found = JsonStrictValidator(SchemaVersion.V1_5).validate_str(open(sys.argv[1], encoding='utf-8').read())
sys.exit(f'{found}' if found else 0)
";

#[test]
fn the_bill_of_materials_is_one_and_says_what_the_lock_says() {
    let text = materials();
    assert_eq!(text, materials(), "the same lock gives the same bill");
    let bill: Value = serde_json::from_str(&text).unwrap();
    let components = bill.get("components").and_then(Value::as_array).unwrap();
    let word =
        |of: &Value, key: &str| of.get(key).and_then(Value::as_str).unwrap_or_else(|| panic!("{key}: {of}")).to_owned();
    let locked = locked();
    let mut required = BTreeSet::new();
    for component in components {
        let (name, version) = (word(component, "name"), word(component, "version"));
        let checksum = component.pointer("/hashes/0/content").and_then(Value::as_str).map(str::to_owned);
        assert_eq!(checksum.as_ref(), locked.get(&(name.clone(), version)), "{name}");
        assert!(component.get("licenses").is_some(), "{name} has no licence");
        if word(component, "scope") == "required" {
            required.insert(name);
        }
    }
    for name in ["tokio", "rustls", "ring", "sqlx", "libsqlite3-sys", "axum"] {
        assert!(required.contains(name), "{name} runs in the program");
    }
    for name in ["proptest", "assert_cmd", "serde_derive", "windows-sys"] {
        assert!(!required.contains(name), "{name} is not in the program");
    }
    let Some(mut python) = tool("python") else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bill.json");
    std::fs::write(&file, &text).unwrap();
    let (fine, out, err) = run(python.args(["-c", JUDGE]).arg(&file));
    assert!(fine, "{out}{err}");
    // It has a say, also over a short one: judging all of it takes many seconds.
    let mut short = bill.clone();
    short["components"] = serde_json::json!([{ "type": "thing", "name": "x" }]);
    short["dependencies"] = serde_json::json!([]);
    std::fs::write(&file, short.to_string()).unwrap();
    assert!(!run(tool("python").unwrap().args(["-c", JUDGE]).arg(&file)).0, "the judge takes anything");
}

fn files(folder: &Path) -> BTreeSet<String> {
    let (fine, out, err) = run(Command::new("find").arg(folder).args(["-type", "f", "-printf", "%P\\n"]));
    assert!(fine, "{err}");
    out.lines().map(str::to_owned).collect()
}

#[test]
fn a_release_folder_has_all_of_it_and_checksums_that_fit() {
    let folder = tempfile::tempdir().unwrap();
    let Some(binary) = stripped(folder.path()) else { return };
    if tool("dpkg-deb").is_none() {
        return;
    }
    let into = folder.path().join("folder");
    let make = || {
        let mut release = Command::new(root(".ci/release"));
        release.arg("--binary").arg(&binary).arg(&into).env("SOURCE_DATE_EPOCH", EPOCH.to_string());
        run(release.env("DEB_COMPRESSION", "gzip").env("DEB_LEVEL", "1"))
    };
    let (fine, out, err) = make();
    assert!(fine, "{out}{err}");
    let version = env!("CARGO_PKG_VERSION");
    let found = files(&into);
    let arch = std::env::consts::ARCH;
    let wanted = [
        format!("lightsout-{version}-{arch}"),
        format!("lightsout-{version}.cdx.json"),
        "openapi.json".into(),
        "policy.schema.json".into(),
        "CHANGELOG.md".into(),
        "LICENSE".into(),
        "SHA256SUMS".into(),
        "man1/lightsout.1".into(),
        "completions/lightsout.fish".into(),
    ];
    for file in wanted {
        assert!(found.contains(&file), "{file} is not in {found:?}");
    }
    assert!(found.iter().any(|file| file.ends_with(".deb")), "{found:?}");
    assert_eq!(std::fs::read_to_string(into.join("openapi.json")).unwrap(), lightsout(&["openapi"]));
    let sums = std::fs::read_to_string(into.join("SHA256SUMS")).unwrap();
    assert_eq!(sums.lines().count() + 1, found.len(), "every file but the sums themselves");
    let (fine, out, err) =
        run(Command::new("sha256sum").args(["--check", "--strict", "--quiet", "SHA256SUMS"]).current_dir(&into));
    assert!(fine, "{out}{err}");
    let (fine, _, err) = make();
    assert!(!fine && err.contains("is not empty"), "it writes over a release: {err}");
}

#[test]
fn the_changelog_names_every_command() {
    let changes = read("CHANGELOG.md");
    let commands = <lightsout::cli::args::Args as clap::CommandFactory>::command();
    let commands: Vec<&str> = commands.get_subcommands().map(clap::Command::get_name).collect();
    assert!(commands.len() > 20, "{commands:?}");
    let named = |name: &&str| {
        let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
        changes.split(&format!("lightsout {name}")).skip(1).any(ends) || changes.contains(&format!("`{name}`"))
    };
    let unnamed: Vec<&&str> = commands.iter().filter(|name| !named(name)).collect();
    assert!(unnamed.is_empty(), "an operator reads nothing of {unnamed:?}");
}

//! Which program this is: the commit, and the oldest Rust.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{lightsout, read, root, run};

#[test]
fn the_binary_says_one_thing_wherever_it_is_asked() {
    let told: serde_json::Value = serde_json::from_str(&lightsout(&["version", "--json"])).unwrap();
    let text = |key: &str| {
        told.get(key).and_then(serde_json::Value::as_str).unwrap_or_else(|| panic!("{key}: {told}")).to_owned()
    };
    assert_eq!(text("version"), env!("CARGO_PKG_VERSION"));
    assert_eq!(lightsout(&["--version"]), format!("lightsout {}\n", text("release")));
    assert!(lightsout(&["version"]).starts_with(&format!("lightsout {}\n", text("release"))));
    // The tests' own build is not for release, and says so rather than naming a commit that it may not be of.
    assert_eq!(
        (text("commit"), text("release")),
        ("unknown".into(), format!("{} (not a release build)", text("version")))
    );
    assert_eq!(text("rust_version"), env!("CARGO_PKG_RUST_VERSION"));
}

/// The build script itself, as cargo runs it in a release build of that folder.
struct Script(PathBuf, tempfile::TempDir);

impl Script {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("build-script");
        let rustc = option_env!("RUSTC").unwrap_or("rustc");
        let (fine, _, err) =
            run(Command::new(rustc).args(["--edition", "2024", "-o"]).arg(&program).arg(root("build.rs")));
        assert!(fine, "{err}");
        Self(program, folder)
    }

    fn says(&self, folder: &Path, profile: &str, given: Option<&str>) -> (bool, String) {
        let mut command = Command::new(&self.0);
        command
            .current_dir(folder)
            .env_remove("LIGHTSOUT_COMMIT")
            .env("CARGO_PKG_VERSION", "9.9.9")
            .env("PROFILE", profile);
        if let Some(given) = given {
            command.env("LIGHTSOUT_COMMIT", given);
        }
        let (fine, out, err) = run(&mut command);
        let words = out.lines().find_map(|line| line.strip_prefix("cargo:rustc-env=BUILT_RELEASE=")).unwrap_or(&err);
        (fine, words.to_owned())
    }
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let mut git = Command::new("git");
    git.current_dir(folder).args(["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]);
    let (fine, out, err) = run(git.args(arguments));
    assert!(fine, "git {arguments:?}: {out}{err}");
    out.trim().to_owned()
}

#[test]
fn a_release_build_names_its_commit_with_git_from_an_archive_and_by_word() {
    let script = Script::new();
    let checkout = script.1.path().join("checkout");
    for part in ["src", "config", "deploy/agent", "benches", ".ci"] {
        std::fs::create_dir_all(checkout.join(part)).unwrap();
        std::fs::write(checkout.join(part).join("file"), "x").unwrap();
    }
    for file in [".ci/commit", ".gitattributes", "build.rs", "Cargo.toml", "Cargo.lock"] {
        std::fs::copy(root(file), checkout.join(file)).unwrap();
    }
    assert_eq!(script.says(&checkout, "release", None), (true, "9.9.9 (commit unknown)".into()), "no git, no archive");
    git(&checkout, &["init", "--quiet"]);
    git(&checkout, &["add", "."]);
    git(&checkout, &["commit", "--quiet", "-m", "x"]);
    let commit = git(&checkout, &["rev-parse", "--short=12", "HEAD"]);
    assert_eq!(script.says(&checkout, "release", None), (true, format!("9.9.9 ({commit})")));
    assert_eq!(script.says(&checkout, "debug", None), (true, "9.9.9 (not a release build)".into()));
    assert_eq!(
        script.says(&checkout.join("src"), "release", None).1,
        "9.9.9 (commit unknown)",
        "inside another's checkout"
    );

    // A source archive has no git, and knows all the same.
    let unpacked = script.1.path().join("unpacked");
    std::fs::create_dir(&unpacked).unwrap();
    git(&checkout, &["archive", "--output=../source.tar", "HEAD"]);
    let (fine, _, err) =
        run(Command::new("tar").arg("-xf").arg(script.1.path().join("source.tar")).arg("-C").arg(&unpacked));
    assert!(fine, "{err}");
    assert_eq!(script.says(&unpacked, "release", None), (true, format!("9.9.9 ({commit})")));

    std::fs::write(checkout.join("src/file"), "y").unwrap();
    assert_eq!(script.says(&checkout, "release", None).1, format!("9.9.9 ({commit}-changed)"));
    assert_eq!(
        script.says(&checkout, "release", Some("ABCDEF0123456789")).1,
        "9.9.9 (abcdef012345)",
        "the word counts most"
    );
    let (fine, words) = script.says(&checkout, "release", Some("main"));
    assert!(!fine && words.contains("not the name of a commit"), "{words}");
}

fn number(version: &str) -> Vec<u64> {
    let mut parts: Vec<u64> =
        version.split('.').map(|part| part.parse().unwrap_or_else(|_| panic!("{version}"))).collect();
    parts.resize(3, 0);
    parts
}

/// No other toolchain is needed for this: what each dependency asks for is compared, and `clippy::incompatible_msrv` refuses
/// what the standard library had later than `rust-version`.
#[test]
fn no_dependency_asks_for_a_newer_rust_than_we_state() {
    let stated = number(env!("CARGO_PKG_RUST_VERSION"));
    let cargo = option_env!("CARGO").unwrap_or("cargo");
    let manifest = root("Cargo.toml");
    let mut metadata = Command::new(cargo);
    metadata.args(["metadata", "--locked", "--offline", "--format-version", "1", "--manifest-path"]).arg(manifest);
    let (fine, out, err) = run(&mut metadata);
    assert!(fine, "{err}");
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    let packages = told.get("packages").and_then(serde_json::Value::as_array).unwrap();
    let text = |package: &serde_json::Value, key: &str| {
        package.get(key).and_then(serde_json::Value::as_str).map(str::to_owned)
    };
    let asked: Vec<(Vec<u64>, String)> = packages
        .iter()
        .filter_map(|package| Some((number(&text(package, "rust_version")?), text(package, "name")?)))
        .collect();
    let newer: Vec<_> = asked.iter().filter(|(version, _)| *version > stated).collect();
    assert!(newer.is_empty(), "Cargo.toml states {stated:?}, and these ask for more: {newer:?}");
    let (most, name) = asked.iter().filter(|(_, name)| name != "lightsout").max().unwrap();
    println!("{} of {} packages say what they need; the most is {most:?}, by {name}", asked.len(), packages.len());
    assert!(asked.len() > packages.len() / 2, "the reader of this test is broken");
    assert!(read("README.md").contains(&format!("Rust {} or newer", env!("CARGO_PKG_RUST_VERSION"))));
}

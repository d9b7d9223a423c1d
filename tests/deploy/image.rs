//! The image: judged by hadolint, and by what it promises.

use std::collections::BTreeSet;

use super::tools::tool;
use super::{read, root, run};

#[test]
fn hadolint_finds_nothing_in_the_dockerfile() {
    let Some(mut hadolint) = tool("hadolint") else {
        return;
    };
    let (fine, out, err) = run(hadolint.arg(root("deploy/Dockerfile")));
    assert!(fine && out.is_empty() && err.is_empty(), "{out}{err}");
}

/// The Dockerfile's instructions, comments left out and continued lines joined.
fn instructions() -> Vec<String> {
    let text = read("deploy/Dockerfile").replace("\\\n", " ");
    text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

#[test]
fn the_image_is_empty_but_for_a_binary_that_is_not_root() {
    let all = instructions();
    let last = all.iter().rposition(|line| line.starts_with("FROM ")).expect("a FROM");
    let (build, image) = all.split_at(last);
    assert_eq!(image.first().map(String::as_str), Some("FROM scratch"));
    assert!(image.iter().any(|line| line == "USER 65532:65532"), "{image:#?}");
    assert!(image.iter().any(|line| line == "VOLUME [\"/var/lib/lightsout\"]"), "one volume");
    assert!(!image.iter().any(|line| line.starts_with("RUN ")), "scratch can run nothing");
    assert!(build.iter().any(|line| line.contains("--locked")), "the build keeps Cargo.lock");
    let base = build.first().and_then(|line| line.strip_prefix("FROM rust:")).expect("a rust image");
    let number =
        |text: &str| text.split('-').next().and_then(|v| v.split('.').nth(1)).and_then(|n| n.parse::<u32>().ok());
    let manifest = read("Cargo.toml");
    let needed =
        manifest.lines().find_map(|line| line.strip_prefix("rust-version = \"")).map(|v| v.trim_end_matches('"'));
    assert!(number(base) >= needed.and_then(number), "{base} is older than rust-version {needed:?}");
}

/// Bytes of the image beside the binary: time zones and certificates, as this machine has them.
const REST_MAX: u64 = 6_000_000;

#[test]
fn what_is_copied_beside_the_binary_is_small() {
    let copies = instructions().into_iter().filter(|line| line.contains("/out/") && !line.starts_with("COPY"));
    let line = copies.collect::<Vec<_>>().join(" ");
    let sources = ["/etc/ssl/certs/ca-certificates.crt", "/usr/share/zoneinfo"];
    for source in sources {
        assert!(line.contains(source), "{source} is not copied: this test weighs the wrong things");
    }
    let mut rest: u64 = 0;
    let mut paths: Vec<std::path::PathBuf> = sources.iter().map(std::path::PathBuf::from).collect();
    while let Some(path) = paths.pop() {
        let Ok(meta) = std::fs::symlink_metadata(&path) else { continue };
        if meta.is_dir() {
            paths.extend(std::fs::read_dir(&path).expect("a folder").map(|entry| entry.expect("an entry").path()));
        } else if meta.is_file() {
            rest += meta.len();
        }
    }
    println!("beside the binary: {rest} bytes");
    assert!(rest < REST_MAX, "{rest} bytes beside the binary");
}

#[test]
fn what_it_depends_on_has_a_layer_of_its_own() {
    let all = instructions();
    let place = |start: &str| all.iter().position(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{start}"));
    let stub = all.iter().position(|line| line.contains("src/lib.rs")).expect("a build of nothing but dependencies");
    assert!(place("COPY Cargo.toml Cargo.lock") < stub && stub < place("COPY src"), "{all:#?}");
    assert!(!all[..stub].iter().any(|line| line.starts_with("ARG")), "an argument that changes would begin it anew");
    // cargo wants to see every bench that Cargo.toml names
    let manifest = read("Cargo.toml");
    let benches: BTreeSet<&str> =
        manifest.split("[[bench]]\nname = \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let listed = all[stub].split("for name in ").nth(1).and_then(|rest| rest.split(';').next()).expect("a list");
    assert_eq!(listed.split_whitespace().collect::<BTreeSet<_>>(), benches);
}

#[test]
fn the_image_says_what_it_is() {
    let all = instructions();
    let labels = all.iter().find_map(|line| line.strip_prefix("LABEL ")).expect("labels");
    let version = format!("org.opencontainers.image.version=\"{}\"", env!("CARGO_PKG_VERSION"));
    assert!(labels.contains(&version) && labels.contains("org.opencontainers.image.revision=\"$COMMIT\""), "{labels}");
    for path in ["deploy/compose/compose.yaml", "deploy/k8s/base/kustomization.yaml"] {
        let text = read(path);
        assert!(text.contains(env!("CARGO_PKG_VERSION")), "{path} names another version");
    }
}

#[test]
fn the_builder_gets_all_that_the_build_reads() {
    let copied: BTreeSet<String> = instructions()
        .iter()
        .filter_map(|line| line.strip_prefix("COPY ").filter(|rest| !rest.starts_with("--from")))
        .flat_map(|rest| rest.split_whitespace().map(str::to_owned).collect::<Vec<_>>().into_iter().rev().skip(1))
        .collect();
    let kept = read("deploy/Dockerfile.dockerignore");
    for source in &copied {
        assert!(root(source).exists(), "COPY {source}: there is no such path");
        assert!(
            kept.lines().any(|line| line == format!("!{source}")),
            "{source} is left out by Dockerfile.dockerignore"
        );
    }
    let mut folders = vec![root("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|kind| kind == "rs") && !is_test_only(&entry) {
                for included in included(&std::fs::read_to_string(&entry).expect("a file")) {
                    let place = folder.join(&included).canonicalize().unwrap_or_else(|_| root(&included));
                    let inside = copied.iter().any(|source| place.starts_with(root(source)));
                    assert!(inside, "{} includes {included}, which the builder does not get", entry.display());
                }
            }
        }
    }
}

/// Modules named for tests are compiled for tests only, which the builder does not.
fn is_test_only(file: &std::path::Path) -> bool {
    file.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("tests"))
}

/// The paths that a file includes at build time.
fn included(text: &str) -> Vec<String> {
    let macros = ["include_str!(\"", "include_bytes!(\"", "migrate!(\""];
    let calls = macros.iter().flat_map(|call| text.split(call).skip(1));
    calls.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

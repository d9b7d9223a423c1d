//! A policy file with an error takes no action, and nobody acts in its stead (S17, G16).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall end")]

use std::collections::BTreeMap;

use lightsout::facts::Source;
use lightsout::policy::{DefaultsSource, Governing, Parsed, SourceText, Sources, parse};
use lightsout::units::WorkspaceId;

/// Acts on everything, and stops.
const WIDE: &str = "name = \"wide\"\nmode = \"enforce\"\n[scope]\nworkspaces = [\"*\"]\n[uptime]\nmax = \"72h\"\n";

fn read(defaults: &str, files: &[(&str, &str)]) -> Parsed {
    let defaults = DefaultsSource { file: "lightsout.toml".into(), text: defaults.to_owned() };
    let policies: Vec<SourceText> =
        files.iter().map(|(file, text)| SourceText { file: (*file).into(), text: (*text).to_owned() }).collect();
    parse(&Sources {
        defaults: Some(&defaults),
        policies: &policies,
        calendars: &BTreeMap::new(),
        channels: 1,
        sources: Source::ALL.into_iter().collect(),
    })
}

/// Who governs a workspace, in a word: a policy's name, or `none`, `conflict`, or `broken FILE`.
fn governs(parsed: &Parsed, workspace: &str) -> String {
    let workspace = WorkspaceId::new("00000000-0000-0000-0000-000000000001", "rg", workspace).unwrap();
    match parsed.set.governing(&workspace, &[]) {
        Governing::One(policy) => policy.id.to_string(),
        Governing::None => "none".to_owned(),
        Governing::Conflict(_) => "conflict".to_owned(),
        Governing::Broken(one) => format!("broken {}", one.file),
    }
}

/// A careful policy for one workspace, with something after its scope.
fn careful(rest: &str) -> String {
    format!("name = \"careful\"\n[scope]\nworkspaces = [\"ml-lab\"]\n{rest}")
}

#[test]
fn a_wider_policy_does_not_take_over_from_a_broken_one() {
    for rest in [
        "[hours]\nzone = \"Europe/Madird\"\nallowed = [\"Mon-Fri 08:00-20:00\"]\n",
        "[uptime]\nmax = 3\n",
        "[guard]\nopt_uot_tag = \"keep\"\n",
        "[idle]\ncoverage = 95\n",
    ] {
        let parsed = read("", &[("wide.toml", WIDE), ("careful.toml", &careful(rest))]);
        assert!(parsed.has_errors(), "{rest}");
        assert_eq!(governs(&parsed, "ml-lab"), "broken careful.toml", "{rest}");
        assert_eq!(governs(&parsed, "ml-other"), "wide", "the others go on: {rest}");
    }
}

#[test]
fn a_file_whose_scope_cannot_be_read_may_cover_anything() {
    for text in [
        "name = \"careful\"\n[scope\nworkspaces = [\"ml-lab\"]\n",
        "name = \"careful\"\n[scope]\nworkspace = [\"ml-lab\"]\n",
        "name = \"careful\"\n[scope]\nworkspaces = [\"ml-lab\", 7]\n",
        "name = \"careful\"\n[scope]\nworkspaces = []\n",
        "name = \"careful\"\n",
        "\u{0}",
    ] {
        let parsed = read("", &[("wide.toml", WIDE), ("careful.toml", text)]);
        assert_eq!(governs(&parsed, "ml-lab"), "broken careful.toml", "{text}");
        assert_eq!(governs(&parsed, "ml-other"), "broken careful.toml", "{text}");
    }
}

#[test]
fn a_wide_broken_file_leaves_a_closer_policy_at_work() {
    let wide = WIDE.replace("\"72h\"", "72");
    let parsed = read("", &[("wide.toml", &wide), ("careful.toml", &careful("[uptime]\nmax = \"48h\"\n"))]);
    assert_eq!(governs(&parsed, "ml-lab"), "careful");
    assert_eq!(governs(&parsed, "ml-other"), "broken wide.toml");
}

#[test]
fn a_name_used_twice_breaks_both_and_frees_nobody() {
    let one = careful("[uptime]\nmax = \"48h\"\n");
    let other = one.replace("ml-lab", "ml-den");
    let parsed = read("", &[("wide.toml", WIDE), ("one.toml", &one), ("other.toml", &other)]);
    assert_eq!(governs(&parsed, "ml-lab"), "broken one.toml");
    assert_eq!(governs(&parsed, "ml-den"), "broken other.toml");
    assert_eq!(governs(&parsed, "ml-hut"), "wide");
}

#[test]
fn an_error_in_the_defaults_breaks_every_policy() {
    let parsed = read("[defaults.warning]\nlead = 15\n", &[("wide.toml", WIDE)]);
    assert!(parsed.set.policies.is_empty());
    assert_eq!(governs(&parsed, "ml-lab"), "broken wide.toml");
}

#[test]
fn the_digest_tells_a_broken_set_from_a_whole_one() {
    let whole = read("", &[("wide.toml", WIDE)]);
    let broken = read("", &[("wide.toml", WIDE), ("careful.toml", &careful("[uptime]\nmax = 3\n"))]);
    assert_eq!(whole.set.policies.len(), broken.set.policies.len());
    assert_ne!(whole.set.digest, broken.set.digest);
    assert!(whole.set.broken.is_empty());
}

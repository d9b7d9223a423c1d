//! Scenes: what people, Azure and time do, told line by line, and what the engine made of it, compared with a transcript.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "scenarios/apart.rs"]
mod apart;
#[path = "support/cloud.rs"]
mod cloud;
#[path = "support/invariants.rs"]
mod invariants;
#[path = "scenarios/ladder.rs"]
mod ladder;
#[path = "support/memory_journal.rs"]
mod memory_journal;
#[path = "scenarios/outside_words.rs"]
mod outside_words;
#[path = "scenarios/replicas.rs"]
mod replicas;
#[path = "scenarios/script.rs"]
mod script;
#[path = "scenarios/spoilt.rs"]
mod spoilt;
#[path = "support/stage.rs"]
mod stage;
#[path = "scenarios/start_words.rs"]
mod start_words;
#[path = "scenarios/transcript.rs"]
mod transcript;
#[path = "support/world.rs"]
mod world;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use script::Scene;

fn scenes() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios");
    let mut scenes: Vec<PathBuf> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    scenes.retain(|path| path.extension().is_some_and(|found| found == "txt"));
    scenes.sort();
    scenes
}

#[expect(clippy::disallowed_methods, reason = "a test has no settings to ask")]
fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some()
}

/// What is wrong with a scene, if anything.
fn wrong(path: &Path) -> Option<String> {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(path).unwrap();
    let ran = catch_unwind(AssertUnwindSafe(|| Scene::run(&text)));
    let Ok((found, scene)) = ran else { return Some(format!("{name}: the scene itself broke")) };
    let breaches = invariants::check_invariants(&scene.stage.world);
    let golden = path.with_extension("out");
    if is_set("LIGHTSOUT_BLESS") {
        fs::write(&golden, &found).unwrap();
    }
    let wanted = fs::read_to_string(&golden).unwrap_or_default();
    let first = found.lines().zip(wanted.lines().chain(std::iter::repeat(""))).find(|(found, wanted)| found != wanted);
    let differs = (found != wanted).then(|| format!("{name}: first difference {first:?}\n--- found\n{found}"));
    let broken = (!breaches.is_empty()).then(|| format!("{name}: {}", breaches.join("\n")));
    let both: Vec<String> = [broken, differs].into_iter().flatten().collect();
    (!both.is_empty()).then(|| both.join("\n"))
}

#[test]
fn every_scene_goes_as_written_and_keeps_the_invariants() {
    let scenes = scenes();
    assert!(scenes.len() >= 15, "only {} scenes", scenes.len());
    let wrong: Vec<String> = scenes.iter().filter_map(|path| wrong(path)).collect();
    assert!(wrong.is_empty(), "{} of {} scenes\n{}", wrong.len(), scenes.len(), wrong.join("\n\n"));
}

//! The house rules as a test: who may import whom, which rooms are pure, how files begin and how long they are.
#![expect(clippy::expect_used, reason = "a test that cannot read the tree has nothing to say")]

#[path = "architecture/laws.rs"]
mod laws;
#[path = "architecture/paths.rs"]
mod paths;
#[path = "architecture/proof.rs"]
mod proof;
#[path = "architecture/rooms.rs"]
mod rooms;
#[path = "architecture/source.rs"]
mod source;

use std::collections::BTreeSet;
use std::path::Path;

use laws::File;
use rooms::{ADAPTERS, LONG, ROOMS};

/// More lines than this and a file holds two things.
const LONGEST: usize = 400;

fn read(folder: &Path, into: &mut Vec<File>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut entries: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            read(&path, into);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let name = path.strip_prefix(root).expect("a path below the root").to_string_lossy().replace('\\', "/");
            into.push(File::new(&name, &std::fs::read_to_string(&path).expect("a readable file")));
        }
    }
}

fn files() -> Vec<File> {
    let mut files = Vec::new();
    for folder in ["src", "tests", "benches"] {
        read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
    }
    files
}

fn longest(path: &str) -> usize {
    LONG.iter().find(|(file, _, _)| *file == path).map_or(LONGEST, |(_, lines, _)| *lines)
}

#[test]
fn every_file_keeps_the_laws() {
    let files = files();
    assert!(files.len() > 20, "only {} files found: the walk is broken", files.len());
    let faults: Vec<String> = files.iter().flat_map(|file| file.faults(longest(&file.path))).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_exception_to_the_length_is_needed() {
    let files = files();
    for (path, lines, why) in LONG {
        let file = files.iter().find(|file| file.path == *path);
        let count = file.map_or(0, |file| file.text.lines().count());
        assert!(count > LONGEST, "{path} has {count} lines and needs no exception of {lines} ({why}); remove it");
    }
}

#[test]
fn every_room_exists_and_every_folder_is_a_room() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let entries = std::fs::read_dir(src).expect("src").map(|entry| entry.expect("entry").path());
    let found: BTreeSet<String> = entries
        .filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned()))
        .filter(|name| name != "lib")
        .collect();
    let listed: BTreeSet<String> = ROOMS.iter().map(|room| room.name.to_owned()).collect();
    assert_eq!(found, listed, "the folders of src/ and the rows of the table");
}

#[test]
fn the_readme_maps_every_room() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = std::fs::read_to_string(path).expect("README.md");
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.filter_map(|row| row.split(" |").next());
    let mapped: BTreeSet<&str> = cells.flat_map(|cell| cell.trim_end_matches('`').split("`, `")).collect();
    let missing = ROOMS.iter().map(|room| room.name).find(|name| *name != "main" && !mapped.contains(name));
    assert_eq!(missing, None, "the map of rooms in README.md leaves one out: {mapped:?}");
}

#[test]
fn the_table_has_no_cycle_and_goes_downwards() {
    // A room may import only rooms whose own imports are already known: an order exists, so no cycle does.
    let mut known: BTreeSet<&str> = BTreeSet::new();
    while known.len() < ROOMS.len() {
        let ready =
            ROOMS.iter().filter(|room| !known.contains(room.name) && room.may.iter().all(|to| known.contains(to)));
        let ready: Vec<&str> = ready.map(|room| room.name).collect();
        let left = || ROOMS.iter().map(|room| room.name).filter(|name| !known.contains(name)).collect::<Vec<_>>();
        assert!(!ready.is_empty(), "these rooms import each other in a circle: {:?}", left());
        known.extend(ready);
    }
    for room in ROOMS.iter().filter(|room| room.pure) {
        let foreign = room.may.iter().find(|to| !ROOMS.iter().any(|other| other.name == **to && other.pure));
        assert_eq!(foreign, None, "the pure room `{}` imports a room that is not", room.name);
    }
}

#[test]
fn the_tree_has_no_cycle() {
    let edges: BTreeSet<(String, String)> = files().iter().flat_map(File::edges).collect();
    let mut open: BTreeSet<&str> = edges.iter().map(|(from, _)| from.as_str()).collect();
    loop {
        let done =
            open.iter().find(|room| !edges.iter().any(|(from, to)| from == **room && open.contains(to.as_str())));
        let Some(done) = done.copied() else { break };
        open.remove(done);
    }
    assert!(open.is_empty(), "these rooms import each other in a circle: {open:?}");
}

#[test]
fn adapters_are_named_by_the_cli_alone() {
    for room in ROOMS.iter().filter(|room| room.name != "cli") {
        let named = room.may.iter().find(|to| ADAPTERS.contains(to));
        assert_eq!(named, None, "`{}` names an adapter", room.name);
    }
}

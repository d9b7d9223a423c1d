//! What `deploy/` holds, each part judged by its own tool, and its commands by the binary itself.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that cannot read what it judges has nothing to say"
)]

#[path = "deploy/arm.rs"]
mod arm;
#[path = "support/command_names.rs"]
mod command_names;
#[path = "deploy/commands.rs"]
mod commands;
#[path = "deploy/compose.rs"]
mod compose;
#[path = "deploy/cron.rs"]
mod cron;
#[path = "deploy/image.rs"]
mod image;
#[path = "deploy/k8s.rs"]
mod k8s;
#[path = "deploy/restoring.rs"]
mod restoring;
#[path = "deploy/role.rs"]
mod role;
#[path = "deploy/settled.rs"]
mod settled;
#[path = "support/tools.rs"]
mod tools;
#[path = "deploy/unit.rs"]
mod unit;
#[path = "deploy/yaml.rs"]
mod yaml;

use std::path::{Path, PathBuf};
use std::process::Command;

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Exit success, stdout and stderr.
fn run(command: &mut Command) -> (bool, String, String) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

//! `lightsout replay` as its users meet it: the policies that were in force come out again, others do not, and what the record does not
//! tell is bounded.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests: a panic is the failure")]

#[path = "replay/bounds.rs"]
mod bounds;
#[path = "support/cloud.rs"]
#[expect(dead_code, reason = "what only the scenarios ask of it")]
mod cloud;
#[path = "replay/demo.rs"]
mod demo;
#[path = "replay/files.rs"]
mod files;
#[path = "support/memory_journal.rs"]
mod memory_journal;
#[path = "support/stage.rs"]
#[expect(dead_code, reason = "what only other tests ask of it")]
mod stage;
#[path = "replay/weeks.rs"]
mod weeks;
#[path = "support/world.rs"]
#[expect(dead_code, reason = "what only other tests ask of it")]
mod world;

use std::path::Path;
use std::process::Command;

/// What the program said.
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!(self.code, 0, "{}", self.err);
        serde_json::from_str(&self.out).unwrap()
    }

    pub(crate) fn text(&self) -> &str {
        assert_eq!(self.code, 0, "{}", self.err);
        &self.out
    }
}

/// The program in a folder; nothing of this process's environment reaches it.
pub(crate) fn replay(within: &Path, args: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lightsout"));
    command.env_clear().current_dir(within).arg("replay").args(["--config", "none.toml"]).args(args);
    let done = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: done.status.code().unwrap_or(-1), out: text(done.stdout), err: text(done.stderr) }
}

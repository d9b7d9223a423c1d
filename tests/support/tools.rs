//! Finds the outside tools that judge what is not Rust; without one a test says so, or fails where the gate demands all.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A command for a tool of the project's virtual environment (`target/venv`) or of the `PATH`.
///
/// None where the tool is absent, and that is printed. With `LIGHTSOUT_REQUIRE_TOOLS=1`, as `.ci/test` sets it, an
/// absent tool fails the test instead: what was not judged must not look like what passed.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "tools are found by PATH, and one that is absent must be heard of"
)]
pub(crate) fn tool(name: &str) -> Option<Command> {
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv/bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::iter::once(venv).chain(std::env::split_paths(&path)).collect();
    let found = folders.into_iter().map(|folder| folder.join(name)).find(|file| file.is_file());
    if found.is_none() {
        let required = std::env::var_os("LIGHTSOUT_REQUIRE_TOOLS").is_some_and(|value| value == "1");
        assert!(!required, "`{name}` is not installed; `.ci/test` installs it, or unset LIGHTSOUT_REQUIRE_TOOLS");
        eprintln!("not judged: `{name}` is not installed; `.ci/test` installs it");
    }
    found.map(Command::new)
}

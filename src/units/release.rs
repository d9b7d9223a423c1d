//! Which program this is: its version, and the commit that it was built from.

/// The version, as in Cargo.toml.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit; it ends in `-changed` where the tree was not that of the commit. `unknown` where neither git nor the
/// archive said, and in builds that are not for release.
pub const COMMIT: &str = match option_env!("BUILT_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

/// The version and the commit, for people.
pub const RELEASE: &str = match option_env!("BUILT_RELEASE") {
    Some(words) => words,
    None => env!("CARGO_PKG_VERSION"),
};

/// The oldest Rust that builds it.
pub const RUST: &str = env!("CARGO_PKG_RUST_VERSION");

//! The dashboards as their files say, for tests.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "test support: a board that cannot be read fails the test"
)]

use std::path::{Path, PathBuf};

use serde_json::Value;

/// Every board's file.
pub const BOARDS: [&str; 3] = ["fleet.json", "cost.json", "operations.json"];

/// The folder of dashboards and rules.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboards")
}

/// A file of it as text.
pub fn file(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap()
}

/// A board.
pub fn board(name: &str) -> Value {
    serde_json::from_str(&file(name)).unwrap()
}

/// A query of a panel with everything chosen that can be.
#[derive(Debug, Clone)]
pub struct Query {
    /// Board and panel.
    pub place: String,
    /// PromQL without variables.
    pub expr: String,
}

/// Every query of every panel of every board.
pub fn queries() -> Vec<Query> {
    let of_board = |name: &&str| {
        let board = board(name);
        let of_panel = |panel: &Value| {
            let place = format!("{name}: {}", panel["title"].as_str().unwrap());
            let targets = panel["targets"].as_array().cloned().unwrap_or_default();
            let query =
                move |target: Value| Query { place: place.clone(), expr: chosen(target["expr"].as_str().unwrap()) };
            targets.into_iter().map(query).collect::<Vec<_>>()
        };
        board["panels"].as_array().unwrap().iter().flat_map(of_panel).collect::<Vec<_>>()
    };
    BOARDS.iter().flat_map(of_board).collect()
}

/// All workspaces and teams, dollars, an hour.
fn chosen(expr: &str) -> String {
    let mut expr = expr.to_owned();
    for (variable, value) in [
        ("$__rate_interval", "1m"),
        ("$__range", "1h"),
        ("$subscription", ".*"),
        ("$workspace", ".*"),
        ("$team", ".*"),
        ("$currency", "USD"),
    ] {
        expr = expr.replace(variable, value);
    }
    assert!(!expr.contains('$'), "a variable without a value: {expr}");
    expr
}

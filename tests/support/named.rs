//! Tests by their names: whether a `file::test` that a list names is a test that is there.

use std::path::Path;

/// Every test of a file: the functions that follow on an attribute of a test, at once or behind other attributes.
pub(crate) fn tests_of(file: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let mut found = Vec::new();
    let mut is_next = false;
    for line in text.lines().map(str::trim) {
        let attribute = line.starts_with("#[");
        is_next |= attribute && (line.starts_with("#[test]") || line.starts_with("#[tokio::test"));
        let function = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        match function.and_then(|rest| rest.split('(').next()) {
            Some(name) if is_next => found.push(name.to_owned()),
            Some(_) | None => {}
        }
        is_next &= attribute || line.starts_with("//") || line.is_empty();
    }
    found
}

/// What is wrong with a `file::test`, if anything.
pub(crate) fn missing(test: &str) -> Option<String> {
    let Some((file, name)) = test.split_once("::") else { return Some(format!("`{test}` is no `file::test`")) };
    let there = tests_of(file).iter().any(|found| found == name);
    (!there).then(|| format!("{file} has no test `{name}`"))
}

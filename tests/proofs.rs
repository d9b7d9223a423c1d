//! The proofs of RULES section 5: each row of `SECURITY.md` names tests that are there, and those that stand nowhere else are here.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "support/allowed.rs"]
mod allowed;
#[path = "support/estate.rs"]
#[expect(dead_code, reason = "what others ask of the simulated Azure")]
mod estate;
#[path = "support/named.rs"]
mod named;
#[path = "proofs/process.rs"]
mod process;
#[path = "support/program.rs"]
#[expect(dead_code, reason = "what others ask of a command that ends")]
mod program;
#[path = "support/service.rs"]
mod service;
#[path = "proofs/sources.rs"]
mod sources;

/// The rows of section 5, by the words that `SECURITY.md` has for them.
const ROWS: [&str; 21] = [
    "Outbound origin pin",
    "Redirects",
    "TLS",
    "Webhook targets",
    "Who is who",
    "Default bind",
    "Authorization",
    "Forged requests",
    "Browser",
    "Signed links",
    "Secrets",
    "Log redaction",
    "Limits",
    "Metrics",
    "Injection",
    "Audit",
    "Check and use",
    "Fail closed",
    "Container",
    "Supply chain",
    "Least privilege",
];

/// The measures of `SECURITY.md`: what, how, and the tests.
fn measures() -> Vec<(String, Vec<String>)> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("SECURITY.md");
    let text = std::fs::read_to_string(path).unwrap();
    let table = text.split("## Measures").nth(1).unwrap().split("## ").next().unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| ")).skip(1);
    rows.map(|row| {
        let cells: Vec<&str> = row.split(" | ").collect();
        let tests = cells.last().unwrap().split('`').filter(|part| part.contains("::")).map(str::to_owned);
        ((*cells.first().unwrap()).to_owned(), tests.collect())
    })
    .collect()
}

#[test]
fn every_row_names_tests_that_are_there() {
    let measures = measures();
    let names: Vec<&str> = measures.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ROWS);
    for (name, tests) in &measures {
        assert!(tests.len() >= 2, "{name}: {tests:?}");
    }
    let missing: Vec<String> = measures
        .iter()
        .flat_map(|(name, tests)| {
            tests.iter().filter_map(move |test| Some(format!("{name}: {}", named::missing(test)?)))
        })
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn a_test_that_is_gone_is_missed() {
    assert_eq!(named::missing("tests/proofs.rs::a_test_that_is_gone_is_missed"), None);
    for gone in ["tests/proofs.rs::measures", "tests/proofs.rs::no_such_test", "tests/nowhere.rs::x", "no path"] {
        assert!(named::missing(gone).is_some(), "{gone}");
    }
}

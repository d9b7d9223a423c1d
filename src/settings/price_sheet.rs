//! The team's own prices, as TOML or CSV: every mistake in one pass, with its line; a sheet with one is not used.

mod from_csv;
mod from_toml;
mod lines;

use std::path::Path;

use sha2::{Digest as _, Sha256};

use self::lines::lines;
use crate::document::{Diagnostic, Findings};
use crate::ledger::Sheet;

/// Reads a sheet: CSV where the file's name says so, else TOML. None where anything is wrong.
#[must_use]
pub fn read_sheet(file: &str, text: &str) -> (Option<Sheet>, Vec<Diagnostic>) {
    let mut findings = Findings::new(&file.into(), text);
    let is_csv = Path::new(file).extension().is_some_and(|kind| kind.eq_ignore_ascii_case("csv"));
    let written = if is_csv { from_csv::read(text, &mut findings) } else { from_toml::read(text, &mut findings) };
    let lines = lines(&written, &mut findings);
    let digest: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    let sheet = (!findings.is_fatal()).then(|| Sheet::new(lines, &digest));
    let mut found = findings.into_diagnostics();
    found.sort_by_key(|one| (one.line, one.column));
    (sheet, found)
}

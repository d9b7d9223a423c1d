//! Where the record comes from: a journal, or files that were exported; and how it is exported.

use std::path::{Path, PathBuf};

use super::ReplayError;
use crate::past::{Past, read, write};
use crate::store::LedgerReader;

/// The ending of exported files.
const ENDING: &str = "jsonl";

/// Out of a journal, or a copy of one, which is called by its place.
///
/// # Errors
/// When it cannot be read, or has nothing in it.
pub async fn of_store(journal: &LedgerReader, place: &Path) -> Result<Past, ReplayError> {
    let past = journal.past().await?;
    past.ok_or_else(|| ReplayError::Empty(place.to_owned()))
}

/// Out of a folder of exported files, or one file; several are one record, and what overlaps counts once.
///
/// # Errors
/// When there is none, or one cannot be read.
pub fn of_history(path: &Path) -> Result<Past, ReplayError> {
    let read_one = |file: &PathBuf| -> Result<Past, ReplayError> {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|error| ReplayError::Io(format!("read {name}"), error))?;
        Ok(read(&name, &text)?)
    };
    if path.is_file() {
        return read_one(&path.to_owned());
    }
    let wrong = |error| ReplayError::Io(format!("read the folder {}", path.display()), error);
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(path).map_err(wrong)? {
        let file = entry.map_err(wrong)?.path();
        let is_one = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case(ENDING)) && file.is_file();
        files.extend(is_one.then_some(file));
    }
    files.sort();
    let all = files.iter().map(read_one).collect::<Result<Vec<Past>, ReplayError>>()?;
    Past::joined(all).ok_or_else(|| ReplayError::NoHistory(path.to_owned()))
}

/// Writes the record into a folder, whole or not at all; the file is named by the days that it covers.
///
/// # Errors
/// When it cannot be written.
pub fn export(past: &Past, dir: &Path) -> Result<PathBuf, ReplayError> {
    let day = |at: jiff::Timestamp| at.strftime("%Y-%m-%d").to_string();
    let path = dir.join(format!("history-{}-{}.{ENDING}", day(past.from), day(past.to)));
    let text = write(past)?;
    let written = || -> std::io::Result<()> {
        use std::io::Write as _;
        std::fs::create_dir_all(dir)?;
        let mut file = tempfile::NamedTempFile::new_in(dir)?;
        file.write_all(text.as_bytes())?;
        file.persist(&path)?;
        Ok(())
    };
    written().map_err(|error| ReplayError::Io(format!("write {}", path.display()), error))?;
    Ok(path)
}

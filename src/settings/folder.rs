//! The folder of policies, and the calendars that its files name.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::watched::Watched;
use crate::document::{Diagnostic, Place, Severity, Trouble};
use crate::policy::{SourceText, calendar_paths};

/// A file longer than this is no settings, policy or calendar.
const BYTES_MAX: u64 = 4 * 1024 * 1024;

/// More policies than this are the wrong folder.
const FILES_MAX: usize = 5000;

/// Every policy file of a folder, as text.
#[derive(Debug, Default)]
pub(super) struct Folder {
    pub(super) texts: Vec<SourceText>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl Folder {
    /// Reads `*.toml` of a folder in the order of their names; hidden files and folders within it are left alone.
    /// What cannot be read is a finding, and never a policy that silently is not there.
    pub(super) fn read(dir: &Path, settings: &Place, watched: &mut Watched) -> Self {
        let mut folder = Self::default();
        let named = settings.keyed("policies.dir");
        let files = list(dir);
        watched.folder(dir, &files);
        match files {
            Ok(files) => files.iter().for_each(|file| folder.add(file, watched)),
            Err(problem) => {
                let trouble = Trouble::new(problem, "create it, or name another with dir in [policies]");
                folder.diagnostics.push(named.finding(Severity::Error, &trouble));
            }
        }
        if folder.texts.is_empty() && folder.diagnostics.is_empty() {
            let problem = format!("{} holds no policy (*.toml), so nothing will ever be stopped", dir.display());
            let trouble = Trouble::new(problem, "write one, or name another folder with dir in [policies]");
            folder.diagnostics.push(named.finding(Severity::Warning, &trouble));
        }
        folder
    }

    pub(super) fn add(&mut self, file: &Path, watched: &mut Watched) {
        let name = file.display().to_string();
        let contents = read_text(file);
        watched.within(file, &contents);
        match contents {
            Ok(text) => self.texts.push(SourceText { file: name.into(), text }),
            // Taken away between listing and reading: the next look at the folder has the whole picture.
            Err(problem) => {
                let trouble = Trouble::new(problem, "see that this process may read it, or take it away");
                self.diagnostics.push(Place::start_of(&name).keyed("file").finding(Severity::Error, &trouble));
            }
        }
    }

    /// The text of every calendar that the policies and the defaults name, or why there is none.
    pub(super) fn calendars(
        &self,
        settings_file: &str,
        settings_text: &str,
    ) -> BTreeMap<String, Result<String, String>> {
        let of_defaults = calendar_paths(settings_file, settings_text);
        let of_policies = self.texts.iter().flat_map(|source| calendar_paths(&source.file, &source.text));
        of_defaults.into_iter().chain(of_policies).map(|path| (path.clone(), read_text(Path::new(&path)))).collect()
    }
}

/// The policy files of a folder, in the order of their names.
///
/// # Errors
/// When the folder cannot be read, or holds far too many; in words.
pub fn list(dir: &Path) -> Result<Vec<PathBuf>, String> {
    let wrong = |error: std::io::Error| format!("the folder {} cannot be read: {}", dir.display(), reason(&error));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        let toml = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"));
        if toml && !hidden && !path.is_dir() {
            files.push(path);
        }
        if files.len() > FILES_MAX {
            return Err(format!("the folder {} holds more than {FILES_MAX} policies", dir.display()));
        }
    }
    files.sort();
    Ok(files)
}

/// The text of a plain file, or why there is none, in words without the file's name.
pub(super) fn read_text(path: &Path) -> Result<String, String> {
    let wrong = |error: std::io::Error| format!("cannot be read: {}", reason(&error));
    // A pipe would keep an open waiting for ever, so the kind is asked first.
    let meta = std::fs::metadata(path).map_err(wrong)?;
    if !meta.is_file() {
        return Err("cannot be read: it is not a plain file".to_owned());
    }
    let mut bytes = Vec::new();
    File::open(path).map_err(wrong)?.take(BYTES_MAX.saturating_add(1)).read_to_end(&mut bytes).map_err(wrong)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > BYTES_MAX {
        return Err("cannot be read: it is longer than 4 MiB".to_owned());
    }
    let text = String::from_utf8(bytes).map_err(|_| "cannot be read: it is not UTF-8 text".to_owned())?;
    // Some editors put a mark at the start of a file; TOML has none.
    Ok(text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned))
}

/// The reason of an error, in our words where it is one of the two usual ones.
fn reason(error: &std::io::Error) -> String {
    if error.kind() == ErrorKind::NotFound {
        return "there is no such file or folder".to_owned();
    }
    if error.kind() == ErrorKind::PermissionDenied {
        return "permission denied".to_owned();
    }
    error.to_string()
}

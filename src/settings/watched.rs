//! What was read from which files: the measure by which a later look finds them changed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::folder::{list, read_text};

/// Files and folders with a digest of their contents as they were read. A folder stands for its `*.toml`, and what
/// cannot be read is a content of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Watched {
    roots: Vec<PathBuf>,
    seen: BTreeMap<PathBuf, [u8; 32]>,
}

impl Watched {
    /// Looks at files and folders now.
    #[must_use]
    pub fn now(roots: &[PathBuf]) -> Self {
        let mut watched = Self::default();
        for root in roots {
            if !root.is_dir() {
                watched.file(root, &read_text(root));
                continue;
            }
            let files = list(root);
            watched.folder(root, &files);
            for file in files.unwrap_or_default() {
                watched.within(&file, &read_text(&file));
            }
        }
        watched
    }

    /// The files and folders themselves.
    #[must_use]
    pub fn roots(&self) -> &[PathBuf] {
        &self.roots
    }

    /// Notes a file that was read.
    pub(super) fn file(&mut self, path: &Path, contents: &Result<String, String>) {
        self.roots.push(path.to_owned());
        self.within(path, contents);
    }

    /// Notes a folder that was listed.
    pub(super) fn folder(&mut self, path: &Path, files: &Result<Vec<PathBuf>, String>) {
        if files.is_err() && !path.is_dir() {
            return self.file(path, &read_text(path));
        }
        self.file(path, &files.as_ref().map(|files| format!("{files:?}")).map_err(Clone::clone));
    }

    /// Notes a file of a folder.
    pub(super) fn within(&mut self, path: &Path, contents: &Result<String, String>) {
        let (kind, text) = match contents {
            Ok(text) => (b'+', text),
            Err(problem) => (b'-', problem),
        };
        let digest = Sha256::new().chain_update([kind]).chain_update(text).finalize();
        self.seen.insert(path.to_owned(), digest.into());
    }
}

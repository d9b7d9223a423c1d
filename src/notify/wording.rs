//! The folder in which an operator writes templates anew.

use std::path::{Path, PathBuf};

use super::render::{TemplateError, Templates};

/// A longer file is no template.
const LENGTH_MAX: u64 = 256 * 1024;

/// Why the folder cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the templates in {} cannot be read; see that this process may read them, or leave notify.templates out", path.display())]
pub struct WordingError {
    /// The folder, or the file in it.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: std::io::Error,
}

/// The templates of a folder before those in the program, and what is wrong with them: a broken one is left out.
///
/// # Errors
/// When the folder or a file in it cannot be read.
pub fn wording(folder: &Path) -> Result<(Templates, Vec<TemplateError>), WordingError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| WordingError { path, source }
    };
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed(folder))? {
        let path = entry.map_err(failed(folder))?.path();
        let about = std::fs::metadata(&path).map_err(failed(&path))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        // editors leave files with a dot before or a tilde behind
        if about.is_dir() || name.starts_with('.') || name.ends_with('~') {
            continue;
        }
        if about.len() > LENGTH_MAX {
            return Err(failed(&path)(std::io::Error::other("it is longer than 256 KiB")));
        }
        texts.push((name, std::fs::read_to_string(&path).map_err(failed(&path))?));
    }
    texts.sort();
    Ok(Templates::with(texts))
}

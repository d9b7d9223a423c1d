//! Secrets: read from a file or the environment when they are used, never from a settings file, never printed.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::environment::Environment;

/// A secret longer than this is some other file.
const BYTES_MAX: u64 = 64 * 1024;

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// A file, read anew at each use, so that a rotated secret is taken up without a restart.
    File(PathBuf),
    /// An environment variable, by its name; a rotated one needs a restart.
    Env(String),
}

/// Why a secret could not be had. None of these holds any part of it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file could not be read.
    #[error("cannot read the secret file {}", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Others could read it too.
    #[error("the secret file {} can be read by others (mode {mode:04o}); run: chmod {advice} {}", path.display(), path.display())]
    Exposed {
        /// Which.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// The mode it should have.
        advice: &'static str,
    },
    /// Not a plain file, or far too long.
    #[error("{} is not a plain file of at most 64 KiB; a secret file holds the secret and nothing else", .0.display())]
    NotAFile(PathBuf),
    /// Nothing in it, or several lines.
    #[error("{0} does not hold one line of text; write the secret there and nothing else")]
    NotALine(String),
    /// No such variable.
    #[error("the environment variable {0} is not set; set it, or name a file with secret_file")]
    Unset(String),
}

impl SecretSource {
    /// The variable that it is in, when it is in one.
    #[must_use]
    pub fn variable(&self) -> Option<&str> {
        match self {
            Self::Env(name) => Some(name),
            Self::File(_) => None,
        }
    }

    /// The file that it is in, when it is in one.
    pub(super) const fn file(&mut self) -> Option<&mut PathBuf> {
        match self {
            Self::File(path) => Some(path),
            Self::Env(_) => None,
        }
    }

    /// Reads it now. A line break at the end is not part of it.
    ///
    /// # Errors
    /// When it is not there, not one line of text, or a file that others can read.
    pub fn read(&self, environment: &Environment) -> Result<SecretString, SecretError> {
        match self {
            Self::File(path) => read_file(path),
            Self::Env(name) => {
                let value = environment.secret(name).ok_or_else(|| SecretError::Unset(name.clone()))?;
                one_line(secrecy::ExposeSecret::expose_secret(&value), || format!("the environment variable {name}"))
            }
        }
    }
}

impl std::fmt::Display for SecretSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Env(name) => write!(f, "environment variable {name}"),
        }
    }
}

/// Every line of a secret file that has something on it, in their order.
///
/// # Errors
/// When it is not there, or a file that others can read.
pub fn secret_lines(path: &Path) -> Result<Vec<SecretString>, SecretError> {
    let text = read_text(path)?;
    let lines = secrecy::ExposeSecret::expose_secret(&text).lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(lines.map(SecretString::from).collect())
}

fn read_file(path: &Path) -> Result<SecretString, SecretError> {
    let text = read_text(path)?;
    one_line(secrecy::ExposeSecret::expose_secret(&text), || path.display().to_string())
}

fn read_text(path: &Path) -> Result<SecretString, SecretError> {
    let unreadable = |source| SecretError::Unreadable { path: path.to_owned(), source };
    // A pipe would keep an open waiting for ever, so the kind is asked before.
    if !std::fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(SecretError::NotAFile(path.to_owned()));
    }
    let mut file = File::open(path).map_err(unreadable)?;
    let meta = file.metadata().map_err(unreadable)?;
    if !meta.is_file() || meta.len() > BYTES_MAX {
        return Err(SecretError::NotAFile(path.to_owned()));
    }
    if let Some(advice) = exposed(meta.mode(), meta.uid()) {
        return Err(SecretError::Exposed { path: path.to_owned(), mode: meta.mode() & 0o7777, advice });
    }
    let mut text = String::new();
    file.by_ref().take(BYTES_MAX).read_to_string(&mut text).map_err(unreadable)?;
    // The buffer is overwritten before it goes back to the allocator.
    Ok(SecretString::from(text))
}

/// The mode that a file of this mode and owner should have instead; none when it is well.
///
/// Nobody else may read or write it. A group may read a file that root owns: so Kubernetes projects secrets for a
/// process that is not root (`fsGroup`, 0440 or 0640), and systemd its credentials.
const fn exposed(mode: u32, owner: u32) -> Option<&'static str> {
    let others = mode & 0o007;
    let group = mode & 0o070;
    if others == 0 && (group == 0 || (owner == 0 && group == 0o040)) {
        None
    } else if owner == 0 {
        Some("0640")
    } else {
        Some("0600")
    }
}

fn one_line(text: &str, name: impl Fn() -> String) -> Result<SecretString, SecretError> {
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.trim().is_empty() || line.contains(['\n', '\r', '\0']) {
        return Err(SecretError::NotALine(name()));
    }
    Ok(SecretString::from(line.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_read_a_secret_file() {
        for (mode, owner, advice) in [
            (0o600, 1000, None),
            (0o400, 1000, None),
            (0o440, 0, None),
            (0o640, 0, None),
            (0o640, 1000, Some("0600")),
            (0o440, 1000, Some("0600")),
            (0o604, 1000, Some("0600")),
            (0o644, 0, Some("0640")),
            (0o660, 0, Some("0640")),
        ] {
            assert_eq!(exposed(0o100_000 | mode, owner), advice, "{mode:o} of {owner}");
        }
    }
}

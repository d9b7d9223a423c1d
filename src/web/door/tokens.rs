//! The file of API tokens: beside the journal, of mode 0600, read anew when it changes. While it cannot be read no token is
//! believed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

use crate::access::{Person, TokenFileError, TokenRecord, TokenRefused, judge, read_tokens, write_tokens};

/// The file's name in the journal's folder.
pub const TOKENS_NAME: &str = "tokens";

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokensError {
    /// It cannot be read or written.
    #[error("could not {doing} the token file {path}", path = path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// Others can read it.
    #[error("the token file {path} can be read by others (mode {mode:04o}); run: chmod 0600 {path}", path = path.display())]
    Exposed {
        /// Which.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A line is wrong.
    #[error("the token file {path} is damaged: {cause}", path = path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Where and how.
        cause: TokenFileError,
    },
}

/// Why a token opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotOpened {
    /// It is not believed.
    #[error(transparent)]
    Refused(TokenRefused),
    /// No token is, for now.
    #[error("no token can be judged now: {0}")]
    Unreadable(String),
}

type Stamp = (u64, i64, i64, u64, u32);

#[derive(Debug, Default)]
struct Read {
    stamp: Option<Option<Stamp>>,
    records: Vec<TokenRecord>,
    trouble: Option<String>,
}

/// The file.
#[derive(Debug)]
pub struct TokenFile {
    path: PathBuf,
    read: Mutex<Read>,
}

impl TokenFile {
    /// At a path; it need not be there yet.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { path, read: Mutex::default() }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Every token.
    ///
    /// # Errors
    /// When the file is there and cannot be used.
    pub fn records(&self) -> Result<Vec<TokenRecord>, TokensError> {
        let io = |cause| TokensError::Io { doing: "read", path: self.path.clone(), cause };
        let about = match fs::metadata(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            about => about.map_err(io)?,
        };
        let mode = about.mode() & 0o7777;
        if mode & 0o077 != 0 {
            return Err(TokensError::Exposed { path: self.path.clone(), mode });
        }
        let text = fs::read_to_string(&self.path).map_err(io)?;
        read_tokens(&text).map_err(|cause| TokensError::Damaged { path: self.path.clone(), cause })
    }

    /// Changes the file, one at a time: whole or not at all.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn change<T>(&self, change: impl FnOnce(&mut Vec<TokenRecord>) -> T) -> Result<T, TokensError> {
        let io = |cause| TokensError::Io { doing: "write", path: self.path.clone(), cause };
        let beside = |end: &str| {
            let mut path = self.path.as_os_str().to_owned();
            path.push(end);
            PathBuf::from(path)
        };
        let create = |path: &Path| OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
        let lock = create(&beside(".lock")).map_err(io)?;
        rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).map_err(|error| io(error.into()))?;
        let mut records = self.records()?;
        let changed = change(&mut records);
        let draft = beside(".new");
        let mut file = create(&draft).map_err(io)?;
        file.write_all(write_tokens(&records).as_bytes()).map_err(io)?;
        file.sync_all().map_err(io)?;
        fs::rename(&draft, &self.path).map_err(io)?;
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(io)?;
        drop(lock);
        Ok(changed)
    }

    /// Whose a token is.
    pub(super) fn person(&self, token: &str, now: Timestamp) -> Result<Person, NotOpened> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = fs::metadata(&self.path).ok().map(|about| stamp(&about));
        if read.stamp != Some(stamp) || read.trouble.is_some() {
            let (records, trouble) = match self.records() {
                Ok(records) => (records, None),
                Err(error) => (Vec::new(), Some(error.to_string())),
            };
            if let Some(trouble) = &trouble {
                tracing::warn!("no API token is believed: {trouble}");
            }
            *read = Read { stamp: Some(stamp), records, trouble };
        }
        match &read.trouble {
            Some(trouble) => Err(NotOpened::Unreadable(trouble.clone())),
            None => judge(token, &read.records, now).map_err(NotOpened::Refused),
        }
    }
}

fn stamp(about: &fs::Metadata) -> Stamp {
    (about.len(), about.mtime(), about.mtime_nsec(), about.ino(), about.mode())
}

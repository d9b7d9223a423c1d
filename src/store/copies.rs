//! Copies of the journal: made beside the running service, and put back in its place.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, chown};
use std::path::{Path, PathBuf};

use super::open::examined;
use super::place::{Place, beside};
use super::sql::query;
use super::{LedgerReader, Store, StoreError};
use crate::ledger::Head;

/// The journals that earlier restores moved away are kept beside the one in use; more than this is nobody's wish.
const ASIDE_MAX: u32 = 1_000;
/// SQLite's side files. They belong to one database, and never stay beside another.
const SIDE_FILES: [&str; 2] = ["-wal", "-shm"];

/// A copy that was made, read back and found whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// The end of its ledger.
    pub head: Head,
    /// Its size.
    pub bytes: u64,
}

/// Copies a journal, at one moment of it and while the service writes on, into a file that is not there yet.
///
/// # Errors
/// When the journal cannot be read, the file cannot be written, or what was written is not whole.
pub async fn copy_journal(from: &Path, to: &Path) -> Result<Copied, StoreError> {
    if to.exists() {
        return Err(StoreError::Taken { path: to.to_owned() });
    }
    let draft = beside(to, ".part");
    let wrong = |doing| {
        let path = draft.clone();
        move |source| StoreError::Copy { path, doing, source }
    };
    let bytes = fill(from, &draft).await?;
    let head = whole(&draft).await?;
    std::fs::rename(&draft, to).map_err(wrong("rename"))?;
    sync_folder(to).map_err(wrong("write to disk the folder of"))?;
    Ok(Copied { head, bytes })
}

/// Writes what a journal holds into a file, its side files included, at one moment of it; its size, once it is on disk.
async fn fill(from: &Path, to: &Path) -> Result<u64, StoreError> {
    let wrong = |doing| move |source| StoreError::Copy { path: to.to_owned(), doing, source };
    let journal = LedgerReader::open(from).await?;
    // SQLite fills a file that is there and empty; so the mode is ours, and what a broken copy left goes.
    let opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(to);
    let file = opened.map_err(wrong("write"))?;
    let named = to.to_str().ok_or_else(|| wrong("name in UTF-8")(ErrorKind::InvalidInput.into()))?;
    query("VACUUM INTO ?").bind(named).execute(journal.pool()).await?;
    file.sync_all().map_err(wrong("write to disk"))?;
    Ok(file.metadata().map_err(wrong("look at"))?.len())
}

/// Reads a copy whole; the end of its ledger when nothing is wrong with it.
pub(super) async fn whole(copy: &Path) -> Result<Head, StoreError> {
    let reader = LedgerReader::open(copy).await?;
    let found = examined(&reader).await?;
    if found.is_empty() { reader.head().await } else { Err(StoreError::Damaged { path: copy.to_owned(), found }) }
}

/// A copy that was read and found whole, and a journal's place that no service holds: both are needed to put it back.
#[derive(Debug)]
pub struct Restore {
    copy: PathBuf,
    dir: PathBuf,
    place: Place,
    head: Head,
}

impl Restore {
    /// Reads the copy and takes the place. Nothing has changed yet.
    ///
    /// # Errors
    /// When the copy is not whole, or a service holds the place.
    pub async fn prepare(copy: &Path, dir: &Path) -> Result<Self, StoreError> {
        let head = whole(copy).await?;
        let place = Place::take(dir)?;
        Ok(Self { copy: copy.to_owned(), dir: dir.to_owned(), place, head })
    }

    /// The end of the copy's ledger.
    #[must_use]
    pub const fn head(&self) -> Head {
        self.head
    }

    /// Puts the copy in the journal's place, and brings its schema up to date. The journal that was there is kept beside it;
    /// where there was one, that is its new name.
    ///
    /// # Errors
    /// When files cannot be written or renamed, or the journal cannot be opened afterwards.
    pub async fn put(self) -> Result<Option<PathBuf>, StoreError> {
        let database = self.place.database();
        let fresh = beside(&database, ".new");
        let wrong = |path: &Path, doing| {
            let path = path.to_owned();
            move |source| StoreError::Copy { path, doing, source }
        };
        // Not byte by byte: a journal that was kept may have rows in its side file alone.
        fill(&self.copy, &fresh).await?;
        let aside = move_aside(&database).map_err(wrong(&database, "move away"))?;
        std::fs::rename(&fresh, &database).map_err(wrong(&database, "put in place"))?;
        sync_folder(&database).map_err(wrong(&database, "write to disk the folder of"))?;
        // The lock goes with the place; opening takes it again.
        drop(self.place);
        Store::open(&self.dir).await?.close().await;
        keep_owner(&self.dir).map_err(wrong(&self.dir, "give to its owner what lies in"))?;
        Ok(aside)
    }
}

/// Renames the database and its side files; an empty one, which was made with its place, is taken away.
fn move_aside(database: &Path) -> std::io::Result<Option<PathBuf>> {
    let mut aside = None;
    if std::fs::metadata(database)?.len() == 0 {
        std::fs::remove_file(database)?;
    } else {
        let free =
            (1..ASIDE_MAX).map(|n| beside(database, &format!(".before-restore-{n}"))).find(|path| !path.exists());
        let to = free.ok_or(ErrorKind::AlreadyExists)?;
        std::fs::rename(database, &to)?;
        aside = Some(to);
    }
    for suffix in SIDE_FILES {
        let side = beside(database, suffix);
        let moved = match &aside {
            Some(to) => std::fs::rename(&side, beside(to, suffix)),
            None => std::fs::remove_file(&side),
        };
        match moved {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(aside)
}

/// Root may restore for the user whose journal it is, who then has to be able to write it.
fn keep_owner(dir: &Path) -> std::io::Result<()> {
    let owner = std::fs::metadata(dir)?;
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let now = entry.metadata()?;
        if (now.uid(), now.gid()) != (owner.uid(), owner.gid()) && now.is_file() {
            chown(entry.path(), Some(owner.uid()), Some(owner.gid()))?;
        }
    }
    Ok(())
}

/// What was renamed stays so after a power cut.
fn sync_folder(file: &Path) -> std::io::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

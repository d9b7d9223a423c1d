//! Where the journal lies: its directory, the lock that keeps a second process out, and the kind of file system.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::StoreError;

const LOCK: &str = "lightsout.lock";
pub(super) const DATABASE: &str = "lightsout.db";

/// A directory that this process alone holds, for as long as the value lives.
#[derive(Debug)]
pub(super) struct Place {
    dir: PathBuf,
    _lock: File,
}

impl Place {
    /// Makes the directory when it is absent, and takes it.
    pub(super) fn take(dir: &Path) -> Result<Self, StoreError> {
        let wrong = |doing| move |source| StoreError::Directory { path: dir.to_owned(), doing, source };
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(wrong("it cannot be made"))?;
        if let Some(kind) = network_kind(magic(dir).map_err(wrong("its file system cannot be asked"))?) {
            return Err(StoreError::Network { dir: dir.to_owned(), kind });
        }
        let place = Self::without_database(dir)?;
        // SQLite gives its side files the mode of the database, so the database is made first, for this user alone.
        OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(place.database())
            .map_err(wrong("its database cannot be opened for writing"))?;
        Ok(place)
    }

    /// The same where the database is on a server: two processes in one directory would still be in each other's way.
    pub(super) fn without_database(dir: &Path) -> Result<Self, StoreError> {
        let wrong = |doing| move |source| StoreError::Directory { path: dir.to_owned(), doing, source };
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(wrong("it cannot be made"))?;
        Ok(Self { dir: dir.to_owned(), _lock: lock(dir)? })
    }

    /// The database file.
    pub(super) fn database(&self) -> PathBuf {
        self.dir.join(DATABASE)
    }
}

/// A file beside another one, as SQLite names its side files.
pub(super) fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The database file of a journal's directory; a path that is no directory is the file itself.
pub(super) fn database_at(path: &Path) -> PathBuf {
    if path.is_dir() { path.join(DATABASE) } else { path.to_owned() }
}

fn lock(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join(LOCK);
    let wrong = |doing| {
        let path = path.clone();
        move |source| StoreError::Directory { path, doing, source }
    };
    // Not truncated on opening: until the lock is ours, the text in it belongs to its holder.
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(wrong("its lock file cannot be opened"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(StoreError::InUse { dir: dir.to_owned(), holder: holder(&mut file) });
        }
        Err(TryLockError::Error(source)) => return Err(wrong("its lock file cannot be locked")(source)),
    }
    let written = file
        .set_len(0)
        .and_then(|()| file.rewind())
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .and_then(|()| file.sync_all());
    written.map_err(wrong("its lock file cannot be written"))?;
    Ok(file)
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(32).read_to_string(&mut text);
    match (read, text.trim().parse::<u32>()) {
        (Ok(_), Ok(pid)) => format!("process {pid}"),
        (Ok(_) | Err(_), _) => "another process".to_owned(),
    }
}

#[cfg(target_os = "linux")]
fn magic(dir: &Path) -> std::io::Result<u64> {
    let answer = rustix::fs::statfs(dir)?;
    // The kernel's word is 32 bits wide on some machines and sign-extended on others.
    u64::try_from(i128::from(answer.f_type) & 0xffff_ffff).map_err(|_| ErrorKind::InvalidData.into())
}

#[cfg(not(target_os = "linux"))]
fn magic(_: &Path) -> std::io::Result<u64> {
    Ok(0)
}

/// File systems whose locks may not reach another machine, or whose flush may not reach a disk. The numbers are the
/// kernel's (`linux/magic.h` and each file system's own header).
const fn network_kind(magic: u64) -> Option<&'static str> {
    match magic {
        0x6969 => Some("NFS"),
        0x517b => Some("SMB"),
        0xff53_4d42 | 0xfe53_4d42 => Some("CIFS/SMB"),
        0x6573_5546 => Some("FUSE"),
        0x0102_1997 => Some("9p"),
        0x5346_414f | 0x6b41_4653 => Some("AFS"),
        0x00c3_6400 => Some("Ceph"),
        0x0bd0_0bd0 => Some("Lustre"),
        0x4750_4653 => Some("GPFS"),
        0x7461_636f => Some("OCFS2"),
        0x0116_1970 => Some("GFS2"),
        0x7375_7245 => Some("Coda"),
        0x564c => Some("NCP"),
        0x786f_4256 => Some("a VirtualBox share"),
        0xbacb_acbc => Some("a VMware share"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_file_systems_are_known_by_their_numbers() {
        for shared in [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x6573_5546, 0x00c3_6400] {
            assert!(network_kind(shared).is_some(), "{shared:x}");
        }
        // ext4, xfs, btrfs, tmpfs, overlay, zfs
        for local in [0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994, 0x794c_7630, 0x2fc1_2fc1] {
            assert!(network_kind(local).is_none(), "{local:x}");
        }
    }
}

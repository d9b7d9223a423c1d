//! Writes the agent's own files: whole or not at all.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readers {
    /// The agent alone.
    Own,
    /// Everybody.
    All,
}

/// Writes a file beside its place, then puts it there.
///
/// # Errors
/// When it cannot be written; what was there is left then.
pub fn write(path: &Path, bytes: &[u8], readers: Readers) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mode = match readers {
        Readers::Own => 0o600,
        Readers::All => 0o644,
    };
    // One that a crash left behind may have another mode.
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&beside)?;
    file.write_all(bytes)?;
    fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_with_its_mode() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.json");
        let mode = || fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        write(&path, b"one", Readers::Own).unwrap();
        assert_eq!((fs::read(&path).unwrap(), mode() & 0o077), (b"one".to_vec(), 0));
        fs::write(folder.path().join("record.json.new"), "half").unwrap();
        write(&path, b"two", Readers::All).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert!(write(&folder.path().join("no/where"), b"", Readers::All).is_err());
    }
}

//! The freeze switch: a file whose presence stops all stopping, or a word given at start (G12).

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::facts::Freeze;
use crate::ports::FreezeSwitch;

/// A reason longer than this is cut: it is shown on one line.
const REASON_MAX: u64 = 500;

/// The freeze file could not be written or taken away.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} the freeze file {}; nothing about freezing has changed", path.display())]
pub struct FreezeFileError {
    doing: &'static str,
    path: PathBuf,
    #[source]
    source: std::io::Error,
}

/// Frozen while a file is present; its first line says why. What cannot be read counts as frozen.
#[derive(Debug, Clone)]
pub struct FileFreeze {
    path: PathBuf,
    always: Option<String>,
}

impl FileFreeze {
    /// Watches a file. `always`: a reason given from outside for the life of the process, whatever the file says.
    #[must_use]
    pub const fn new(path: PathBuf, always: Option<String>) -> Self {
        Self { path, always }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Freezes: the file appears whole, readable by this user alone.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, reason: &str) -> Result<(), FreezeFileError> {
        self.put(reason).map_err(|source| FreezeFileError { doing: "write", path: self.path.clone(), source })
    }

    /// Lifts the freeze; false when there was none. A reason given from outside stays in force.
    ///
    /// # Errors
    /// When the file cannot be taken away.
    pub fn lift(&self) -> Result<bool, FreezeFileError> {
        match std::fs::remove_file(&self.path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(source) => Err(FreezeFileError { doing: "remove", path: self.path.clone(), source }),
        }
    }

    fn put(&self, reason: &str) -> std::io::Result<()> {
        let dir = self.path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.new", std::process::id()));
        let draft = dir.join(name);
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        let line = reason.split(['\n', '\r']).next().unwrap_or_default();
        writeln!(file, "{line}")?;
        file.sync_all()?;
        std::fs::rename(&draft, &self.path)?;
        File::open(dir)?.sync_all()
    }

    fn read(&self) -> Freeze {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound && self.is_absent() => return Freeze::Off,
            Err(error) => return self.unreadable(&error),
        };
        let mut line = Vec::new();
        match BufReader::new(file.take(REASON_MAX)).read_until(b'\n', &mut line) {
            Ok(_) => Freeze::On(words(&line)),
            Err(error) => self.unreadable(&error),
        }
    }

    /// True when there is no such file in a folder that is there: not a link into nothing, nor a disk that is gone.
    fn is_absent(&self) -> bool {
        let gone = |error: std::io::Error| error.kind() == ErrorKind::NotFound;
        let dir = self.path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        dir.is_dir() && std::fs::symlink_metadata(&self.path).is_err_and(gone)
    }

    fn unreadable(&self, error: &std::io::Error) -> Freeze {
        Freeze::Unreadable(format!("cannot read {}: {error}", self.path.display()))
    }
}

impl FreezeSwitch for FileFreeze {
    fn freeze(&self) -> Freeze {
        match &self.always {
            Some(reason) => Freeze::On(words(reason.as_bytes())),
            None => self.read(),
        }
    }
}

/// What is shown of a reason: one line.
pub(super) fn words(line: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(line).chars().filter(|c| !c.is_control()).collect();
    let text = text.trim();
    if text.is_empty() { "frozen".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(dir: &tempfile::TempDir) -> FileFreeze {
        FileFreeze::new(dir.path().join("freeze"), None)
    }

    #[test]
    fn a_file_freezes_and_its_first_line_says_why() {
        let dir = tempfile::tempdir().unwrap();
        let switch = at(&dir);
        assert_eq!(switch.freeze(), Freeze::Off);
        switch.write("incident 7\nsecond line").unwrap();
        assert_eq!(switch.freeze(), Freeze::On("incident 7".to_owned()));
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "no draft is left");
        assert!(switch.lift().unwrap());
        assert!(!switch.lift().unwrap());
        assert_eq!(switch.freeze(), Freeze::Off);
        for silent in ["", "\n", "  \u{7}\n"] {
            std::fs::write(switch.path(), silent).unwrap();
            assert_eq!(switch.freeze(), Freeze::On("frozen".to_owned()));
        }
    }

    #[test]
    fn what_cannot_be_read_is_frozen() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("file"), "").unwrap();
        std::fs::create_dir(dir.path().join("directory")).unwrap();
        std::os::unix::fs::symlink("nowhere", dir.path().join("link")).unwrap();
        for odd in ["file/freeze", "directory", "link", "unmounted/freeze"] {
            let switch = FileFreeze::new(dir.path().join(odd), None);
            let Freeze::Unreadable(why) = switch.freeze() else {
                panic!("G12: {odd} cannot be read and did not freeze")
            };
            assert!(why.starts_with("cannot read "), "{why}");
        }
        std::fs::write(dir.path().join("freeze"), [0xff, 0xfe, b'x']).unwrap();
        assert!(matches!(at(&dir).freeze(), Freeze::On(_)), "G12: any bytes freeze");
    }

    #[test]
    fn a_reason_from_outside_cannot_be_lifted_here() {
        let dir = tempfile::tempdir().unwrap();
        let switch = FileFreeze::new(dir.path().join("freeze"), Some(String::new()));
        switch.lift().unwrap();
        assert_eq!(switch.freeze(), Freeze::On("frozen".to_owned()));
    }

    #[test]
    fn the_file_is_for_its_user_alone() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let switch = FileFreeze::new(dir.path().join("new/freeze"), None);
        switch.write("x").unwrap();
        assert_eq!(std::fs::metadata(switch.path()).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

//! Files below a root, read with a bound, and never one that would keep the reader waiting.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

/// Files are mostly smaller than this.
const USUAL: usize = 4 * 1_024;

/// The machine's root, or that of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root(PathBuf);

impl Default for Root {
    fn default() -> Self {
        Self(PathBuf::from("/"))
    }
}

impl Root {
    /// Another one.
    #[must_use]
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// The path of what stands at an absolute path below it.
    #[must_use]
    pub fn path(&self, absolute: &str) -> PathBuf {
        self.0.join(absolute.trim_start_matches('/'))
    }

    /// A file's beginning, as bytes.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn bytes(&self, absolute: &str, most: u64) -> io::Result<Vec<u8>> {
        read(&self.path(absolute), most)
    }

    /// A small file of `/proc`, as text: one read takes it, which halves what thousands of them cost.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn line(&self, absolute: &str) -> io::Result<String> {
        let mut bytes = [0_u8; 1_024];
        let length = File::open(self.path(absolute))?.read(&mut bytes)?;
        Ok(String::from_utf8_lossy(bytes.get(..length).unwrap_or_default()).into_owned())
    }

    /// A file's beginning, as text; what is no text in it is marked.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn text(&self, absolute: &str, most: u64) -> io::Result<String> {
        let bytes = self.bytes(absolute, most)?;
        Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// The names in a folder, sorted.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub fn names(&self, absolute: &str) -> io::Result<Vec<String>> {
        let entries = std::fs::read_dir(self.path(absolute))?;
        let mut names: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        names.sort();
        Ok(names)
    }
}

/// Reads at most so many bytes.
///
/// # Errors
/// When it cannot be read.
pub(in crate::agent) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    // Room for what most files of `/proc` hold, so that one read takes them.
    let mut bytes = Vec::with_capacity(usize::try_from(most).unwrap_or(usize::MAX).min(USUAL));
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The same of a file that anybody may have put there: no link is followed, no pipe waited for, and only a regular file
/// is read.
///
/// # Errors
/// When it cannot be read, or is none such.
pub(super) fn read_strange(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    if !file.metadata()?.is_file() {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_or_a_link_in_a_strange_folder_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("file"), "0123456789").unwrap();
        std::os::unix::fs::symlink(path("file"), path("link")).unwrap();
        rustix::fs::mknodat(rustix::fs::CWD, path("pipe"), rustix::fs::FileType::Fifo, Mode::RUSR, 0).unwrap();
        assert_eq!(read_strange(&path("file"), 4).unwrap(), b"0123");
        for odd in ["link", "pipe", ".", "absent"] {
            assert!(read_strange(&path(odd), 4).is_err(), "{odd}");
        }
        assert_eq!(Root::at(folder.path()).text("/link", 3).unwrap(), "012");
    }
}

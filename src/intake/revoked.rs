//! Tokens that were taken back: a file beside the journal, a line each, which only grows. While it cannot be read
//! no token is believed.

use std::collections::HashMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use jiff::Timestamp;

use crate::units::InstanceId;

/// The name of the file.
const FILE: &str = "agents.revoked";

/// What the file held when it was last read, and by which it is known to be the same.
#[derive(Debug, Default)]
struct Read {
    stamp: Option<(u64, SystemTime)>,
    /// Minted at or before this, in seconds since 1970, is revoked; by instance in lower case.
    before: HashMap<String, i64>,
    unreadable: bool,
}

/// What is to be thought of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It was not taken back.
    Good,
    /// It was.
    Revoked,
    /// The list cannot be read.
    Untold,
}

/// Every token that was taken back.
#[derive(Debug)]
pub struct Revoked {
    path: PathBuf,
    read: Mutex<Read>,
}

impl Revoked {
    /// Those of the journal in that folder.
    #[must_use]
    pub fn beside(journal: &Path) -> Self {
        Self { path: journal.join(FILE), read: Mutex::default() }
    }

    /// Takes back every token of an instance that was minted up to now.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn revoke(&self, instance: &InstanceId, now: Timestamp, by: &str) -> io::Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).open(&self.path)?;
        let by: String = by.chars().filter(|letter| !letter.is_control()).collect();
        file.write_all(format!("{}\t{instance}\t{by}\n", now.as_second()).as_bytes())?;
        file.sync_all()
    }

    /// The instant from which on a token is believed: a new one is never dated before it.
    #[must_use]
    pub fn first_after(&self, instance: &InstanceId, now: Timestamp) -> Timestamp {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        self.renew(&mut read);
        let before = read.before.get(&instance.to_string().to_ascii_lowercase()).copied();
        let after = before.and_then(|before| Timestamp::from_second(before.saturating_add(1)).ok());
        after.map_or(now, |after| after.max(now))
    }

    /// What is to be thought of what was minted then for that instance.
    pub(super) fn standing(&self, instance: &str, minted: i64) -> Standing {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        self.renew(&mut read);
        match read.before.get(&instance.to_ascii_lowercase()) {
            _ if read.unreadable => Standing::Untold,
            Some(before) if minted <= *before => Standing::Revoked,
            Some(_) | None => Standing::Good,
        }
    }

    /// The file, when it cannot be read.
    pub(super) fn unreadable(&self) -> Option<&Path> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        self.renew(&mut read);
        read.unreadable.then_some(&self.path)
    }

    fn renew(&self, read: &mut Read) {
        let stamp = match fs::metadata(&self.path).and_then(|about| Ok((about.len(), about.modified()?))) {
            Ok(stamp) => Some(stamp),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(_) => {
                read.unreadable = true;
                return;
            }
        };
        if stamp == read.stamp && !read.unreadable {
            return;
        }
        let text = if stamp.is_some() { fs::read_to_string(&self.path) } else { Ok(String::new()) };
        let lines = text.ok().and_then(|text| text.lines().map(line).collect::<Option<Vec<_>>>());
        read.unreadable = lines.is_none();
        read.before = HashMap::new();
        for (before, instance) in lines.into_iter().flatten() {
            let held = read.before.entry(instance).or_insert(before);
            *held = before.max(*held);
        }
        read.stamp = stamp;
    }
}

fn line(line: &str) -> Option<(i64, String)> {
    let mut parts = line.split('\t');
    Some((parts.next()?.parse().ok()?, parts.next()?.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_minted_before_is_revoked_and_what_comes_after_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let id =
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/ci-A";
        let (revoked, instance) = (Revoked::beside(dir.path()), InstanceId::parse(id).unwrap());
        let standing = |id: &str, minted| revoked.standing(id, minted);
        assert_eq!(standing(id, 100), Standing::Good);
        revoked.revoke(&instance, Timestamp::from_second(100).unwrap(), "ana\n").unwrap();
        assert_eq!((standing(id, 100), standing(&id.to_lowercase(), 7)), (Standing::Revoked, Standing::Revoked));
        assert_eq!(standing(id, 101), Standing::Good, "minted again");
        revoked.revoke(&instance, Timestamp::from_second(50).unwrap(), "ana").unwrap();
        assert_eq!(
            (standing(id, 100), revoked.unreadable()),
            (Standing::Revoked, None),
            "an earlier line takes nothing back"
        );
        fs::write(dir.path().join(FILE), "nonsense").unwrap();
        assert_eq!(standing("another", 1_000), Standing::Untold, "while it cannot be read none is believed");
        assert!(revoked.unreadable().is_some_and(|path| path.ends_with(FILE)));
        fs::write(dir.path().join(FILE), "").unwrap();
        assert_eq!((standing("another", 1_000), revoked.unreadable()), (Standing::Good, None));
    }
}

//! Tokens that were taken back: a file beside the journal, a line each, which only grows. What cannot be read revokes all.

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

    /// True when what was minted then for that instance is not to be believed.
    pub(super) fn has(&self, instance: &str, minted: i64) -> bool {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        self.renew(&mut read);
        read.unreadable || read.before.get(&instance.to_ascii_lowercase()).is_some_and(|before| minted <= *before)
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
        assert!(!revoked.has(id, 100));
        revoked.revoke(&instance, Timestamp::from_second(100).unwrap(), "ana\n").unwrap();
        assert!(revoked.has(id, 100) && revoked.has(&id.to_lowercase(), 7));
        assert!(!revoked.has(id, 101), "minted again");
        revoked.revoke(&instance, Timestamp::from_second(50).unwrap(), "ana").unwrap();
        assert!(revoked.has(id, 100), "an earlier line takes nothing back");
        fs::write(dir.path().join(FILE), "nonsense").unwrap();
        assert!(revoked.has("another", 1_000), "what cannot be read revokes all");
    }
}

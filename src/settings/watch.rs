//! Says when the settings file, a policy or a calendar has changed, and the change has come to rest.
//!
//! The kernel's notices come first; every two seconds the contents are compared all the same, because notices are lost
//! on network file systems, and when a folder that is watched is itself replaced. What is compared are contents, so
//! that a file that is only touched, or a folder that is only looked at, is no change. A change is told once it has
//! stood still for a moment: a file that is being written in several goes, or a ConfigMap whose link is being swapped,
//! is read whole. What cannot be read counts as contents of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::folder::{list, read_text};

/// How long contents have to stand still: long enough for an editor to save, short enough not to be noticed.
const REST: Duration = Duration::from_millis(300);

/// How often contents are compared when the kernel says nothing.
const POLL: Duration = Duration::from_secs(2);

/// Contents that never stand still are told after so long; whoever loads them judges them.
const RESTLESS_MAX: Duration = Duration::from_secs(10);

/// What was seen at each path: a digest, or that it could not be read.
type Seen = BTreeMap<PathBuf, [u8; 32]>;

/// Watches files and folders for as long as it lives.
#[derive(Debug)]
pub struct Watch {
    task: JoinHandle<()>,
    paths: tokio::sync::watch::Sender<Vec<PathBuf>>,
}

impl Watch {
    /// Watches paths, such as `Loaded::watched`: files by their contents, folders by those of their `*.toml`. Sends the
    /// message after each change that has come to rest, starting from the contents now; changes are not counted, so a
    /// full channel loses none. Has to be called within a tokio runtime.
    #[must_use = "it stops watching when it is dropped"]
    pub fn start<M: Clone + Send + Sync + 'static>(paths: Vec<PathBuf>, message: M, sender: mpsc::Sender<M>) -> Self {
        let before = look(&paths);
        let (paths, followed) = tokio::sync::watch::channel(paths);
        let task = tokio::spawn(follow(followed, before, message, sender));
        Self { task, paths }
    }

    /// Watches other paths from now on, after a reload that names others. A path that is new is no change by itself.
    pub fn follow(&self, paths: Vec<PathBuf>) {
        self.paths.send_if_modified(|known| {
            let differs = *known != paths;
            *known = paths;
            differs
        });
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The folders whose notices tell of a change to the paths.
fn folders(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = paths.iter().flat_map(|path| [parent(path), path.clone()]).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders.dedup();
    folders
}

fn parent(path: &Path) -> PathBuf {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// The kernel's notices about folders; none where it gives none, and comparing has to do.
fn notices(paths: &[PathBuf], bell: mpsc::Sender<()>) -> Option<RecommendedWatcher> {
    let ring = move |event: notify::Result<notify::Event>| {
        // That a file was opened or read is no change: we do so ourselves, and would wake ourselves for ever.
        if !event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
            // A bell that rings already need not ring twice.
            bell.try_send(()).ok();
        }
    };
    let mut watcher = notify::recommended_watcher(ring).ok()?;
    for folder in folders(paths) {
        // A folder that cannot be watched, for want of inotify watches, is compared every two seconds.
        watcher.watch(&folder, RecursiveMode::NonRecursive).ok();
    }
    Some(watcher)
}

async fn follow<M: Clone>(mut followed: tokio::sync::watch::Receiver<Vec<PathBuf>>, mut told: Seen, message: M, sender: mpsc::Sender<M>) {
    let (bell, mut rung) = mpsc::channel(1);
    let mut paths = followed.borrow_and_update().clone();
    let mut watcher = notices(&paths, bell.clone());
    loop {
        tokio::select! {
            _ = rung.recv() => {}
            () = tokio::time::sleep(POLL) => {}
            changed = followed.changed() => {
                if changed.is_err() { return }
                paths = followed.borrow_and_update().clone();
                let now = look_apart(&paths).await;
                // Of a path that was watched before, what was told stays what was told.
                told = now.into_iter().map(|(path, seen)| (path.clone(), told.get(&path).copied().unwrap_or(seen))).collect();
                watcher = notices(&paths, bell.clone());
                continue;
            }
        }
        let now = look_apart(&paths).await;
        if now == told {
            continue;
        }
        let rested = at_rest(&paths, now).await;
        if rested == told {
            continue;
        }
        told = rested;
        if sender.send(message.clone()).await.is_err() {
            return;
        }
        // A folder may have come, or been replaced, and its old watch gone with it.
        drop(watcher.take());
        watcher = notices(&paths, bell.clone());
    }
}

/// Waits until contents stand still, and gives them.
async fn at_rest(paths: &[PathBuf], mut seen: Seen) -> Seen {
    let latest = Instant::now() + RESTLESS_MAX;
    loop {
        sleep_until(Instant::now() + REST).await;
        let now = look_apart(paths).await;
        if now == seen || Instant::now() >= latest {
            return now;
        }
        seen = now;
    }
}

/// Looks where it may take its time: a network file system can be slow to answer.
async fn look_apart(paths: &[PathBuf]) -> Seen {
    let paths = paths.to_vec();
    tokio::task::spawn_blocking(move || look(&paths)).await.unwrap_or_default()
}

/// The contents of every path now. A folder stands for its policies.
fn look(paths: &[PathBuf]) -> Seen {
    let mut seen = Seen::new();
    for path in paths {
        if !path.is_dir() {
            seen.insert(path.clone(), digest(read_text(path)));
            continue;
        }
        let files = list(path);
        let names = files.as_ref().map(|files| format!("{files:?}")).map_err(Clone::clone);
        seen.insert(path.clone(), digest(names));
        for file in files.unwrap_or_default() {
            let contents = digest(read_text(&file));
            seen.insert(file, contents);
        }
    }
    seen
}

fn digest(contents: Result<String, String>) -> [u8; 32] {
    let (kind, text) = match contents {
        Ok(text) => (b'+', text),
        Err(problem) => (b'-', problem),
    };
    Sha256::new().chain_update([kind]).chain_update(text).finalize().into()
}

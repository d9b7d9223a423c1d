//! Says when the settings file, a policy or a calendar has changed, and the change has come to rest.
//!
//! The kernel's notices come first; every two seconds the contents are compared all the same, because notices are lost
//! on network file systems, and when a folder that is watched is itself replaced. What is compared are contents, so
//! that a file that is only touched, or a folder that is only looked at, is no change. A change is told once it has
//! stood still for a moment: a file that is being written in several goes, or a ConfigMap whose link is being swapped,
//! is read whole. What cannot be read counts as contents of its own.

use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::watched::Watched;

/// How long contents have to stand still: long enough for an editor to save, short enough not to be noticed.
const REST: Duration = Duration::from_millis(300);

/// How often contents are compared when the kernel says nothing.
const POLL: Duration = Duration::from_secs(2);

/// Contents that never stand still are told after so long; whoever loads them judges them.
const RESTLESS_MAX: Duration = Duration::from_secs(10);

/// Watches files and folders for as long as it lives.
#[derive(Debug)]
pub struct Watch {
    task: JoinHandle<()>,
    given: tokio::sync::watch::Sender<Watched>,
}

impl Watch {
    /// Watches what was loaded (`Loaded::watched`), and sends the message when it differs from what was read and has come
    /// to rest. What changed between loading and this call is told too. Has to be called within a tokio runtime.
    #[must_use = "it stops watching when it is dropped"]
    pub fn start<M: Clone + Send + Sync + 'static>(loaded: Watched, message: M, sender: mpsc::Sender<M>) -> Self {
        let (given, followed) = tokio::sync::watch::channel(loaded.clone());
        let task = tokio::spawn(follow(followed, loaded, message, sender));
        Self { task, given }
    }

    /// Goes on from what was loaded anew, which may be other files.
    pub fn follow(&self, loaded: Watched) {
        self.given.send_replace(loaded);
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The folders whose notices tell of a change to the paths.
fn folders(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        paths.iter().flat_map(|path| [parent(path), path.clone()]).filter(|path| path.is_dir()).collect();
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

async fn follow<M: Clone>(
    mut followed: tokio::sync::watch::Receiver<Watched>,
    mut told: Watched,
    message: M,
    sender: mpsc::Sender<M>,
) {
    let (bell, mut rung) = mpsc::channel(1);
    let mut watcher = notices(told.roots(), bell.clone());
    let mut pause = Duration::ZERO;
    loop {
        tokio::select! {
            _ = rung.recv() => {}
            () = sleep(pause) => {}
            changed = followed.changed() => {
                if changed.is_err() { return }
                told = followed.borrow_and_update().clone();
                drop(watcher.take());
                watcher = notices(told.roots(), bell.clone());
            }
        }
        pause = POLL;
        if look(told.roots()).await == told {
            continue;
        }
        let rested = at_rest(told.roots()).await;
        if rested == told {
            continue;
        }
        told = rested;
        if sender.send(message.clone()).await.is_err() {
            return;
        }
        // A folder may have come, or been replaced, and its old watch gone with it.
        drop(watcher.take());
        watcher = notices(told.roots(), bell.clone());
    }
}

/// Waits until contents stand still, and gives them.
async fn at_rest(roots: &[PathBuf]) -> Watched {
    let latest = Instant::now() + RESTLESS_MAX;
    let mut seen = look(roots).await;
    loop {
        sleep(REST).await;
        let now = look(roots).await;
        if now == seen || Instant::now() >= latest {
            return now;
        }
        seen = now;
    }
}

/// Looks where it may take its time: a network file system can be slow to answer.
async fn look(roots: &[PathBuf]) -> Watched {
    let roots = roots.to_vec();
    tokio::task::spawn_blocking(move || Watched::now(&roots)).await.unwrap_or_default()
}

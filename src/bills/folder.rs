//! The folder: which files there are, which were read before, and the port.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use super::bundle::{Bundle, wrong};
use super::guard::Stop;
use crate::ledger::Hash;
use crate::ports::{AskBills, BillQuestion, Billed};
use crate::units::SubscriptionId;

/// Folders within folders; Azure's exports have three.
const DEPTH: usize = 6;
/// Files of one look.
const FILES_MAX: usize = 10_000;

/// A folder of bills.
#[derive(Debug, Clone)]
pub struct BillFolder {
    path: PathBuf,
    /// Bills that say nothing of a subscription. Nothing is written down of them, and they are not read again all the same
    /// while the process lives.
    silent: Arc<Mutex<BTreeSet<(SubscriptionId, Hash)>>>,
}

impl BillFolder {
    /// At a path.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path, silent: Arc::default() }
    }

    /// How many hold it, threads that read included.
    #[cfg(test)]
    pub(super) fn held_by(&self) -> usize {
        Arc::strong_count(&self.silent)
    }

    fn look(&self, question: &BillQuestion, stop: &Stop) -> Billed {
        let mut billed = Billed::default();
        let mut bundles = match bundles(&self.path, stop) {
            Ok(bundles) => bundles,
            Err(error) => {
                billed.faults.push(wrong(&self.path.display().to_string(), &error.to_string()));
                return billed;
            }
        };
        bundles.sort_by(|a, b| (a.written_at, &a.name).cmp(&(b.written_at, &b.name)));
        let mut silent = self.silent.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut there = BTreeSet::new();
        for bundle in &bundles {
            let digest = match bundle.digest(stop) {
                Ok(digest) => digest,
                Err(error) => {
                    billed.faults.push(wrong(&bundle.name, &error.to_string()));
                    continue;
                }
            };
            there.insert(digest);
            let is_new = |pair: &(SubscriptionId, Hash)| !question.read.contains(pair) && !silent.contains(pair);
            let asked = question.subscriptions.iter().map(|one| (one.clone(), digest)).filter(is_new);
            let asked: BTreeSet<SubscriptionId> = asked.map(|(one, _)| one).collect();
            if asked.is_empty() {
                continue;
            }
            let heard = bundle.read(asked, digest, stop);
            billed.statements.extend(heard.statements);
            billed.faults.extend(heard.faults);
            silent.extend(heard.silent.into_iter().map(|one| (one, digest)));
        }
        if stop.look().is_err() {
            return billed;
        }
        silent.retain(|(_, digest)| there.contains(digest));
        *self.silent.lock().unwrap_or_else(PoisonError::into_inner) = silent;
        billed
    }
}

impl AskBills for BillFolder {
    async fn bills(&self, question: &BillQuestion) -> Billed {
        let (folder, question, stop) = (self.clone(), question.clone(), Stop::default());
        // a thread goes on when the future that waits for it is dropped, and keeps the process from ending
        let _stops = stop.on_drop();
        let looked = tokio::task::spawn_blocking(move || folder.look(&question, &stop)).await;
        looked.unwrap_or_else(|error| Billed {
            faults: vec![wrong(&self.path.display().to_string(), &error.to_string())],
            ..Billed::default()
        })
    }
}

fn bundles(root: &Path, stop: &Stop) -> io::Result<Vec<Bundle>> {
    let mut found = Vec::new();
    let mut open = vec![(root.to_owned(), 0_usize)];
    let mut count = 0_usize;
    while let Some((folder, depth)) = open.pop() {
        let mut whole = Bundle { name: folder.display().to_string(), ..Bundle::default() };
        for entry in std::fs::read_dir(&folder)? {
            stop.look()?;
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() && depth < DEPTH {
                open.push((path, depth.saturating_add(1)));
            } else if kind.is_file() && is_bill(&path) && count < FILES_MAX {
                count = count.saturating_add(1);
                let at = entry.metadata()?.modified().ok().and_then(|at| Timestamp::try_from(at).ok());
                if depth == 0 {
                    let name = path.display().to_string();
                    found.push(Bundle { name, files: vec![path], written_at: at });
                } else {
                    whole.files.push(path);
                    whole.written_at = whole.written_at.max(at);
                }
            }
        }
        if !whole.files.is_empty() {
            whole.files.sort();
            found.push(whole);
        }
    }
    Ok(found)
}

fn is_bill(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    !name.starts_with('.') && (name.ends_with(".csv") || name.ends_with(".csv.gz"))
}

//! The folder: which files there are, which were read before, and the port.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use super::read::{Told, read};
use crate::ledger::{BillSource, DaySpan, Hash, day_of};
use crate::ports::{AskBills, BillQuestion, Billed, Fault, FaultKind, Statement};

/// Folders within folders; Azure's exports have three.
const DEPTH: usize = 6;
/// Files of one look.
const FILES_MAX: usize = 10_000;
/// Bytes of one file, unpacked: what is longer is cut off, and its last row is wrong.
const BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// A file says nothing final of the days just before it was written: bills are late.
const SETTLES: SignedDuration = SignedDuration::from_hours(72);

/// A folder of bills.
#[derive(Debug, Clone)]
pub struct BillFolder {
    path: PathBuf,
}

/// Files that are one bill.
#[derive(Debug, Default)]
struct Bundle {
    name: String,
    files: Vec<PathBuf>,
    written_at: Option<Timestamp>,
}

impl BillFolder {
    /// At a path.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    fn look(&self, question: &BillQuestion) -> Billed {
        let mut billed = Billed::default();
        let mut bundles = match bundles(&self.path) {
            Ok(bundles) => bundles,
            Err(error) => {
                billed.faults.push(wrong(&self.path.display().to_string(), &error.to_string()));
                return billed;
            }
        };
        bundles.sort_by(|a, b| (a.written_at, &a.name).cmp(&(b.written_at, &b.name)));
        for bundle in &bundles {
            bundle.read(question, &mut billed);
        }
        billed
    }
}

impl AskBills for BillFolder {
    async fn bills(&self, question: &BillQuestion) -> Billed {
        let (folder, question) = (self.clone(), question.clone());
        let looked = tokio::task::spawn_blocking(move || folder.look(&question)).await;
        looked.unwrap_or_else(|error| Billed {
            faults: vec![wrong(&self.path.display().to_string(), &error.to_string())],
            ..Billed::default()
        })
    }
}

fn wrong(place: &str, words: &str) -> Fault {
    Fault::new(FaultKind::Garbled, format!("read the bill {place}")).because(words.to_owned())
}

fn bundles(root: &Path) -> io::Result<Vec<Bundle>> {
    let mut found = Vec::new();
    let mut open = vec![(root.to_owned(), 0_usize)];
    let mut count = 0_usize;
    while let Some((folder, depth)) = open.pop() {
        let mut whole = Bundle { name: folder.display().to_string(), ..Bundle::default() };
        for entry in std::fs::read_dir(&folder)? {
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

impl Bundle {
    fn read(&self, question: &BillQuestion, billed: &mut Billed) {
        let told = self.digest().and_then(|digest| {
            if question.read.contains(&digest) {
                return Ok(None);
            }
            let mut told = Told::default();
            let faults = self.rows(&mut told)?;
            Ok(Some((digest, told, faults)))
        });
        match told {
            Ok(None) => {}
            Ok(Some((digest, told, faults))) => {
                // a bill without one of its parts would say too little
                let whole = faults.iter().all(|(_, costs_all)| !costs_all);
                billed.faults.extend(faults.into_iter().map(|(fault, _)| fault));
                if whole {
                    billed.statements.extend(self.statements(question, digest, &told));
                }
            }
            Err(error) => billed.faults.push(wrong(&self.name, &error.to_string())),
        }
    }

    fn digest(&self) -> io::Result<Hash> {
        let mut hasher = Sha256::new();
        let mut buffer = vec![0_u8; 64 * 1024];
        for path in &self.files {
            let mut file = File::open(path)?;
            loop {
                let n = file.read(&mut buffer)?;
                if n == 0 {
                    break;
                }
                hasher.update(buffer.get(..n).unwrap_or_default());
            }
        }
        Ok(hasher.finalize().into())
    }

    /// Reads every file; answers with what is wrong, and whether that costs the whole bill.
    fn rows(&self, told: &mut Told) -> io::Result<Vec<(Fault, bool)>> {
        let mut faults = Vec::new();
        for path in &self.files {
            let name = path.display().to_string();
            match read(opened(path)?, told) {
                Ok(Ok(rows)) => faults.extend(rows.iter().map(|row| (row_wrong(&name, row), false))),
                Ok(Err(why)) => faults.push((wrong(&name, &why), true)),
                Err(error) => faults.push((wrong(&name, &error.to_string()), true)),
            }
        }
        Ok(faults)
    }

    fn statements(&self, question: &BillQuestion, digest: Hash, told: &Told) -> Vec<Statement> {
        let settled = self.written_at.and_then(|at| at.checked_sub(SETTLES).ok());
        let last = settled.and_then(|at| day_of(at.as_second()).yesterday().ok());
        let wanted: BTreeSet<_> = question.subscriptions.iter().collect();
        let spans = told.days.iter().filter(|(subscription, _)| wanted.contains(subscription));
        let one = |(subscription, span): (&crate::units::SubscriptionId, &DaySpan)| {
            let days = DaySpan { last: last.map_or(span.last, |last| last.min(span.last)), ..*span };
            let lines = told.lines.iter().filter(|line| line.workspace.subscription() == subscription);
            Statement {
                source: BillSource::Folder,
                name: self.name.clone(),
                subscription: subscription.clone(),
                days,
                lines: lines.filter(|line| days.holds(line.day)).cloned().collect(),
                digest,
            }
        };
        spans.map(one).filter(|statement| statement.days.first <= statement.days.last).collect()
    }
}

/// `FILE:LINE: words`.
fn row_wrong(name: &str, row: &str) -> Fault {
    let (line, words) = row.split_once(": ").unwrap_or(("", row));
    let place = if line.is_empty() { name.to_owned() } else { format!("{name}:{line}") };
    Fault::new(FaultKind::Garbled, format!("read a row of the bill {place}; it was left out")).because(words.to_owned())
}

fn opened(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let file = BufReader::new(File::open(path)?);
    let packed = path.extension().is_some_and(|kind| kind.eq_ignore_ascii_case("gz"));
    Ok(if packed {
        Box::new(BufReader::new(MultiGzDecoder::new(file).take(BYTES_MAX)))
    } else {
        Box::new(file.take(BYTES_MAX))
    })
}

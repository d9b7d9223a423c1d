//! Files that are one bill: their digest, their rows, and the statements that they make.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use super::guard::{Guard, Limits, Stop};
use super::read::{Told, read};
use super::records::Records;
use crate::ledger::{BillSource, DaySpan, Hash, day_of};
use crate::ports::{Fault, FaultKind, Statement};
use crate::units::SubscriptionId;

/// A file says nothing final of the days just before it was written: bills are late.
const SETTLES: SignedDuration = SignedDuration::from_hours(72);

/// Files that are one bill.
#[derive(Debug, Default)]
pub(super) struct Bundle {
    pub(super) name: String,
    pub(super) files: Vec<PathBuf>,
    pub(super) written_at: Option<Timestamp>,
}

/// What a bundle said to those that asked.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) statements: Vec<Statement>,
    pub(super) faults: Vec<Fault>,
    /// Those of whom it says nothing.
    pub(super) silent: BTreeSet<SubscriptionId>,
}

pub(super) fn wrong(place: &str, words: &str) -> Fault {
    Fault::new(FaultKind::Garbled, format!("read the bill {place}")).because(words.to_owned())
}

impl Bundle {
    /// Of everything that its files hold.
    pub(super) fn digest(&self, stop: &Stop) -> io::Result<Hash> {
        let mut hasher = Sha256::new();
        let mut buffer = vec![0_u8; 64 * 1024];
        for path in &self.files {
            let mut file = File::open(path)?;
            loop {
                stop.look()?;
                let n = file.read(&mut buffer)?;
                if n == 0 {
                    break;
                }
                hasher.update(buffer.get(..n).unwrap_or_default());
            }
        }
        Ok(hasher.finalize().into())
    }

    /// What it says of these subscriptions.
    pub(super) fn read(&self, asked: BTreeSet<SubscriptionId>, digest: Hash, stop: &Stop) -> Heard {
        let mut told = Told::default();
        let found = match self.rows(&mut told, stop) {
            Ok(found) => found,
            Err(error) => return Heard { faults: vec![wrong(&self.name, &error.to_string())], ..Heard::default() },
        };
        // a bill without one of its parts would say too little
        let whole = found.iter().all(|(_, costs_all)| !costs_all);
        let faults = found.into_iter().map(|(fault, _)| fault).collect();
        let mut heard = Heard { faults, ..Heard::default() };
        for subscription in asked.into_iter().filter(|_| whole) {
            let statements = self.statements(&subscription, digest, &told);
            if statements.is_empty() {
                heard.silent.insert(subscription);
            }
            heard.statements.extend(statements);
        }
        heard
    }

    /// Reads every file; answers with what is wrong, and whether that costs the whole bill.
    fn rows(&self, told: &mut Told, stop: &Stop) -> io::Result<Vec<(Fault, bool)>> {
        let mut faults = Vec::new();
        for path in &self.files {
            let name = path.display().to_string();
            let records = Records::new(Guard::new(opened(path)?, Limits::USUAL, stop.clone()));
            match read(records, told) {
                Ok(Ok(rows)) => faults.extend(rows.iter().map(|row| (row_wrong(&name, row), false))),
                Ok(Err(why)) => faults.push((wrong(&name, &why), true)),
                Err(error) => faults.push((wrong(&name, &error.to_string()), true)),
            }
        }
        Ok(faults)
    }

    /// One for each run of days that are final. The last of them tells that all of it was read.
    fn statements(&self, subscription: &SubscriptionId, digest: Hash, told: &Told) -> Vec<Statement> {
        let settled = self.written_at.and_then(|at| at.checked_sub(SETTLES).ok());
        let last = settled.and_then(|at| day_of(at.as_second()).yesterday().ok());
        let days = told.days.get(subscription).into_iter().flatten().copied();
        let runs = runs(days.filter(|day| last.is_none_or(|last| *day <= last)));
        let statement = |days: DaySpan| Statement {
            source: BillSource::Folder,
            name: self.name.clone(),
            subscription: subscription.clone(),
            days,
            lines: Vec::new(),
            digest: None,
        };
        let mut statements: Vec<Statement> = runs.into_iter().map(statement).collect();
        for line in told.lines.iter().filter(|line| line.workspace.subscription() == subscription) {
            let place = statements.partition_point(|statement| statement.days.last < line.day);
            if let Some(statement) = statements.get_mut(place).filter(|statement| statement.days.holds(line.day)) {
                statement.lines.push(line.clone());
            }
        }
        if let Some(last) = statements.last_mut() {
            last.digest = Some(digest);
        }
        statements
    }
}

/// Days, in their order, as spans without a gap.
fn runs(days: impl Iterator<Item = Date>) -> Vec<DaySpan> {
    let mut runs: Vec<DaySpan> = Vec::new();
    for day in days {
        match runs.last_mut() {
            Some(run) if run.last.tomorrow().is_ok_and(|next| next == day) => run.last = day,
            Some(_) | None => runs.push(DaySpan { first: day, last: day }),
        }
    }
    runs
}

/// `FILE:LINE: words`.
fn row_wrong(name: &str, row: &str) -> Fault {
    let (line, words) = row.split_once(": ").unwrap_or(("", row));
    let place = if line.is_empty() { name.to_owned() } else { format!("{name}:{line}") };
    Fault::new(FaultKind::Garbled, format!("read a row of the bill {place}; it was left out")).because(words.to_owned())
}

fn opened(path: &Path) -> io::Result<Box<dyn Read>> {
    let file = File::open(path)?;
    let packed = path.extension().is_some_and(|kind| kind.eq_ignore_ascii_case("gz"));
    Ok(if packed { Box::new(MultiGzDecoder::new(BufReader::new(file))) } else { Box::new(file) })
}

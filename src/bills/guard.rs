//! What a file is read through: a record without an end, a file without an end, and a reading that nobody waits for, fail.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How much is read at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Bytes without the end of a record; what was read ahead may come to it.
    pub(super) record: u64,
    /// Bytes of one file, unpacked.
    pub(super) file: u64,
}

impl Limits {
    /// A longer record is none: a quote was left open, or a few packed bytes unpack to one endless line. A file of a year of
    /// a large tenant has hundreds of megabytes.
    pub(super) const USUAL: Self = Self { record: 1024 * 1024, file: 4 * 1024 * 1024 * 1024 };
}

/// Whether anybody still waits: a thread that reads files cannot be ended from outside.
#[derive(Debug, Clone, Default)]
pub(super) struct Stop(Arc<AtomicBool>);

/// Says on its way out that nobody waits any more.
#[derive(Debug)]
pub(super) struct StopsOnDrop(Stop);

impl Stop {
    /// Fails once nobody waits.
    pub(super) fn look(&self) -> io::Result<()> {
        if self.0.load(Ordering::Relaxed) { Err(io::Error::other("nobody waits for it any more")) } else { Ok(()) }
    }

    /// What says so when it is dropped.
    pub(super) fn on_drop(&self) -> StopsOnDrop {
        StopsOnDrop(self.clone())
    }
}

impl Drop for StopsOnDrop {
    fn drop(&mut self) {
        self.0.0.store(true, Ordering::Relaxed);
    }
}

/// Reads within limits.
#[derive(Debug)]
pub(super) struct Guard<R> {
    from: R,
    limits: Limits,
    stop: Stop,
    since_record: u64,
    total: u64,
}

impl<R> Guard<R> {
    pub(super) const fn new(from: R, limits: Limits, stop: Stop) -> Self {
        Self { from, limits, stop, since_record: 0, total: 0 }
    }

    /// Notes that a record ended.
    pub(super) const fn record_ended(&mut self) {
        self.since_record = 0;
    }
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stop.look()?;
        if self.since_record > self.limits.record {
            let words = format!("a record does not end within {}; is a quote left open?", size(self.limits.record));
            return Err(io::Error::new(io::ErrorKind::InvalidData, words));
        }
        let count = self.from.read(buffer)?;
        let more = u64::try_from(count).unwrap_or(u64::MAX);
        self.since_record = self.since_record.saturating_add(more);
        self.total = self.total.saturating_add(more);
        if self.total > self.limits.file {
            let words = format!("the file is longer than {}, unpacked; split it", size(self.limits.file));
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, words));
        }
        Ok(count)
    }
}

fn size(bytes: u64) -> String {
    let parts = [(1024 * 1024 * 1024, "GiB"), (1024 * 1024, "MiB"), (1, "bytes")];
    let part = parts.into_iter().find(|(unit, _)| bytes.checked_rem(*unit) == Some(0) && bytes >= *unit);
    part.map_or_else(
        || "nothing".to_owned(),
        |(unit, name)| format!("{} {name}", bytes.checked_div(unit).unwrap_or(bytes)),
    )
}

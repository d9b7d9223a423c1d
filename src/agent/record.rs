//! What is remembered of this boot: over which time it was watched, when each signal was last busy, how disks filled. It
//! is all that a heartbeat says beside the newest look, so that none needs to be kept for later: when the service cannot
//! be reached for a day, the next one that arrives tells of that day.
//!
//! Times are milliseconds after the boot, by a clock that counts sleep and never jumps; they become wall time by one
//! anchor when they are told.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::facts::Room;
use super::judge::Judged;
use super::slope::{Point, full_in};
use crate::heartbeat::{DiskRoom, Sign, Watched};

/// The version of the file.
const VERSION: u32 = 1;
/// At most so many stretches, as a heartbeat holds.
const STRETCHES_MAX: usize = 16;
/// At most so many disks, as a heartbeat holds.
const DISKS_MAX: usize = 8;
/// The anchor is left alone while wall and steady clock agree to so many milliseconds.
const DRIFT: u64 = 1_000;
/// The wall clock jumped when they disagree by more: what was read by it before cannot be compared with what comes.
const JUMP: u64 = 5_000;
/// The service takes a heartbeat for a replay when it was not sent after the one before it, and refuses one whose clock
/// is further off than this, in milliseconds: a time that the wall has not reached yet is kept up to here.
const AHEAD_MAX: i64 = 5 * 60 * 1_000;
/// A disk's room is noted every so many milliseconds,
const POINT_EVERY: u64 = 10 * 60 * 1_000;
/// for so many points: a day.
const POINTS_MAX: usize = 144;

/// The memory of one boot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    v: u32,
    boot: String,
    seq: u64,
    /// Wall time at the boot, in milliseconds after 1970.
    anchor: i64,
    looked: Option<u64>,
    /// Whether that look could read all that is required. A record of before this was kept does not say so.
    #[serde(default)]
    whole: bool,
    /// The wall time that the newest heartbeat bears, in milliseconds after 1970.
    #[serde(default)]
    sent: Option<i64>,
    watched: Vec<(u64, u64)>,
    busy: BTreeMap<String, u64>,
    disks: BTreeMap<String, Vec<Point>>,
}

/// When a look was taken, by both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// By the wall.
    pub wall: Timestamp,
    /// Milliseconds after the boot.
    pub steady: u64,
}

impl Record {
    /// Nothing is known of this boot yet.
    #[must_use]
    pub fn new(boot: &str) -> Self {
        Self {
            v: VERSION,
            boot: boot.to_owned(),
            seq: 0,
            anchor: 0,
            looked: None,
            whole: false,
            sent: None,
            watched: Vec::new(),
            busy: BTreeMap::new(),
            disks: BTreeMap::new(),
        }
    }

    /// The record in a file, when it is whole and of this boot; else a new one.
    #[must_use]
    pub fn read(json: &[u8], boot: &str, steady: u64) -> Self {
        let read = serde_json::from_slice::<Self>(json).ok();
        let sound = |record: &Self| {
            record.v == VERSION
                && record.boot == boot
                && record.looked.is_none_or(|at| at <= steady)
                && record.is_orderly()
        };
        read.filter(sound).unwrap_or_else(|| Self::new(boot))
    }

    fn is_orderly(&self) -> bool {
        let end = self.looked.unwrap_or(0);
        let apart = self.watched.iter().zip(self.watched.iter().skip(1)).all(|(one, next)| one.1 <= next.0);
        let stretches = self.watched.iter().all(|(from, to)| from <= to && *to <= end);
        apart && stretches && self.watched.len() <= STRETCHES_MAX && self.busy.values().all(|at| *at <= end)
    }

    /// Takes a look into account. `gap_max` is how far apart two looks may be, in milliseconds, for the time between
    /// them to count as watched. It never does on either side of a look that could not read all: what was done in the
    /// minute before one is not known, and the look after it compares with that minute.
    pub fn take(&mut self, judged: &Judged, disks: &[Room], now: Moment, gap_max: u64) {
        let jumped = self.anchored(now);
        let near = |at: &u64| *at <= now.steady && now.steady.saturating_sub(*at) <= gap_max;
        let before = self.looked.filter(|at| self.whole && !jumped && near(at));
        self.looked = Some(now.steady);
        self.whole = judged.complete;
        self.seq = self.seq.saturating_add(1);
        if judged.complete {
            self.watch(before.unwrap_or(now.steady), now.steady);
        }
        for found in &judged.found {
            if let Some(at) = found.used_at.and_then(|at| self.steady(at)) {
                let newest = self.busy.entry(found.signal.label().to_owned()).or_default();
                *newest = (*newest).max(at.min(now.steady));
            }
        }
        self.note(disks, now.steady);
    }

    /// The wall time that a heartbeat sent now bears: after that of the one before it by a millisecond at least, also
    /// where the wall clock was set back since, and not before the look. A clock that was set back further than the
    /// service lets clocks be wrong was not believed before either, and its new time is borne at once.
    pub fn stamp(&mut self, now: Timestamp) -> Timestamp {
        let now = now.as_millisecond();
        let at = self.looked_at().map_or(now, |looked| now.max(looked.as_millisecond()));
        let near = self.sent.filter(|sent| sent.saturating_sub(now) < AHEAD_MAX);
        let at = near.map_or(at, |sent| at.max(sent.saturating_add(1)));
        self.sent = Some(at);
        Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Moves the anchor where the clocks have drifted apart; true when the wall clock jumped.
    fn anchored(&mut self, now: Moment) -> bool {
        let anchor = now.wall.as_millisecond().saturating_sub(i64::try_from(now.steady).unwrap_or(i64::MAX));
        let apart = self.anchor.abs_diff(anchor);
        if self.looked.is_none() || apart > DRIFT {
            self.anchor = anchor;
        }
        self.looked.is_some() && apart > JUMP
    }

    fn watch(&mut self, from: u64, to: u64) {
        match self.watched.last_mut() {
            Some(last) if last.1 >= from => last.1 = last.1.max(to),
            Some(_) | None => self.watched.push((from, to)),
        }
        let surplus = self.watched.len().saturating_sub(STRETCHES_MAX);
        self.watched.drain(..surplus);
    }

    fn note(&mut self, disks: &[Room], now: u64) {
        self.disks.retain(|mount, _| disks.iter().any(|disk| disk.mount == *mount));
        for disk in disks.iter().take(DISKS_MAX) {
            let points = self.disks.entry(disk.mount.clone()).or_default();
            if points.last().is_none_or(|last| now.saturating_sub(last.at) >= POINT_EVERY) {
                points.push(Point { at: now, free: disk.free });
            }
            let surplus = points.len().saturating_sub(POINTS_MAX);
            points.drain(..surplus);
        }
    }

    /// A wall time as milliseconds after the boot; none for one before it.
    fn steady(&self, at: Timestamp) -> Option<u64> {
        u64::try_from(at.as_millisecond().saturating_sub(self.anchor)).ok()
    }

    fn wall(&self, steady: u64) -> Timestamp {
        let millis = self.anchor.saturating_add(i64::try_from(steady).unwrap_or(i64::MAX));
        Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// How many looks there were.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// The boot.
    #[must_use]
    pub fn boot(&self) -> &str {
        &self.boot
    }

    /// When was last looked.
    #[must_use]
    pub fn looked_at(&self) -> Option<Timestamp> {
        self.looked.map(|at| self.wall(at))
    }

    /// The stretches, oldest first.
    #[must_use]
    pub fn watched(&self) -> Vec<Watched> {
        self.watched.iter().map(|(from, to)| Watched { from: self.wall(*from), to: self.wall(*to) }).collect()
    }

    /// The signs of a look, each with its newest use in this boot.
    #[must_use]
    pub fn signs(&self, judged: &Judged) -> Vec<Sign> {
        let sign = |found: &super::judge::Found| Sign {
            signal: found.signal.clone(),
            kind: found.kind,
            last_busy: self.busy.get(found.signal.label()).map(|at| self.wall(*at)),
            words: found.words.clone(),
        };
        judged.found.iter().map(sign).collect()
    }

    /// Disks, the fullest first, each with when it will be full.
    #[must_use]
    pub fn room(&self, disks: &[Room]) -> Vec<DiskRoom> {
        let mut sorted: Vec<&Room> = disks.iter().collect();
        sorted.sort_by_key(|disk| disk.free);
        let full_at = |disk: &Room| {
            let points = self.disks.get(&disk.mount)?;
            let after = full_in(points, disk.free)?;
            Some(self.wall(self.looked?.saturating_add(after)))
        };
        let room = |disk: &Room| DiskRoom {
            mount: disk.mount.chars().take(200).collect(),
            free_bytes: disk.free,
            size_bytes: disk.size,
            full_at: full_at(disk),
        };
        sorted.into_iter().take(DISKS_MAX).map(room).collect()
    }
}

#[cfg(test)]
mod tests;

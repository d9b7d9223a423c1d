//! What each source told of an instance's use over time, out of the accounts that stand in the record.
//!
//! An account tells of the time before it: over which stretches its source watched, and when use was last seen. Between two
//! accounts everything that follows from either is taken as told; all the rest is not told, and stays so.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use thin_vec::ThinVec;

use super::segments::Segment;
use crate::facts::{Source, Stretch, Track, Use};
use crate::past::Life;
use crate::units::When;

/// A word stays fresh for so long where nothing else says how long its source went on speaking.
const FRESH: SignedDuration = SignedDuration::from_mins(10);
/// Of use of which only the end was seen, so much is taken as seen.
const LAST_SEEN: SignedDuration = SignedDuration::from_secs(60);
/// No rule looks back further over what a source watched.
const LOOK_BACK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What one source told of one stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    /// What it told, or is taken to have gone on with where it told nothing.
    pub(super) now: Use,
    pub(super) told: bool,
    pub(super) words: Arc<str>,
}

/// One source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SourceUse {
    pub(super) source: Source,
    /// In order, without overlap.
    pub(super) pieces: Vec<Piece>,
}

/// True for sources that see it when nobody uses an instance: the others only ever tell of use.
pub(super) const fn tells_of_quiet(source: Source) -> bool {
    match source {
        Source::Agent | Source::Monitor | Source::Promql => true,
        Source::Job | Source::Queue | Source::AzureTimer => false,
    }
}

/// Every source that ever spoke of it.
pub(super) fn uses(life: &Life, segments: &[Segment]) -> Vec<SourceUse> {
    let spoke = |source: &Source| life.heard.iter().any(|heard| heard.tracks.iter().any(|track| track.source == *source));
    let of = |source: Source| {
        let pieces = segments.iter().flat_map(|segment| of_segment(life, source, segment)).collect();
        SourceUse { source, pieces }
    };
    Source::ALL.into_iter().filter(spoke).map(of).collect()
}

/// An account as it stood when something was decided.
#[derive(Clone, Copy)]
struct Account<'a> {
    at: Timestamp,
    track: &'a Track,
    /// The policy in force needed its source, and had its word until the next decision.
    watched: bool,
}

fn of_segment(life: &Life, source: Source, segment: &Segment) -> Vec<Piece> {
    let first = life.heard.partition_point(|heard| heard.at < segment.from);
    let rows = life.heard.iter().skip(first).take_while(|heard| heard.at <= segment.to);
    let mut pieces = Pieces::default();
    let mut last: Option<Account<'_>> = None;
    for row in rows {
        let track = row.tracks.iter().find(|track| track.source == source && track.as_of >= segment.began);
        let Some(track) = track else { continue };
        let account = Account { at: row.at, track, watched: is_watched(life, row.at) };
        pieces.between(last, account, segment);
        last = Some(account);
    }
    pieces.after(last, segment);
    pieces.0
}

fn is_watched(life: &Life, at: Timestamp) -> bool {
    let next = life.decided.partition_point(|decided| decided.at <= at);
    next.checked_sub(1).and_then(|place| life.decided.get(place)).is_some_and(|decided| decided.watched)
}

#[derive(Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    fn push(&mut self, piece: Piece) {
        if piece.from < piece.to {
            self.0.push(piece);
        }
    }

    /// What is told of the time between two accounts.
    fn between(&mut self, last: Option<Account<'_>>, next: Account<'_>, segment: &Segment) {
        let start = last.map_or(segment.began.min(next.at), |last| last.at);
        let said = |now: Use| if now == Use::Busy { Use::Quiet } else { now };
        let (before, after) = (last.map_or(said(next.track.now), |last| last.track.now), next.track.now);
        let used_until = next.track.last_busy.known().filter(|at| *at > start).map(|at| at.min(next.at));
        let mut spans: Vec<(Timestamp, Timestamp, Use)> = Vec::with_capacity(3);
        match (before, after, used_until) {
            (Use::Busy, Use::Busy, _) => spans.push((start, next.at, Use::Busy)),
            (Use::Busy, after, until) => {
                let until = until.unwrap_or(start);
                spans.extend([(start, until, Use::Busy), (until, next.at, after)]);
            }
            (before, Use::Busy, _) | (before, _, None) => spans.push((start, next.at, before)),
            (before, after, Some(until)) => {
                let seen = until.checked_sub(LAST_SEEN).unwrap_or(start).max(start);
                spans.extend([(start, seen, before), (seen, until, Use::Busy), (until, next.at, after)]);
            }
        }
        let is_short = next.at.duration_since(start) <= FRESH && last.is_some();
        let is_whole = is_short || last.is_some_and(|last| last.watched);
        let words = last.map_or(&next.track.words, |last| &last.track.words);
        for (from, to, now) in spans {
            let words = if now == Use::Busy && before != Use::Busy { &next.track.words } else { words };
            let piece = Piece { from, to, now, told: now != Use::Unknown, words: words.clone() };
            if now == Use::Busy || now == Use::Unknown || is_whole {
                self.push(piece);
            } else {
                self.as_watched(piece, last, next);
            }
        }
    }

    /// Only what either of them watched is told.
    fn as_watched(&mut self, piece: Piece, last: Option<Account<'_>>, next: Account<'_>) {
        let own = last.map(|last| Stretch { from: last.at, to: last.at.checked_add(FRESH).unwrap_or(last.at) });
        let mut stretches: Vec<Stretch> = next.track.watched.iter().copied().chain(own).collect();
        stretches.sort_by_key(|stretch| stretch.from);
        let mut from = piece.from;
        for stretch in stretches {
            let (begins, ends) = (stretch.from.clamp(from, piece.to), stretch.to.clamp(from, piece.to));
            self.push(Piece { from, to: begins, told: false, ..piece.clone() });
            self.push(Piece { from: begins, to: ends, ..piece.clone() });
            from = ends.max(begins);
        }
        self.push(Piece { from, told: false, ..piece });
    }

    /// What is told of the time after the last account.
    fn after(&mut self, last: Option<Account<'_>>, segment: &Segment) {
        let Some(Account { at, track, watched }) = last else {
            self.push(Piece { from: segment.began, to: segment.to, now: Use::Quiet, told: false, words: "".into() });
            return;
        };
        let piece = Piece { from: at, to: segment.to, now: track.now, told: true, words: track.words.clone() };
        if track.now == Use::Unknown {
            self.push(Piece { told: false, ..piece });
        } else if watched || track.now == Use::Busy {
            // that it ended would have been another decision
            self.push(piece);
        } else {
            let until = at.checked_add(FRESH).unwrap_or(at).min(segment.to);
            self.push(Piece { to: until, ..piece.clone() });
            self.push(Piece { from: until, told: false, ..piece });
        }
    }
}

impl SourceUse {
    /// The piece in which an instant lies.
    pub(super) fn at(&self, at: Timestamp) -> Option<&Piece> {
        let next = self.pieces.partition_point(|piece| piece.from <= at);
        self.pieces.get(next.checked_sub(1)?).filter(|piece| at <= piece.to)
    }

    fn before(&self, at: Timestamp) -> impl Iterator<Item = &Piece> {
        let next = self.pieces.partition_point(|piece| piece.from <= at);
        self.pieces.get(..next).unwrap_or_default().iter().rev()
    }

    /// The newest moment of use that was told up to an instant.
    pub(super) fn last_busy(&self, at: Timestamp) -> When {
        self.before(at).find(|piece| piece.now == Use::Busy).map(|piece| piece.to.min(at)).into()
    }

    /// Over which time up to an instant it told; `gaps_too`: also where it did not.
    pub(super) fn watched(&self, (since, at): (Timestamp, Timestamp), gaps_too: bool) -> ThinVec<Stretch> {
        let from = at.checked_sub(LOOK_BACK).unwrap_or(at).max(since);
        let mut stretches: Vec<Stretch> = Vec::new();
        for piece in self.before(at).take_while(|piece| piece.to > from) {
            if (piece.told || gaps_too) && piece.now != Use::Unknown {
                let stretch = Stretch { from: piece.from.max(from), to: piece.to.min(at) };
                match stretches.last_mut().filter(|later| later.from <= stretch.to) {
                    Some(later) => later.from = stretch.from,
                    None => stretches.push(stretch),
                }
            }
        }
        stretches.into_iter().rev().collect()
    }

    /// When it last told something up to an instant.
    pub(super) fn last_told(&self, at: Timestamp) -> Option<&Piece> {
        self.before(at).find(|piece| piece.told)
    }
}

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
    /// What was believed meanwhile, by the word before: what followed was only heard at `known`. None: no word of this run yet.
    pub(super) heard: Option<Use>,
    pub(super) known: Timestamp,
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
    let spoke =
        |source: &Source| life.heard.iter().any(|heard| heard.tracks.iter().any(|track| track.source == *source));
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
    let next = life.decided.partition_point(|decided| decided.at < segment.from);
    let is_decided = life.decided.get(next).is_some_and(|decided| decided.at <= segment.to);
    pieces.after(last, segment, is_decided);
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
            let (told, heard) = (now != Use::Unknown, Some(before));
            let piece = Piece { from, to, now, told, heard, known: next.at, words: words.clone() };
            if last.is_none() {
                self.first(piece, next);
            } else if now == Use::Busy || now == Use::Unknown || is_whole {
                self.push(piece);
            } else {
                self.as_watched(piece, last, next);
            }
        }
    }

    /// Before its source began to watch nothing was heard of the run.
    fn first(&mut self, piece: Piece, next: Account<'_>) {
        let began = next.track.watched.first().map_or(next.at, |first| first.from).clamp(piece.from, piece.to);
        let seen = piece.now == Use::Busy;
        self.push(Piece { to: began, told: seen, heard: None, ..piece.clone() });
        self.as_watched(Piece { from: began, ..piece }, None, next);
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
    fn after(&mut self, last: Option<Account<'_>>, segment: &Segment, is_decided: bool) {
        let (now, known) = (Use::Quiet, segment.to);
        let Some(Account { at, track, watched }) = last else {
            // where decisions are in the record, and no word of it, it said nothing
            let heard = (!is_decided).then_some(Use::Quiet);
            self.push(Piece { from: segment.began, to: segment.to, now, told: false, heard, known, words: "".into() });
            return;
        };
        let (now, heard, words) = (track.now, Some(track.now), track.words.clone());
        let piece = Piece { from: at, to: segment.to, now, told: true, heard, known, words };
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
    /// When what was heard of it turns, and when it begins or ceases to tell.
    pub(super) fn turns(&self) -> impl Iterator<Item = Timestamp> {
        let before = std::iter::once(None).chain(self.pieces.iter().map(Some));
        let both = before.zip(&self.pieces);
        let turned = both.filter(|(before, piece)| {
            before.is_none_or(|before| (before.told, before.heard, before.to) != (piece.told, piece.heard, piece.from))
        });
        turned.map(|(_, piece)| piece.from)
    }

    /// The piece in which an instant lies.
    pub(super) fn at(&self, at: Timestamp) -> Option<&Piece> {
        let next = self.pieces.partition_point(|piece| piece.from <= at);
        self.pieces.get(next.checked_sub(1)?).filter(|piece| at <= piece.to)
    }

    fn before(&self, at: Timestamp) -> impl Iterator<Item = &Piece> {
        let next = self.pieces.partition_point(|piece| piece.from <= at);
        self.pieces.get(..next).unwrap_or_default().iter().rev()
    }

    /// The newest moment of use that had been heard of at an instant.
    pub(super) fn last_busy(&self, at: Timestamp) -> When {
        let heard = |piece: &Piece| match (piece.known > at, piece.heard, piece.now) {
            (true, Some(Use::Busy), _) => Some(at),
            (false, _, Use::Busy) => Some(piece.to.min(at)),
            (true | false, _, _) => None,
        };
        self.before(at).find_map(heard).into()
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

//! One life of an instance as it went, made ready for replays: the same for every policy that is tried.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thin_vec::ThinVec;

use super::segments::{Look, Segment, looks, segments};
use super::uses::{SourceUse, tells_of_quiet, uses};
use super::value::Worked;
use crate::facts::{Evidence, Hold, MadeHold, PowerState, Source, Track, Use};
use crate::past::Life;
use crate::rules::Ground;

/// What is assumed of use where the record does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Untold {
    /// Nobody used it.
    Quiet,
    /// Somebody used it all along.
    Used,
}

/// One life.
#[derive(Debug)]
pub(super) struct Course<'a> {
    pub(super) life: &'a Life,
    pub(super) looks: Vec<Look>,
    pub(super) segments: Vec<Segment>,
    uses: Vec<SourceUse>,
    /// When everything was frozen, as far as decisions about it tell.
    frozen: Vec<(Timestamp, Timestamp)>,
    /// Every instant at which what is known of it changes.
    pub(super) times: Vec<Timestamp>,
    /// Of these, those at which its workspace was read, as far as the record tells.
    reads: Vec<Timestamp>,
    pub(super) end: Timestamp,
}

impl<'a> Course<'a> {
    pub(super) fn of(life: &'a Life, end: Timestamp) -> Self {
        let mut looks = looks(life);
        let segments = segments(&mut looks, &life.stops, end);
        let uses = uses(life, &segments);
        let frozen = frozen(life, end);
        let mut course = Self { life, looks, segments, uses, frozen, times: Vec::new(), reads: Vec::new(), end };
        course.reads = course.readings();
        course.times = course.instants();
        course
    }

    fn readings(&self) -> Vec<Timestamp> {
        let mut reads: Vec<Timestamp> = self.looks.iter().map(|look| look.at).collect();
        reads.extend(self.life.heard.iter().map(|heard| heard.at));
        reads.extend(self.life.decided.iter().map(|decided| decided.at));
        reads.sort_unstable();
        reads.dedup();
        reads
    }

    /// True where the record tells that its workspace was read at that very instant.
    pub(super) fn was_read(&self, at: Timestamp) -> bool {
        self.reads.binary_search(&at).is_ok()
    }

    fn instants(&self) -> Vec<Timestamp> {
        let life = self.life;
        let mut times = self.reads.clone();
        times.extend(self.uses.iter().flat_map(SourceUse::turns));
        times.extend(life.holds.iter().flat_map(|made| [made.hold.made_at, made.ends_at]));
        times.extend(self.frozen.iter().map(|(_, until)| *until));
        times.sort_unstable();
        times.dedup();
        times
    }

    /// The stretch of being on in which an instant lies.
    pub(super) fn segment_at(&self, at: Timestamp) -> Option<&Segment> {
        let next = self.segments.partition_point(|segment| segment.began <= at);
        self.segments
            .get(next.checked_sub(1)?)
            .filter(|segment| at < segment.to || (segment.is_open && at == segment.to))
    }

    /// The first start after an instant.
    pub(super) fn next_start(&self, at: Timestamp) -> Option<Timestamp> {
        let next = self.segments.partition_point(|segment| segment.began <= at);
        self.segments.get(next).map(|segment| segment.began)
    }

    /// True while nobody may stop anything.
    pub(super) fn is_frozen(&self, at: Timestamp) -> bool {
        self.frozen.iter().any(|(since, until)| *since <= at && at < *until)
    }

    /// Holds as they stood at an instant, those that ended lately among them. One that was made at that very instant came after.
    pub(super) fn holds_at(&self, at: Timestamp) -> ThinVec<Hold> {
        self.holds((just_before(at), at), at)
    }

    /// The same for either order of what happened at that very instant: the record does not tell it.
    pub(super) fn holds_either_way(&self, at: Timestamp) -> [ThinVec<Hold>; 3] {
        let before = just_before(at);
        [(at, at), (before, before), (at, before)].map(|known| self.holds(known, at))
    }

    /// Those that were made up to one instant, as far as they had ended by another.
    fn holds(&self, (made_by, ended_by): (Timestamp, Timestamp), at: Timestamp) -> ThinVec<Hold> {
        let kept = jiff::SignedDuration::from_hours(24);
        let stands = |made: &&MadeHold| made.hold.made_at <= made_by && at.duration_since(made.ends_at) <= kept;
        let as_it_stood = |made: &MadeHold| {
            let until = if made.ends_at <= ended_by { made.ends_at } else { made.hold.until };
            Hold { until, ..made.hold.clone() }
        };
        self.life.holds.iter().filter(stands).map(as_it_stood).collect()
    }

    /// What every source would have said at an instant of a run that began at `since`. What the record has of that very
    /// instant is taken as it stands.
    pub(super) fn evidence(&self, (at, since): (Timestamp, Timestamp), untold: Untold, as_heard: bool) -> Evidence {
        if as_heard && let Some(recorded) = self.recorded(at) {
            return recorded;
        }
        let tracks = self.uses.iter().filter_map(|one| account(one, (at, since), untold)).collect();
        Evidence { tracks, disk: None }
    }

    /// What had been heard when something was decided at that very instant; none where nothing was.
    pub(super) fn recorded(&self, at: Timestamp) -> Option<Evidence> {
        let next = self.life.heard.partition_point(|heard| heard.at <= at);
        let heard = next.checked_sub(1).and_then(|place| self.life.heard.get(place)).filter(|heard| heard.at == at);
        let decided = || self.life.decided.binary_search_by_key(&at, |decided| decided.at).is_ok();
        match heard {
            Some(heard) => Some(Evidence { tracks: heard.tracks.iter().cloned().collect(), disk: None }),
            None => decided().then(Evidence::default),
        }
    }

    /// The first sign after an instant that somebody used it while it was on, up to another.
    pub(super) fn used_after(&self, at: Timestamp, until: Timestamp) -> Option<(Timestamp, Worked)> {
        let busy = self.uses.iter().filter_map(|one| {
            let next = one.pieces.partition_point(|piece| piece.to <= at);
            let rest = one.pieces.get(next..).unwrap_or_default().iter();
            let mut within = rest.take_while(|piece| piece.from < until);
            let piece = within.find(|piece| piece.now == Use::Busy && piece.told)?;
            Some((piece.from.max(at), Worked::Seen { source: one.source, words: piece.words.clone() }))
        });
        let next = self.looks.partition_point(|look| look.at <= at);
        let jobs = next.checked_sub(1).and_then(|place| self.looks.get(place)).into_iter().map(|look| (at, look));
        let later = self.looks.get(next..).unwrap_or_default().iter().take_while(|look| look.at < until);
        let job = jobs.chain(later.map(|look| (look.at, look))).find_map(|(when, look)| {
            let running = look.facts.as_ref().is_some_and(|facts| facts.state == PowerState::JobRunning);
            running.then(|| (when, Worked::Seen { source: Source::Job, words: Source::Job.words().into() }))
        });
        let held = self.life.holds.iter().filter(|made| !made.hold.off).find_map(|made| {
            let when = made.hold.made_at;
            (at < when && when < until).then(|| (when, Worked::Held { by: made.hold.by.as_str().into() }))
        });
        busy.chain(job).chain(held).min_by_key(|(when, _)| *when)
    }

    /// The first instant from one on, up to another, of which nobody can tell whether it was used.
    pub(super) fn untold_after(&self, at: Timestamp, until: Timestamp) -> Option<Timestamp> {
        let mut from = at;
        while from < until {
            let told = |one: &SourceUse| {
                let piece = one.at(from).filter(|piece| piece.told && piece.to > from);
                piece.filter(|_| tells_of_quiet(one.source)).map(|piece| piece.to)
            };
            match self.uses.iter().filter_map(told).max() {
                Some(to) => from = to,
                None => return Some(from),
            }
        }
        None
    }

    /// Seconds of being on within a span, and how many of them nobody can tell of.
    pub(super) fn seconds(&self, from: Timestamp, to: Timestamp) -> (i64, i64) {
        let (mut on, mut untold) = (0_i64, 0_i64);
        for segment in &self.segments {
            let (begins, ends) = (segment.began.max(from), segment.to.min(to));
            on = on.saturating_add(ends.duration_since(begins).as_secs().max(0));
            let mut at = begins;
            while let Some(gap) = self.untold_after(at, ends) {
                at = self.told_again(gap, ends);
                untold = untold.saturating_add(at.duration_since(gap).as_secs());
            }
        }
        (on, untold)
    }

    fn told_again(&self, gap: Timestamp, until: Timestamp) -> Timestamp {
        let next = |one: &SourceUse| {
            let next = one.pieces.partition_point(|piece| piece.from <= gap);
            let rest = one.pieces.get(next..).unwrap_or_default();
            rest.iter().find(|piece| piece.told && tells_of_quiet(one.source)).map(|piece| piece.from)
        };
        self.uses.iter().filter_map(next).min().map_or(until, |at| at.min(until))
    }
}

fn just_before(at: Timestamp) -> Timestamp {
    at.checked_sub(jiff::SignedDuration::from_nanos(1)).unwrap_or(at)
}

/// What a source would have said.
fn account(one: &SourceUse, (at, since): (Timestamp, Timestamp), untold: Untold) -> Option<Track> {
    let piece = one.at(at);
    let track = |now, as_of, words: &Arc<str>, last_busy| Track {
        source: one.source,
        now,
        as_of,
        words: words.clone(),
        last_busy,
        watched: one.watched((since, at), untold == Untold::Quiet),
        job: None,
        doubt: None,
    };
    let last_busy = one.last_busy(at);
    if piece.is_some_and(|piece| piece.heard.is_none()) {
        return None;
    }
    match piece.filter(|piece| piece.told) {
        Some(piece) => Some(track(piece.heard.unwrap_or(piece.now), at, &piece.words, last_busy)),
        // a source that only ever tells of use says nothing while there is none
        None if !tells_of_quiet(one.source) => {
            one.last_told(at).map(|piece| track(Use::Quiet, at, &piece.words, last_busy))
        }
        None if piece.is_some_and(|piece| piece.now == Use::Unknown) => {
            let words: Arc<str> = piece.map(|piece| piece.words.clone()).unwrap_or_default();
            Some(track(Use::Unknown, at, &words, last_busy))
        }
        None => match untold {
            Untold::Quiet => {
                let mut quiet = track(Use::Quiet, at, &Arc::from("nobody, as is assumed"), last_busy);
                let from = quiet.watched.last().map_or(since, |last| last.to);
                // beyond what the record has of this run it is assumed to have gone on watching
                quiet.watched.push(crate::facts::Stretch { from: from.min(at), to: at });
                Some(quiet)
            }
            Untold::Used => Some(track(Use::Busy, at, &Arc::from("somebody, as is assumed"), at.into())),
        },
    }
}

fn frozen(life: &Life, end: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let mut found: Vec<(Timestamp, Timestamp)> = Vec::new();
    let mut since: Option<Timestamp> = None;
    for decided in &life.decided {
        match (since, decided.ground == Ground::Frozen) {
            (None, true) => since = Some(decided.at),
            (Some(from), false) => {
                found.push((from, decided.at));
                since = None;
            }
            (None, false) | (Some(_), true) => {}
        }
    }
    found.extend(since.map(|from| (from, end)));
    found
}

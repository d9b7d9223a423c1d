//! What all evidence together says of an instance's use: busy anywhere is busy, connected is not, quiet needs every
//! source that counts, and anything else is unknown (G17).
//!
//! Two laws: more activity, fresher or of any kind, never makes a stop come sooner; nor does a source that falls silent.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use smallvec::SmallVec;

use super::run::RunStart;
use crate::facts::{
    CLOCKS_APART, Evidence, History, InstanceFacts, PowerState, Source, SourceSet, Stretch, Track, Use,
};
use crate::units::{Percent, Span};

/// What all evidence together says of an instance's use at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activity {
    /// In use.
    Busy {
        /// Who says so.
        source: Source,
        /// When that held.
        as_of: Timestamp,
        /// What was seen.
        words: Arc<str>,
    },
    /// It was in use when its source could last tell, and that is too long ago.
    Lost {
        /// Who said so.
        source: Source,
        /// When that held.
        as_of: Timestamp,
        /// What was seen then, and what it says since, if anything.
        words: String,
    },
    /// Every source that counts says quiet.
    Quiet {
        /// Since when: the latest sign of use, the latest start, or the earliest instant since when they watched enough.
        since: Timestamp,
        /// The latest sign of use, or the latest start: what makes this quiet time another one.
        used: Timestamp,
        /// The source that watched least of the time, and how much, when that puts `since` off.
        gap: Option<(Source, Percent)>,
        /// Who is connected all the same, and does nothing.
        connected: Option<Arc<str>>,
    },
    /// Not known, which never means quiet; why.
    Unknown(String),
}

/// What is asked of the evidence.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// Which sources have to say quiet.
    pub(super) needs: SourceSet,
    /// How much of the time they have to have watched.
    pub(super) coverage: Percent,
    /// How old their newest word may be.
    pub(super) fresh_within: Span,
    /// For how long it has to be quiet.
    pub(super) after: Span,
}

impl Asked {
    /// The share that may be missed, in percent.
    fn may_miss(self) -> i128 {
        i128::from(100_u8.saturating_sub(self.coverage.get()))
    }
}

/// An account of the present run; one of an earlier run says nothing of this one.
fn is_of_this_run(track: &Track, start: RunStart) -> bool {
    // A start between two sightings counts as late as possible: what was seen busy before that may be of this run.
    match start {
        RunStart::By(at) | RunStart::Before(at) => track.as_of >= at,
        RunStart::Unknown => true,
    }
}

/// What lies ahead was said by a clock that was wrong: nobody knows when (S12).
fn is_fresh(track: &Track, within: Span, now: Timestamp) -> bool {
    let age = now.duration_since(track.as_of);
    -CLOCKS_APART <= age && age <= within.duration()
}

/// Who uses it now, or did when its source was last heard of.
pub(super) fn in_use(
    facts: &InstanceFacts,
    evidence: &Evidence,
    start: RunStart,
    fresh_within: Span,
    now: Timestamp,
) -> Option<Activity> {
    if facts.state == PowerState::JobRunning {
        let words = Source::Job.words().into();
        return Some(Activity::Busy { source: Source::Job, as_of: facts.observed_at, words });
    }
    let busy = || evidence.busy().filter(|track| is_of_this_run(track, start));
    if let Some(track) = busy().find(|track| is_fresh(track, fresh_within, now)) {
        let (source, as_of, words) = (track.source, track.as_of, track.words.clone());
        return Some(Activity::Busy { source, as_of, words });
    }
    let lost = |track: &Track| Activity::Lost { source: track.source, as_of: track.as_of, words: last_words(track) };
    busy().next().map(lost)
}

/// What was seen, and what became of the source since.
fn last_words(track: &Track) -> String {
    match &track.doubt {
        Some(doubt) => format!("{}; at {} it could not tell: {}", track.words, doubt.as_of, doubt.words),
        None => format!("{}; it has been silent since", track.words),
    }
}

/// What the evidence says, when nobody is known to use it.
pub(super) fn unused(
    evidence: &Evidence,
    history: &History,
    asked: Asked,
    start: RunStart,
    now: Timestamp,
) -> Activity {
    if asked.needs.is_empty() {
        return Activity::Unknown("no source is configured".to_owned());
    }
    let mut needed: SmallVec<[Watch; 2]> = SmallVec::new();
    for source in asked.needs.iter() {
        match heard(evidence, source, asked, start, now) {
            Ok(track) => needed.push(Watch::of(track, now)),
            Err(why) => return Activity::Unknown(why),
        }
    }
    // one that need not speak, and has spoken, is not passed over when it knows nothing
    if let Some(track) = evidence.tracks.iter().find(|track| track.now == Use::Unknown && is_of_this_run(track, start))
    {
        return Activity::Unknown(format!("{} says: {}", track.source.words(), track.words));
    }
    let used = evidence.last_busy().known().map(|at| at.min(now));
    let signs = [used, history.last_busy.known().filter(|at| *at <= now), start.latest()];
    let Some(used) = signs.into_iter().flatten().max() else {
        return Activity::Unknown("nobody knows since when it runs".to_owned());
    };
    let since = earliest_covered(&needed, used, asked, now);
    let gap = (since > used).then(|| least_watched(&needed, used, asked, now)).flatten();
    let connected = evidence.tracks.iter().find(|track| track.now == Use::Connected).map(|track| track.words.clone());
    Activity::Quiet { since, used, gap, connected }
}

/// Which of them watched least of the time that counts, and how much.
fn least_watched(needed: &[Watch], used: Timestamp, asked: Asked, now: Timestamp) -> Option<(Source, Percent)> {
    let from = now.checked_sub(asked.after.duration()).map_or(used, |from| from.max(used));
    let shares = needed.iter().map(|watch| (watch.source, watch.share(from, now)));
    shares.min_by_key(|(_, share)| *share)
}

/// The account of a source that counts, or why it says nothing now.
fn heard(evidence: &Evidence, source: Source, asked: Asked, start: RunStart, now: Timestamp) -> Result<&Track, String> {
    let who = source.words();
    let track = evidence.of(source).filter(|track| is_of_this_run(track, start));
    let track = track.ok_or_else(|| format!("{who} has not been heard of since it was started"))?;
    if !is_fresh(track, asked.fresh_within, now) {
        let when = if track.as_of > now {
            "which lies ahead".to_owned()
        } else {
            format!("longer ago than {}", asked.fresh_within)
        };
        return Err(format!("{who} was last heard of at {}, {when}", track.as_of));
    }
    match track.now {
        Use::Quiet | Use::Connected => Ok(track),
        Use::Unknown | Use::Busy => Err(format!("{who} says: {}", track.words)),
    }
}

/// A stretch that ended no longer ago than this lasts: agents look once a minute, and the next look is on its way. Less than two
/// looks: a longer end could hide one that saw nothing.
const LOOKS_APART: SignedDuration = SignedDuration::from_secs(90);

/// When a source watched, up to now: what it may miss before its next look aside.
struct Watch {
    source: Source,
    /// Disjoint, oldest first.
    stretches: SmallVec<[Stretch; 2]>,
}

impl Watch {
    fn of(track: &Track, now: Timestamp) -> Self {
        let past = track.watched.iter().copied().filter(|stretch| stretch.from <= now);
        let mut stretches: SmallVec<[Stretch; 2]> =
            past.map(|stretch| Stretch { to: stretch.to.min(now), ..stretch }).collect();
        // a gap that a source tells of is one, however short: it knows that it could not look
        if let Some(last) = stretches.last_mut().filter(|last| now.duration_since(last.to) <= LOOKS_APART) {
            last.to = now;
        }
        Self { source: track.source, stretches }
    }

    /// The share of that time that it watched, rounded down; of no time, all.
    fn share(&self, from: Timestamp, to: Timestamp) -> Percent {
        let length = to.duration_since(from).as_millis();
        let share = Stretch::fill(&self.stretches, from, to).saturating_mul(100).checked_div(length).unwrap_or(100);
        Percent::new(i64::try_from(share.clamp(0, 100)).unwrap_or(0)).unwrap_or(Percent::NONE)
    }

    /// What may be missed: of the time asked for, and of all the time that it is quiet for. While it is not yet quiet for
    /// long enough, what was missed so far must be little enough to suffice in the end.
    fn suffices(&self, since: Timestamp, asked: Asked, now: Timestamp) -> bool {
        let missed = |from: Timestamp| {
            now.duration_since(from).as_millis().saturating_sub(Stretch::fill(&self.stretches, from, now))
        };
        let may_miss = |length: SignedDuration| length.as_millis().saturating_mul(asked.may_miss()) / 100;
        let after = asked.after.duration();
        let window = now.checked_sub(after).map_or(since, |from| from.max(since));
        missed(since) <= may_miss(after.max(now.duration_since(since))) && missed(window) <= may_miss(after)
    }

    /// The instants in its gaps from which on little enough was missed.
    fn turns(&self, asked: Asked, now: Timestamp) -> Vec<Timestamp> {
        let (mut found, mut watched, mut next) = (Vec::new(), SignedDuration::ZERO, now);
        let missed = asked.after.duration().as_millis().saturating_mul(asked.may_miss()) / 100;
        // the gap before the oldest stretch has no beginning
        let ends = self.stretches.iter().rev().map(|stretch| (stretch.to, Some(stretch)));
        for (end, stretch) in ends.chain([(Timestamp::MIN, None)]) {
            // From here to now `watched` was watched: enough for itself and what may be missed, and for its share of a longer time.
            let millis = watched.as_millis();
            let share = millis.saturating_mul(100).checked_div(asked.coverage.get().into()).unwrap_or(0);
            for reach in [millis.saturating_add(missed), share] {
                // a millisecond less, since lengths are rounded down
                let reach = SignedDuration::from_millis(i64::try_from(reach.saturating_sub(1)).unwrap_or(i64::MAX));
                let at = now.checked_sub(reach).unwrap_or(Timestamp::MIN);
                found.push(at.clamp(end.min(next), next));
            }
            if let Some(stretch) = stretch {
                watched = watched.saturating_add(stretch.to.duration_since(stretch.from));
                next = stretch.from;
            }
        }
        found
    }
}

/// The earliest instant from `base` on since when every needed source watched enough. The later the base, and the less they
/// watched, the later the instant.
fn earliest_covered(needed: &[Watch], base: Timestamp, asked: Asked, now: Timestamp) -> Timestamp {
    let mut candidates: Vec<Timestamp> = needed.iter().flat_map(|watch| watch.turns(asked, now)).collect();
    candidates.extend(now.checked_sub(asked.after.duration()));
    candidates.push(base);
    candidates.sort_unstable();
    let mut later = candidates.into_iter().filter(|at| *at >= base);
    later.find(|at| needed.iter().all(|watch| watch.suffices(*at, asked, now))).unwrap_or(now).max(base)
}

#[cfg(test)]
#[path = "activity/tests.rs"]
mod tests;

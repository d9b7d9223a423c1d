//! What was heard of each workspace, until it is time to ask again; and who was ever said to be in use.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use thin_vec::ThinVec;

use crate::facts::{Source, Track, Use};
use crate::ports::Question;
use crate::units::{InstanceId, When, WorkspaceId};

/// After a failure it is asked again no sooner.
const REST: SignedDuration = SignedDuration::from_secs(50);
/// Who was said to be in use so long ago, and was not heard of since, is forgotten.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(24 * 30);

#[derive(Debug)]
struct Kept {
    asked_at: Timestamp,
    due_at: Timestamp,
    tracks: Vec<(InstanceId, Track)>,
}

/// The answers of one source.
#[derive(Debug)]
pub(super) struct Memory {
    source: Source,
    refresh: SignedDuration,
    workspaces: BTreeMap<WorkspaceId, Kept>,
    /// When each was last said to be in use.
    accused: BTreeMap<InstanceId, Timestamp>,
}

/// Whether an answer may lack something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    /// It has all there is.
    Yes,
    /// It was cut, or some of it cannot be understood.
    No,
}

impl Memory {
    pub(super) const fn new(source: Source, refresh: SignedDuration) -> Self {
        Self { source, refresh, workspaces: BTreeMap::new(), accused: BTreeMap::new() }
    }

    /// The workspaces that it is time to ask about, those first that were asked about longest ago.
    pub(super) fn due<'q>(&self, questions: &'q [Question], now: Timestamp) -> Vec<&'q Question> {
        let mut seen = BTreeSet::new();
        let ones = questions.iter().filter(|question| seen.insert(&question.workspace.id));
        let asked_at = |question: &&Question| self.workspaces.get(&question.workspace.id).map(|kept| kept.asked_at);
        let is_due = |question: &&Question| {
            // a clock that stepped back must not silence it
            let kept = self.workspaces.get(&question.workspace.id);
            kept.is_none_or(|kept| now >= kept.due_at || now < kept.asked_at)
        };
        let mut due: Vec<&Question> = ones.filter(is_due).collect();
        due.sort_by_key(asked_at);
        due
    }

    /// Takes note of an answer. From one that is whole, whoever was said to be in use and is not in it gets a word that
    /// takes that back; from another, nothing but use is believed.
    pub(super) fn answered(
        &mut self,
        workspace: &WorkspaceId,
        found: BTreeMap<InstanceId, Track>,
        whole: Whole,
        now: Timestamp,
    ) {
        let is_busy = |track: &Track| track.now == Use::Busy;
        for (id, track) in found.iter().filter(|(_, track)| is_busy(track)) {
            let last = self.accused.entry(id.clone()).or_insert(track.as_of);
            *last = track.as_of.max(*last);
        }
        let mut tracks: Vec<(InstanceId, Track)> = Vec::new();
        if whole == Whole::Yes {
            let innocent = |id: &InstanceId| id.workspace() == workspace && !found.contains_key(id);
            let taken_back = self.accused.iter().filter(|(id, _)| innocent(id));
            let words: Arc<str> = "no job is seen on it any more".into();
            tracks.extend(taken_back.map(|(id, last)| {
                let watched = ThinVec::new();
                let last_busy = When::at(*last);
                let words = Arc::clone(&words);
                (id.clone(), Track { source: self.source, now: Use::Quiet, as_of: now, words, last_busy, watched })
            }));
        }
        tracks.extend(found.into_iter().filter(|(_, track)| whole == Whole::Yes || is_busy(track)));
        let due_at = now.checked_add(self.refresh).unwrap_or(now);
        self.workspaces.insert(workspace.clone(), Kept { asked_at: now, due_at, tracks });
        self.accused.retain(|_, last| now.duration_since(*last) <= FORGOTTEN);
    }

    /// Takes note of a failure: what was heard before is not said again, and goes stale with whoever holds it.
    pub(super) fn failed(&mut self, workspace: &WorkspaceId, now: Timestamp) {
        let due_at = now.checked_add(REST.min(self.refresh)).unwrap_or(now);
        self.workspaces.insert(workspace.clone(), Kept { asked_at: now, due_at, tracks: Vec::new() });
    }

    /// What is known of those who are asked about.
    pub(super) fn said(&self, questions: &[Question]) -> Vec<(InstanceId, Track)> {
        let asked: BTreeSet<&InstanceId> = questions.iter().map(|question| &question.instance).collect();
        let workspaces: BTreeSet<&WorkspaceId> = questions.iter().map(|question| &question.workspace.id).collect();
        let kept = workspaces.into_iter().filter_map(|id| self.workspaces.get(id));
        kept.flat_map(|kept| &kept.tracks).filter(|(id, _)| asked.contains(id)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Created, Tags, WorkspaceFacts};
    use crate::units::{Region, Span};

    fn workspace(name: &str) -> WorkspaceId {
        WorkspaceId::new("s", "rg", name).unwrap()
    }

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minute * 60).unwrap()
    }

    fn question(workspace_name: &str, name: &str) -> Question {
        let id = workspace(workspace_name);
        let region = Region::new("westeurope");
        Question {
            instance: InstanceId::new(id.clone(), name).unwrap(),
            created: Created::NONE,
            region: region.clone(),
            workspace: Arc::new(WorkspaceFacts { id, region, tags: Tags::default() }),
            window: Span::minutes(30),
            promql: None,
        }
    }

    fn busy(name: &str, minute: i64) -> BTreeMap<InstanceId, Track> {
        let track = Track {
            source: Source::Queue,
            now: Use::Busy,
            as_of: at(minute),
            words: "job x is Queued".into(),
            last_busy: When::at(at(minute)),
            watched: ThinVec::new(),
        };
        [(InstanceId::new(workspace("ws"), name).unwrap(), track)].into()
    }

    fn memory() -> Memory {
        Memory::new(Source::Queue, SignedDuration::from_mins(5))
    }

    #[test]
    fn it_is_asked_again_when_it_is_time_the_oldest_first() {
        let mut memory = memory();
        let questions = [question("ws", "a"), question("ws", "b"), question("other", "c")];
        let due = |memory: &Memory, minute| {
            let due = memory.due(&questions, at(minute));
            due.iter().map(|question| question.workspace.id.name().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(due(&memory, 0), ["ws", "other"], "each once");
        memory.answered(&workspace("ws"), BTreeMap::new(), Whole::Yes, at(0));
        assert_eq!(due(&memory, 4), ["other"]);
        memory.answered(&workspace("other"), BTreeMap::new(), Whole::Yes, at(-2));
        assert_eq!(due(&memory, 5), ["other", "ws"]);
        assert_eq!(due(&memory, -1), ["ws"], "the clock stepped back");
        memory.failed(&workspace("ws"), at(10));
        assert_eq!(
            (due(&memory, 10), due(&memory, 11)),
            (vec!["other".to_owned()], vec!["other".to_owned(), "ws".to_owned()])
        );
    }

    #[test]
    fn only_a_whole_answer_takes_back_what_was_said() {
        let mut memory = memory();
        let questions = [question("ws", "A"), question("ws", "b")];
        let now = |memory: &Memory| memory.said(&questions).iter().map(|(_, track)| track.now).collect::<Vec<_>>();
        memory.answered(&workspace("ws"), BTreeMap::new(), Whole::Yes, at(0));
        assert_eq!(now(&memory), [], "of whom nothing was ever seen, nothing is said");
        memory.answered(&workspace("ws"), busy("a", 1), Whole::No, at(1));
        assert_eq!(now(&memory), [Use::Busy]);
        memory.answered(&workspace("ws"), BTreeMap::new(), Whole::No, at(2));
        assert_eq!(now(&memory), []);
        memory.failed(&workspace("ws"), at(3));
        assert_eq!(now(&memory), []);
        memory.answered(&workspace("other"), BTreeMap::new(), Whole::Yes, at(4));
        assert_eq!(now(&memory), [], "another workspace's list says nothing of it");
        for minute in [5, 6] {
            memory.answered(&workspace("ws"), BTreeMap::new(), Whole::Yes, at(minute));
            let said = memory.said(&questions);
            let [(id, track)] = said.as_slice() else { panic!("{said:?}") };
            assert_eq!((id.name(), track.now, track.as_of), ("a", Use::Quiet, at(minute)));
            assert_eq!((track.last_busy.known(), track.watched.len()), (Some(at(1)), 0), "it watched nothing");
        }
    }
}

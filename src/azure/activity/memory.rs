//! What was heard of each workspace, until it is time to ask again.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use thin_vec::ThinVec;

use crate::facts::{Source, Track, Use};
use crate::ports::Question;
use crate::units::{InstanceId, WorkspaceId};

/// After a failure it is asked again no sooner.
const REST: SignedDuration = SignedDuration::from_secs(50);

#[derive(Debug)]
struct Kept {
    asked_at: Timestamp,
    due_at: Timestamp,
    tracks: BTreeMap<InstanceId, Track>,
    whole: Whole,
}

/// The answers of one source.
#[derive(Debug)]
pub(super) struct Memory {
    source: Source,
    refresh: SignedDuration,
    workspaces: BTreeMap<WorkspaceId, Kept>,
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
        Self { source, refresh, workspaces: BTreeMap::new() }
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

    /// Takes note of an answer.
    pub(super) fn answered(
        &mut self,
        workspace: &WorkspaceId,
        tracks: BTreeMap<InstanceId, Track>,
        whole: Whole,
        now: Timestamp,
    ) {
        let due_at = now.checked_add(self.refresh).unwrap_or(now);
        self.workspaces.insert(workspace.clone(), Kept { asked_at: now, due_at, tracks, whole });
    }

    /// Takes note of a failure: what was heard before is not said again, and goes stale with whoever holds it.
    pub(super) fn failed(&mut self, workspace: &WorkspaceId, now: Timestamp) {
        let due_at = now.checked_add(REST.min(self.refresh)).unwrap_or(now);
        let kept = Kept { asked_at: now, due_at, tracks: BTreeMap::new(), whole: Whole::No };
        self.workspaces.insert(workspace.clone(), kept);
    }

    /// What is known of those who are asked about. Who was said to be in use, and is not in an answer that is whole, gets a word
    /// that takes that back.
    pub(super) fn said(&self, questions: &[Question]) -> Vec<(InstanceId, Track)> {
        let known = |question: &Question| {
            let kept = self.workspaces.get(&question.workspace.id)?;
            let track = kept.tracks.get(&question.instance).cloned().or_else(|| {
                let said = question.busy.iter().find(|track| track.source == self.source)?;
                (kept.whole == Whole::Yes && said.as_of <= kept.asked_at).then(|| taken_back(said, kept.asked_at))
            })?;
            Some((question.instance.clone(), track))
        };
        questions.iter().filter_map(known).collect()
    }
}

/// The word that takes back that it is in use: it watched nothing, and says nothing of anybody else.
pub(super) fn taken_back(said: &Track, now: Timestamp) -> Track {
    let words = "no job is seen on it any more".into();
    Track { now: Use::Quiet, as_of: now, words, watched: ThinVec::new(), job: None, doubt: None, ..said.clone() }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::facts::{Created, Tags, WorkspaceFacts};
    use crate::units::{Region, Span, When};

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
            busy: ThinVec::new(),
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
            job: Some("x".into()),
            doubt: None,
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
        let mut questions = [question("ws", "A"), question("ws", "b")];
        let now = |memory: &Memory, questions: &[Question]| {
            memory.said(questions).iter().map(|(_, track)| track.now).collect::<Vec<_>>()
        };
        memory.answered(&workspace("ws"), BTreeMap::new(), Whole::Yes, at(0));
        assert_eq!(now(&memory, &questions), [], "of whom nothing was ever seen, nothing is said");
        memory.answered(&workspace("ws"), busy("a", 1), Whole::No, at(1));
        assert_eq!(now(&memory, &questions), [Use::Busy]);
        // it may also have been said before a restart, to whoever asks
        questions[0].busy = busy("a", 1).into_values().collect();
        memory.answered(&workspace("ws"), BTreeMap::new(), Whole::No, at(2));
        assert_eq!(now(&memory, &questions), []);
        memory.failed(&workspace("ws"), at(3));
        assert_eq!(now(&memory, &questions), []);
        memory.answered(&workspace("other"), BTreeMap::new(), Whole::Yes, at(4));
        assert_eq!(now(&memory, &questions), [], "another workspace's list says nothing of it");
        memory.answered(&workspace("ws"), BTreeMap::new(), Whole::Yes, at(0));
        assert_eq!(now(&memory, &questions), [], "nor does one from before");
        memory.answered(&workspace("ws"), BTreeMap::new(), Whole::Yes, at(5));
        let said = memory.said(&questions);
        let [(id, track)] = said.as_slice() else { panic!("{said:?}") };
        assert_eq!((id.name(), track.now, track.as_of), ("A", Use::Quiet, at(5)));
        assert_eq!((track.last_busy.known(), track.watched.len()), (Some(at(1)), 0), "it watched nothing");
        questions[0].busy[0].source = Source::Monitor;
        assert_eq!(now(&memory, &questions), [], "another source's word is its own");
    }
}

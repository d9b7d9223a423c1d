//! Asking whoever can tell whether an instance is used, and what is made of the answers.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use thin_vec::ThinVec;

use super::entry::Entry;
use super::state::{Engine, State};
use crate::facts::{DiskSight, Evidence, InstanceFacts, Source, SourceSet, Track, Use, WorkspaceFacts};
use crate::policy::{Policy, Terms};
use crate::ports::{Fault, FaultKind, Heard, InUse, Question, World};
use crate::report::{FaultLine, SweepReport};
use crate::rules::terms_of;
use crate::units::{InstanceId, Span, When, WorkspaceId};

/// Whoever has not answered by then has not answered: each source bounds itself well below.
const PATIENCE: Duration = Duration::from_secs(45);

/// The second look does not wait longer: what was heard in the sweep counts while it is fresh.
const AGAIN: Duration = Duration::from_secs(5);

/// How far back is asked where no idle rule says for how long it has to be quiet.
const WINDOW: Span = Span::minutes(30);

impl<W: World> Engine<W> {
    /// Asks about every instance that is on and governed, of the workspaces just read.
    pub(super) async fn hear(&self, read: &[WorkspaceId], now: Timestamp, report: &mut SweepReport) {
        let sources = self.world.sources();
        if sources.is_empty() {
            return;
        }
        let questions = self.lock().questions(read);
        self.lock().forget_unasked(&questions);
        if sources.has(Source::Promql) {
            let known = self.lock().known(read);
            self.world.meet(&known, now);
        }
        let heard = self.ask(&questions, sources, (now, PATIENCE)).await;
        let failed = heard.faults.iter().map(|(source, fault)| FaultLine {
            workspace: None,
            label: fault.kind.label(),
            words: format!("{}: {}; {}", source.words(), fault.words(), fault.kind.remedy()),
        });
        report.faults.extend(failed);
        self.lock().take_in(heard, now);
    }

    /// Asks about one instance again, right before it is stopped. Who fails to answer is silent: what it said before counts
    /// while it is fresh.
    pub(super) async fn hear_of(&self, id: &InstanceId, now: Timestamp) {
        let sources = self.world.sources();
        let question = self.lock().question(id);
        if let Some(question) = question.filter(|_| !sources.is_empty()) {
            let heard = self.ask(std::slice::from_ref(&question), sources, (now, AGAIN)).await;
            self.lock().take_in(heard, now);
        }
    }

    async fn ask(&self, questions: &[Question], sources: SourceSet, (now, within): (Timestamp, Duration)) -> Heard {
        if questions.is_empty() {
            return Heard::default();
        }
        tokio::time::timeout(within, self.world.ask(questions, now)).await.unwrap_or_else(|_| {
            let late =
                |source| (source, Fault::new(FaultKind::Unreachable, "hear from every source of activity in time"));
            Heard { faults: sources.iter().map(late).collect(), ..Heard::default() }
        })
    }
}

/// That an instance whose agent has not reported since the start may be in use: a stop that was announced by the process before
/// this one waits for the agents' word, whatever other sources say.
pub(super) struct Awaited {
    track: Track,
    since: Timestamp,
}

impl Awaited {
    /// What was heard, and that, unless its agent has reported.
    pub(super) fn beside<'e>(&self, heard: &'e Evidence) -> Cow<'e, Evidence> {
        if heard.of(Source::Agent).is_some_and(|track| track.as_of >= self.since) {
            return Cow::Borrowed(heard);
        }
        let mut evidence = heard.clone();
        evidence.tracks.push(self.track.clone());
        Cow::Owned(evidence)
    }
}

/// What counts for instances that are decided about here since an instant, while agents may not have had time to report since then.
pub(super) fn awaited(within: Option<Span>, since: Timestamp, now: Timestamp) -> Option<Awaited> {
    let until = since.checked_add(within?.duration()).ok()?;
    let track = Track {
        source: Source::Agent,
        now: Use::Busy,
        as_of: now,
        words: format!("agents have until {until} to report, since the service has just started").into(),
        last_busy: When::NONE,
        watched: ThinVec::new(),
        job: None,
        doubt: None,
    };
    (now < until).then_some(Awaited { track, since })
}

impl State {
    /// A policy that gives no expression any more has nobody asked about it: what Prometheus last said has ended with it.
    fn forget_unasked(&mut self, questions: &[Question]) {
        for question in questions.iter().filter(|question| question.promql.is_none()) {
            let place = self.places.get_mut(question.instance.workspace());
            let entry = place.and_then(|place| place.entries.get_mut(&question.instance));
            let held = entry.and_then(|entry| entry.evidence.as_mut());
            let Some(evidence) = held.filter(|evidence| evidence.of(Source::Promql).is_some()) else { continue };
            Arc::make_mut(evidence).tracks.retain(|track| track.source != Source::Promql);
            self.use_changed.insert(question.instance.clone());
        }
    }

    /// Every instance of the workspaces just read, governed or not.
    fn known(&self, read: &[WorkspaceId]) -> Vec<InstanceId> {
        let places = read.iter().filter_map(|id| self.places.get(id));
        places.flat_map(|place| place.entries.keys().cloned()).collect()
    }

    fn questions(&self, read: &[WorkspaceId]) -> Vec<Question> {
        let mut questions = Vec::new();
        for id in read {
            let Some((place, policy)) = self.places.get(id).zip(self.policy_of(id)) else { continue };
            let workspace = Arc::new(place.facts.clone());
            let on = place.entries.values().filter(|entry| !entry.absent && entry.facts.state.is_on());
            questions.extend(on.map(|entry| asked(entry, &policy, &workspace)));
        }
        questions
    }

    fn question(&self, id: &InstanceId) -> Option<Question> {
        let place = self.places.get(id.workspace())?;
        let policy = self.policy_of(id.workspace())?;
        Some(asked(place.entries.get(id)?, &policy, &Arc::new(place.facts.clone())))
    }

    /// Whose use began or ended since that was last written, as it is now.
    pub(super) fn use_to_write(&mut self) -> Vec<InUse> {
        let changed = std::mem::take(&mut self.use_changed);
        let row = |id: InstanceId| {
            let entry = self.places.get(id.workspace())?.entries.get(&id)?;
            let tracks = entry.evidence().busy().cloned().collect();
            Some(InUse { created: entry.facts.created, tracks, instance: id })
        };
        changed.into_iter().filter_map(row).collect()
    }

    /// Who was in use when the process before this one last heard of it still is, until its source says otherwise. A source that
    /// the settings no longer name is never asked again, and would keep it for ever: its word has ended with it.
    pub(super) fn recall_use(&mut self, in_use: Vec<InUse>, sources: SourceSet) {
        for InUse { instance, created, mut tracks } in in_use {
            tracks.retain(|track| sources.has(track.source));
            if tracks.is_empty() {
                continue;
            }
            let place = self.places.get_mut(instance.workspace());
            let entry = place.and_then(|place| place.entries.get_mut(&instance));
            if let Some(entry) = entry.filter(|entry| entry.facts.created == created) {
                entry.evidence = Some(Arc::new(Evidence { tracks: tracks.into_iter().collect(), disk: None }));
            }
        }
    }

    /// What was heard of an instance.
    pub(super) fn evidence_of(&self, id: &InstanceId, now: Timestamp) -> Arc<Evidence> {
        let entry = self.places.get(id.workspace()).and_then(|place| place.entries.get(id));
        let heard = entry.and_then(|entry| entry.evidence.clone()).unwrap_or_default();
        let place = self.places.get(id.workspace());
        let since = place.map_or(self.started_at, |place| place.since(self.started_at));
        match awaited(self.agents_await, since, now).map(|awaited| awaited.beside(&heard).into_owned()) {
            Some(evidence) => Arc::new(evidence),
            None => heard,
        }
    }

    /// Takes in what was heard. Who was seen using it is remembered as with a job.
    fn take_in(&mut self, heard: Heard, now: Timestamp) {
        for (id, track) in heard.tracks {
            self.take_in_one(&id, now, Some(track), None);
        }
        for (id, disk) in heard.disks {
            self.take_in_one(&id, now, None, Some(disk));
        }
    }

    fn take_in_one(&mut self, id: &InstanceId, now: Timestamp, track: Option<Track>, disk: Option<DiskSight>) {
        let place = self.places.get_mut(id.workspace());
        let Some(entry) = place.and_then(|place| place.entries.get_mut(id)) else { return };
        let evidence = Arc::make_mut(entry.evidence.get_or_insert_default());
        if let Some(track) = track {
            // use that was written down in an earlier run says nothing of this one, and has to be written anew
            let since = entry.history.on_since.known();
            let in_use =
                |evidence: &Evidence| evidence.busy().any(|track| since.is_none_or(|since| track.as_of >= since));
            let jobs = |evidence: &Evidence| evidence.of(Source::Queue).and_then(|track| track.job.clone());
            let (before, jobs_before) = (in_use(evidence), jobs(evidence));
            evidence.take(track, now);
            if in_use(evidence) != before || jobs(evidence) != jobs_before {
                self.use_changed.insert(id.clone());
            }
            let used = evidence.last_busy();
            // use that lies ahead was seen by a clock that is wrong, and must not hide what is seen later (S12)
            if used.known().is_some_and(|at| at <= now) {
                entry.history.last_busy = entry.history.last_busy.max(used);
            }
        }
        if let Some(disk) = disk {
            evidence.disk = Some(Box::new(disk));
        }
    }
}

/// For as long as it has to be quiet; the watchdog of Azure's timer wants twice the timer.
fn window(terms: &Terms, facts: &InstanceFacts) -> Span {
    let idle = terms.idle.map_or(WINDOW, |rule| rule.after);
    let timer = facts.native.idle_shutdown.map_or(Span::ZERO, |timer| Span::seconds(timer.as_secs().saturating_mul(2)));
    idle.max(timer)
}

fn asked(entry: &Entry, policy: &Policy, workspace: &Arc<WorkspaceFacts>) -> Question {
    let facts = &entry.facts;
    let terms = terms_of(policy, facts);
    Question {
        instance: facts.id.clone(),
        created: facts.created,
        region: facts.region.clone(),
        workspace: workspace.clone(),
        window: window(terms, facts),
        busy: entry.evidence().busy().cloned().collect(),
        promql: terms.promql.clone(),
    }
}

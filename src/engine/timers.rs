//! Setting Azure's idle timers as policies want them: one after the other looked at again, written down, set, and read once more.

use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};

use super::entry::Entry;
use super::log;
use super::state::{Engine, State};
use super::timer_notes::{ASKED, REST_MAX, noted};
use crate::facts::{Freeze, History, InstanceFacts, WorkspaceFacts};
use crate::guard::{Refusal, TimerBy, TimerLook, TimerPermit, held, is_settled, spared, timer_permit};
use crate::policy::{ApplyTimer, Mode, Policy};
use crate::ports::{AuditLine, Declined, Fault, FaultKind, TimerRequest, World};
use crate::report::{FaultLine, SweepReport, TimerLine, TimerOutcome, TimersTold, Unread};
use crate::rules::{Moment, terms_of, wanted_timer};
use crate::units::{InstanceId, Span};

/// The service sets so many in five minutes; the rest waits.
const LATELY_MAX: usize = 20;
const LATELY: SignedDuration = SignedDuration::from_mins(5);
/// In one sweep it begins none after so long: stops and warnings of the next are not to wait for timers.
const SWEEP_TIME: SignedDuration = SignedDuration::from_secs(5);
/// After so many failures the rest waits: a right that is missing is missing for all.
const FAILURES_MAX: usize = 3;
/// One request of a person sets so many.
const PER_REQUEST: usize = 200;
/// Azure may show a setting a little later.
const SHOWS: std::time::Duration = std::time::Duration::from_secs(2);
/// A look that takes longer is too old to act on (G10).
const LOOK_TIME: std::time::Duration = std::time::Duration::from_secs(10);
/// So many are set side by side for a person.
const SIDE_BY_SIDE: usize = 4;

/// An idle timer that is not as wanted.
#[derive(Debug, Clone)]
struct Due {
    id: InstanceId,
    was: Option<Span>,
    to: Span,
}

/// Who asks, in the words of the journal.
struct Asker<'a> {
    by: TimerBy,
    who: &'a str,
}

impl<W: World> Engine<W> {
    /// Sets the idle timers that are not as policies want them, for a person: of one instance, or of all; so many and no more.
    ///
    /// # Errors
    /// When there is no such instance, or no policy wants a timer on it.
    pub(super) async fn set_for(&self, request: &TimerRequest) -> Result<TimersTold, Declined> {
        let due = {
            let state = self.lock();
            let only = request.instance.as_deref().map(|name| state.find(name)).transpose()?;
            if let Some(only) = &only {
                state.wants_timer(only, self.world.now())?;
            }
            state.timers_due(|_, entry, _| only.as_ref().is_none_or(|only| *only == entry.facts.id))
        };
        let (all, asker) = (due.len(), Asker { by: TimerBy::Person, who: &request.by });
        let due = due.into_iter().take(PER_REQUEST);
        let one = |due| async {
            if request.dry_run { self.rehearse_timer(due).await } else { self.one_timer(due, &asker).await }
        };
        let mut coming = std::pin::pin!(futures_util::stream::iter(due.map(one)).buffered(SIDE_BY_SIDE));
        let (mut lines, mut failed) = (Vec::new(), 0_usize);
        while let Some(line) = coming.next().await {
            failed = if fault_of(&line).is_some() { failed.saturating_add(1) } else { 0 };
            lines.push(line);
            if failed >= FAILURES_MAX {
                break;
            }
        }
        lines.iter().for_each(|line: &TimerLine| self.changed(&line.instance));
        let left = all.saturating_sub(lines.len());
        Ok(TimersTold { lines, left, unread: Unread::all(&self.last_view()) })
    }

    /// Sets what a policy leaves to the service, a few at a time. What fails is told, and waits; the others go on (G16).
    pub(super) async fn keep_timers(&self, freeze: &Freeze, report: &mut SweepReport) {
        let begun = self.world.now();
        let (due, lately) = {
            let mut state = self.lock();
            if state.clock_trouble.is_some() || *freeze != Freeze::Off {
                return;
            }
            state.left_to_service(begun)
        };
        let asker = Asker { by: TimerBy::Service, who: "lightsout" };
        let mut failed = 0_usize;
        for due in due.into_iter().take(LATELY_MAX.saturating_sub(lately)) {
            let line = self.one_timer(due, &asker).await;
            log::timer(&line);
            if line.outcome.may_have_been_sent() {
                self.lock().note_tried(&line.instance, line.to, line.at);
            } else {
                self.lock().note_dropped(&line.instance, line.to, line.at);
            }
            if let Some(fault) = fault_of(&line) {
                failed = failed.saturating_add(1);
                report.faults.push(fault);
            }
            report.timers.push(line);
            if failed >= FAILURES_MAX || self.world.now().duration_since(begun) > SWEEP_TIME {
                return;
            }
        }
    }

    /// What would be sent, and would not: everything but the sending.
    async fn rehearse_timer(&self, due: Due) -> TimerLine {
        let (outcome, was, to) = match self.look_at_timer(&due.id, TimerBy::Person).await {
            Err((refusal, words)) => (TimerOutcome::Dropped { refusal, words }, due.was, due.to),
            Ok((permit, _)) => (TimerOutcome::WouldBeSet, permit.was(), permit.to()),
        };
        TimerLine { instance: due.id, was, to, outcome, at: self.world.now() }
    }

    async fn one_timer(&self, due: Due, asker: &Asker<'_>) -> TimerLine {
        let mut line = TimerLine {
            instance: due.id.clone(),
            was: due.was,
            to: due.to,
            outcome: TimerOutcome::Set,
            at: self.world.now(),
        };
        match self.look_at_timer(&due.id, asker.by).await {
            Err((refusal, words)) => line.outcome = TimerOutcome::Dropped { refusal, words },
            Ok((permit, workspace)) => {
                (line.was, line.to) = (permit.was(), permit.to());
                line.outcome = self.send_timer(permit, &workspace, asker).await;
            }
        }
        line.at = self.world.now();
        line
    }

    /// The instance, the freeze switch and the policy as they are now, or why nothing may be sent.
    async fn look_at_timer(
        &self,
        id: &InstanceId,
        by: TimerBy,
    ) -> Result<(TimerPermit, WorkspaceFacts), (Refusal, String)> {
        let workspace = self.lock().places.get(id.workspace()).map(|place| place.facts.clone());
        let workspace =
            workspace.ok_or_else(|| (Refusal::NoSecondLook, "its workspace is not looked at any more".to_owned()))?;
        let fresh = self.read_again(&workspace, id).await.map_err(|fault| (Refusal::NoSecondLook, fault.words()))?;
        let (freeze, now) = (self.world.freeze(), self.world.now());
        let mut state = self.lock();
        let policy = state
            .policy_of(id.workspace())
            .ok_or_else(|| (Refusal::PolicyChanged, "no policy governs it any more".to_owned()))?;
        let history = state.history_mut(id).map_or_else(History::default, |history| history.clone());
        let evidence = state.evidence_of(id, now);
        drop(state);
        let (history, evidence) = (&history, &*evidence);
        let look = TimerLook { fresh: &fresh, policy: &policy, by, freeze: &freeze, history, evidence, now };
        Ok((timer_permit(&look)?, workspace))
    }

    async fn read_again(&self, workspace: &WorkspaceFacts, id: &InstanceId) -> Result<InstanceFacts, Fault> {
        let late = || Fault::new(FaultKind::Unreachable, format!("look at {} again in time", id.name()));
        tokio::time::timeout(LOOK_TIME, self.world.instance(workspace, id)).await.unwrap_or_else(|_| Err(late()))
    }

    /// Written down before, and after; without the first nothing is sent (I2).
    async fn send_timer(&self, permit: TimerPermit, workspace: &WorkspaceFacts, asker: &Asker<'_>) -> TimerOutcome {
        let (id, to) = (permit.instance().clone(), permit.to());
        let was = permit.was();
        let note = |at: Timestamp, end: &str| AuditLine {
            at,
            who: asker.who.to_owned(),
            what: AuditLine::TIMER.to_owned(),
            target: id.to_string(),
            why: noted(to, was, end),
        };
        if let Err(fault) = self.world.audit(&note(self.world.now(), ASKED)).await {
            return TimerOutcome::Dropped { refusal: Refusal::NotRecorded, words: fault.words() };
        }
        let revision = permit.revision().to_owned();
        let last_word = || self.timer_word(&id, &revision);
        let outcome = match self.world.set_timer(workspace, permit, &last_word).await {
            Ok(()) => match self.shown(workspace, &id, to).await {
                Ok(()) => TimerOutcome::Set,
                Err(words) => TimerOutcome::NotShown { words },
            },
            // it may have arrived: what Azure shows decides
            Err(fault) if fault.kind == FaultKind::Unclear => match self.shown(workspace, &id, to).await {
                Ok(()) => TimerOutcome::Set,
                Err(words) => TimerOutcome::Unclear { words: format!("{}; {words}", fault.words()) },
            },
            Err(fault) => match fault.kind {
                FaultKind::Withheld(refusal) => TimerOutcome::Dropped { refusal, words: fault.words() },
                kind @ (FaultKind::Throttled(_)
                | FaultKind::Unauthenticated
                | FaultKind::Denied
                | FaultKind::Gone
                | FaultKind::Conflict
                | FaultKind::DiskFull
                | FaultKind::Refused
                | FaultKind::Unreachable
                | FaultKind::Garbled
                | FaultKind::Unclear
                | FaultKind::Storage
                | FaultKind::Undelivered
                | FaultKind::Unfit) => {
                    let remedy = if kind == FaultKind::Refused { "see Azure's message" } else { kind.remedy() };
                    TimerOutcome::Failed { label: kind.label(), words: format!("{}; {remedy}", fault.words()) }
                }
            },
        };
        let ended = note(self.world.now(), &outcome.words());
        if let Err(fault) = self.world.audit(&ended).await {
            log::fault(&fault);
        }
        outcome
    }

    /// Whether it may still leave: the freeze switch, the policy, holds and stops as they are at that moment (G12).
    fn timer_word(&self, id: &InstanceId, revision: &str) -> Result<(), (Refusal, String)> {
        if let Some(why) = self.world.freeze().why() {
            return Err((Refusal::Frozen, why.to_owned()));
        }
        let now = self.world.now();
        let mut state = self.lock();
        if let Some(trouble) = &state.clock_trouble {
            return Err((Refusal::ClockUnsteady, trouble.clone()));
        }
        if state.policy_of(id.workspace()).is_none_or(|policy| *policy.revision != *revision) {
            return Err((Refusal::PolicyChanged, "the policy changed meanwhile".to_owned()));
        }
        let history = state.history_mut(id);
        let history = history.ok_or_else(|| (Refusal::NoLongerDue, "it is gone".to_owned()))?;
        if history.open.is_some() {
            return Err((Refusal::UnderWay, "a stop of it is under way".to_owned()));
        }
        held(history, now)
    }

    /// Whether Azure shows it, now or a little later; if not, what it shows.
    async fn shown(&self, workspace: &WorkspaceFacts, id: &InstanceId, to: Span) -> Result<(), String> {
        let mut words = String::new();
        for again in [false, true] {
            if again {
                tokio::time::sleep(SHOWS).await;
            }
            words = match self.read_again(workspace, id).await {
                Ok(fresh) if fresh.native.idle_shutdown == Some(to) => return Ok(()),
                Ok(fresh) => {
                    let is = fresh.native.idle_shutdown.map_or_else(|| "none".to_owned(), |is| is.to_string());
                    format!("it shows {is}; look at it in the studio")
                }
                Err(fault) => fault.words(),
            };
        }
        Err(words)
    }
}

fn fault_of(line: &TimerLine) -> Option<FaultLine> {
    let label = match &line.outcome {
        TimerOutcome::Failed { label, .. } => label,
        TimerOutcome::Unclear { .. } | TimerOutcome::NotShown { .. } => "timer_not_shown",
        TimerOutcome::Dropped { refusal, .. } if refusal.is_trouble() => refusal.label(),
        TimerOutcome::WouldBeSet | TimerOutcome::Set | TimerOutcome::Dropped { .. } => return None,
    };
    let words = format!("the idle timer of {}: {}", line.instance.name(), line.outcome.words());
    Some(FaultLine { workspace: Some(line.instance.workspace().clone()), label, words })
}

impl State {
    /// The idle timers that a policy leaves to the service and that do not rest, and how many were sent lately. A changed policy that
    /// nobody acknowledged yet sets none (G19).
    fn left_to_service(&mut self, now: Timestamp) -> (Vec<Due>, usize) {
        self.timers_tried.retain(|_, tried| now.duration_since(tried.at) < REST_MAX.saturating_mul(2));
        let canaries = self.sight(now).canaries;
        let rests = |id: &InstanceId, to: Span| {
            self.timers_tried.get(id).is_some_and(|tried| tried.to == to && now < tried.until)
        };
        let by_service = |policy: &Policy, entry: &Entry, to: Span| {
            let facts = &*entry.facts;
            let apply = terms_of(policy, facts).native.map(|rule| rule.apply);
            let is_left_to_it = policy.mode == Mode::Enforce && apply == Some(ApplyTimer::Service);
            let is_free = !rests(&facts.id, to) && !canaries.contains_key(&policy.id) && is_settled(facts);
            let evidence = || self.evidence_of(&facts.id, now);
            let is_spared = || spared(&Moment::new(policy, now), facts, &entry.history, &evidence(), to).is_err();
            is_left_to_it && is_free && !is_spared()
        };
        let lately = self.timers_tried.values().filter(|tried| now.duration_since(tried.at) < LATELY).count();
        (self.timers_due(by_service), lately)
    }

    /// Whether its policy wants an idle timer on it; if not, why.
    fn wants_timer(&self, id: &InstanceId, now: Timestamp) -> Result<(), Declined> {
        let entry = self.places.get(id.workspace()).and_then(|place| place.entries.get(id));
        let policy = self.policy_of(id.workspace());
        let (Some(entry), Some(policy)) = (entry, policy) else {
            return Err(Declined(format!("no policy governs {}, so nothing is wanted of its idle timer", id.name())));
        };
        match wanted_timer(&Moment::new(&policy, now), &entry.facts) {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(Declined(format!("policy {} wants no idle timer on {}", policy.id, id.name()))),
            Err(why) => Err(Declined(format!("{} is left alone: {why}", id.name()))),
        }
    }

    /// The idle timers that are not as wanted, of instances that were in the last reading of their workspace.
    fn timers_due(&self, is_meant: impl Fn(&Policy, &Entry, Span) -> bool) -> Vec<Due> {
        let mut due = Vec::new();
        for (workspace, place) in &self.places {
            let Some(policy) = self.policy_of(workspace) else { continue };
            let seen = place.entries.iter().filter(|(_, entry)| !entry.absent && !entry.unseen);
            let wanting = seen.filter_map(|(id, entry)| {
                let to = entry.native.iter().find_map(|finding| finding.wanted())?;
                is_meant(&policy, entry, to).then(|| Due { id: id.clone(), was: entry.facts.native.idle_shutdown, to })
            });
            due.extend(wanting);
        }
        due
    }
}

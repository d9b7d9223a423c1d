//! Setting Azure's idle timers as policies want them: one after the other looked at again, written down, set, and read once more.

use std::sync::Arc;

use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};

use super::log;
use super::state::{Engine, State};
use crate::facts::{Freeze, InstanceFacts, WorkspaceFacts};
use crate::guard::{Refusal, TimerBy, TimerLook, TimerPermit, is_settled, timer_permit};
use crate::policy::{ApplyTimer, Mode, Policy};
use crate::ports::{AuditLine, Declined, Fault, FaultKind, TimerRequest, World};
use crate::report::{FaultLine, SweepReport, TimerLine, TimerOutcome};
use crate::rules::terms_of;
use crate::units::{InstanceId, Span};

/// The service sets so many in one sweep; the rest waits for the next.
const PER_SWEEP: usize = 20;
/// After so many failures in one sweep the next one goes on: a right that is missing is missing for all.
const FAILURES_MAX: usize = 3;
/// What was tried is not tried again before: a list may lag, and what Azure refused it refuses again.
const REST: SignedDuration = SignedDuration::from_hours(1);
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
    /// Sets the idle timers that are not as policies want them, for a person: of one instance, or of all.
    ///
    /// # Errors
    /// When there is no such instance, or it cannot be written down who asked.
    pub(super) async fn set_for(&self, request: &TimerRequest) -> Result<Vec<TimerLine>, Declined> {
        let due = {
            let state = self.lock();
            let only = request.instance.as_deref().map(|name| state.find(name)).transpose()?;
            state.timers_due(|id, _, _| only.as_ref().is_none_or(|only| only == id))
        };
        let asker = Asker { by: TimerBy::Person, who: &request.by };
        let lines = futures_util::stream::iter(due.into_iter().map(|due| self.one_timer(due, &asker)));
        let lines: Vec<TimerLine> = lines.buffered(SIDE_BY_SIDE).collect().await;
        lines.iter().for_each(|line| self.changed(&line.instance));
        Ok(lines)
    }

    /// Sets what a policy leaves to the service, a few in each sweep. What fails is told, and waits; the others go on (G16).
    pub(super) async fn keep_timers(&self, freeze: &Freeze, report: &mut SweepReport) {
        let now = self.world.now();
        let due = {
            let mut state = self.lock();
            state.timers_tried.retain(|_, at| now.duration_since(*at) < REST);
            if state.clock_trouble.is_some() || *freeze != Freeze::Off {
                return;
            }
            let tried = &state.timers_tried;
            let by_service = |id: &InstanceId, policy: &Policy, facts: &InstanceFacts| {
                let apply = terms_of(policy, facts).native.map(|rule| rule.apply);
                let is_left_to_it = policy.mode == Mode::Enforce && apply == Some(ApplyTimer::Service);
                is_left_to_it && !tried.contains_key(id) && is_settled(facts)
            };
            state.timers_due(by_service)
        };
        let asker = Asker { by: TimerBy::Service, who: "lightsout" };
        let mut failed = 0_usize;
        for due in due.into_iter().take(PER_SWEEP) {
            let line = self.one_timer(due, &asker).await;
            self.lock().timers_tried.insert(line.instance.clone(), line.at);
            if let Some(fault) = fault_of(&line) {
                failed = failed.saturating_add(1);
                report.faults.push(fault);
            }
            report.timers.push(line);
            if failed >= FAILURES_MAX {
                return;
            }
        }
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
        let is_stopping = state.history_mut(id).is_some_and(|history| history.open.is_some());
        drop(state);
        let look = TimerLook { fresh: &fresh, policy: &policy, by, freeze: &freeze, is_stopping, now };
        Ok((timer_permit(&look)?, workspace))
    }

    async fn read_again(&self, workspace: &WorkspaceFacts, id: &InstanceId) -> Result<InstanceFacts, Fault> {
        let late = || Fault::new(FaultKind::Unreachable, format!("look at {} again in time", id.name()));
        tokio::time::timeout(LOOK_TIME, self.world.instance(workspace, id)).await.unwrap_or_else(|_| Err(late()))
    }

    /// Written down before, and after; without the first nothing is sent (I2).
    async fn send_timer(&self, permit: TimerPermit, workspace: &WorkspaceFacts, asker: &Asker<'_>) -> TimerOutcome {
        let (id, to) = (permit.instance().clone(), permit.to());
        let was = permit.was().map_or_else(|| "none".to_owned(), |was| was.to_string());
        let note = |at: Timestamp, why: String| AuditLine {
            at,
            who: asker.who.to_owned(),
            what: "native_timer".to_owned(),
            target: id.to_string(),
            why,
        };
        if let Err(fault) = self.world.audit(&note(self.world.now(), format!("set to {to}, was {was}: asked"))).await {
            return TimerOutcome::Dropped { refusal: Refusal::NotRecorded, words: fault.words() };
        }
        let policy = self.lock().policy_of(id.workspace());
        let last_word = || self.timer_word(&id, policy.as_ref());
        let outcome = match self.world.set_timer(workspace, permit, &last_word).await {
            Ok(()) => self.shown(workspace, &id, to).await,
            // it may have arrived: what Azure shows decides
            Err(fault) if fault.kind == FaultKind::Unclear => self.shown(workspace, &id, to).await,
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
                | FaultKind::Undelivered) => {
                    TimerOutcome::Failed { label: kind.label(), words: format!("{}; {}", fault.words(), kind.remedy()) }
                }
            },
        };
        let ended = note(self.world.now(), format!("set to {to}, was {was}: {}", outcome.words()));
        if let Err(fault) = self.world.audit(&ended).await {
            log::fault(&fault);
        }
        outcome
    }

    /// Whether it may still leave: the freeze switch and the policy as they are at that moment (G12).
    fn timer_word(&self, id: &InstanceId, then: Option<&Arc<Policy>>) -> Result<(), (Refusal, String)> {
        if let Some(why) = self.world.freeze().why() {
            return Err((Refusal::Frozen, why.to_owned()));
        }
        let now = self.lock().policy_of(id.workspace());
        if now.as_ref().map(|policy| &policy.revision) != then.map(|policy| &policy.revision) {
            return Err((Refusal::PolicyChanged, "the policy changed meanwhile".to_owned()));
        }
        Ok(())
    }

    async fn shown(&self, workspace: &WorkspaceFacts, id: &InstanceId, to: Span) -> TimerOutcome {
        match self.read_again(workspace, id).await {
            Ok(fresh) if fresh.native.idle_shutdown == Some(to) => TimerOutcome::Set,
            Ok(fresh) => {
                let is = fresh.native.idle_shutdown.map_or_else(|| "none".to_owned(), |is| is.to_string());
                TimerOutcome::NotShown { words: format!("it shows {is}; look at it in the studio") }
            }
            Err(fault) => TimerOutcome::NotShown { words: fault.words() },
        }
    }
}

fn fault_of(line: &TimerLine) -> Option<FaultLine> {
    let label = match &line.outcome {
        TimerOutcome::Failed { label, .. } => label,
        TimerOutcome::NotShown { .. } => "native_timer",
        TimerOutcome::WouldBeSet | TimerOutcome::Set | TimerOutcome::Dropped { .. } => return None,
    };
    let words = format!("the idle timer of {}: {}", line.instance.name(), line.outcome.words());
    Some(FaultLine { workspace: Some(line.instance.workspace().clone()), label, words })
}

impl State {
    /// The idle timers that are not as wanted, of instances that were in the last reading of their workspace.
    fn timers_due(&self, is_meant: impl Fn(&InstanceId, &Policy, &InstanceFacts) -> bool) -> Vec<Due> {
        let mut due = Vec::new();
        for (workspace, place) in &self.places {
            let Some(policy) = self.policy_of(workspace) else { continue };
            let seen = place.entries.iter().filter(|(_, entry)| !entry.absent && !entry.unseen);
            let wanting = seen.filter_map(|(id, entry)| {
                let to = entry.native.iter().find_map(|finding| finding.wanted())?;
                is_meant(id, &policy, &entry.facts).then(|| Due {
                    id: id.clone(),
                    was: entry.facts.native.idle_shutdown,
                    to,
                })
            });
            due.extend(wanting);
        }
        due
    }
}

//! What people have done with instances beside stops: their own commands are written down here, and starts are sent.

use std::sync::Arc;

use jiff::Timestamp;

use super::act::ulid_at;
use super::control::declined;
use super::state::Engine;
use super::undertake::{Known, Wish, under_way};
use crate::facts::{
    Evidence, Freeze, History, InstanceFacts, OperationResult, PowerState, Source, StopResult, Verb, WorkspaceFacts,
};
use crate::guard::{Insistence, PersonWish, Refusal, by_person, person_may};
use crate::ports::{
    AuditLine, Begun, Declined, Fault, FaultKind, OperationIntent, OperationRow, StartRequest, Undertaking,
    Undertakings, World,
};
use crate::report::{Outcome, words};
use crate::rules::operation_end;
use crate::units::InstanceId;

/// A look that takes longer is too old to act on (G10).
const LOOK_TIME: std::time::Duration = std::time::Duration::from_secs(10);

/// An instance as it is now, and what is known beside it.
struct Seen {
    workspace: WorkspaceFacts,
    /// None where there is none.
    fresh: Option<InstanceFacts>,
    history: History,
    evidence: Arc<Evidence>,
    freeze: Freeze,
    now: Timestamp,
}

impl Seen {
    /// Who uses it, as far as anybody tells.
    fn use_of(&self) -> Option<String> {
        let has_job = self.fresh.as_ref().is_some_and(|fresh| fresh.state == PowerState::JobRunning);
        let heard = || self.evidence.busy().next().map(|track| words::clean(&track.words));
        if has_job { Some(Source::Job.words().to_owned()) } else { heard() }
    }

    fn wish(&self, verb: Verb, meant: crate::facts::Created, insists: Insistence) -> Option<PersonWish<'_>> {
        Some(PersonWish {
            verb,
            fresh: self.fresh.as_ref()?,
            meant,
            in_use: self.use_of(),
            hold: self.history.hold_at(self.now),
            insists,
            freeze: &self.freeze,
            now: self.now,
        })
    }
}

/// As a person reads it.
fn refused(verb: Verb, name: &str, (refusal, why): (Refusal, String)) -> Declined {
    let found = matches!(refusal, Refusal::NoLongerDue | Refusal::UnderWay);
    let words = if found { why } else { format!("{} ({why})", refusal.words()) };
    Declined(format!("{name} was not {}: {words}", verb.done()))
}

impl<W: World> Engine<W> {
    async fn see(&self, id: &InstanceId) -> Result<Seen, Declined> {
        self.has(id.workspace())?;
        let workspace = self.lock().places.get(id.workspace()).map(|place| place.facts.clone());
        let workspace = workspace.ok_or_else(|| {
            Declined(format!("workspace {} is not among those that settings name in [fleet]", id.workspace().name()))
        })?;
        self.hear_of(id, self.world.now()).await;
        let look = tokio::time::timeout(LOOK_TIME, self.world.instance(&workspace, id)).await;
        let late = |_| Err(Fault::new(FaultKind::Unreachable, format!("look at {} in time", id.name())));
        let fresh = match look.unwrap_or_else(late) {
            Ok(fresh) => Some(fresh),
            Err(fault) if fault.kind == FaultKind::Gone => None,
            Err(fault) => return Err(declined(fault)),
        };
        let (now, freeze) = (self.world.now(), self.world.freeze());
        let mut state = self.lock();
        let history = state.history_mut(id).cloned().unwrap_or_default();
        let evidence = state.evidence_of(id, now);
        drop(state);
        Ok(Seen { workspace, fresh, history, evidence, freeze, now })
    }

    /// Settles by looking what was asked of it before, whoever sent that, so that it does not stand in the way for longer
    /// than it lasts.
    async fn settle_before(&self, id: &InstanceId, seen: &mut Seen, wanted: Verb) -> Result<(), Declined> {
        if seen.history.open.is_some() {
            let gives_up = wanted == Verb::Delete;
            if self.stop_settled((id, &seen.workspace), seen.fresh.as_ref(), gives_up).await?.is_none() {
                return Err(Declined(format!("a stop of {} is under way; wait until it is off", id.name())));
            }
            seen.history.open = None;
        }
        let open = {
            let state = self.lock();
            let mut open = state.operations.iter().filter(|known| known.row.ended.is_none());
            open.find(|known| known.row.intent.instance == *id).map(|known| known.row.clone())
        };
        let Some(row) = open else { return Ok(()) };
        let intent = &row.intent;
        let under_way = under_way(&row);
        let end = operation_end(under_way, seen.fresh.as_ref(), seen.now);
        let Some(end) = end else {
            let (verb, who) = (intent.verb.label(), words::clean(&intent.who));
            let words = format!("a {verb} of {} asked for by {who} at {} is under way", id.name(), intent.at);
            return Err(Declined(format!("{words}; `lightsout instance show {} --wait` follows it", id.name())));
        };
        self.end_operation(&intent.id, end).await;
        Ok(())
    }

    async fn write_down_wish(&self, wish: &Undertaking, now: Timestamp) -> Result<Begun, Declined> {
        let intent = OperationIntent {
            id: ulid_at(now),
            verb: wish.verb,
            instance: wish.instance.clone(),
            created: wish.created,
            key: key_of(wish.verb, now),
            who: wish.by.clone(),
            why: wish.reason.clone(),
            at: now,
        };
        self.world.begin_operation(&intent).await.map_err(declined)?;
        let id = intent.id.clone();
        self.lock().begin(Known { row: OperationRow { intent, sent_at: None, ended: None }, handle: None });
        let line = audit_line(wish.verb, &wish.instance, (wish.by.clone(), wish.reason.clone()), now);
        if let Err(fault) = self.world.audit(&line).await {
            self.end_operation(&id, OperationResult::Dropped(Refusal::NotRecorded.label().to_owned())).await;
            return Err(declined(fault));
        }
        Ok(Begun { id })
    }
}

/// A person's wish is a reason of its own, every time.
fn key_of(verb: Verb, now: Timestamp) -> Arc<str> {
    Arc::from(format!("asked/{}/{now}", verb.label()))
}

/// What the audit log says of what is to be done, before it is.
pub(super) fn audit_line(verb: Verb, id: &InstanceId, (who, why): (String, String), at: Timestamp) -> AuditLine {
    AuditLine { at, who, what: format!("instance_{}", verb.label()), target: id.to_string(), why }
}

impl<W: World> Undertakings for Engine<W> {
    async fn begin(&self, wish: Undertaking) -> Result<Begun, Declined> {
        let (id, verb) = (wish.instance.clone(), wish.verb);
        let no = |refusal| refused(verb, id.name(), refusal);
        let mut seen = self.see(&id).await?;
        self.settle_before(&id, &mut seen, verb).await?;
        let insists = Insistence { even_if_in_use: wish.even_if_in_use, even_if_held: wish.even_if_held };
        match (verb, seen.wish(verb, wish.created, insists)) {
            (Verb::Create, None) => {}
            (Verb::Start | Verb::Restart | Verb::Delete, None) => {
                return Err(Declined(format!("there is no {}: Azure does not know it", id.name())));
            }
            (Verb::Create | Verb::Start | Verb::Restart | Verb::Delete, Some(found)) => {
                person_may(&found).map_err(no)?
            }
        }
        let Some(_turn) = self.turn(&id) else {
            return Err(refused(
                verb,
                id.name(),
                (
                    Refusal::UnderWay,
                    "a stop of it is being sent, or something else was begun with it just now".to_owned(),
                ),
            ));
        };
        // the life that was seen, also where who asked knew of none: another one of its name is not it
        let seen_life = seen.fresh.as_ref().map_or(wish.created, |fresh| fresh.created);
        let created = if wish.created.is_none() { seen_life } else { wish.created };
        self.write_down_wish(&Undertaking { created, ..wish }, self.world.now()).await
    }

    async fn has_left(&self, id: String) -> Result<(), Declined> {
        let at = self.world.now();
        self.world.operation_sent(&id, at).await.map_err(declined)?;
        let mut state = self.lock();
        if let Some(known) = state.operations.iter_mut().find(|known| known.row.intent.id == id) {
            known.row.sent_at = Some(at);
        }
        Ok(())
    }

    async fn has_ended(&self, id: String, result: OperationResult) -> Result<(), Declined> {
        let at = self.world.now();
        let known = {
            let state = self.lock();
            state.operations.iter().find(|known| known.row.intent.id == id).map(|known| known.row.clone())
        };
        // a sweep that looked meanwhile may have settled it: its word stands
        if known.as_ref().is_some_and(|row| row.ended.is_some()) {
            return Ok(());
        }
        self.world.end_operation(&id, &result, at).await.map_err(declined)?;
        {
            let mut state = self.lock();
            if let Some(known) = state.operations.iter_mut().find(|known| known.row.intent.id == id) {
                known.row.ended = Some((at, result));
            }
        }
        if let Some(row) = known {
            self.changed(&row.intent.instance);
        }
        Ok(())
    }

    async fn settle_stop(&self, instance: InstanceId) -> Result<Option<StopResult>, Declined> {
        let seen = self.see(&instance).await?;
        let end = self.stop_settled((&instance, &seen.workspace), seen.fresh.as_ref(), false).await?;
        if end.is_some() {
            self.changed(&instance);
        }
        Ok(end)
    }
}

impl<W: World> Engine<W> {
    /// Settles a stop that is under way by looking, before another is asked for.
    pub(super) async fn stop_settled_before(&self, id: &InstanceId) -> Result<(), Declined> {
        let is_open = self.lock().history_mut(id).is_some_and(|history| history.open.is_some());
        if is_open {
            let seen = self.see(id).await?;
            self.stop_settled((id, &seen.workspace), seen.fresh.as_ref(), false).await?;
        }
        Ok(())
    }

    /// Starts it, or says why not.
    pub(super) async fn started_now(&self, request: StartRequest) -> Result<String, Declined> {
        let id = self.lock().find(&request.instance)?;
        let name = id.name().to_owned();
        let mut seen = self.see(&id).await?;
        self.settle_before(&id, &mut seen, Verb::Start).await?;
        let meant = request.life.unwrap_or_default();
        let wish = seen.wish(Verb::Start, meant, Insistence::default());
        let wish = wish.ok_or_else(|| Declined(format!("there is no {name}: Azure does not know it")))?;
        let permit = by_person(&wish).map_err(|refusal| refused(Verb::Start, &name, refusal))?;
        let line = audit_line(Verb::Start, &id, (request.by.clone(), request.reason.clone()), seen.now);
        self.world.audit(&line).await.map_err(declined)?;
        let wish = Wish { key: key_of(Verb::Start, seen.now), who: &request.by, why: request.reason };
        // a freeze is there so that nothing is turned off: it keeps nobody from turning on
        let outcome = self.undertake(permit, &seen.workspace, wish, &|| Ok(())).await;
        self.changed(&id);
        match outcome {
            Outcome::Accepted => Ok(format!("Azure was asked to start {name}; that takes some minutes")),
            Outcome::Unclear { words } => Ok(format!("{name} may be being started: {words}")),
            Outcome::AlreadyStopped => Ok(format!("{name} is as it was")),
            Outcome::Dropped { refusal, words } => Err(refused(Verb::Start, &name, (refusal, words))),
            Outcome::Failed { words, .. } => Err(Declined(format!("{name} could not be started: {words}"))),
        }
    }
}

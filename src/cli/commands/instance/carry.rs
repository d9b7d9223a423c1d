//! From a wish to a request that was sent: written down, looked at, permitted, asked the last word. In that order.

use jiff::Timestamp;

use super::desk::Desk;
use super::ended::{Ended, How};
use super::target::Target;
use crate::azure::{AzureError, Scripts};
use crate::cli::clock::SystemClock;
use crate::cli::commands::context::CommandError;
use crate::facts::{Created, Freeze, InstanceFacts, NewInstance, OperationResult, PowerState, Source, Verb};
use crate::guard::{Insistence, OperationPermit, PersonWish, Refusal, Sought, by_person, to_create};
use crate::ports::{
    Clock as _, Fault, FaultKind, LastWord, OperateInstances as _, OperationHandle, Undertaking, with_causes,
};
use crate::report::remedy_of;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// Stopped, by the engine.
    Stop,
    /// Something else, by this process.
    Other(Verb),
}

impl Deed {
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Other(verb) => verb.label(),
        }
    }
    pub(super) const fn done(self) -> &'static str {
        match self {
            Self::Stop => "stopped",
            Self::Other(verb) => verb.done(),
        }
    }
}

/// Something that Azure was asked for.
pub(super) struct Going {
    pub(super) target: Target,
    pub(super) deed: Deed,
    /// Its row in the journal; a stop's is the engine's.
    pub(super) id: Option<String>,
    pub(super) handle: Option<OperationHandle>,
    pub(super) asked_at: Timestamp,
    /// The answer was lost: it may not have arrived.
    pub(super) is_unclear: bool,
}

/// What a person wants done with one.
pub(super) struct Wish<'a> {
    pub(super) verb: Verb,
    pub(super) insists: Insistence,
    pub(super) reason: &'a str,
    /// What is to be made.
    pub(super) new: Option<&'a NewInstance>,
}

/// What an error says, in one line.
pub(super) fn words_of(error: &CommandError) -> String {
    with_causes(error.to_string(), std::error::Error::source(error))
}

/// An ending of nothing sent.
fn refused(target: &Target, verb: Verb, words: impl Into<String>) -> Ended {
    Ended::new(&label(target), verb.label(), How::Refused, words)
}

/// WORKSPACE/NAME.
pub(super) fn label(target: &Target) -> String {
    format!("{}/{}", target.workspace.id.name(), target.id.name())
}

/// Sends it, or says why not.
pub(super) async fn send(desk: &Desk, target: Target, wish: &Wish<'_>) -> Result<Going, Ended> {
    let verb = wish.verb;
    let created = target.life();
    let undertaking = Undertaking {
        verb,
        instance: target.id.clone(),
        created: if verb == Verb::Create { Created::NONE } else { created },
        even_if_in_use: wish.insists.even_if_in_use,
        even_if_held: wish.insists.even_if_held,
        by: desk.who.clone(),
        reason: wish.reason.to_owned(),
    };
    let begun = desk.begin(undertaking).await;
    let id = begun.map_err(|error| refused(&target, verb, words_of(&error)))?.id;
    let asked_at = SystemClock.now();
    let permit = match permitted(desk, &target, wish).await {
        Ok(permit) => permit,
        Err((refusal, words)) => {
            return Err(dropped(desk, &target, (verb, &id), (refusal, words)).await);
        }
    };
    let last_word = || last_word(verb, &desk.freeze());
    let gate: LastWord<'_> = &last_word;
    match desk.azure.operate(&target.workspace, permit, gate).await {
        Ok(handle) => {
            noted(desk.has_left(&id).await);
            Ok(Going { target, deed: Deed::Other(verb), id: Some(id), handle, asked_at, is_unclear: false })
        }
        Err(fault) if fault.kind == FaultKind::Unclear => {
            noted(desk.has_left(&id).await);
            let deed = Deed::Other(verb);
            Ok(Going { target, deed, id: Some(id), handle: None, asked_at, is_unclear: true })
        }
        Err(fault) => Err(failed(desk, &target, (verb, &id), &fault).await),
    }
}

/// Who froze everything meant that nothing is turned off or taken away.
fn last_word(verb: Verb, freeze: &Freeze) -> Result<(), (Refusal, String)> {
    match verb {
        Verb::Create | Verb::Start => Ok(()),
        Verb::Restart | Verb::Delete => freeze.why().map_or(Ok(()), |why| Err((Refusal::Frozen, why.to_owned()))),
    }
}

/// The look right before, and the guard's word on it. Use and holds were weighed when it was written down.
async fn permitted(desk: &Desk, target: &Target, wish: &Wish<'_>) -> Result<OperationPermit, (Refusal, String)> {
    let looked_at = SystemClock.now();
    let found = desk.azure.describe(&target.workspace, &target.id, Scripts::Named).await;
    if let Some(new) = wish.new {
        let unknown;
        let sought = match &found {
            Ok((facts, _)) => Sought::Present(facts),
            Err(fault) if fault.kind == FaultKind::Gone => Sought::Absent,
            Err(fault) => {
                unknown = fault.words();
                Sought::Unknown(&unknown)
            }
        };
        return to_create(new.clone(), sought, looked_at, SystemClock.now());
    }
    let (fresh, _) = found.map_err(|fault| match fault.kind == FaultKind::Gone {
        true => (Refusal::NoLongerDue, "Azure does not know it".to_owned()),
        false => (Refusal::NoSecondLook, fault.words()),
    })?;
    if let Some(shown) = &target.shown {
        as_shown(shown, &fresh)?;
    }
    let has_job = fresh.state == PowerState::JobRunning;
    let asked = PersonWish {
        verb: wish.verb,
        fresh: &fresh,
        meant: target.life(),
        in_use: has_job.then(|| Source::Job.words().to_owned()),
        hold: None,
        insists: wish.insists,
        freeze: &desk.freeze(),
        now: SystemClock.now(),
    };
    by_person(&asked)
}

/// Who agreed has seen it in one state: in another one it is not what they agreed to.
fn as_shown(shown: &InstanceFacts, fresh: &InstanceFacts) -> Result<(), (Refusal, String)> {
    let again = "look at it, and ask again";
    if shown.state != fresh.state {
        let words = format!("it was {} when you were shown it, and is {} now; {again}", shown.state, fresh.state);
        return Err((Refusal::NoLongerDue, words));
    }
    if shown.last_operation.known() != fresh.last_operation.known() {
        return Err((Refusal::NoLongerDue, format!("somebody has done something with it since; {again}")));
    }
    Ok(())
}

async fn dropped(desk: &Desk, target: &Target, (verb, id): (Verb, &str), (refusal, words): (Refusal, String)) -> Ended {
    noted(desk.has_ended(id, OperationResult::Dropped(refusal.label().to_owned())).await);
    let found = refusal == Refusal::NoLongerDue;
    let words = if found { words } else { format!("{} ({words})", refusal.words()) };
    refused(target, verb, format!("it was not {}: {words}", verb.done()))
}

async fn failed(desk: &Desk, target: &Target, (verb, id): (Verb, &str), fault: &Fault) -> Ended {
    if let FaultKind::Withheld(refusal) = fault.kind {
        return dropped(desk, target, (verb, id), (refusal, fault.words())).await;
    }
    let (code, message) = said(fault);
    let label = if code.is_empty() { fault.kind.label().to_owned() } else { format!("{}:{code}", fault.kind.label()) };
    noted(desk.has_ended(id, OperationResult::Failed(label)).await);
    let remedy = remedy_of(&code, &message).unwrap_or(fault.kind.remedy());
    Ended::new(&self::label(target), verb.label(), How::Failed, format!("{}; {remedy}", fault.words()))
}

/// Azure's code and message, where it answered.
pub(super) fn said(fault: &Fault) -> (String, String) {
    let cause = fault.cause.as_ref().and_then(|cause| cause.downcast_ref::<AzureError>());
    match cause {
        Some(AzureError::Answered { status, code, message, .. }) => {
            let code = if code.is_empty() { status.to_string() } else { code.clone() };
            (code, message.clone())
        }
        Some(_) | None => (String::new(), String::new()),
    }
}

/// What could not be written stays open in the journal, and a later sweep finds out by looking; it is said.
pub(super) fn noted(written: Result<(), CommandError>) {
    if let Err(error) = written {
        crate::cli::commands::context::complain(&format!("the journal: {}", words_of(&error)));
    }
}

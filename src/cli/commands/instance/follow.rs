//! Following what is under way to its end: Azure's operation, then the instance itself. Bounded, and left alone by Ctrl-C.

use std::time::Duration;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

use super::carry::{Deed, Going, label, noted};
use super::desk::Desk;
use super::ended::{Ended, How};
use super::interrupt::Interrupt;
use super::progress::Progress;
use crate::azure::Scripts;
use crate::cli::args::Waiting;
use crate::cli::clock::SystemClock;
use crate::facts::{Created, InstanceDetails, InstanceFacts, OperationResult, PowerState, StopResult, Verb};
use crate::ports::{Clock as _, FaultKind, OperationState, StopInstances as _};
use crate::report::remedy_of;
use crate::rules::{UnderWay, operation_end};

/// From one question to the next: short at first, since a refusal comes soon.
const FIRST: Duration = Duration::from_millis(500);
/// And never longer.
const LONGEST: Duration = Duration::from_secs(10);

/// What to do about a stop that came to nothing, where nothing closer is known.
const STILL_ON: &str = "it goes on costing: see what Azure says with `lightsout instance show NAME`, and stop it again";

/// Follows all of them side by side; what is still under way at the end is said, with how to follow it.
pub(super) async fn follow_all(desk: &Desk, going: Vec<Going>, waiting: Waiting, interrupt: &Interrupt) -> Vec<Ended> {
    if waiting.no_wait {
        return going.iter().map(|one| left(one, How::Asked, "")).collect();
    }
    let progress = Progress::new(going.len());
    let limit = Duration::from_secs(u64::from(waiting.timeout.as_secs()));
    let one = |going: Going| {
        let progress = &progress;
        async move {
            let mut going = going;
            tokio::select! {
                biased;
                ended = follow(desk, &mut going, progress) => ended,
                () = tokio::time::sleep(limit) => left(&going, How::UnderWay, "not seen to its end in time: "),
                () = interrupt.came() => left(&going, How::UnderWay, "interrupted: "),
            }
        }
    };
    let all = join_all(going.into_iter().map(one)).await;
    progress.over();
    all
}

/// It goes on without us.
fn left(going: &Going, how: How, why: &str) -> Ended {
    let name = label(&going.target);
    let words = if going.is_unclear {
        format!("{why}the answer was lost, and Azure may have taken it; `lightsout instance show {name}` shows")
    } else {
        let verb = going.deed.label();
        format!("{why}the {verb} goes on in Azure; follow it with `lightsout instance show {name} --wait`")
    };
    Ended::new(&name, going.deed.label(), how, words)
}

/// What a look found.
enum Found {
    Here(Box<InstanceFacts>, Box<InstanceDetails>),
    Gone,
    Unread(String),
}

async fn look(desk: &Desk, going: &Going) -> Found {
    match desk.azure.describe(&going.target.workspace, &going.target.id, Scripts::Named).await {
        Ok((facts, details)) => Found::Here(Box::new(facts), Box::new(details)),
        Err(fault) if fault.kind == FaultKind::Gone => Found::Gone,
        Err(fault) => Found::Unread(fault.words()),
    }
}

async fn follow(desk: &Desk, going: &mut Going, progress: &Progress) -> Ended {
    let name = label(&going.target);
    let began = SystemClock.steady();
    let (mut pause, mut has_succeeded) = (FIRST, false);
    loop {
        let elapsed = SystemClock.steady().saturating_sub(began);
        if let Some(handle) = going.handle.clone() {
            match desk.azure.operation(&going.target.workspace, &handle).await {
                Ok(OperationState::Failed { code, message }) => {
                    return came_to_nothing(desk, going, (code, message)).await;
                }
                Ok(OperationState::Succeeded) => (going.handle, has_succeeded) = (None, true),
                // where its status cannot be read the instance itself tells
                Ok(OperationState::InProgress) | Err(_) => {}
            }
        }
        let found = look(desk, going).await;
        let word = match &found {
            Found::Here(facts, _) => facts.state.to_string(),
            Found::Gone => "gone".to_owned(),
            Found::Unread(words) => format!("not read ({words})"),
        };
        progress.seen(&name, &word, elapsed);
        let end = match going.deed {
            Deed::Stop => stop_end(desk, going, &found).await,
            Deed::Other(verb) => end_of((going, verb), &found, has_succeeded, SystemClock.now()),
        };
        if let Some(end) = end {
            return finished(desk, going, end, (&found, elapsed)).await;
        }
        tokio::time::sleep(pause).await;
        pause = pause.saturating_mul(2).min(LONGEST);
    }
}

/// Its end, by what is seen.
fn end_of(
    (going, verb): (&Going, Verb),
    found: &Found,
    has_succeeded: bool,
    now: Timestamp,
) -> Option<OperationResult> {
    let facts = match found {
        Found::Unread(_) => return None,
        Found::Gone => None,
        Found::Here(facts, _) => Some(&**facts),
    };
    match verb {
        // what is there still after Azure's word that it is deleted goes soon
        Verb::Delete if facts.is_some() && has_succeeded => None,
        Verb::Restart if has_succeeded && facts.is_some_and(|facts| facts.state.is_on()) => Some(OperationResult::Done),
        Verb::Create | Verb::Start | Verb::Restart | Verb::Delete => {
            // a look that was taken at once may not show it yet
            let early = now.duration_since(going.asked_at) < SignedDuration::from_mins(2);
            if facts.is_none() && verb == Verb::Create && early {
                return None;
            }
            let created = if verb == Verb::Create { Created::NONE } else { going.target.life() };
            let sent_at = Some(going.asked_at);
            operation_end(UnderWay { verb, created, asked_at: going.asked_at, sent_at }, facts, now)
        }
    }
}

/// The end of a stop as whoever keeps the journal settles it, who can ask Azure after its operation; asked when something is
/// seen that may be an end.
async fn stop_end(desk: &Desk, going: &Going, found: &Found) -> Option<OperationResult> {
    let may_be = match found {
        Found::Unread(_) => false,
        Found::Gone => true,
        Found::Here(facts, _) => !matches!(facts.state, PowerState::Changing(_)),
    };
    if !may_be {
        return None;
    }
    match desk.settle_stop(&going.target.id).await {
        Ok(end) => end.map(|end| match end {
            StopResult::Stopped => OperationResult::Done,
            StopResult::Gone => OperationResult::Failed("gone".to_owned()),
            StopResult::StartedAgain => OperationResult::Failed("started_again".to_owned()),
            StopResult::Failed(words) => OperationResult::Failed(words),
            StopResult::Dropped(words) => OperationResult::Dropped(words),
        }),
        Err(error) => {
            noted(Err(error));
            // what is seen is so, though it could not be written
            let is_off = matches!(found, Found::Here(facts, _) if facts.state == PowerState::Stopped);
            is_off.then_some(OperationResult::Done)
        }
    }
}

async fn finished(
    desk: &Desk,
    going: &Going,
    end: OperationResult,
    (found, elapsed): (&Found, SignedDuration),
) -> Ended {
    let name = label(&going.target);
    // a stop's row is ended by whoever keeps the journal
    if let Some(id) = &going.id {
        noted(desk.has_ended(id, end.clone()).await);
    }
    let deed = going.deed;
    match end {
        OperationResult::Done => {
            let words = format!("{} after {}", deed.done(), crate::report::words::length(elapsed));
            Ended::new(&name, deed.label(), How::Done, words)
        }
        OperationResult::Failed(words) | OperationResult::Dropped(words) => {
            let troubles = match found {
                Found::Here(_, details) => details.errors.as_slice(),
                Found::Gone | Found::Unread(_) => &[],
            };
            let azure: Vec<String> = troubles.iter().map(|one| format!("{}: {}", one.code, one.message)).collect();
            let said = azure.join("; ");
            let known = remedy_of(&words, &said).or((deed == Deed::Stop).then_some(STILL_ON));
            let remedy = known.map(|remedy| format!("; {remedy}")).unwrap_or_default();
            let said = if said.is_empty() { said } else { format!(" ({said})") };
            let words = format!("the {} failed: {words}{said}{remedy}", deed.label());
            Ended::new(&name, deed.label(), How::Failed, words)
        }
    }
}

async fn came_to_nothing(desk: &Desk, going: &Going, (code, message): (String, String)) -> Ended {
    if let Some(id) = &going.id {
        noted(desk.has_ended(id, OperationResult::Failed(format!("operation_failed:{code}"))).await);
    }
    let remedy = remedy_of(&code, &message).map(|remedy| format!("; {remedy}")).unwrap_or_default();
    let words = format!("the {} failed in Azure: {code}: {message}{remedy}", going.deed.label());
    Ended::new(&label(&going.target), going.deed.label(), How::Failed, words)
}

/// Follows what is under way on an instance, whoever asked for it, until it is settled; true when it is.
pub(super) async fn until_settled(desk: &Desk, target: &super::target::Target, limit: SignedDuration) -> bool {
    let progress = Progress::new(1);
    let name = label(target);
    let began = SystemClock.steady();
    let limit = Duration::from_secs(u64::try_from(limit.as_secs()).unwrap_or(0));
    let settles = async {
        let mut pause = FIRST;
        loop {
            let elapsed = SystemClock.steady().saturating_sub(began);
            let word = match desk.azure.describe(&target.workspace, &target.id, Scripts::Named).await {
                Ok((facts, _)) if crate::guard::is_settled(&facts) => return true,
                Ok((facts, _)) if matches!(facts.state, PowerState::Broken(_) | PowerState::Unrecognised(_)) => {
                    return true;
                }
                Ok((facts, _)) => facts.state.to_string(),
                Err(fault) if fault.kind == FaultKind::Gone => return true,
                Err(fault) => format!("not read ({})", fault.words()),
            };
            progress.seen(&name, &word, elapsed);
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(LONGEST);
        }
    };
    let interrupt = Interrupt::listen();
    let seen = tokio::select! {
        biased;
        seen = settles => seen,
        () = tokio::time::sleep(limit) => false,
        () = interrupt.came() => false,
    };
    progress.over();
    seen
}

//! `instance stop`: the engine's own stop, asked for by a person; then it is looked at until it is off.

use super::carry::{Deed, Going, label, words_of};
use super::desk::{Desk, Purpose};
use super::ended::{Ended, How, told, unanswered};
use super::follow::follow_all;
use super::interrupt::Interrupt;
use super::several::targets;
use super::target::Target;
use crate::cli::args::{InstanceStop, Rights};
use crate::cli::clock::SystemClock;
use crate::cli::commands::context::{CommandError, Context};
use crate::cli::exit::Exit;
use crate::ports::{Clock as _, StopRequest};

/// Stops them.
pub(super) async fn stop(asked: &InstanceStop, context: &Context) -> Result<Exit, CommandError> {
    let purpose = if asked.dry_run { Purpose::Look } else { Purpose::Act };
    let desk = Desk::open(context, purpose, Rights { as_me: false }).await?;
    let (found, mut ended) = targets(&desk, &asked.which.instances, Deed::Stop.label());
    if asked.dry_run {
        ended.extend(found.iter().map(|target| shown(&desk, target)));
        return told(&ended, context);
    }
    let interrupt = Interrupt::listen();
    let mut going = Vec::new();
    for target in found {
        let name = label(&target);
        if interrupt.has_come() {
            ended.push(Ended::new(&name, Deed::Stop.label(), How::Refused, "interrupted before it was sent"));
            continue;
        }
        let asked_at = SystemClock.now();
        match interrupt.sent(desk.stop_now(request(&desk, &target, asked))).await {
            None => ended.push(unanswered(&name, Deed::Stop.label())),
            Some(Ok(_)) => {
                going.push(Going { target, deed: Deed::Stop, id: None, handle: None, asked_at, is_unclear: false });
            }
            Some(Err(error)) => ended.push(Ended::new(&name, Deed::Stop.label(), How::Refused, words_of(&error))),
        }
    }
    ended.extend(follow_all(&desk, going, asked.waiting, &interrupt).await);
    told(&ended, context)
}

fn request(desk: &Desk, target: &Target, asked: &InstanceStop) -> StopRequest {
    StopRequest {
        instance: target.id.to_string(),
        reason: asked.which.reason.clone().unwrap_or_else(|| "stopped by hand".to_owned()),
        by: desk.who.clone(),
        life: target.known.as_ref().map(|known| known.facts.created),
        even_if_in_use: asked.even_if_in_use,
    }
}

fn shown(desk: &Desk, target: &Target) -> Ended {
    let words = "nothing was sent; this is what would be";
    let request = Some(desk.azure.show_stop(&target.id));
    Ended { request, ..Ended::new(&label(target), Deed::Stop.label(), How::Shown, words) }
}

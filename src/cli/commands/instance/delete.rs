//! `instance delete`: names what is lost and what is won, asks for the name, and deletes.

use super::ask::line;
use super::carry::label;
use super::desk::{Desk, Purpose};
use super::ended::{Ended, How, told};
use super::several::{Errand, carry_out, targets};
use super::target::Target;
use super::terms::{MONTH_HOURS, Terms, money};
use crate::azure::Scripts;
use crate::cli::args::InstanceDelete;
use crate::cli::commands::context::{CommandError, Context, complain};
use crate::cli::exit::Exit;
use crate::facts::{InstanceFacts, Verb};
use crate::ports::FaultKind;
use crate::report::words;

/// Deletes them.
pub(super) async fn delete(asked: &InstanceDelete, context: &Context) -> Result<Exit, CommandError> {
    let purpose = if asked.dry_run { Purpose::Look } else { Purpose::Act };
    let desk = Desk::open(context, purpose, asked.rights).await?;
    let (found, mut ended) = targets(&desk, &asked.which.instances, Verb::Delete.label());
    let mut agreed = Vec::new();
    for mut target in found {
        match fresh(&desk, &target).await {
            Ok(facts) => target.shown = Some(Box::new(facts)),
            Err(why) => {
                ended.push(Ended::new(&label(&target), Verb::Delete.label(), How::Refused, why));
                continue;
            }
        }
        complain(&what_is_lost(&desk, &target).await);
        match asked.yes || asked.dry_run || is_typed(&target) {
            true => agreed.push(target),
            false => ended.push(Ended::new(&label(&target), Verb::Delete.label(), How::Refused, DECLINED)),
        }
    }
    let errand = Errand {
        verb: Verb::Delete,
        insists: asked.insists.insistence(),
        reason: asked.which.reason.as_deref().unwrap_or("deleted by hand"),
        dry_run: asked.dry_run,
        waiting: asked.waiting,
    };
    ended.extend(carry_out(&desk, agreed, &errand).await);
    told(&ended, context)
}

const DECLINED: &str = "nothing was deleted: its name was not typed (--yes does not ask)";

fn is_typed(target: &Target) -> bool {
    let question = format!("type {} to delete it:", words::clean(target.id.name()));
    line(&question).is_some_and(|answer| answer == target.id.name())
}

/// It as it is now: what is asked about is what is there.
async fn fresh(desk: &Desk, target: &Target) -> Result<InstanceFacts, String> {
    match desk.azure.describe(&target.workspace, &target.id, Scripts::Named).await {
        Ok((facts, _)) => Ok(facts),
        Err(fault) if fault.kind == FaultKind::Gone => {
            Err(format!("there is no {}: Azure does not know it", target.id.name()))
        }
        Err(fault) => Err(format!("nothing was deleted, for it could not be looked at: {}", fault.words())),
    }
}

/// Everything that a person should know before.
async fn what_is_lost(desk: &Desk, target: &Target) -> String {
    let mut lines = vec![format!("{} is to be deleted for good.", label(target))];
    if let Some(facts) = target.shown.as_deref() {
        lines.push(format!("  owner: {}; size {}; {}", words::owner(facts), words::clean(&facts.size), facts.state));
        if let Some(use_of_it) = target.use_of() {
            lines.push(format!("  in use: {use_of_it}"));
        }
        let holds = target.known.iter().flat_map(|known| &known.holds);
        lines.extend(holds.map(|hold| {
            format!("  held until {} by {}: {}", hold.until, words::clean(&hold.by), words::clean(&hold.reason))
        }));
        let schedules = facts.native.schedules.len();
        if schedules > 0 {
            lines.push(format!("  its {schedules} schedules of Azure's go with it"));
        }
    }
    lines.push(
        "  lost: the OS disk with everything on it: packages, environments, files outside the file share".to_owned(),
    );
    lines.push("  kept: the files of the workspace's file share (the home folder that Jupyter shows)".to_owned());
    lines.push(format!("  freed: {}", freed(desk, target).await));
    lines.join("\n")
}

async fn freed(desk: &Desk, target: &Target) -> String {
    let cores = match &target.shown {
        Some(facts) => Terms::of(desk, &target.workspace, &facts.size).await.cores(),
        None => None,
    };
    let cores = cores.map_or_else(|| "its vCPUs of quota".to_owned(), |cores| format!("{cores} vCPUs of quota"));
    let money_view = &desk.view.money;
    let residual = money_view.residual.as_ref().and_then(|parts| parts.total());
    let residual = residual.map(|rate| money(rate.over(MONTH_HOURS.saturating_mul(3_600))));
    let residual = residual.unwrap_or_else(|| "an amount that nobody knows".to_owned());
    format!("{cores}, and {residual} a month that it costs even while it is off")
}

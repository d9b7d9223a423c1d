//! `instance restart`: what runs on it is lost, so one in use or held is left alone unless the person says otherwise.

use super::desk::{Desk, Purpose};
use super::ended::told;
use super::several::{Errand, carry_out, targets};
use crate::cli::args::InstanceRestart;
use crate::cli::commands::context::{CommandError, Context};
use crate::cli::exit::Exit;
use crate::facts::Verb;

/// Restarts them.
pub(super) async fn restart(asked: &InstanceRestart, context: &Context) -> Result<Exit, CommandError> {
    let purpose = if asked.dry_run { Purpose::Look } else { Purpose::Act };
    let desk = Desk::open(context, purpose, asked.rights).await?;
    let (found, mut ended) = targets(&desk, &asked.which.instances, Verb::Restart.label());
    let errand = Errand {
        verb: Verb::Restart,
        insists: asked.insists.insistence(),
        reason: asked.which.reason.as_deref().unwrap_or("restarted by hand"),
        dry_run: asked.dry_run,
        waiting: asked.waiting,
    };
    ended.extend(carry_out(&desk, found, &errand).await);
    told(&ended, context)
}

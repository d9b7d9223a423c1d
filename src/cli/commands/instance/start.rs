//! `instance start`: says what it will cost, and starts.

use super::desk::{Desk, Purpose};
use super::ended::told;
use super::several::{Errand, carry_out, targets};
use super::terms::Terms;
use crate::cli::args::InstanceStart;
use crate::cli::commands::context::{CommandError, Context, complain};
use crate::cli::exit::Exit;
use crate::facts::Verb;
use crate::guard::Insistence;

/// Starts them.
pub(super) async fn start(asked: &InstanceStart, context: &Context) -> Result<Exit, CommandError> {
    let purpose = if asked.dry_run { Purpose::Look } else { Purpose::Act };
    let desk = Desk::open(context, purpose, asked.rights).await?;
    let (found, mut ended) = targets(&desk, &asked.which.instances, Verb::Start.label());
    for target in &found {
        if let Some(known) = &target.known {
            let terms = Terms::of(&desk, &target.workspace, &known.facts.size).await;
            complain(&format!("{}: {}", target.id.name(), terms.of_start()));
        }
    }
    let errand = Errand {
        verb: Verb::Start,
        insists: Insistence::default(),
        reason: asked.which.reason.as_deref().unwrap_or("started by hand"),
        dry_run: asked.dry_run,
        waiting: asked.waiting,
    };
    ended.extend(carry_out(&desk, found, &errand).await);
    told(&ended, context)
}

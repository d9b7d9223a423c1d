//! `lightsout run` as one of several replicas, from joining the others to leaving them.

use std::sync::Arc;

use sd_notify::NotifyState;
use tokio::task::JoinSet;

use super::context::CommandError;
use super::serve::{Commands, Heard, begin, ends, hear_agents, listen, watchdog};
use super::sharing::{Sharing, join};
use super::showing::{publisher, show_for_ever};
use crate::cli::exit::Exit;
use crate::cli::leadership::{Leadership, LeaseError};
use crate::cli::relay::{answer_for_ever, pass_on_heartbeats};
use crate::engine::RunError;

/// Joins the other replicas, decides about its part of the fleet while it holds its lease, and ends when others took that over: what
/// would act on after that is gone with the process.
pub(super) async fn replica(
    heard: &Heard<'_>,
    (sender, mut receiver): Commands,
    leadership: Arc<Leadership>,
) -> Result<Exit, CommandError> {
    listen(heard)?;
    ends(&sender)?;
    let watched = tokio::spawn(watchdog(heard.health.clone()));
    heard.engine.shares();
    let joined = join(&leadership, heard.health, &mut receiver).await;
    watched.abort();
    if !joined? {
        drop(sd_notify::notify(&[NotifyState::Stopping]));
        return Ok(Exit::Well);
    }
    let (kept, health) = (leadership.clone(), heard.health.clone());
    let mut lost = tokio::spawn(async move { kept.keep(|acts| health.acts(acts)).await });
    let acting = async {
        // files may be others than when it began to wait
        let (_, loaded) = heard.context.usable()?;
        begin(heard, &loaded).await?;
        let mut beside = share_out(heard, &leadership);
        hear_agents(heard)?;
        let acts = heard.run((sender, receiver), &loaded, Some(publisher(leadership.clone())));
        tokio::select! {
            ended = acts => ended,
            // none of them ends by itself
            Some(_) = beside.join_next() => Err(RunError::Broke.into()),
        }
    };
    tokio::select! {
        ended = acting => {
            lost.abort();
            leadership.leave().await;
            ended
        }
        lost = &mut lost => Err(lost.unwrap_or(LeaseError::Lost).into()),
    }
}

/// What a member does beside sweeping: its part of the fleet changes, and others ask it for what people want of that.
fn share_out(heard: &Heard<'_>, leadership: &Arc<Leadership>) -> JoinSet<()> {
    let (engine, mut beside) = (heard.engine, JoinSet::new());
    if let Some(desk) = engine.world().witnesses.agents.clone() {
        pass_on_heartbeats(&mut beside, &desk, engine, leadership);
    }
    beside.spawn(answer_for_ever(engine.clone(), leadership.clone()));
    beside.spawn(show_for_ever(engine.clone(), leadership.clone()));
    beside.spawn(Sharing::new(engine.clone(), leadership.clone()).go_on());
    beside
}

//! `residual` and `proposals`: what stays off, and what people say to deleting it. The running service answers; without one, a
//! look of its own does.

use std::io::{BufRead as _, IsTerminal as _};

use super::context::{CommandError, Context, complain, say};
use super::once::{any_view, on_the_journal};
use crate::cli::args::{ProposalCommand, Proposals, Residual, ResidualFormat};
use crate::cli::exit::Exit;
use crate::cli::render;
use crate::cli::statement::residual_csv;
use crate::facts::Proposal;
use crate::ports::{Control as _, Declined, ProposalRequest, ProposalWish};
use crate::report::Stopped;

/// What stays off.
///
/// # Errors
/// When settings are wrong, or nothing answers.
pub async fn residual(asked: &Residual, context: &Context) -> Result<Exit, CommandError> {
    let view = any_view(context).await?;
    let stopped = Stopped::of(&view);
    let least = i64::from(asked.at_least).saturating_mul(86_400);
    let stopped = if least == 0 { stopped } else { stopped.older_than(least, &view) };
    match asked.format {
        ResidualFormat::Csv => say(residual_csv(&stopped).trim_end()),
        ResidualFormat::Table => {
            context.print(&stopped, || render::residual(&stopped, &context.look(Some(&view))))?;
        }
    }
    Ok(Exit::of_reading(&view))
}

/// Lists proposals, or says something to one.
///
/// # Errors
/// When there is none that this can be said to, or nothing answers.
pub async fn proposals(asked: &Proposals, context: &Context) -> Result<Exit, CommandError> {
    let (instance, wish, reason) = match &asked.what {
        None | Some(ProposalCommand::List) => return list(context).await,
        Some(ProposalCommand::Keep { instance, days, reason }) => {
            (instance, ProposalWish::Keep { days: *days }, reason)
        }
        Some(ProposalCommand::Withdraw { instance, reason }) => (instance, ProposalWish::Withdraw, reason),
        Some(ProposalCommand::Confirm { instance, reason, yes }) => {
            if !yes && !asked_on_the_terminal(instance)? {
                return Ok(Exit::Unexpected);
            }
            (instance, ProposalWish::Confirm, reason)
        }
    };
    let request = ProposalRequest {
        instance: instance.clone(),
        wish,
        reason: reason.trim().to_owned(),
        by: context.who(),
        life: None,
        proposal: None,
        link: None,
    };
    let (settings, loaded) = context.usable()?;
    let told: Proposal = match context.service(&settings)? {
        Some(service) => service.answer(&request).await?,
        None => on_the_journal(context, &settings, &loaded).await?.answer(request).await?,
    };
    context.print(&told, || render::proposal(&told, &context.look(None)))?;
    Ok(Exit::Well)
}

async fn list(context: &Context) -> Result<Exit, CommandError> {
    let view = any_view(context).await?;
    context.print(&*view.proposals, || render::proposals(&view, &context.look(Some(&view))))?;
    Ok(Exit::of_reading(&view))
}

/// Whether the person at the terminal types the instance's name: what cannot be undone is not said by one key.
fn asked_on_the_terminal(instance: &str) -> Result<bool, CommandError> {
    if !std::io::stdin().is_terminal() {
        let words = "nobody can be asked here; add --yes to say that everything on its disk may go";
        return Err(CommandError::Declined(Declined(words.to_owned())));
    }
    let name = instance.rsplit('/').next().unwrap_or(instance);
    complain(&format!(
        "{name} will be deleted with everything on its disk, which no one can bring back. Type its name:"
    ));
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.map_err(|error| CommandError::Io("read the answer".to_owned(), error))?;
    let is_meant = line.trim() == name;
    if !is_meant {
        complain("that is not its name; nothing was changed");
    }
    Ok(is_meant)
}

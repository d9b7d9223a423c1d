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
use crate::report::{Stopped, proposal_named, words};

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
    let (instance, wish, reason, seen) = match &asked.what {
        None | Some(ProposalCommand::List) => return list(context).await,
        Some(ProposalCommand::Keep { instance, days, reason }) => {
            (instance, ProposalWish::Keep { days: *days }, reason, None)
        }
        Some(ProposalCommand::Withdraw { instance, reason }) => (instance, ProposalWish::Withdraw, reason, None),
        Some(ProposalCommand::Confirm { instance, reason, yes }) => {
            let seen = shown(instance, context).await?;
            if !yes && !asked_on_the_terminal(seen.instance.name())? {
                return Ok(Exit::Unexpected);
            }
            (instance, ProposalWish::Confirm, reason, Some(seen))
        }
    };
    let request = ProposalRequest {
        // the very one that was shown, in this life of its name and by this proposal: what came in between is not meant
        instance: seen.as_ref().map_or_else(|| instance.clone(), |seen| seen.instance.to_string()),
        wish,
        reason: reason.trim().to_owned(),
        by: context.who(),
        life: seen.as_ref().map(|seen| seen.created),
        proposal: seen.map(|seen| seen.id),
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

/// The proposal that a yes is for, once it was shown what is lost by it.
async fn shown(instance: &str, context: &Context) -> Result<Proposal, CommandError> {
    let view = any_view(context).await?;
    let one = proposal_named(&view, instance).map_err(|words| CommandError::Declined(Declined(words)))?;
    let stopped = Stopped::of(&view);
    let line = stopped.instances.iter().find(|line| line.instance == one.instance);
    complain(&render::lost(one, line, &context.look(Some(&view))));
    Ok(one.clone())
}

/// Whether the person at the terminal types the instance's name: what cannot be undone is not said by one key.
fn asked_on_the_terminal(name: &str) -> Result<bool, CommandError> {
    if !std::io::stdin().is_terminal() {
        let words = "nobody can be asked here; add --yes to say that everything on its disk may go";
        return Err(CommandError::Declined(Declined(words.to_owned())));
    }
    complain(&format!("Type {} to say yes:", words::clean(name)));
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line);
    read.map_err(|error| CommandError::Io("read the answer".to_owned(), error))?;
    let is_meant = line.trim() == name;
    if !is_meant {
        complain("that is not its name; nothing was changed");
    }
    Ok(is_meant)
}

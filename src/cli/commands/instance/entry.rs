//! From the words after `instance` to its command.

use super::create::create;
use super::delete::delete;
use super::list::list;
use super::restart::restart;
use super::show::show;
use super::start::start;
use super::stop::stop;
use crate::cli::args::{Instance, InstanceCommand};
use crate::cli::commands::context::{CommandError, Context};
use crate::cli::exit::Exit;

/// Does it.
///
/// # Errors
/// When settings are wrong, or nothing answers.
pub async fn instance(asked: &Instance, context: &Context) -> Result<Exit, CommandError> {
    match &asked.what {
        InstanceCommand::List(list_of) => list(list_of, context).await,
        InstanceCommand::Show(one) => show(one, context).await,
        InstanceCommand::Start(some) => start(some, context).await,
        InstanceCommand::Stop(some) => stop(some, context).await,
        InstanceCommand::Restart(some) => restart(some, context).await,
        InstanceCommand::Delete(some) => delete(some, context).await,
        InstanceCommand::Create(new) => create(new, context).await,
    }
}

//! `native`: Azure's own timers, looked at and set. The running service answers; without one, a look of its own does.

use super::context::{CommandError, Context};
use super::once::any_view;
use crate::cli::args::{Native, NativeCommand};
use crate::cli::exit::Exit;
use crate::cli::render;
use crate::report::NativeAudit;

/// Looks at them, or sets them.
///
/// # Errors
/// When settings are wrong, or nothing answers.
pub async fn native(asked: &Native, context: &Context) -> Result<Exit, CommandError> {
    match &asked.what {
        NativeCommand::Audit => audit(context).await,
        NativeCommand::Apply(_) => audit(context).await,
    }
}

async fn audit(context: &Context) -> Result<Exit, CommandError> {
    let view = any_view(context).await?;
    let audit = NativeAudit::of(&view);
    context.print(&audit, || render::native_audit(&audit, &context.look(Some(&view))))?;
    let unread = view.workspaces.values().any(|place| place.fault.is_some());
    Ok(match (audit.troubled, unread) {
        (0, true) => Exit::Unreadable,
        (0, false) => Exit::Well,
        (_, _) => Exit::StopFailed,
    })
}

//! `native`: Azure's own timers, looked at and set. The running service answers; without one, a look of its own does.

use super::context::{CommandError, Context};
use super::once::{any_view, on_the_journal, rehearsed};
use crate::cli::args::{Native, NativeApply, NativeCommand};
use crate::cli::exit::Exit;
use crate::cli::render;
use crate::ports::{Control as _, TimerRequest};
use crate::report::NativeAudit;

/// Looks at them, or sets them.
///
/// # Errors
/// When settings are wrong, or nothing answers.
pub async fn native(asked: &Native, context: &Context) -> Result<Exit, CommandError> {
    match &asked.what {
        NativeCommand::Audit => audit(context).await,
        NativeCommand::Apply(apply) => set(apply, context).await,
    }
}

async fn audit(context: &Context) -> Result<Exit, CommandError> {
    let view = any_view(context).await?;
    let audit = NativeAudit::of(&view);
    context.print(&audit, || render::native_audit(&audit, &context.look(Some(&view))))?;
    Ok(if audit.troubled > 0 { Exit::StopFailed } else { Exit::of_reading(&view) })
}

async fn set(asked: &NativeApply, context: &Context) -> Result<Exit, CommandError> {
    let (settings, loaded) = context.usable()?;
    let request = TimerRequest { instance: asked.instance.clone(), dry_run: !asked.yes, by: context.who() };
    let told = match context.service(&settings)? {
        Some(service) => service.set_timers(&request).await?,
        None if request.dry_run => rehearsed(context, &settings, &loaded).await?.set_timers(request).await?,
        None => on_the_journal(context, &settings, &loaded).await?.set_timers(request).await?,
    };
    context.print(&told, || render::native_apply(&told, &context.look(None)))?;
    let trouble = told.lines.iter().any(|line| line.outcome.is_trouble());
    Ok(match trouble {
        true => Exit::StopFailed,
        false if told.unread.is_empty() => Exit::Well,
        false => Exit::Unreadable,
    })
}

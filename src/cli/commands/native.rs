//! `native`: Azure's own timers, looked at and set. The running service answers; without one, a look of its own does.

use super::context::{CommandError, Context};
use super::once::{any_view, on_the_journal};
use crate::cli::args::{Native, NativeApply, NativeCommand};
use crate::cli::exit::Exit;
use crate::cli::render;
use crate::ports::{Control as _, Declined, TimerRequest};
use crate::report::{FleetView, NativeAudit, NativeLine, TimerLine, TimerOutcome};

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
    Ok(if audit.troubled > 0 { Exit::StopFailed } else { unread(&view) })
}

/// What could not be read may hold anything.
fn unread(view: &FleetView) -> Exit {
    let unread = view.workspaces.values().any(|place| place.fault.is_some());
    if unread { Exit::Unreadable } else { Exit::Well }
}

async fn set(asked: &NativeApply, context: &Context) -> Result<Exit, CommandError> {
    let lines = if asked.yes {
        let (settings, loaded) = context.usable()?;
        let request = TimerRequest { instance: asked.instance.clone(), by: context.who() };
        match context.service(&settings)? {
            Some(service) => service.set_timers(&request).await?,
            None => on_the_journal(context, &settings, &loaded).await?.set_timers(request).await?,
        }
    } else {
        let view = any_view(context).await?;
        would_be_set(&view, asked.instance.as_deref())?
    };
    context.print(&lines, || render::native_apply(&lines, &context.look(None)))?;
    let trouble = lines.iter().any(|line| line.outcome.is_trouble());
    Ok(if trouble { Exit::StopFailed } else { Exit::Well })
}

fn would_be_set(view: &FleetView, instance: Option<&str>) -> Result<Vec<TimerLine>, Declined> {
    let audit = NativeAudit::of(view);
    let is_meant = |line: &&NativeLine| instance.is_none_or(|wanted| is_called(line, wanted));
    let meant: Vec<&NativeLine> = audit.instances.iter().filter(is_meant).collect();
    if let (Some(wanted), [] | [_, _, ..]) = (instance, meant.as_slice()) {
        let problem = if meant.is_empty() { "no instance is" } else { "several instances are" };
        return Err(Declined(format!("{problem} called `{wanted}`; say WORKSPACE/NAME or the full id")));
    }
    let due = |line: &&NativeLine| {
        let (instance, was, to) = (line.instance.clone(), line.idle_shutdown, line.wanted?);
        Some(TimerLine { instance, was, to, outcome: TimerOutcome::WouldBeSet, at: audit.at })
    };
    Ok(meant.iter().filter_map(due).collect())
}

fn is_called(line: &NativeLine, wanted: &str) -> bool {
    let id = &line.instance;
    if wanted.starts_with('/') {
        return id.to_string().eq_ignore_ascii_case(wanted);
    }
    let (workspace, name) = wanted.split_once('/').map_or((None, wanted), |(place, name)| (Some(place), name));
    id.name().eq_ignore_ascii_case(name)
        && workspace.is_none_or(|place| id.workspace().name().eq_ignore_ascii_case(place))
}

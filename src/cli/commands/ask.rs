//! Questions and requests: `explain`, `status`, `ack`. The running service answers; without one, the journal does.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use super::context::{CommandError, Context, say};
use super::once::{on_the_journal, rehearsed};
use crate::cli::args::{Ack, Explain};
use crate::cli::clock::SystemClock;
use crate::cli::exit::Exit;
use crate::cli::render;
use crate::policy::Policy;
use crate::ports::{Clock as _, Control, Declined};
use crate::report::Explanation;
use crate::units::PolicyId;
use crate::web::ControlClient;

/// The whole decision about one instance.
///
/// # Errors
/// When there is no such instance, or nothing answers.
pub async fn explain(asked: &Explain, context: &Context) -> Result<Exit, CommandError> {
    let (settings, loaded) = context.usable()?;
    let told = match context.service(&settings)? {
        Some(service) => service.decision(&asked.instance, asked.at).await?,
        None => {
            let engine = rehearsed(context, &settings, &loaded).await?;
            Control::decision(&engine, asked.instance.clone(), asked.at).await?
        }
    };
    let told: Explanation = serde_json::from_value(told)?;
    let zone = told.zone.as_deref().and_then(|name| crate::schedule::load_zone(name).ok()).unwrap_or(TimeZone::UTC);
    context.print(&told, || render::explain(&told, &zone, &context.look(None)))?;
    Ok(Exit::Well)
}

/// How the running service and its fleet are.
///
/// # Errors
/// When no service is running.
pub async fn status(context: &Context) -> Result<Exit, CommandError> {
    let settings = context.places()?;
    let Some(service) = context.service(&settings)? else {
        say(&format!("no service is running on {}; `lightsout plan` looks by itself", settings.store.dir.display()));
        return Ok(Exit::Unexpected);
    };
    let view = service.view().await?;
    context.print(&view, || render::status(&view, &context.look(Some(&view))))?;
    let unread = view.workspaces.values().any(|place| place.fault.is_some());
    Ok(if unread { Exit::Unreadable } else { Exit::Well })
}

/// How long the service may take to read a file that was changed right before.
const READING: Duration = Duration::from_secs(10);

/// Waits until the service goes by the file as it is now: whoever acknowledges has read the file, and right after a change
/// the service may still go by the one before (G19).
async fn goes_by_the_file(service: &ControlClient, wanted: Option<&Policy>) -> Result<(), CommandError> {
    // A policy whose file is broken or gone is in force as it was; that is what there is to acknowledge.
    let Some(wanted) = wanted else { return Ok(()) };
    let until = tokio::time::Instant::now() + READING;
    loop {
        let view = service.view().await?;
        let known = view.policies.iter().find(|policy| policy.id == wanted.id);
        if known.is_some_and(|known| *known.revision == *wanted.revision) {
            return Ok(());
        }
        if tokio::time::Instant::now() > until {
            let other = known.map_or("unknown", |known| &known.revision);
            return Err(CommandError::Declined(Declined(format!(
                "policy `{}` is revision {} in its file and {other} in the service, which has not taken it over: `lightsout \
                 status` says why; `systemctl reload lightsout` makes it read the files again",
                wanted.id, wanted.revision
            ))));
        }
        tokio::time::sleep(READING / 40).await;
    }
}

/// Lets a changed policy act on all at once.
///
/// # Errors
/// When there is no such policy, nothing to acknowledge, or the service does not take the changed file over.
pub async fn ack(asked: &Ack, context: &Context) -> Result<Exit, CommandError> {
    let (settings, loaded) = context.usable()?;
    let policy = PolicyId::new(&asked.policy);
    match context.service(&settings)? {
        Some(service) => {
            goes_by_the_file(&service, loaded.policies.set.get(&policy).map(AsRef::as_ref)).await?;
            service.acknowledge(&policy, &context.who()).await?;
        }
        None => on_the_journal(context, &settings, &loaded).await?.acknowledge(policy.clone(), context.who()).await?,
    }
    let at: Timestamp = SystemClock.now();
    context
        .print(&json!({ "acknowledged": policy, "at": at }), || format!("policy {policy} acts on all from now on"))?;
    Ok(Exit::Well)
}

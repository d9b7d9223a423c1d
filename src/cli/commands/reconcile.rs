//! `lightsout reconcile`: ledger against bill, now.

use std::sync::Arc;

use super::context::{CommandError, Context};
use crate::cli::exit::Exit;
use crate::cli::render;
use crate::cli::wire_up::{engine_options, outside};
use crate::engine::Engine;
use crate::ports::Control;
use crate::report::Reconciliation;

/// Compares, by the running service where there is one, and shows what differs.
///
/// # Errors
/// When settings are wrong, no source of bills is named, or the journal cannot be used.
pub async fn reconcile(context: &Context) -> Result<Exit, CommandError> {
    let (settings, _) = context.usable()?;
    let told: Reconciliation = match context.service(&settings)? {
        Some(service) => service.reconcile().await?,
        None => {
            let outside = outside(&settings, &context.environment, &context.turn).await?;
            let engine = Engine::new(Arc::new(outside), engine_options(&settings));
            engine.recall().await?;
            Control::reconcile(&engine).await?
        }
    };
    context.print(&told, || render::reconciliation(&told, &context.look(None)))?;
    Ok(if told.view.faults.is_empty() { Exit::Well } else { Exit::Unreadable })
}

//! The small commands: `freeze`, `sandbox`, `agent`.

use serde_json::json;

use super::context::{CommandError, Context};
use crate::agent::args::{AgentArgs, Form};
use crate::agent::{self, Ended};
use crate::cli::args::Freeze;
use crate::cli::exit::Exit;
use crate::cli::switch::Switch;
use crate::facts;
use crate::report::words;
use crate::sandbox::{self, SandboxArgs};

/// Freezes, lifts, or says how it stands: every replica where several share a server. Works whether the service runs or not.
///
/// # Errors
/// When the switch cannot be written.
pub async fn freeze(asked: &Freeze, context: &Context) -> Result<Exit, CommandError> {
    let settings = context.places()?;
    let mut switch = Switch::open(&settings, &context.environment).await;
    let mut lifted = false;
    if asked.lift {
        (switch, lifted) = switch.lift().await?;
    } else if !asked.status {
        let reason = asked.reason.as_deref().unwrap_or("frozen by hand");
        switch = switch.freeze_all(reason, &context.who()).await?;
    }
    let now = switch.now().await;
    let place = match &settings.store.server {
        Some(server) => format!("all replicas of {}, and {} of this one", server.url, switch.path().display()),
        None => switch.path().display().to_string(),
    };
    let told = json!({ "freeze": now, "lifted": lifted, "file": switch.path(), "server": settings.store.server.as_ref().map(|server| &server.url) });
    context.print(&told, || format!("{} ({place})", words::freeze(&now)))?;
    Ok(if asked.lift && now != facts::Freeze::Off { Exit::Unexpected } else { Exit::Well })
}

/// Serves the simulated Azure until Ctrl-C.
///
/// # Errors
/// When it cannot be set up.
pub async fn sandbox(args: SandboxArgs) -> Result<Exit, CommandError> {
    let end = async {
        // When signals cannot be heard it runs until it is killed.
        drop(tokio::signal::ctrl_c().await);
    };
    sandbox::run(args, end, &mut std::io::stdout()).await?;
    Ok(Exit::Well)
}

/// Is the agent, in a loop of its own that cannot begin within this one's. It prints its own words: the small build has
/// no others.
pub(super) fn agent(args: &AgentArgs, context: &Context) -> Exit {
    let form = if context.global.json { Form::Json } else { Form::Text };
    let ended = std::thread::scope(|scope| scope.spawn(|| agent::alone(args, form)).join());
    match ended {
        Ok(Ended::Well) => Exit::Well,
        Ok(Ended::BadConfiguration) => Exit::BadConfiguration,
        Ok(Ended::Unwell) | Err(_) => Exit::Unexpected,
    }
}

//! The small commands: `freeze`, `sandbox`, `agent`.

use serde_json::json;

use super::context::{CommandError, Context};
use crate::agent::args::{AgentArgs, Form};
use crate::agent::{self, Ended};
use crate::cli::args::Freeze;
use crate::cli::exit::Exit;
use crate::cli::wire_up::freeze_switch;
use crate::facts;
use crate::ports::FreezeSwitch as _;
use crate::report::words;
use crate::sandbox::{self, SandboxArgs};

/// Freezes, lifts, or says how it stands. Works whether the service runs or not: the switch is a file.
///
/// # Errors
/// When the file cannot be written.
pub fn freeze(asked: &Freeze, context: &Context) -> Result<Exit, CommandError> {
    let settings = context.places()?;
    let switch = freeze_switch(&settings);
    if !asked.lift && !asked.status {
        let reason = asked.reason.as_deref().unwrap_or("frozen by hand");
        switch.write(&format!("{reason} (by {})", context.who()))?;
    }
    let lifted = if asked.lift { switch.lift()? } else { false };
    let now = switch.freeze();
    context.print(&json!({ "freeze": now, "lifted": lifted, "file": switch.path() }), || {
        format!("{} ({})", words::freeze(&now), switch.path().display())
    })?;
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

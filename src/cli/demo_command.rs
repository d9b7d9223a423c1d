//! `lightsout demo`, from flags to figures.

use super::args::Demo;
use super::commands::{CommandError, Context};
use super::demo::{DemoOptions, demo};
use super::exit::Exit;

/// Runs the demo and prints what it came to.
///
/// # Errors
/// When it cannot be set up.
pub(super) async fn run(asked: &Demo, context: &Context) -> Result<Exit, CommandError> {
    let told = !context.global.json;
    let listen = if told { Some(std::net::SocketAddr::from(([127, 0, 0, 1], 0))) } else { None };
    let options = DemoOptions {
        days: asked.days,
        speed: asked.speed,
        seed: asked.seed,
        paced: told || asked.speed.is_some(),
        listen,
        journal: asked.journal.clone(),
    };
    let mut stdout = anstream::stdout();
    let out: Option<&mut (dyn std::io::Write + Send)> = if told { Some(&mut stdout) } else { None };
    let (figures, open) = demo(options, out).await?;
    context.print(&figures, || format!("\n{}", figures.table()))?;
    if asked.keep_open {
        // Until Ctrl-C; where that cannot be heard, at once.
        drop(tokio::signal::ctrl_c().await);
    }
    drop(open);
    Ok(Exit::Well)
}

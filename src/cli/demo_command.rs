//! `lightsout demo`, from flags to figures.

use super::args::Demo;
use super::commands::{CommandError, Context};
use super::demo::{DemoError, DemoOptions, FleetLine, demo};
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
        page: None,
        agents: asked.agents.unwrap_or(100),
        journal: asked.journal.clone(),
    };
    // the others at the same time, on threads of their own
    let others: Vec<_> =
        if asked.agents.is_none() { [0, 50].map(|agents| beside(&options, agents)).into() } else { Vec::new() };
    let mut stdout = anstream::stdout();
    let out: Option<&mut (dyn std::io::Write + Send)> = if told { Some(&mut stdout) } else { None };
    let (mut figures, open) = demo(options, out).await?;
    for other in others {
        let other = tokio::task::spawn_blocking(move || other.join()).await;
        let line =
            other.ok().and_then(Result::ok).ok_or_else(|| DemoError::Agents("a fleet beside it broke".to_owned()))?;
        figures.fleets.push(line?);
    }
    if !figures.fleets.is_empty() {
        let own = figures.line();
        figures.fleets.push(own);
    }
    context.print(&figures, || format!("\n{}", figures.table()))?;
    if asked.keep_open {
        // Until Ctrl-C; where that cannot be heard, at once.
        drop(tokio::signal::ctrl_c().await);
    }
    drop(open);
    Ok(Exit::Well)
}

/// The same people with agents on another share of the machines.
fn beside(options: &DemoOptions, agents: u8) -> std::thread::JoinHandle<Result<FleetLine, DemoError>> {
    let options = DemoOptions { agents, paced: false, listen: None, journal: None, ..options.clone() };
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (figures, _open) = runtime.block_on(demo(options, None))?;
        Ok(figures.line())
    })
}

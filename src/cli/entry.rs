//! From the command line to a command, and from its end to an exit code.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

use super::args::{Args, Command};
use super::commands::{CommandError, Context};
use super::exit::Exit;
use super::{commands, demo_command};
use crate::settings::Environment;

/// Runs the process.
#[must_use]
pub fn main() -> ExitCode {
    let args = Args::parse();
    anstream::ColorChoice::from(args.global.color).write_global();
    // Installed once here: reqwest and the sandbox's server take it from there.
    drop(rustls::crypto::ring::default_provider().install_default());
    // A core dump would hold tokens; where this cannot be set the process runs all the same.
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable).unwrap_or_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let context = Context::new(args.global.clone(), Environment::read());
    match runtime.block_on(dispatch(args.command, &context)) {
        Ok(exit) => exit.into(),
        Err(error) => {
            let code = error.exit();
            print_chain(&error);
            code.into()
        }
    }
}

async fn dispatch(command: Command, context: &Context) -> Result<Exit, CommandError> {
    match command {
        Command::Demo(demo) => demo_command::run(&demo, context).await,
        Command::Sandbox(sandbox) => commands::sandbox(sandbox).await,
        Command::Run => commands::serve(context).await,
        Command::Sweep => commands::sweep(context).await,
        Command::Check(check) => commands::check(&check, context),
        Command::Plan => commands::plan(context).await,
        Command::Explain(explain) => commands::explain(&explain, context).await,
        Command::Hold(hold) => commands::hold(&hold, context).await,
        Command::Freeze(freeze) => commands::freeze(&freeze, context),
        Command::Doctor => commands::doctor(context).await,
        Command::Status => commands::status(context).await,
        Command::Report(report) => commands::report(&report, context).await,
        Command::Ledger(ledger) => commands::ledger(&ledger, context).await,
        Command::Reconcile => commands::reconcile(context).await,
        Command::Native(native) => commands::native(&native, context).await,
        Command::Agent(agent) => Ok(commands::agent(&agent, context)),
        Command::Ack(ack) => commands::ack(&ack, context).await,
        Command::Completions(completions) => commands::completions(&completions),
    }
}

fn fail(error: &dyn std::error::Error) -> ExitCode {
    print_chain(error);
    Exit::Unexpected.into()
}

/// `error: …`, then each cause on its own line.
fn print_chain(error: &dyn std::error::Error) {
    let mut out = anstream::stderr();
    let mut text = format!("error: {error}\n");
    let mut cause = error.source();
    while let Some(deeper) = cause {
        let words = format!("{deeper}\n");
        // some errors say their cause themselves
        if !text.ends_with(&words) {
            text.push_str(&format!("  caused by: {words}"));
        }
        cause = deeper.source();
    }
    // Where nobody reads stderr there is nothing more to do.
    drop(out.write_all(text.as_bytes()));
}

//! From the command line to a command, and from its end to an exit code.

use std::future::{Future, ready};
use std::io::Write as _;
use std::pin::Pin;
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
    let ended = runtime.block_on(async {
        let ended = dispatch(&args.command, &context).await;
        context.turn.give_back().await;
        ended
    });
    match ended {
        Ok(exit) => exit.into(),
        Err(error) => {
            let code = error.exit();
            print_chain(&error);
            code.into()
        }
    }
}

type Running<'a> = Pin<Box<dyn Future<Output = Result<Exit, CommandError>> + 'a>>;

/// What a command does, not yet begun where it waits for anything.
fn dispatch<'a>(command: &'a Command, context: &'a Context) -> Running<'a> {
    match command {
        Command::Demo(demo) => Box::pin(demo_command::run(demo, context)),
        Command::Sandbox(sandbox) => Box::pin(commands::sandbox(sandbox.clone())),
        Command::Run => Box::pin(commands::serve(context)),
        Command::Sweep => Box::pin(commands::sweep(context)),
        Command::Check(check) => Box::pin(ready(commands::check(check, context))),
        Command::Plan => Box::pin(commands::plan(context)),
        Command::Explain(explain) => Box::pin(commands::explain(explain, context)),
        Command::Hold(hold) => Box::pin(commands::hold(hold, context)),
        Command::Freeze(freeze) => Box::pin(commands::freeze(freeze, context)),
        Command::Doctor => Box::pin(commands::doctor(context)),
        Command::Rbac(asked) => Box::pin(ready(commands::rbac(asked, context))),
        Command::Healthcheck(asked) => Box::pin(commands::healthcheck(asked, context)),
        Command::Status => Box::pin(commands::status(context)),
        Command::Report(report) => Box::pin(commands::report(report, context)),
        Command::Replay(asked) => Box::pin(commands::replay(asked, context)),
        Command::Ledger(ledger) => Box::pin(commands::ledger(ledger, context)),
        Command::Journal(journal) => Box::pin(commands::journal(journal, context)),
        Command::Reconcile => Box::pin(commands::reconcile(context)),
        Command::Native(native) => Box::pin(commands::native(native, context)),
        Command::Instance(asked) => Box::pin(commands::instance(asked, context)),
        Command::Residual(asked) => Box::pin(commands::residual(asked, context)),
        Command::Proposals(asked) => Box::pin(commands::proposals(asked, context)),
        Command::Notify(asked) => Box::pin(commands::notify(asked, context)),
        Command::Agent(agents) => Box::pin(commands::agents(agents.what.clone(), context)),
        Command::Token(asked) => Box::pin(ready(commands::tokens(&asked.what, context))),
        Command::Ack(ack) => Box::pin(commands::ack(ack, context)),
        Command::Openapi => Box::pin(ready(commands::openapi())),
        Command::Man(asked) => Box::pin(ready(commands::man(asked))),
        Command::Version => Box::pin(ready(commands::version(context))),
        Command::Completions(completions) => Box::pin(ready(commands::completions(completions))),
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

//! `lightsout sandbox`: makes the world, serves it, says how to point Lightsout at it, and waits for the end.

use std::fs;
use std::future::Future;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use super::args::{Population, SandboxArgs};
use super::clock::{RunningClock, wall_now};
use super::faults::FaultRule;
use super::server::{Auth, Sandbox, SandboxError, SandboxOptions, Throttling};
use super::spec::{demo, scale};

/// Runs until `shutdown` is over; what to set for Lightsout goes to `out`.
///
/// # Errors
/// When the sandbox cannot be started as the arguments say, or `out` cannot be written.
pub async fn run(
    args: SandboxArgs,
    shutdown: impl Future<Output = ()> + Send,
    out: &mut (dyn Write + Send),
) -> Result<(), SandboxError> {
    let sandbox = Sandbox::start(options_of(args)?).await?;
    print_settings(&sandbox, out).map_err(SandboxError::Print)?;
    shutdown.await;
    sandbox.shutdown().await;
    Ok(())
}

/// The options that the arguments stand for.
pub(super) fn options_of(args: SandboxArgs) -> Result<SandboxOptions, SandboxError> {
    let start = args.start.unwrap_or_else(wall_now);
    let world = match args.population {
        Population::Demo => demo(args.seed, start),
        Population::Scale => scale(args.seed, start, args.workspaces, args.instances),
    };
    let mut faults = Vec::new();
    if let Some(path) = args.faults {
        let text = fs::read_to_string(&path).map_err(|cause| SandboxError::File { path, cause })?;
        faults.extend(FaultRule::from_toml(&text)?);
    }
    for text in &args.fault {
        faults.push(text.parse()?);
    }
    let mut options = SandboxOptions::new(world, Arc::new(RunningClock::new(start, args.speed)));
    options.listen = args.listen;
    options.tls_dir = args.tls_dir;
    options.page_size = args.page_size.max(1);
    options.throttling = if args.no_throttle {
        Throttling::Off
    } else {
        Throttling::Arm
    };
    options.auth = if args.no_auth {
        Auth::Off
    } else {
        Auth::Required
    };
    options.static_token = args.static_token;
    options.latency = Duration::from_millis(args.latency_ms);
    options.poll_after = args.poll_after;
    options.lro = args.lro.into();
    options.denied = args.deny;
    options.faults = faults;
    Ok(options)
}

/// What to set so that Lightsout, or any other client, talks to this Azure.
fn print_settings(sandbox: &Sandbox, out: &mut (dyn Write + Send)) -> std::io::Result<()> {
    let url = sandbox.base_url();
    writeln!(
        out,
        "# a simulated Azure is at {url}; to use its managed identity:"
    )?;
    writeln!(out, "export IDENTITY_ENDPOINT={url}/msi/token")?;
    writeln!(out, "export IDENTITY_HEADER={}", sandbox.identity_header())?;
    writeln!(out, "# its ARM host:      {url}")?;
    if let (Some(secure), Some(ca)) = (sandbox.https_url(), sandbox.ca_file()) {
        writeln!(out, "# and over HTTPS:    {secure}")?;
        writeln!(out, "export AZURE_AUTHORITY_HOST={secure}")?;
        writeln!(out, "export SSL_CERT_FILE={}", ca.display())?;
    }
    writeln!(out, "# people read their notices at {url}/people/inbox")?;
    for subscription in sandbox.subscriptions() {
        writeln!(out, "# subscription:      {subscription}")?;
    }
    out.flush()
}

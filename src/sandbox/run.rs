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
    options.throttling = if args.no_throttle { Throttling::Off } else { Throttling::Arm };
    options.auth = if args.no_auth { Auth::Off } else { Auth::Required };
    options.static_token = args.static_token;
    options.latency = Duration::from_millis(args.latency_ms);
    options.poll_after = args.poll_after;
    options.lro = args.lro.into();
    options.denied = args.deny;
    options.granted = Some(args.grant).filter(|granted| !granted.is_empty());
    options.faults = faults;
    Ok(options)
}

/// What to set so that Lightsout, or any other client, talks to this Azure.
fn print_settings(sandbox: &Sandbox, out: &mut (dyn Write + Send)) -> std::io::Result<()> {
    let url = sandbox.base_url();
    writeln!(out, "# a simulated Azure is at {url}; to use its managed identity:")?;
    writeln!(out, "export IDENTITY_ENDPOINT={url}/msi/token")?;
    writeln!(out, "export IDENTITY_HEADER={}", sandbox.identity_header())?;
    writeln!(out, "# its ARM host:      {url}")?;
    writeln!(out, "# its tenant:        {}", sandbox.tenant())?;
    if let (Some(secure), Some(ca)) = (sandbox.https_url(), sandbox.ca_file()) {
        writeln!(out, "# and over HTTPS:    {secure}")?;
        writeln!(out, "export AZURE_AUTHORITY_HOST={secure}")?;
        writeln!(out, "export SSL_CERT_FILE={}", ca.display())?;
    }
    writeln!(out, "# people read their notices at {url}/people/inbox")?;
    for subscription in sandbox.subscriptions() {
        writeln!(out, "# subscription:      {subscription}")?;
    }
    print_file(sandbox, &url, out)?;
    out.flush()
}

/// A settings file that points a service at it, as comments, so that the whole can be sourced by a shell.
fn print_file(sandbox: &Sandbox, url: &str, out: &mut (dyn Write + Send)) -> std::io::Result<()> {
    let subscriptions: Vec<String> = sandbox.subscriptions().iter().map(|id| format!("{id:?}")).collect();
    let lines = [
        "a settings file for it (beside a folder `policies`):".to_owned(),
        "  [azure]".to_owned(),
        "  cloud = \"custom\"".to_owned(),
        format!("  arm_endpoint = {url:?}"),
        "  token_scope = \"https://management.azure.com/.default\"".to_owned(),
        "  [fleet]".to_owned(),
        format!("  subscriptions = [{}]", subscriptions.join(", ")),
        "  [store]".to_owned(),
        "  dir = \"state\"".to_owned(),
        "  [notify.webhook]".to_owned(),
        format!("  url = \"{url}/people/inbox\""),
        "  unsigned = true".to_owned(),
        "  allow_private = [\"127.0.0.0/8\"]".to_owned(),
    ];
    lines.iter().try_for_each(|line| writeln!(out, "# {line}"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: SandboxArgs,
    }

    fn parsed(line: &[&str]) -> SandboxArgs {
        Line::try_parse_from([&["sandbox"], line].concat()).unwrap().args
    }

    #[tokio::test]
    async fn it_prints_what_to_set_and_ends_when_asked() {
        let mut said = Vec::new();
        let args = parsed(&["--listen", "127.0.0.1:0", "--seed", "3"]);
        run(args, std::future::ready(()), &mut said).await.unwrap();
        let said = String::from_utf8(said).unwrap();
        for words in [
            "export IDENTITY_ENDPOINT=http://127.0.0.1:",
            "/msi/token",
            "export IDENTITY_HEADER=sandbox-identity-header",
            "# its tenant:        5a4d0000-",
            "# subscription:      5a4d0000-0000-4000-8000-000000000002",
        ] {
            assert!(said.contains(words), "{words} in {said}");
        }
    }

    #[test]
    fn flags_become_options() {
        let line = "--population scale --workspaces 3 --instances 2 --no-auth --no-throttle --latency-ms 50 --page-size 0 --lro neither --start 2026-11-02T07:00:00Z";
        let mut line: Vec<&str> = line.split(' ').collect();
        line.extend(["--fault", "stop => conflict", "--grant", "*/read", "--grant", "a/b/action"]);
        let options = options_of(parsed(&line)).unwrap();
        assert_eq!(options.world.workspaces.len(), 3);
        assert_eq!((options.auth, options.throttling), (Auth::Off, Throttling::Off));
        assert_eq!((options.latency, options.page_size), (Duration::from_millis(50), 1));
        assert_eq!(options.lro, super::super::server::LroStyle::Neither);
        assert_eq!(options.world.start, "2026-11-02T07:00:00Z".parse().unwrap());
        assert_eq!(options.faults.len(), 1);
        assert_eq!(options.granted, Some(vec!["*/read".to_owned(), "a/b/action".to_owned()]));
        assert_eq!(options_of(parsed(&[])).unwrap().granted, None, "without it a caller may do all there is");
    }

    #[test]
    fn mistakes_are_refused_before_anything_listens() {
        assert!(options_of(parsed(&["--fault", "stop"])).is_err());
        let missing = options_of(parsed(&["--faults", "/no/such/file.toml"]));
        assert!(missing.err().unwrap().to_string().contains("/no/such/file.toml"));
    }
}

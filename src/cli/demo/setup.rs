//! Building the demo: a sandbox, its people, and an engine pointed at it as it would be at Azure.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use secrecy::SecretString;

use super::agents::desk;
use super::drive::{DemoError, DemoOptions};
use crate::azure::{Azure, AzureOptions, Cloud, IdentityOptions, PriceOptions, Watch};
use crate::cli::clock::VirtualClock;
use crate::cli::outside::Outside;
use crate::cli::wire_up::engine_options;
use crate::cli::witnesses::Witnesses;
use crate::engine::Engine;
use crate::facts::{Source, SourceSet};
use crate::ledger::PriceSource;
use crate::notify::{Channel, Channels, Cidr, Linker, Webhook, WebhookFormat, WebhookOptions};
use crate::policy::{PolicySet, Severity, SourceText, Sources, parse};
use crate::sandbox::{DEMO_SUBSCRIPTIONS, Sandbox, SandboxOptions, demo as population};
use crate::seal::Keys;
use crate::settings::{BillsFrom, Settings};
use crate::store::{FileFreeze, Store};
use crate::units::{Span, SubscriptionId};

/// The demo's engine.
pub(super) type DemoEngine = Engine<Outside<VirtualClock>>;

/// How often the demo sweeps a workspace: rarer than the service, so that two weeks take a minute. Deadlines are met
/// to the second all the same.
const INTERVAL: Span = Span::minutes(5);

/// The policies of `config/demo`, so that the installed binary needs no file.
const POLICIES: [(&str, &str); 3] = [
    ("config/demo/madrid.toml", include_str!("../../../config/demo/madrid.toml")),
    ("config/demo/newyork.toml", include_str!("../../../config/demo/newyork.toml")),
    ("config/demo/tokyo.toml", include_str!("../../../config/demo/tokyo.toml")),
];

/// Everything that runs.
pub(super) struct Stage {
    pub(super) clock: VirtualClock,
    pub(super) sandbox: Sandbox,
    pub(super) engine: Arc<DemoEngine>,
    pub(super) policies: PolicySet,
}

pub(super) async fn build(
    options: &DemoOptions,
    start: Timestamp,
    (dir, linker): (&Path, Linker),
) -> Result<(Stage, Keys), DemoError> {
    let clock = VirtualClock::new(start);
    let token = format!("demo-{:032x}", fastrand::u128(..));
    let mut sandbox = SandboxOptions::new(population(options.seed, start), Arc::new(clock.clone()));
    sandbox.static_token = Some(token.clone());
    let sandbox = Sandbox::start(sandbox).await?;
    let token_file = dir.join("token");
    write_private(&token_file, &token)?;
    let policies = policies()?;
    let journal = options.journal.clone().unwrap_or_else(|| dir.join("journal"));
    if journal.join("lightsout.db").exists() {
        return Err(DemoError::Used(journal));
    }
    let (desk, keys) = desk(&clock, dir)?;
    let outside = Outside {
        azure: Azure::new(azure_options(&sandbox, token_file), Arc::new(clock.clone()))?,
        bills: None,
        witnesses: Witnesses { agents: Some(desk), ..Witnesses::default() },
        store: Store::open(&journal).await?,
        channels: channels(&sandbox, &clock)?.linked(linker),
        freeze: FileFreeze::new(dir.join("FREEZE"), None),
        clock: Arc::new(clock.clone()),
    };
    let mut settings = Settings::default();
    settings.sweep.interval = INTERVAL;
    settings.reconcile.source = BillsFrom::CostManagement;
    let engine = Arc::new(Engine::new(Arc::new(outside), engine_options(&settings)));
    engine.recall().await?;
    engine.adopt(policies.clone()).await?;
    Ok((Stage { clock, sandbox, engine, policies }, keys))
}

fn azure_options(sandbox: &Sandbox, token_file: std::path::PathBuf) -> AzureOptions {
    let cloud =
        Cloud::Custom { arm_endpoint: sandbox.base_url(), token_scope: String::new(), authority_host: String::new() };
    let mut options = AzureOptions::new(cloud, IdentityOptions::TokenFile { path: token_file });
    options.prices = PriceOptions {
        sources: vec![PriceSource::VmSizes, PriceSource::Retail],
        retail_endpoint: sandbox.base_url(),
        ..PriceOptions::default()
    };
    options.costs = true;
    options.watch = Watch { subscriptions: DEMO_SUBSCRIPTIONS.map(SubscriptionId::new).to_vec(), ..Watch::default() };
    options
}

fn channels(sandbox: &Sandbox, clock: &VirtualClock) -> Result<Channels, DemoError> {
    let options = WebhookOptions {
        url: format!("{}/people/inbox", sandbox.base_url()),
        format: WebhookFormat::Lightsout,
        secret: Some(SecretString::from("the demo's people trust each other")),
        unsigned: false,
        allow_private: vec!["127.0.0.0/8".parse::<Cidr>()?],
        timeout: None,
    };
    let clock = clock.clone();
    Ok(Channels::new(vec![Channel::Webhook(Webhook::new(
        options,
        Arc::new(move || crate::ports::Clock::now(&clock)),
    )?)]))
}

fn policies() -> Result<PolicySet, DemoError> {
    let sources = POLICIES.map(|(file, text)| SourceText { file: file.into(), text: text.to_owned() });
    let parsed = parse(&Sources {
        defaults: None,
        policies: &sources,
        calendars: &BTreeMap::new(),
        channels: 1,
        sources: SourceSet::NONE.with(Source::Agent),
    });
    match parsed.diagnostics.iter().find(|found| found.severity == Severity::Error) {
        Some(error) => Err(DemoError::Policy(error.to_string())),
        None => Ok(parsed.set),
    }
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes())
}

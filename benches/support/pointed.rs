//! A real engine with its journal, pointed at a sandbox as it would be at Azure.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use lightsout::azure::{Azure, AzureOptions, Cloud, IdentityOptions, Watch};
use lightsout::cli::clock::SystemClock;
use lightsout::cli::outside::Outside;
use lightsout::cli::wire_up::engine_options;
use lightsout::cli::witnesses::Witnesses;
use lightsout::engine::Engine;
use lightsout::facts::SourceSet;
use lightsout::notify::Channels;
use lightsout::policy::{PolicySet, SourceText, Sources, parse};
use lightsout::sandbox::SCALE_SUBSCRIPTION;
use lightsout::settings::Settings;
use lightsout::store::{FileFreeze, Store};
use lightsout::units::SubscriptionId;

/// Requests side by side, for floor and subject.
pub(crate) const CONCURRENCY: usize = 32;

/// The way to a sandbox whose token lies in the folder.
pub(crate) fn azure(base_url: &str, ca_file: Option<&Path>, dir: &Path) -> Azure<SystemClock> {
    let cloud =
        Cloud::Custom { arm_endpoint: base_url.to_owned(), token_scope: String::new(), authority_host: String::new() };
    let mut options = AzureOptions::new(cloud, IdentityOptions::TokenFile { path: dir.join("token") });
    options.watch = Watch { subscriptions: vec![SubscriptionId::new(SCALE_SUBSCRIPTION)], ..Watch::default() };
    options.ca_file = ca_file.map(Path::to_owned);
    options.concurrency = CONCURRENCY;
    options.throttle = None;
    Azure::new(options, Arc::new(SystemClock)).unwrap()
}

/// One policy of this text.
pub(crate) fn policies(text: &str) -> PolicySet {
    let sources = [SourceText { file: "bench.toml".into(), text: text.to_owned() }];
    let parsed = parse(&Sources {
        defaults: None,
        policies: &sources,
        calendars: &BTreeMap::new(),
        channels: 1,
        sources: SourceSet::NONE,
    });
    assert!(!parsed.set.policies.is_empty(), "{:?}", parsed.diagnostics);
    parsed.set
}

/// An engine under a policy of this text.
pub(crate) async fn engine(
    azure: Azure<SystemClock>,
    dir: &Path,
    settings: &Settings,
    policy: &str,
) -> Engine<Outside<SystemClock>> {
    let outside = Outside {
        azure,
        bills: None,
        witnesses: Witnesses::default(),
        store: Store::open(&dir.join("journal")).await.unwrap(),
        channels: Channels::default(),
        freeze: FileFreeze::new(dir.join("FREEZE"), None),
        clock: Arc::new(SystemClock),
    };
    let engine = Engine::new(Arc::new(outside), engine_options(settings));
    engine.recall().await.unwrap();
    engine.adopt(policies(policy)).await.unwrap();
    engine
}

//! The demo's estate, a clock that is set, and a real engine with its journal that sweeps it.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex};

use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use lightsout::azure::{Azure, AzureOptions, IdentityOptions};
use lightsout::bills::BillFolder;
use lightsout::cli::outside::Outside;
use lightsout::cli::wire_up::engine_options;
use lightsout::engine::{Engine, EngineOptions, Reconciling};
use lightsout::ledger::{BillSource, DaySpan, PriceSource, Sheet, SheetLine, SheetTerms, Tolerance};
use lightsout::notify::Channels;
use lightsout::ports::{AskBills as _, BillQuestion, Clock, Observe as _};
use lightsout::sandbox::{DEMO_SUBSCRIPTIONS, Sandbox, SandboxClock, SandboxOptions, Throttling, demo};
use lightsout::settings::Settings;
use lightsout::store::{FileFreeze, Store};
use lightsout::units::{Percent, Span, SubscriptionId, When};

use crate::world::{TOKEN, custom, token_file};

/// The Monday on which the demo begins.
pub(crate) const FIRST_DAY: Date = date(2026, 3, 16);
const BEGINNING: &str = "2026-03-16T00:00:00Z";

/// Wall clock, steady clock and the sandbox's in one.
pub(crate) struct Hand(Mutex<Timestamp>);

impl SandboxClock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        SandboxClock::now(self)
    }
    fn steady(&self) -> SignedDuration {
        SandboxClock::now(self).duration_since(Timestamp::UNIX_EPOCH)
    }
    async fn sleep(&self, length: SignedDuration) {
        {
            let mut now = self.0.lock().unwrap();
            *now = now.checked_add(length).unwrap();
        }
        tokio::task::yield_now().await;
    }
}

pub(crate) type Service = Engine<Outside<Hand>>;

pub(crate) struct Estate {
    pub(crate) sandbox: Sandbox,
    clock: Arc<Hand>,
    token: tempfile::NamedTempFile,
}

impl Estate {
    pub(crate) async fn new(change: impl FnOnce(&mut SandboxOptions)) -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        let start: Timestamp = BEGINNING.parse().unwrap();
        let clock = Arc::new(Hand(Mutex::new(start)));
        let mut options = SandboxOptions::new(demo(1, start), clock.clone());
        options.static_token = Some(TOKEN.into());
        options.throttling = Throttling::Off;
        change(&mut options);
        Self { sandbox: Sandbox::start(options).await.unwrap(), clock, token: token_file() }
    }

    fn azure_options(&self) -> AzureOptions {
        let identity = IdentityOptions::TokenFile { path: self.token.path().to_owned() };
        let mut options = custom(&self.sandbox.base_url(), identity);
        options.watch.subscriptions = DEMO_SUBSCRIPTIONS.iter().map(|id| SubscriptionId::new(id)).collect();
        options.prices.sources = vec![PriceSource::Sheet, PriceSource::VmSizes, PriceSource::Retail];
        options.prices.retail_endpoint = self.sandbox.base_url();
        options.throttle = None;
        options.costs = true;
        options
    }

    /// An engine with a journal of its own.
    pub(crate) async fn engine(
        &self,
        source: BillSource,
        change: impl FnOnce(&mut EngineOptions),
    ) -> (tempfile::TempDir, Service) {
        let dir = tempfile::tempdir().unwrap();
        let engine = self.engine_in(dir.path(), (source, None), change).await;
        (dir, engine)
    }

    /// An engine on a journal.
    pub(crate) async fn engine_in(
        &self,
        dir: &Path,
        (source, folder): (BillSource, Option<&Path>),
        change: impl FnOnce(&mut EngineOptions),
    ) -> Service {
        let outside = Outside {
            witnesses: Default::default(),
            azure: Azure::new(self.azure_options(), self.clock.clone()).unwrap(),
            bills: folder.map(|folder| BillFolder::new(folder.to_owned())),
            store: Store::open(&dir.join("journal")).await.unwrap(),
            channels: Channels::default(),
            freeze: FileFreeze::new(dir.join("FREEZE"), None),
            clock: self.clock.clone(),
        };
        let mut options = engine_options(&Settings::default());
        options.reconciling = Some(Reconciling {
            source,
            after: Span::hours(72),
            look_back: Span::hours(35 * 24),
            tolerance: Tolerance { percent: Percent::new(2).unwrap(), seconds: 900 },
        });
        change(&mut options);
        let engine = Engine::new(Arc::new(outside), options);
        engine.recall().await.unwrap();
        engine
    }

    /// Moves the clock to an instant.
    pub(crate) fn at(&self, time: &str) {
        *self.clock.0.lock().unwrap() = time.parse().unwrap();
    }

    /// One sweep at an instant.
    pub(crate) async fn sweep_at(&self, engine: &Service, time: &str) {
        self.at(time);
        assert_eq!(engine.sweep_all().await.faults, []);
    }

    /// A sweep every twenty minutes until the first day is over, prices known from its first second on.
    pub(crate) async fn sweep_through_the_first_day(&self, engine: &Service) {
        for _ in 0..74 {
            assert_eq!(engine.sweep_all().await.faults, []);
            engine.refresh_prices().await.unwrap();
            Clock::sleep(&*self.clock, SignedDuration::from_mins(20)).await;
        }
    }

    /// How many questions about costs arrived.
    pub(crate) fn asked(&self) -> u64 {
        self.sandbox.recorder().count("cost-query")
    }

    /// How many an engine sent.
    pub(crate) fn asked_by(&self, engine: &Service) -> u64 {
        let counted = engine.world().api_use().requests;
        counted.iter().filter(|((name, _), _)| *name == "cost_query").map(|(_, count)| *count).sum()
    }

    /// A day of every bill as rows of an export.
    pub(crate) async fn export(&self, day: Date) -> Vec<String> {
        let azure = Azure::new(self.azure_options(), self.clock.clone()).unwrap();
        let question = BillQuestion {
            subscriptions: DEMO_SUBSCRIPTIONS.iter().map(|id| SubscriptionId::new(id)).collect(),
            days: DaySpan { first: day, last: day },
            read: BTreeSet::new(),
        };
        let billed = azure.bills(&question).await;
        let lines = billed.statements.iter().flat_map(|statement| &statement.lines);
        let row = |line: &lightsout::ledger::BillLine| {
            format!(
                "{},{},{},{},{},,{}",
                line.day,
                line.amount,
                line.currency,
                line.workspace,
                line.meter,
                line.quantity.unwrap()
            )
        };
        lines.map(row).collect()
    }
}

/// A sheet by which everything costs half of what is listed.
pub(crate) fn half_price() -> Arc<Sheet> {
    let (from, until) = (When::NONE, When::NONE);
    let terms = SheetTerms::Off(500_000);
    let line = SheetLine { size: "*".into(), region: None, terms, from, until, place: "prices.toml:1".into() };
    Arc::new(Sheet::new(vec![line], "digest"))
}

/// Writes an export into a folder, as of the week after.
pub(crate) fn put(folder: &Path, name: &str, rows: &[String]) {
    let path = folder.join(name);
    let header = "Date,CostInBillingCurrency,BillingCurrency,ResourceId,MeterName,MeterCategory,Quantity";
    let text = if rows.len() == 1 { rows[0].clone() } else { format!("{header}\n{}\n", rows.join("\n")) };
    std::fs::write(&path, text).unwrap();
    let at: Timestamp = "2026-03-25T00:00:00Z".parse().unwrap();
    File::options().write(true).open(&path).unwrap().set_modified(at.into()).unwrap();
}

//! The service's own counters, and the page that scrapes are answered with.

use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::body::Bytes;
use prometheus::core::Collector;
use prometheus::{Encoder, Histogram, HistogramOpts, IntCounter, IntCounterVec, Opts, Registry, TextEncoder};

use super::fleet;
use super::names::{self, Family};
use super::page::{Format, Page};
use super::tally::Tally;
use crate::ports::ApiUse;
use crate::report::FleetView;
use crate::units::{COMMIT, VERSION};

/// What is fixed at start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricsOptions {
    /// Whether each instance gets series of its own.
    pub instance_series: bool,
    /// How many instances at most; beyond, none, and a gauge says how many were left out.
    pub instance_series_max: usize,
    /// This binary's version.
    pub version: String,
    /// The commit that it was built from.
    pub commit: String,
    /// The time zone database's version.
    pub tzdb: String,
}

impl Default for MetricsOptions {
    fn default() -> Self {
        Self {
            instance_series: false,
            instance_series_max: 1_000,
            version: VERSION.to_owned(),
            commit: COMMIT.to_owned(),
            tzdb: "unknown".to_owned(),
        }
    }
}

/// Why metrics could not be set up: two families of one name, which is a mistake in this program.
#[derive(Debug, thiserror::Error)]
#[error("could not set up metrics")]
pub struct MetricsError(#[from] prometheus::Error);

/// Everything measured. Cheap to share: cloning shares.
#[derive(Debug, Clone)]
pub struct Metrics {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    options: MetricsOptions,
    registry: Registry,
    requests: IntCounterVec,
    heartbeats: IntCounterVec,
    refused: IntCounter,
    sweeps: Histogram,
    tally: Mutex<Tally>,
    page: RwLock<Page>,
}

fn opts(family: &Family) -> Opts {
    Opts::new(family.name, family.help)
}

fn enrol<C: Collector + Clone + 'static>(registry: &Registry, made: prometheus::Result<C>) -> Result<C, MetricsError> {
    let collector = made?;
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

impl Metrics {
    /// Everything at nought.
    ///
    /// # Errors
    /// When two families share a name.
    pub fn new(options: MetricsOptions) -> Result<Self, MetricsError> {
        let registry = Registry::new();
        let requests = enrol(&registry, IntCounterVec::new(opts(&names::HTTP_REQUESTS), names::HTTP_REQUESTS.labels))?;
        let heartbeats = enrol(&registry, IntCounterVec::new(opts(&names::HEARTBEATS), names::HEARTBEATS.labels))?;
        let refused = enrol(&registry, IntCounter::with_opts(opts(&names::HTTP_REFUSED)))?;
        // From a small fleet's sweep to one that waits for Azure's buckets.
        let buckets = vec![0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0];
        let histogram = HistogramOpts::new(names::SWEEP_LENGTHS.name, names::SWEEP_LENGTHS.help).buckets(buckets);
        let sweeps = enrol(&registry, Histogram::with_opts(histogram))?;
        #[cfg(target_os = "linux")]
        registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
        let page = RwLock::new(fleet::write_empty(&options));
        Ok(Self {
            inner: Arc::new(Inner {
                options,
                registry,
                requests,
                heartbeats,
                refused,
                sweeps,
                tally: Mutex::default(),
                page,
            }),
        })
    }

    /// Renders the page anew. Called once after each sweep; a view published again counts nothing twice.
    pub fn observe_sweep(&self, view: &FleetView, api: &ApiUse) {
        let inner = &*self.inner;
        let mut tally = inner.tally.lock().unwrap_or_else(PoisonError::into_inner);
        if tally.add(view)
            && let (Some(began), Some(ended)) = (view.last.began_at, view.last.ended_at)
        {
            inner.sweeps.observe(ended.duration_since(began).as_secs_f64());
        }
        let page = fleet::write(&inner.options, &tally, view, api);
        *inner.page.write().unwrap_or_else(PoisonError::into_inner) = page;
    }

    /// A request was answered. `path` is the route as declared, never as asked.
    pub fn answered(&self, path: &'static str, code: u16) {
        self.inner.requests.with_label_values(&[path, &code.to_string()]).inc();
    }

    /// A heartbeat came. `outcome` is `taken`, or the label of what was wrong with it.
    pub fn heartbeat(&self, outcome: &'static str) {
        self.inner.heartbeats.with_label_values(&[outcome]).inc();
    }

    /// A connection was closed for being one too many.
    pub fn connection_refused(&self) {
        self.inner.refused.inc();
    }

    /// The page in pieces: the fleet as rendered after the last sweep, then a few dozen lines about this process.
    #[must_use]
    pub fn pieces(&self, format: Format) -> Vec<Bytes> {
        let mut pieces = self.inner.page.read().unwrap_or_else(PoisonError::into_inner).pieces(format);
        pieces.push(Bytes::from(self.own(format)));
        if format == Format::OpenMetrics {
            pieces.push(Bytes::from_static(b"# EOF\n"));
        }
        pieces
    }

    /// The whole page in the classic format, for those who want one value.
    #[must_use]
    pub fn render(&self) -> Bytes {
        Bytes::from(self.pieces(Format::Classic).concat())
    }

    fn own(&self, format: Format) -> String {
        let mut text = Vec::new();
        if TextEncoder::new().encode(&self.inner.registry.gather(), &mut text).is_err() {
            return String::new();
        }
        let text = String::from_utf8(text).unwrap_or_default();
        match format {
            Format::Classic => text,
            Format::OpenMetrics => text.lines().map(open_head).collect(),
        }
    }
}

/// A line of the classic text as OpenMetrics has it: a counter's family lacks its samples' `_total`.
fn open_head(line: &str) -> String {
    match line.split_once("_total ") {
        Some((head, rest)) if head.starts_with("# ") => format!("{head} {rest}\n"),
        Some(_) | None => format!("{line}\n"),
    }
}

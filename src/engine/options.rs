//! How the engine paces itself.

use super::accounts::Accounting;
use super::reconcile::Reconciling;
use super::telling::Telling;
use crate::facts::SourceSet;
use crate::guard::Bounds;
use crate::units::Span;

/// Settings of the engine; every one a setting of `lightsout.toml`.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// How often a workspace is read.
    pub interval: Span,
    /// A workspace in which everything is off, with no deadline and no edge near, is read in every so-many-th interval.
    pub quiet: u32,
    /// How often workspaces are looked for.
    pub discovery_interval: Span,
    /// How many workspaces are read side by side.
    pub concurrency: usize,
    /// How long reading one workspace may take.
    pub workspace_deadline: Span,
    /// After so long a stop that was taken and has not come about is called out.
    pub stop_deadline: Span,
    /// How many stops may run side by side, at most (G7 starts at one).
    pub concurrent_stops_max: usize,
    /// Bounds of the guard.
    pub bounds: Bounds,
    /// How late an announced stop may be without a new warning; none: the usual half hour. Longer for those who sweep
    /// once and rarely, from cron.
    pub stale_after: Option<jiff::SignedDuration>,
    /// The release of the time zone data; none when nobody knows.
    pub zone_data: Option<std::sync::Arc<str>>,
    /// How money is counted.
    pub accounting: Accounting,
    /// How people are told.
    pub telling: Telling,
    /// How the ledger is compared with Azure's bill; none: it is not.
    pub reconciling: Option<Reconciling>,
    /// The sources of activity that the settings name: the last word of any other has ended.
    pub sources: SourceSet,
    /// So long after the start agents may not have reported yet, and what one would say is awaited; none: nobody reports, or
    /// nobody is waited for.
    pub agents_await: Option<Span>,
    /// Called at labelled points between intent and outcome; only the crash tests give one.
    pub at_point: Option<fn(&'static str)>,
}

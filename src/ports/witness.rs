//! Evidence of use from outside Azure Resource Manager: whoever can tell is asked the same question.

use std::future::Future;
use std::sync::Arc;

use jiff::Timestamp;
use thin_vec::ThinVec;

use super::Fault;
use crate::facts::{Created, DiskSight, Source, SourceSet, Track, WorkspaceFacts};
use crate::policy::PromqlQuestion;
use crate::units::{InstanceId, Region, Span};

/// What is asked about one instance that is on.
#[derive(Debug, Clone)]
pub struct Question {
    /// Which instance.
    pub instance: InstanceId,
    /// Which life of its name.
    pub created: Created,
    /// Its region: metrics are asked for by it.
    pub region: Region,
    /// Its workspace.
    pub workspace: Arc<WorkspaceFacts>,
    /// How far back the account should reach, where the source can look back.
    pub window: Span,
    /// The accounts that saw use when they were given and were not taken back since: whoever gave one does that.
    pub busy: ThinVec<Track>,
    /// What its policy asks Prometheus.
    pub promql: Option<Arc<PromqlQuestion>>,
}

/// What was heard.
#[derive(Debug, Default)]
pub struct Heard {
    /// Accounts, each whole in itself. Of an instance that a source knows nothing of there is none.
    pub tracks: Vec<(InstanceId, Track)>,
    /// Disks.
    pub disks: Vec<(InstanceId, DiskSight)>,
    /// Sources that failed, for whom. What they said before stays, and goes stale.
    pub faults: Vec<(Source, Fault)>,
}

impl Heard {
    /// With what another source said.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.tracks.extend(other.tracks);
        self.disks.extend(other.disks);
        self.faults.extend(other.faults);
        self
    }
}

/// Whoever can tell of use.
pub trait Witness: Send + Sync {
    /// The sources there are. Without any nobody is asked.
    fn sources(&self) -> SourceSet;
    /// Takes note of instances that are known of, governed or not: a source that goes by their names may mean any of them.
    fn meet(&self, _instances: &[InstanceId], _now: Timestamp) {}
    /// Asks every source about these instances, at `now`. It ends in bounded time whatever the sources do.
    fn ask(&self, questions: &[Question], now: Timestamp) -> impl Future<Output = Heard> + Send;
}

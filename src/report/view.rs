//! The fleet as every face shows it: one value, published after each sweep.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thin_vec::ThinVec;

use super::SweepReport;
use super::budget::BudgetView;
use super::label::{self, Label};
use super::money::MoneyView;
use super::staleness::StalenessView;
use super::telling::TellingView;
use crate::facts::{Evidence, Freeze, Hold, InstanceFacts, Proposal, SHARDS};
use crate::guard::{FleetSight, Refusal};
use crate::policy::Mode;
use crate::rules::{NativeFinding, StartFinding, Verdict};
use crate::units::{InstanceId, PolicyId, Region, When, WorkspaceId};

/// One instance: its facts and the decision about it. Ungoverned instances have no verdict.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InstanceView {
    /// As observed.
    pub facts: Arc<InstanceFacts>,
    /// What sources beside Azure Resource Manager said of its use.
    #[serde(default)]
    pub evidence: Option<Arc<Evidence>>,
    /// When it was last seen; the facts are as old as the last change of them.
    #[serde(default)]
    pub seen_at: When,
    /// As decided; as old as the last change of it.
    pub verdict: Option<Arc<Verdict>>,
    /// What there is to say of Azure's own timers on it; mostly nothing.
    #[serde(default, skip_serializing_if = "ThinVec::is_empty")]
    pub native: ThinVec<NativeFinding>,
    /// What there is to say of starting it when its hours begin; only of what is off, and where a policy starts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Box<StartFinding>>,
    /// Since when it should be off and is not.
    pub overdue_since: When,
    /// Why its stop, or the warning of it, did not go ahead when it was last decided about.
    #[serde(default)]
    pub held_back: Option<Refusal>,
    /// Its holds in force; mostly none.
    pub holds: ThinVec<Hold>,
    /// First sighting of it off without a break; see [`crate::rules::off_since`].
    #[serde(default, skip_serializing_if = "When::is_none")]
    pub off_since: When,
}

/// One workspace.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WorkspaceView {
    /// Its id.
    pub id: WorkspaceId,
    /// Its region.
    pub region: Region,
    /// Which policy governs it; none: nobody's, or a conflict that is named in the fault.
    pub policy: Option<PolicyId>,
    /// When it was last read.
    pub read_at: Option<Timestamp>,
    /// How long reading took, in milliseconds.
    pub read_ms: u64,
    /// What is wrong with it now, with the remedy.
    pub fault: Option<String>,
    /// The label of that fault.
    #[serde(deserialize_with = "label::maybe")]
    pub fault_label: Option<Label>,
    /// Its instances by id.
    pub instances: Vec<InstanceView>,
    /// Computes of other types.
    pub skipped: u32,
}

/// One policy as loaded.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PolicyView {
    /// Its name.
    pub id: PolicyId,
    /// Its file.
    pub file: Arc<str>,
    /// Its revision.
    pub revision: Arc<str>,
    /// Observe or enforce.
    pub mode: Mode,
    /// The zone of its hours, by its IANA name.
    pub zone: Option<String>,
    /// Held to a share of the fleet until then, being changed lately (G19).
    pub canary_until: Option<Timestamp>,
}

/// How much of a fleet one view shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartOfFleet {
    /// So many of its shards.
    pub shards: u16,
    /// True where what is known once of the fleet – how people are told, sums, bills – is known by whoever made the view.
    pub leads: bool,
}

/// All of it.
impl Default for PartOfFleet {
    fn default() -> Self {
        Self { shards: SHARDS, leads: true }
    }
}

/// The whole fleet at one moment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FleetView {
    /// When it was published.
    pub at: Timestamp,
    /// Frozen?
    pub freeze: Freeze,
    /// Every workspace.
    pub workspaces: BTreeMap<WorkspaceId, WorkspaceView>,
    /// Every policy.
    pub policies: Vec<PolicyView>,
    /// When the policies were last loaded, and whether that worked: the diagnostics when not.
    pub reload: Result<Timestamp, String>,
    /// How well the fleet is seen.
    pub sight: FleetSight,
    /// How old what is known became between readings.
    #[serde(default)]
    pub staleness: StalenessView,
    /// How well people are told.
    #[serde(default)]
    pub telling: TellingView,
    /// What it costs.
    #[serde(default)]
    pub money: MoneyView,
    /// Every allowance of this month.
    #[serde(default)]
    pub budgets: Arc<Vec<BudgetView>>,
    /// Proposals to delete what stays off: open, kept, and those that ended lately; in the order of their instances.
    #[serde(default)]
    pub proposals: Arc<Vec<Proposal>>,
    /// What policies that only observe would propose, in order.
    #[serde(default)]
    pub would_delete: Arc<Vec<InstanceId>>,
    /// The last sweep.
    pub last: Arc<SweepReport>,
    /// Which part of the fleet this is.
    #[serde(default)]
    pub part: PartOfFleet,
}

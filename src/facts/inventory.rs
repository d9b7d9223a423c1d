//! One workspace's instances at one moment, and whether that is all of them.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{InstanceFacts, Tags};
use crate::units::{Region, WorkspaceId};

/// A workspace as discovered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkspaceFacts {
    /// Its ARM id.
    pub id: WorkspaceId,
    /// Its region: ARM's token buckets are kept per subscription and region.
    pub region: Region,
    /// Its tags, for scopes.
    pub tags: Tags,
}

/// Whether an inventory can be trusted to hold every instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Completeness {
    /// Every page was read, every item understood.
    Whole,
    /// Items were left out (quarantined), each named here; the rest stands.
    Partial(Vec<String>),
}

/// One workspace at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// Which workspace.
    pub workspace: WorkspaceId,
    /// When reading began.
    pub taken_at: Timestamp,
    /// Is it all of them?
    pub completeness: Completeness,
    /// Its compute instances, ordered by id, one record an id.
    pub instances: Vec<Arc<InstanceFacts>>,
    /// Computes of other types: counted, never governed.
    pub skipped: u32,
}

//! A VM size as Azure Machine Learning lists it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// What is known of a VM size in a region beside its price. A number that Azure did not give is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeFacts {
    /// Its name as the list spells it.
    pub name: Arc<str>,
    /// Its family, by which quota is counted; empty when it was not given.
    pub family: Arc<str>,
    /// vCPUs: what an instance holds of the quota, running or stopped.
    pub vcpus: Option<u32>,
    /// GPUs.
    pub gpus: Option<u32>,
}

//! Which part of an instance a meter of the bill pays for.

use serde::{Deserialize, Serialize};

/// A part of an instance that has meters of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The machine while it is allocated.
    Compute,
    /// Its OS disk.
    Disk,
    /// Its public address.
    PublicIp,
    /// Its load balancer.
    LoadBalancer,
    /// What the ledger does not meter: data, operations, whatever else a workspace is billed for.
    Other,
}

/// Words of meters of data and operations, which are never a machine, a disk or an address: `Standard Data Processed`,
/// `S10 LRS Disk Operations`.
const DATA: [&str; 8] =
    ["data ", "operations", "bandwidth", "egress", "ingress", "snapshot", "transactions", "requests"];
/// Reduced prices that no compute instance has: clusters have them, under the same workspace.
const REDUCED: [&str; 2] = ["low priority", "spot"];

impl Part {
    /// Every part.
    pub const ALL: [Self; 5] = [Self::Compute, Self::Disk, Self::PublicIp, Self::LoadBalancer, Self::Other];

    /// The word of journal, reports and metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Disk => "disk",
            Self::PublicIp => "public_ip",
            Self::LoadBalancer => "load_balancer",
            Self::Other => "other",
        }
    }

    /// The part of that word.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.label() == label)
    }

    /// By the words of a meter (FACTS 6.4 names those of the parts, FACTS 6.2 how sizes are called) and its category, which
    /// may be empty: a query can be grouped by two things alone, and those are resource and meter.
    #[must_use]
    pub fn of_meter(meter: &str, category: &str) -> Self {
        let words = meter.to_ascii_lowercase();
        let has = |list: &[&str]| list.iter().any(|word| words.contains(word));
        if has(&DATA) || has(&REDUCED) {
            Self::Other
        } else if words.contains("disk") {
            // `P10 LRS Disk`
            Self::Disk
        } else if words.contains("public ip") || words.contains("ip address") {
            // `Standard IPv4 Static Public IP`
            Self::PublicIp
        } else if words.contains("lb rules") || words.contains("load balancer") {
            // `Standard Included LB Rules and Outbound Rules`
            Self::LoadBalancer
        } else if category.eq_ignore_ascii_case("virtual machines") || (category.is_empty() && is_size(meter)) {
            Self::Compute
        } else {
            Self::Other
        }
    }

    /// How many seconds one unit of its meter's quantity stands for: hours, and for disks months of 730 hours.
    #[must_use]
    pub const fn unit_seconds(self) -> i64 {
        match self {
            Self::Disk => 730 * 3_600,
            Self::Compute | Self::PublicIp | Self::LoadBalancer | Self::Other => 3_600,
        }
    }
}

/// A meter that is called as a VM size is: one to four capitals and a digit, such as `D3 v2/DS3 v2` or `NC24ads A100 v4`.
fn is_size(meter: &str) -> bool {
    let letters = meter.bytes().take_while(u8::is_ascii_uppercase).count();
    let digit = meter.as_bytes().get(letters).is_some_and(u8::is_ascii_digit);
    (1..=4).contains(&letters) && digit
}

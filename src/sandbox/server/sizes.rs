//! The VM sizes of a region as ARM lists them, most with an estimate of their price.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::spec::{VM_SIZES, VmSize};
use super::super::world::PriceList;
use super::answer::{Answer, number};
use super::arm::has_subscription;
use super::errors;
use super::shared::Shared;

/// The estimates of a size: system, tier, and the share of the Linux price in percent.
const ESTIMATES: [(&str, &str, i128); 6] = [
    ("Windows", "LowPriority", 44),
    ("Linux", "LowPriority", 20),
    ("Windows", "Standard", 160),
    ("Linux", "Standard", 100),
    ("Linux", "Spot", 90),
    ("Windows", "Spot", 144),
];

impl Shared {
    /// The sizes of a region; where no workspace is, there are none.
    pub(super) fn vm_sizes(&self, subscription: &str, location: &str) -> Answer {
        let (world, now) = self.world_now();
        if !has_subscription(&world, subscription) {
            return errors::no_subscription(subscription);
        }
        let here = |region: &str| region.eq_ignore_ascii_case(location);
        let region =
            world.workspaces.iter().map(|workspace| workspace.spec.region.as_str()).find(|region| here(region));
        let sizes = |region: &str| VM_SIZES.iter().map(|size| written(size, world.prices(), (region, now))).collect();
        let sizes: Vec<Value> = region.map(sizes).unwrap_or_default();
        Answer::json(200, &json!({ "value": sizes }))
    }
}

fn written(size: &VmSize, prices: &PriceList, (region, now): (&str, Timestamp)) -> Value {
    let mut written = json!({
        "name": size.name,
        "family": size.family,
        "vCPUs": size.vcpus,
        "gpus": size.gpus,
        "osVhdSizeMB": 1_047_552,
        "maxResourceVolumeMB": size.resource_volume_mb,
        "memoryGB": number(i128::from(size.memory_gb), 0),
        "lowPriorityCapable": true,
        "premiumIO": size.premium_io,
        "supportedComputeTypes": if size.instances { vec!["AmlCompute", "ComputeInstance"] } else { vec!["AmlCompute"] },
    });
    let price = prices.listed(size.name, region, now).filter(|_| size.estimated);
    if let (Some((_, rate)), Value::Object(members)) = (price, &mut written) {
        members.insert("estimatedVMPrices".into(), estimates(i128::from(rate.as_billionths())));
    }
    written
}

fn estimates(price: i128) -> Value {
    let value = |(system, tier, share): (&str, &str, i128)| {
        let price = price.saturating_mul(share).checked_div(100).unwrap_or(price);
        json!({ "retailPrice": number(price, 9), "osType": system, "vmTier": tier })
    };
    json!({ "billingCurrency": "USD", "unitOfMeasure": "OneHour", "values": ESTIMATES.map(value) })
}

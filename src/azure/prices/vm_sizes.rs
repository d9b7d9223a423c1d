//! Asking Azure Machine Learning for the VM sizes of a region: one call a region, by any subscription of the fleet there.

use futures_util::StreamExt as _;
use serde_json::value::RawValue;

use super::desk::by_region;
use super::estimates::{Listed, quote};
use crate::azure::error::{Act, AzureError};
use crate::azure::fleet::{Azure, unreadable};
use crate::azure::paging::{List, each_page};
use crate::azure::transport::Lane;
use crate::azure::usage::operation;
use crate::azure::wire::Page;
use crate::ledger::{NoPrice, PriceKey, PriceSource, Quote};
use crate::ports::{Clock, Fault, FaultKind, Quoted};
use crate::rights::PRICE_ACTION;
use crate::units::Region;

/// Sizes of one region; Azure has some hundreds.
const SIZES_MAX: usize = 20_000;
/// Regions asked at once.
const ASKED_AT_ONCE: usize = 4;

impl<C: Clock> Azure<C> {
    /// Asks for these; what a region could not say costs that region alone.
    pub(super) async fn ask_vm_sizes(&self, keys: &[PriceKey]) -> Quoted {
        let regions = by_region(keys);
        let mut answered: Vec<_> = futures_util::stream::iter(regions.keys().cloned())
            .map(|region| async move {
                let found = self.sizes_of(&region).await;
                (region, found)
            })
            .buffer_unordered(ASKED_AT_ONCE)
            .collect()
            .await;
        answered.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut quoted = Quoted { source: PriceSource::VmSizes, answers: Vec::new(), faults: Vec::new() };
        let at = self.line.clock.now();
        for (region, found) in answered {
            match found {
                Err(fault) => quoted.faults.push(fault),
                Ok(listed) => {
                    let keys = regions.get(&region).into_iter().flatten();
                    quoted.answers.extend(keys.map(|key| (key.clone(), self.priced(&listed, key, at))));
                }
            }
        }
        quoted
    }

    fn priced(&self, listed: &[Listed], key: &PriceKey, at: jiff::Timestamp) -> Result<Quote, NoPrice> {
        if let Some(one) = listed.iter().find(|one| one.facts.name.trim().eq_ignore_ascii_case(key.size())) {
            self.desk.learn(key.clone(), one.facts.clone());
        }
        quote(listed, key, at)
    }

    async fn sizes_of(&self, region: &Region) -> Result<Vec<Listed>, Fault> {
        let doing = format!("read the VM sizes of {region}");
        let Some(subscription) = self.desk.home(region) else {
            return Err(Fault::new(
                FaultKind::Unreachable,
                format!("{doing}: no subscription of the fleet is known yet"),
            ));
        };
        let lane = Lane { subscription, region: region.clone() };
        let found = self.read_sizes(&lane).await;
        found.map_err(|error| {
            let is_denied = error.kind(Act::Read) == FaultKind::Denied;
            let needs = || format!("{doing} at subscription {}, which needs {PRICE_ACTION}", lane.subscription);
            error.fault(Act::Read, if is_denied { needs() } else { doing.clone() })
        })
    }

    async fn read_sizes(&self, lane: &Lane) -> Result<Vec<Listed>, AzureError> {
        let segments = [
            "subscriptions",
            lane.subscription.as_str(),
            "providers",
            "Microsoft.MachineLearningServices",
            "locations",
            lane.region.as_str(),
            "vmSizes",
        ];
        let version = &self.options.api_version;
        let first = self.line.origin.build(&segments, version);
        let mut all = Vec::new();
        let list = List { operation: operation::VM_SIZES, lane, api_version: version, first };
        each_page(&self.line, list, |_, body| {
            let page = serde_json::from_slice::<Page<'_, &RawValue>>(body).map_err(|error| unreadable(&error))?;
            all.extend(page.value.into_iter().filter_map(Listed::read));
            if all.len() > SIZES_MAX {
                return Err(AzureError::Endless("it has more than 20,000 sizes"));
            }
            Ok(page.next_link.map(|link| link.0.into_owned()).filter(|link| !link.is_empty()))
        })
        .await?;
        Ok(all)
    }
}

//! What asking for prices needs and remembers: the public list's client, the sheet, where the fleet lives, known sizes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::open_line::OpenLine;
use crate::azure::fleet::Azure;
use crate::azure::options::{AzureOptions, OptionsError};
use crate::azure::sending::Names;
use crate::facts::{SizeFacts, WorkspaceFacts};
use crate::ledger::{PriceKey, PriceSource, Sheet};
use crate::units::{Region, SubscriptionId};

/// See the module.
pub(in crate::azure) struct Desk {
    /// None where the public list is no source.
    pub(super) list: Option<OpenLine>,
    memory: Mutex<Memory>,
}

struct Memory {
    sheet: Arc<Sheet>,
    /// A subscription by region: any that has a workspace there may ask for that region's sizes.
    homes: BTreeMap<Region, SubscriptionId>,
    /// For regions without a workspace.
    anywhere: Option<SubscriptionId>,
    sizes: BTreeMap<PriceKey, SizeFacts>,
}

impl Desk {
    pub(in crate::azure) fn new(options: &AzureOptions, names: &Names) -> Result<Self, OptionsError> {
        let prices = &options.prices;
        let listed = prices.sources.contains(&PriceSource::Retail);
        let watch = &options.watch;
        let of_groups = watch.resource_groups.iter().map(|(subscription, _)| subscription);
        let of_workspaces = watch.workspaces.iter().map(|workspace| workspace.subscription());
        let memory = Memory {
            sheet: Arc::clone(&prices.sheet),
            homes: BTreeMap::new(),
            anywhere: watch.subscriptions.iter().chain(of_groups).chain(of_workspaces).next().cloned(),
            sizes: BTreeMap::new(),
        };
        Ok(Self {
            list: if listed { Some(OpenLine::new(prices, options, names)?) } else { None },
            memory: Mutex::new(memory),
        })
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes where the fleet lives. The first subscription of a region stays its home, so that its answers do not wander.
    pub(in crate::azure) fn settle_in<'w>(&self, workspaces: impl Iterator<Item = &'w WorkspaceFacts>) {
        let mut memory = self.memory();
        for workspace in workspaces {
            let home = memory.homes.entry(workspace.region.clone());
            home.or_insert_with(|| workspace.id.subscription().clone());
        }
    }

    /// The subscription that asks for a region.
    pub(super) fn home(&self, region: &Region) -> Option<SubscriptionId> {
        let memory = self.memory();
        let any = || memory.anywhere.as_ref().or_else(|| memory.homes.values().next());
        memory.homes.get(region).or_else(any).cloned()
    }

    /// The sheet in force.
    pub(super) fn sheet(&self) -> Arc<Sheet> {
        Arc::clone(&self.memory().sheet)
    }

    /// A size, when a list of VM sizes had it.
    pub(super) fn size(&self, key: &PriceKey) -> Option<SizeFacts> {
        self.memory().sizes.get(key).cloned()
    }

    /// Notes a size.
    pub(super) fn learn(&self, key: PriceKey, size: SizeFacts) {
        self.memory().sizes.insert(key, size);
    }

    fn replace_sheet(&self, sheet: Arc<Sheet>) -> bool {
        let old = std::mem::replace(&mut self.memory().sheet, Arc::clone(&sheet));
        old != sheet
    }
}

impl<C> Azure<C> {
    /// Prices by this sheet from now on; true when it is another one than before.
    pub fn use_sheet(&self, sheet: Arc<Sheet>) -> bool {
        self.desk.replace_sheet(sheet)
    }
}

/// Each key once, by its region, in their order.
pub(super) fn by_region(keys: &[PriceKey]) -> BTreeMap<Region, Vec<PriceKey>> {
    let mut regions: BTreeMap<Region, Vec<PriceKey>> = BTreeMap::new();
    for key in keys {
        let of_region = regions.entry(key.region().clone()).or_default();
        if !of_region.contains(key) {
            of_region.push(key.clone());
        }
    }
    regions
}

//! The ways to the metrics of each region: an origin and a pin of its own, one token for all.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::Client;

use crate::azure::credential::Identity;
use crate::azure::error::AzureError;
use crate::azure::options::{AzureOptions, OptionsError};
use crate::azure::origin::Origin;
use crate::azure::sending::{Names, arm_client, token_client};
use crate::azure::tokens::Tokens;
use crate::azure::transport::Line;
use crate::ports::Clock;
use crate::units::Region;

use super::options::{MonitorOptions, valid};

/// See the module.
pub(super) struct Regions<C> {
    client: Client,
    tokens: Arc<Tokens<C>>,
    lines: Mutex<BTreeMap<Region, Arc<Line<C>>>>,
}

impl<C: Clock> Regions<C> {
    pub(super) fn new(
        monitor: &MonitorOptions,
        options: &AzureOptions,
        clock: &Arc<C>,
        names: &Names,
    ) -> Result<Self, OptionsError> {
        let origin = valid(monitor, &options.cloud, &options.identity)?;
        let arm = options.origin()?;
        let identity =
            Identity::new(options, token_client(options, &arm, names)?).with_scope(monitor.scope(&options.cloud));
        Ok(Self {
            client: arm_client(options, &origin, names)?,
            tokens: Arc::new(Tokens::new(identity, Arc::clone(clock), options.timeouts.token)),
            lines: Mutex::default(),
        })
    }

    /// The way to a region's metrics, made when it is first needed.
    pub(super) fn line(
        &self,
        region: &Region,
        (monitor, options): (&MonitorOptions, &AzureOptions),
        main: &Line<C>,
    ) -> Result<Arc<Line<C>>, AzureError> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get(region) {
            return Ok(Arc::clone(line));
        }
        let odd = || AzureError::Unreadable(format!("`{}` is not the name of a region", region.as_str()));
        let endpoint = monitor.endpoint(&options.cloud, region).ok_or_else(odd)?;
        let origin = Origin::new(&endpoint).map_err(|_| odd())?;
        let line = Arc::new(main.beside(origin, Arc::clone(&self.tokens), self.client.clone(), options));
        lines.insert(region.clone(), Arc::clone(&line));
        Ok(line)
    }
}

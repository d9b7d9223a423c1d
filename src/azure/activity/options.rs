//! What asking about jobs and metrics needs to be told.

use jiff::SignedDuration;

use crate::azure::options::{Cloud, IdentityOptions, OptionsError};
use crate::azure::origin::Origin;
use crate::units::{Percent, Region};

/// Where the region stands in an endpoint.
const REGION: &str = "{region}";

/// Reading Azure Monitor's metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonitorOptions {
    /// A point of at least this share of CPU or GPU is use.
    pub busy_from: Percent,
    /// From one look to the next.
    pub refresh: SignedDuration,
    /// Where metrics are, with `{region}` for the region; none is the cloud's own place.
    pub endpoint: Option<String>,
    /// The scope to ask tokens for; none is the cloud's own.
    pub token_scope: Option<String>,
}

/// Reading lists of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobsOptions {
    /// From one look to the next.
    pub refresh: SignedDuration,
    /// Pages of one list that are read.
    pub pages_max: usize,
}

impl MonitorOptions {
    /// Where the metrics of a region are.
    pub(super) fn endpoint(&self, cloud: &Cloud, region: &Region) -> Option<String> {
        let name = region.as_str().to_ascii_lowercase();
        let is_plain = !name.is_empty() && name.len() <= 40 && name.bytes().all(|b| b.is_ascii_alphanumeric());
        let pattern = match (&self.endpoint, cloud) {
            (Some(pattern), _) => pattern.as_str(),
            (None, Cloud::Public) => "https://{region}.metrics.monitor.azure.com",
            (None, Cloud::China) => "https://{region}.metrics.monitor.azure.cn",
            // not verified against Azure (FACTS 8)
            (None, Cloud::UsGov) => "https://{region}.metrics.monitor.azure.us",
            (None, Cloud::Custom { .. }) => return None,
        };
        is_plain.then(|| pattern.replacen(REGION, &name, 1))
    }

    /// The scope of its tokens.
    pub(super) fn scope(&self, cloud: &Cloud) -> String {
        let of_cloud = || match cloud {
            Cloud::Public => "https://metrics.monitor.azure.com/.default".to_owned(),
            Cloud::China => "https://metrics.monitor.azure.cn/.default".to_owned(),
            Cloud::UsGov => "https://metrics.monitor.azure.us/.default".to_owned(),
            Cloud::Custom { .. } => cloud.token_scope(),
        };
        self.token_scope.clone().unwrap_or_else(of_cloud)
    }
}

/// The origin of some region's metrics: every other has the same scheme, and is as near or far.
pub(super) fn valid(
    options: &MonitorOptions,
    cloud: &Cloud,
    identity: &IdentityOptions,
) -> Result<Origin, OptionsError> {
    let shown = || options.endpoint.clone().unwrap_or_default().chars().take(120).collect::<String>();
    let endpoint = options.endpoint(cloud, &Region::new("region"));
    let origin = endpoint.and_then(|endpoint| Origin::new(&endpoint).ok());
    let origin = origin.ok_or_else(|| OptionsError::MetricsEndpoint(shown()))?;
    if matches!(identity, IdentityOptions::TokenFile { .. }) && !origin.is_loopback() {
        return Err(OptionsError::TokenFileNotLoopback(origin.host().to_owned()));
    }
    Ok(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(endpoint: Option<&str>) -> MonitorOptions {
        MonitorOptions {
            busy_from: Percent::NONE,
            refresh: SignedDuration::from_mins(5),
            endpoint: endpoint.map(str::to_owned),
            token_scope: None,
        }
    }

    #[test]
    fn each_cloud_and_region_has_its_own_place() {
        let of = |cloud: &Cloud, region: &str| options(None).endpoint(cloud, &Region::new(region));
        assert_eq!(of(&Cloud::Public, "WestEurope").as_deref(), Some("https://westeurope.metrics.monitor.azure.com"));
        assert_eq!(of(&Cloud::China, "chinanorth3").as_deref(), Some("https://chinanorth3.metrics.monitor.azure.cn"));
        for odd in ["", "west europe", "a.example.org/", "x@y", "east-us"] {
            assert_eq!(of(&Cloud::Public, odd), None, "{odd}");
        }
        assert_eq!(options(None).scope(&Cloud::Public), "https://metrics.monitor.azure.com/.default");
    }

    #[test]
    fn a_token_from_a_file_goes_to_this_machine_alone() {
        let custom = Cloud::Custom {
            arm_endpoint: "http://127.0.0.1:1".to_owned(),
            token_scope: String::new(),
            authority_host: String::new(),
        };
        let file = IdentityOptions::TokenFile { path: "/nowhere".into() };
        let managed = IdentityOptions::Managed(crate::azure::ManagedId::SystemAssigned);
        assert!(valid(&options(Some("http://127.0.0.1:1")), &custom, &file).is_ok());
        let far = options(Some("https://{region}.metrics.example.org"));
        assert!(matches!(valid(&far, &custom, &file), Err(OptionsError::TokenFileNotLoopback(_))));
        assert!(valid(&far, &custom, &managed).is_ok());
        for bad in [None, Some("http://metrics.example.org"), Some("https://{region}.example.org/x"), Some("metrics")] {
            assert!(
                matches!(valid(&options(bad), &custom, &managed), Err(OptionsError::MetricsEndpoint(_))),
                "{bad:?}"
            );
        }
    }
}

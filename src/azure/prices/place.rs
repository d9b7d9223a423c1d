//! Where the public price list is, and the only URLs that are read there.

use std::fmt;

use url::Url;

use crate::azure::options::OptionsError;
use crate::azure::origin::{Foreign, Origin};

/// The list's path on its host.
const PATH: &str = "/api/retail/prices";

/// A URL of the price list. It is no [`PinnedUrl`](crate::azure::PinnedUrl), so that no bearer can be attached to it (I10).
#[derive(Clone, PartialEq, Eq)]
pub(in crate::azure) struct PriceUrl(Url);

impl PriceUrl {
    /// The parsed URL.
    pub(in crate::azure) const fn url(&self) -> &Url {
        &self.0
    }

    /// As it is compared and measured.
    pub(super) fn text(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Debug for PriceUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PriceUrl({})", self.0)
    }
}

/// The host of the price list.
#[derive(Debug)]
pub(super) struct Place {
    origin: Origin,
}

impl Place {
    /// Reads an endpoint as written in settings.
    pub(super) fn new(endpoint: &str) -> Result<Self, OptionsError> {
        let wrong = |_| OptionsError::PriceEndpoint(endpoint.chars().take(120).collect());
        Ok(Self { origin: Origin::new(endpoint).map_err(wrong)? })
    }

    /// Its origin, for the client's TLS.
    pub(super) const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// A question of our own making.
    pub(super) fn ask(&self, query: &str) -> PriceUrl {
        PriceUrl(self.origin.open(PATH, query))
    }

    /// A `NextPageLink`: the same origin, with port 443 written out or not, and the list itself.
    pub(super) fn next(&self, link: &str) -> Result<PriceUrl, Foreign> {
        let url = self.origin.followed(link)?;
        if url.path() == PATH { Ok(PriceUrl(url)) } else { Err(Foreign::NotPrices) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place::new("https://prices.azure.com").unwrap()
    }

    #[test]
    fn the_next_page_is_of_the_same_list() {
        for good in [
            "https://prices.azure.com:443/api/retail/prices?$filter=serviceName%20eq%20%27Virtual%20Machines%27&$skip=1000",
            "https://prices.azure.com/api/retail/prices?$skip=1000",
            "/api/retail/prices?$skip=1000",
        ] {
            assert!(place().next(good).is_ok(), "{good}");
        }
        for bad in [
            "http://prices.azure.com/api/retail/prices?$skip=1000",
            "https://prices.azure.com:8443/api/retail/prices",
            "https://prices.azure.com.evil.example/api/retail/prices",
            "https://user@prices.azure.com/api/retail/prices",
            "https://169.254.169.254/api/retail/prices",
            "https://prices.azure.com/api/retail/prices/../../metadata",
            "https://prices.azure.com/api/retail",
            "//evil.example/api/retail/prices",
            "",
        ] {
            assert!(place().next(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_endpoint_is_an_origin_in_the_clear_on_loopback_only() {
        for good in ["https://prices.azure.com", "http://127.0.0.1:8080", "https://prices.azure.com/"] {
            assert!(Place::new(good).is_ok(), "{good}");
        }
        for bad in ["http://prices.azure.com", "https://prices.azure.com/api", "prices.azure.com", ""] {
            let error = Place::new(bad).unwrap_err().to_string();
            assert!(error.starts_with("prices.retail_endpoint `"), "{error}");
        }
    }
}

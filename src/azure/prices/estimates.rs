//! A list of VM sizes as Azure Machine Learning sends it, and the price it estimates for each. Pure.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::row::{text, written};
use super::select::{Offer, only, price};
use crate::azure::words::clean;
use crate::facts::SizeFacts;
use crate::ledger::{NoPrice, PriceKey, PriceSource, Quote};
use crate::units::When;

/// One size; every field may be absent, and of any type.
#[derive(Debug, Deserialize)]
struct Wire<'a> {
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    family: Option<&'a RawValue>,
    #[serde(rename = "vCPUs", borrow)]
    vcpus: Option<&'a RawValue>,
    #[serde(borrow)]
    gpus: Option<&'a RawValue>,
    #[serde(rename = "estimatedVMPrices", borrow)]
    prices: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Estimates<'a> {
    #[serde(borrow)]
    billing_currency: Option<&'a RawValue>,
    #[serde(borrow)]
    unit_of_measure: Option<&'a RawValue>,
    #[serde(borrow)]
    values: Option<Vec<&'a RawValue>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Estimate<'a> {
    #[serde(borrow)]
    retail_price: Option<&'a RawValue>,
    #[serde(borrow)]
    os_type: Option<&'a RawValue>,
    #[serde(borrow)]
    vm_tier: Option<&'a RawValue>,
}

/// One size of the list, with what it asks for an hour of Linux, dedicated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) facts: SizeFacts,
    pub(super) offers: Vec<Offer>,
}

impl Listed {
    /// Reads one item; none of what is no size with a name.
    pub(super) fn read(raw: &RawValue) -> Option<Self> {
        let wire: Wire<'_> = serde_json::from_str(raw.get()).ok()?;
        let name = Some(text(wire.name)).filter(|name| !name.trim().is_empty())?;
        let count = |raw: Option<&RawValue>| raw.and_then(|raw| raw.get().parse().ok());
        let offers = wire.prices.map(|raw| offers(raw, &name)).unwrap_or_default();
        let facts = SizeFacts {
            name: name.into(),
            family: text(wire.family).into(),
            vcpus: count(wire.vcpus),
            gpus: count(wire.gpus),
        };
        Some(Self { facts, offers })
    }
}

fn offers(raw: &RawValue, name: &str) -> Vec<Offer> {
    let offer = |price| Offer {
        price,
        effective: When::NONE,
        meter: clean(&format!("estimatedVMPrices of {name}, Linux, Standard")),
    };
    let Ok(estimates) = serde_json::from_str::<Estimates<'_>>(raw.get()) else {
        return vec![offer(Err("its estimatedVMPrices cannot be understood".to_owned()))];
    };
    let unit = text(estimates.unit_of_measure);
    let currency = text(estimates.billing_currency);
    let of = |raw: &RawValue| {
        let one: Estimate<'_> = serde_json::from_str(raw.get()).ok()?;
        let is_ours =
            text(one.os_type).eq_ignore_ascii_case("Linux") && text(one.vm_tier).eq_ignore_ascii_case("Standard");
        let hourly = unit.eq_ignore_ascii_case("OneHour");
        let wrong = || Err(format!("its unit is `{}`", clean(&unit)));
        is_ours.then(|| offer(if hourly { price(&written(one.retail_price), &currency) } else { wrong() }))
    };
    estimates.values.unwrap_or_default().into_iter().filter_map(of).collect()
}

/// The price of a size, from everything that the list of its region says under its name.
///
/// # Errors
/// Why there is none.
pub(super) fn quote(listed: &[Listed], key: &PriceKey, at: jiff::Timestamp) -> Result<Quote, NoPrice> {
    let ours = listed.iter().filter(|one| one.facts.name.trim().eq_ignore_ascii_case(key.size()));
    let (rate, offer) = only(ours.flat_map(|one| one.offers.clone()).collect())?;
    Ok(Quote {
        key: key.clone(),
        source: PriceSource::VmSizes,
        rate,
        fetched_at: at,
        effective: offer.effective,
        meter: offer.meter.into(),
        etag: "".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Region;

    fn listed(item: &str) -> Option<Listed> {
        Listed::read(&RawValue::from_string(item.to_owned()).unwrap())
    }

    fn size(name: &str, prices: &str) -> String {
        format!(
            r#"{{"name":"{name}","family":"standardDSv2Family","vCPUs":4,"gpus":0,"memoryGB":14.0,"estimatedVMPrices":{prices}}}"#
        )
    }

    fn values(values: &str) -> String {
        format!(r#"{{"billingCurrency":"USD","unitOfMeasure":"OneHour","values":[{values}]}}"#)
    }

    fn value(price: &str, os: &str, tier: &str) -> String {
        format!(r#"{{"retailPrice":{price},"osType":"{os}","vmTier":"{tier}"}}"#)
    }

    fn quoted(items: &[String]) -> Result<String, NoPrice> {
        let listed: Vec<Listed> = items.iter().filter_map(|item| listed(item)).collect();
        let key = PriceKey::new("Standard_DS3_v2", &Region::new("westeurope"));
        quote(&listed, &key, jiff::Timestamp::UNIX_EPOCH).map(|quote| quote.rate.to_string())
    }

    #[test]
    fn linux_and_dedicated_is_the_price() {
        let all = [
            value("0.55", "Windows", "Standard"),
            value("0.0586", "Linux", "LowPriority"),
            value("0.293", "Linux", "Standard"),
            value("0.03", "Linux", "Spot"),
        ];
        let item = size("STANDARD_DS3_V2", &values(&all.join(",")));
        assert_eq!(quoted(std::slice::from_ref(&item)), Ok("0.293 USD/h".into()));
        let facts = listed(&item).unwrap().facts;
        assert_eq!((&*facts.name, &*facts.family), ("STANDARD_DS3_V2", "standardDSv2Family"));
        assert_eq!((facts.vcpus, facts.gpus), (Some(4), Some(0)));
        let without: Vec<String> = all.iter().filter(|value| !value.contains("0.293")).cloned().collect();
        assert_eq!(quoted(&[size("Standard_DS3_v2", &values(&without.join(",")))]), Err(NoPrice::NotListed));
    }

    #[test]
    fn what_is_missing_or_odd_is_no_price() {
        let good = values(&value("0.293", "Linux", "Standard"));
        for (prices, says) in [
            ("null".to_owned(), NoPrice::NotListed),
            ("{}".to_owned(), NoPrice::NotListed),
            (values(""), NoPrice::NotListed),
            (values(r#"3,{"osType":1}"#), NoPrice::NotListed),
            ("7".to_owned(), NoPrice::Absurd("its estimatedVMPrices cannot be understood".into())),
            (good.replace("OneHour", "OneMonth"), NoPrice::Absurd("its unit is `OneMonth`".into())),
            (good.replace("USD", "?"), NoPrice::Absurd("its currency is `?`".into())),
            (good.replace("0.293", "0.0"), NoPrice::Absurd("it costs 0 USD/h".into())),
            (good.replace("0.293", "-1"), NoPrice::Absurd("its price reads `-1`".into())),
            (good.replace("0.293", "null"), NoPrice::Absurd("its price reads ``".into())),
        ] {
            assert_eq!(quoted(&[size("Standard_DS3_v2", &prices)]), Err(says), "{prices}");
        }
        let other = size("Standard_DS3_v2", &good.replace("0.293", "0.3"));
        let twice = [size("Standard_DS3_v2", &good), other];
        assert_eq!(quoted(&twice), Err(NoPrice::Ambiguous("0.293 USD/h, 0.3 USD/h".into())));
        let item = size("Standard_DS3_v2", &good);
        assert_eq!(quoted(&[item.clone(), item]), Ok("0.293 USD/h".into()));
        for none in ["{}", "[]", r#"{"name":""}"#, r#"{"name":7}"#] {
            assert_eq!(listed(none), None, "{none}");
        }
        let bare = listed(r#"{"name":"x","vCPUs":"4","gpus":-1}"#).unwrap();
        assert_eq!((bare.facts.vcpus, bare.facts.gpus, &*bare.facts.family), (None, None, ""));
    }
}

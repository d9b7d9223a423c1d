//! The rows of the public price list as they are sent: each field on its own, so that an odd one costs itself alone.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::azure::error::AzureError;
use crate::azure::fleet::unreadable;
use crate::azure::wire::Text;

/// One page.
#[derive(Debug, Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "Items", borrow)]
    items: Vec<&'a RawValue>,
    #[serde(rename = "NextPageLink", borrow, default)]
    next: Option<Text<'a>>,
}

/// What of an item is read. Every field may be absent, and of any type.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    #[serde(borrow)]
    service_name: Option<&'a RawValue>,
    #[serde(rename = "type", borrow)]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    arm_sku_name: Option<&'a RawValue>,
    #[serde(borrow)]
    arm_region_name: Option<&'a RawValue>,
    #[serde(borrow)]
    product_name: Option<&'a RawValue>,
    #[serde(borrow)]
    sku_name: Option<&'a RawValue>,
    #[serde(borrow)]
    meter_name: Option<&'a RawValue>,
    #[serde(borrow)]
    meter_id: Option<&'a RawValue>,
    #[serde(borrow)]
    unit_of_measure: Option<&'a RawValue>,
    #[serde(borrow)]
    currency_code: Option<&'a RawValue>,
    #[serde(borrow)]
    retail_price: Option<&'a RawValue>,
    #[serde(borrow)]
    tier_minimum_units: Option<&'a RawValue>,
    #[serde(borrow)]
    effective_start_date: Option<&'a RawValue>,
    #[serde(borrow)]
    effective_end_date: Option<&'a RawValue>,
}

/// One row. A text that is absent or no text is empty; numbers are kept as they are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) service: String,
    pub(super) kind: String,
    pub(super) size: String,
    pub(super) region: String,
    pub(super) product: String,
    pub(super) sku: String,
    pub(super) meter: String,
    pub(super) meter_id: String,
    pub(super) unit: String,
    pub(super) currency: String,
    pub(super) price: String,
    pub(super) tier: String,
    pub(super) from: String,
    /// None where the row does not end; one that cannot be read is some text.
    pub(super) until: Option<String>,
}

/// A text of JSON; empty for anything else.
pub(super) fn text(raw: Option<&RawValue>) -> String {
    raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
}

/// A value as it is written, never by way of a float (C2).
pub(super) fn written(raw: Option<&RawValue>) -> String {
    raw.map(|raw| raw.get().to_owned()).unwrap_or_default()
}

impl Row {
    /// Reads one item; none of what is no object, or says something twice.
    fn read(raw: &RawValue) -> Option<Self> {
        let item: Item<'_> = serde_json::from_str(raw.get()).ok()?;
        Some(Self {
            service: text(item.service_name),
            kind: text(item.kind),
            size: text(item.arm_sku_name),
            region: text(item.arm_region_name),
            product: text(item.product_name),
            sku: text(item.sku_name),
            meter: text(item.meter_name),
            meter_id: text(item.meter_id),
            unit: text(item.unit_of_measure),
            currency: text(item.currency_code),
            price: written(item.retail_price),
            tier: written(item.tier_minimum_units),
            from: text(item.effective_start_date),
            until: item.effective_end_date.map(|raw| text(Some(raw))),
        })
    }
}

/// The rows of one page, and what leads on.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) rows: Vec<Row>,
    /// Items that are no rows.
    pub(super) unreadable: usize,
    pub(super) next: Option<String>,
}

impl Rows {
    /// Reads a page.
    pub(super) fn read(body: &[u8]) -> Result<Self, AzureError> {
        let page: Envelope<'_> = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
        let count = page.items.len();
        let rows: Vec<Row> = page.items.into_iter().filter_map(Row::read).collect();
        let next = page.next.map(|link| link.0.into_owned()).filter(|link| !link.is_empty());
        Ok(Self { unreadable: count.saturating_sub(rows.len()), rows, next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_kept_to_its_last_digit_and_odd_fields_are_empty() {
        let body = br#"{"BillingCurrency":"USD","Items":[
            {"retailPrice":0.1000000000000000055,"armSkuName":"Standard_\u0046","type":7,"effectiveEndDate":null,"savingsPlan":[{}]},
            {"retailPrice":"0.1","effectiveEndDate":5}, 3, {"type":"a","type":"b"}],"NextPageLink":null,"Count":4}"#;
        let page = Rows::read(body).unwrap();
        assert_eq!((page.rows.len(), page.unreadable, page.next), (2, 2, None));
        assert_eq!((page.rows[0].price.as_str(), page.rows[0].size.as_str()), ("0.1000000000000000055", "Standard_F"));
        assert_eq!((page.rows[0].kind.as_str(), page.rows[0].until.as_deref()), ("", None));
        assert_eq!((page.rows[1].price.as_str(), page.rows[1].until.as_deref()), ("\"0.1\"", Some("")));
    }

    #[test]
    fn what_is_no_page_is_refused() {
        for body in ["", "[]", "{}", r#"{"Items":{}}"#, r#"{"Items":[{}"#, r#"{"Items":[],"NextPageLink":3}"#] {
            assert!(Rows::read(body.as_bytes()).is_err(), "{body}");
        }
    }
}

//! One row of the Retail Prices API, and how it is written.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::super::super::world::{mix, uuid_of};
use super::super::answer::number;

/// A service of Azure: name, id, family.
#[derive(Debug, Clone, Copy)]
pub(super) struct Service(pub(super) &'static str, pub(super) &'static str, pub(super) &'static str);

/// What a filter may ask about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    ArmRegionName,
    Location,
    MeterId,
    MeterName,
    ProductId,
    SkuId,
    ProductName,
    SkuName,
    ServiceName,
    ServiceId,
    ServiceFamily,
    PriceType,
    ArmSkuName,
}

impl Field {
    const ALL: [(&str, Self); 13] = [
        ("armRegionName", Self::ArmRegionName),
        ("location", Self::Location),
        ("meterId", Self::MeterId),
        ("meterName", Self::MeterName),
        ("productId", Self::ProductId),
        ("skuId", Self::SkuId),
        ("productName", Self::ProductName),
        ("skuName", Self::SkuName),
        ("serviceName", Self::ServiceName),
        ("serviceId", Self::ServiceId),
        ("serviceFamily", Self::ServiceFamily),
        ("priceType", Self::PriceType),
        ("armSkuName", Self::ArmSkuName),
    ];

    /// The field of a name; names are compared as they are.
    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
    }
}

/// One row.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) service: Service,
    pub(super) product: String,
    pub(super) sku: String,
    pub(super) meter: String,
    pub(super) meter_id: String,
    pub(super) region: String,
    pub(super) unit: &'static str,
    /// `Consumption`, `Reservation` or `DevTestConsumption`.
    pub(super) kind: &'static str,
    /// Empty for what is no VM size, and for some rows of those.
    pub(super) arm_sku: String,
    pub(super) primary: bool,
    /// Billionths of a dollar for a unit; of a reservation, for the whole term.
    pub(super) price: i128,
    pub(super) since: Timestamp,
    pub(super) term: Option<&'static str>,
    /// Billionths of a dollar an hour under a savings plan of three years and of one.
    pub(super) plans: Option<[i128; 2]>,
}

/// A currency and how many tenths of it a dollar is: exact, and the sandbox's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Currency(pub(super) &'static str, i128);

impl Currency {
    const ALL: [Self; 2] = [Self("USD", 10), Self("EUR", 9)];

    pub(super) fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.0 == code)
    }

    fn write(self, billionths: i128) -> Value {
        number(billionths.saturating_mul(self.1), 10)
    }
}

impl Row {
    /// What a filter compares.
    pub(super) fn field(&self, field: Field) -> String {
        let Service(name, id, family) = self.service;
        match field {
            Field::ArmRegionName => self.region.clone(),
            Field::Location => location(&self.region).to_owned(),
            Field::MeterId => self.meter_id.clone(),
            Field::MeterName => self.meter.clone(),
            Field::ProductId => self.product_id(),
            Field::SkuId => self.sku_id(),
            Field::ProductName => self.product.clone(),
            Field::SkuName => self.sku.clone(),
            Field::ServiceName => name.to_owned(),
            Field::ServiceId => id.to_owned(),
            Field::ServiceFamily => family.to_owned(),
            Field::PriceType => self.kind.to_owned(),
            Field::ArmSkuName => self.arm_sku.clone(),
        }
    }

    fn product_id(&self) -> String {
        format!("DZH318Z0{}", code(mix(0, &["product", &self.product])))
    }

    fn sku_id(&self) -> String {
        let term = self.term.unwrap_or_default();
        format!("{}/{}", self.product_id(), code(mix(0, &[&self.sku, &self.region, self.kind, term])))
    }

    /// Rows come by meter and article, which puts the right one anywhere.
    pub(super) fn place(&self) -> (String, String) {
        (self.meter_id.clone(), self.sku_id())
    }

    /// The row as JSON.
    pub(super) fn write(&self, currency: Currency, with_plans: bool) -> Value {
        let Service(service, service_id, family) = self.service;
        let price = currency.write(self.price);
        let mut row = json!({
            "currencyCode": currency.0,
            "tierMinimumUnits": number(0, 0),
            "retailPrice": price,
            "unitPrice": price,
            "armRegionName": self.region,
            "location": location(&self.region),
            "effectiveStartDate": self.since.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "meterId": self.meter_id,
            "meterName": self.meter,
            "productId": self.product_id(),
            "skuId": self.sku_id(),
            "productName": self.product,
            "skuName": self.sku,
            "serviceName": service,
            "serviceId": service_id,
            "serviceFamily": family,
            "unitOfMeasure": self.unit,
            "type": self.kind,
            "isPrimaryMeterRegion": self.primary,
            "armSkuName": self.arm_sku,
        });
        if let Value::Object(members) = &mut row {
            members.extend(self.sometimes(currency, with_plans));
        }
        row
    }

    /// The members that only some rows have.
    fn sometimes(&self, currency: Currency, with_plans: bool) -> Map<String, Value> {
        let mut members = Map::new();
        if let Some(term) = self.term {
            members.insert("reservationTerm".into(), json!(term));
        }
        if let Some(plans) = self.plans.filter(|_| with_plans) {
            let plan = |(price, term): (i128, &str)| json!({ "unitPrice": currency.write(price), "retailPrice": currency.write(price), "term": term });
            let plans: Vec<Value> = plans.into_iter().zip(["3 Years", "1 Year"]).map(plan).collect();
            members.insert("savingsPlan".into(), json!(plans));
        }
        members
    }
}

/// A meter's id, always the same for the same names.
pub(super) fn meter_id(parts: &[&str]) -> String {
    uuid_of(mix(1, parts), mix(2, parts))
}

/// Four letters and digits, as they end the ids of products and articles.
fn code(mut number: u64) -> String {
    let mut text = String::new();
    for _ in 0..4 {
        let digit = u32::try_from(number % 36).unwrap_or(0);
        text.push(char::from_digit(digit, 36).unwrap_or('0').to_ascii_uppercase());
        number /= 36;
    }
    text
}

/// The region's name in price lists.
fn location(region: &str) -> &str {
    match region {
        "eastus" => "US East",
        "eastus2" => "US East 2",
        "japaneast" => "JA East",
        "spaincentral" => "ES Central",
        "westeurope" => "EU West",
        // What is sold everywhere has a region and no place.
        "Global" => "",
        other => other,
    }
}

//! The columns: those that FOCUS 1.2 demands, those of its others that we know, and our own, which begin with `x_`.

use rust_decimal::Decimal;

use super::cell::{Cell, Kind};
use super::rows::{Row, in_hours};
use crate::ledger::{ChargeMeter, Seconds};
use crate::report::words;

/// A column.
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) cell: fn(&Row<'_>) -> Cell,
}

const fn text(name: &'static str, cell: fn(&Row<'_>) -> Cell) -> Column {
    Column { name, kind: Kind::Text, cell }
}

const fn decimal(name: &'static str, cell: fn(&Row<'_>) -> Cell) -> Column {
    Column { name, kind: Kind::Decimal, cell }
}

const fn time(name: &'static str, cell: fn(&Row<'_>) -> Cell) -> Column {
    Column { name, kind: Kind::Time, cell }
}

pub(super) const COLUMNS: &[Column] = &[
    text("AvailabilityZone", |_| Cell::Null),
    decimal("BilledCost", |_| nothing()),
    text("BillingAccountId", subscription),
    text("BillingAccountName", subscription),
    text("BillingCurrency", |row| {
        Cell::words(row.charge.rate.map_or(row.focus.currency, |rate| rate.currency()).code())
    }),
    time("BillingPeriodEnd", |row| Cell::Time(row.month.to)),
    time("BillingPeriodStart", |row| Cell::Time(row.month.from)),
    text("ChargeCategory", |_| Cell::words("Usage")),
    text("ChargeClass", |row| Cell::words(if row.charge.correction { "Correction" } else { "" })),
    text("ChargeDescription", description),
    text("ChargeFrequency", |_| Cell::words("Usage-Based")),
    time("ChargePeriodEnd", |row| Cell::Time(row.day.to)),
    time("ChargePeriodStart", |row| Cell::Time(row.day.from)),
    decimal("ConsumedQuantity", quantity),
    text("ConsumedUnit", |_| Cell::words("Hours")),
    decimal("ContractedCost", |_| nothing()),
    decimal("EffectiveCost", |_| nothing()),
    text("InvoiceId", |_| Cell::Null),
    text("InvoiceIssuerName", |_| Cell::words("Microsoft")),
    decimal("ListCost", |_| nothing()),
    text("PricingCategory", |_| Cell::words("Standard")),
    decimal("PricingQuantity", quantity),
    text("PricingUnit", |_| Cell::words("Hours")),
    text("ProviderName", |_| Cell::words("Microsoft")),
    text("PublisherName", |_| Cell::words("Microsoft")),
    text("RegionId", |row| Cell::words(row.charge.subject.region.as_str())),
    text("RegionName", |row| Cell::words(row.charge.subject.region.as_str())),
    text("ResourceId", |row| Cell::Text(row.charge.subject.instance.to_string())),
    text("ResourceName", |row| Cell::words(row.charge.subject.instance.name())),
    text("ResourceType", |_| Cell::words("Azure Machine Learning compute instance")),
    text("ServiceCategory", |_| Cell::words("AI and Machine Learning")),
    text("ServiceName", |_| Cell::words("Azure Machine Learning")),
    text("ServiceSubcategory", |_| Cell::words("AI Platforms")),
    text("SubAccountId", subscription),
    text("SubAccountName", subscription),
    text("SubAccountType", |_| Cell::words("Subscription")),
    text("Tags", tags),
    decimal("x_EstimatedCost", |row| estimate(row, |seconds| seconds.mid)),
    decimal("x_EstimatedCostHigh", |row| estimate(row, |seconds| seconds.high)),
    decimal("x_EstimatedCostLow", |row| estimate(row, |seconds| seconds.low)),
    decimal("x_EstimatedUnitPrice", unit_price),
    text("x_InstanceSize", |row| Cell::words(&row.charge.subject.size)),
    text("x_LedgerHash", |row| Cell::words(&row.focus.ledger_hash)),
    decimal("x_LedgerSeq", |row| Cell::Decimal(row.focus.ledger_seq.into())),
    text("x_LightsoutVersion", |_| Cell::words(env!("CARGO_PKG_VERSION"))),
    text("x_Meter", |row| Cell::words(row.charge.meter.label())),
    decimal("x_MeteredSeconds", |row| Cell::Decimal(row.charge.seconds.mid.into())),
    text("x_PriceSource", |row| Cell::words(row.charge.quote.as_ref().map_or("", |quote| quote.source.label()))),
    text("x_ResourceGroupName", |row| Cell::words(row.charge.subject.instance.workspace().resource_group())),
    text("x_WorkspaceId", |row| Cell::Text(row.charge.subject.instance.workspace().to_string())),
];

/// No estimate stands where FOCUS has its costs (C15).
fn nothing() -> Cell {
    Cell::Decimal(Decimal::ZERO)
}

/// The account that pays is not known to us; the subscription is what is known of it.
fn subscription(row: &Row<'_>) -> Cell {
    Cell::Text(format!("/subscriptions/{}", row.charge.subject.instance.workspace().subscription()))
}

fn description(row: &Row<'_>) -> Cell {
    let subject = &row.charge.subject;
    let what = match row.charge.meter {
        ChargeMeter::Compute => format!("running time of {}", subject.size),
        ChargeMeter::Disk | ChargeMeter::PublicIp | ChargeMeter::LoadBalancer => row.charge.meter.label().to_owned(),
    };
    let name = subject.instance.name();
    Cell::Text(words::clean(&format!("Estimated by lightsout, not billed: {what}, compute instance {name}")))
}

fn quantity(row: &Row<'_>) -> Cell {
    Cell::Decimal(in_hours(row.charge.seconds.mid))
}

fn estimate(row: &Row<'_>, of: fn(&Seconds) -> i64) -> Cell {
    let amount = |rate: crate::units::Rate| {
        Cell::Decimal(Decimal::new(rate.over(of(&row.charge.seconds)).rounded().as_micros(), 6))
    };
    row.charge.rate.map_or(Cell::Null, amount)
}

fn unit_price(row: &Row<'_>) -> Cell {
    row.charge.rate.map_or(Cell::Null, |rate| Cell::Decimal(Decimal::new(rate.nanos(), 9)))
}

/// What is known of its people, as FOCUS writes tags.
fn tags(row: &Row<'_>) -> Cell {
    let subject = &row.charge.subject;
    let known = [("owner", &subject.owner), ("team", &subject.team)];
    let known = known.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value.as_deref()?.into())));
    let object: serde_json::Map<String, serde_json::Value> = known.collect();
    Cell::Text(serde_json::Value::Object(object).to_string())
}

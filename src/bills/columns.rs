//! Which columns of a file say what: those of FOCUS, and those of Azure's cost exports in all their spellings.

/// What is read of a row, by place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) day: usize,
    pub(super) end: Option<usize>,
    pub(super) amount: usize,
    pub(super) currency: usize,
    pub(super) resource: usize,
    pub(super) meter: usize,
    pub(super) category: Option<usize>,
    pub(super) quantity: Option<usize>,
}

/// FOCUS first; then the exports of the different kinds of agreement (FACTS 7).
const DAY: &[&str] = &["chargeperiodstart", "date", "usagedate", "usagedatetime"];
const END: &[&str] = &["chargeperiodend"];
/// What was billed, never what was listed or amortised.
const AMOUNT: &[&str] = &["billedcost", "costinbillingcurrency", "pretaxcost", "cost"];
const CURRENCY: &[&str] = &["billingcurrency", "billingcurrencycode", "currency"];
const RESOURCE: &[&str] = &["resourceid", "instanceid"];
const METER: &[&str] = &["x_skumetername", "skumeter", "metername", "meter"];
const CATEGORY: &[&str] = &["x_skumetercategory", "metercategory"];
const QUANTITY: &[&str] = &["consumedquantity", "quantity", "usagequantity"];

impl Columns {
    /// By the names of a header, whatever their case; the error names what is missing.
    pub(super) fn of(header: &[String]) -> Result<Self, String> {
        let find = |names: &[&str]| {
            names.iter().find_map(|name| header.iter().position(|column| column.eq_ignore_ascii_case(name)))
        };
        let need = |names: &[&str]| find(names).ok_or_else(|| format!("it has no column {}", names.join(" or ")));
        Ok(Self {
            day: need(DAY)?,
            end: find(END),
            amount: need(AMOUNT)?,
            currency: need(CURRENCY)?,
            resource: need(RESOURCE)?,
            meter: need(METER)?,
            category: find(CATEGORY),
            quantity: find(QUANTITY),
        })
    }
}

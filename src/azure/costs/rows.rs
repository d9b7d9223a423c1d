//! Columns and rows of an answer: read by the columns' names, each row on its own, numbers never by way of a float (C2).

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::azure::error::AzureError;
use crate::azure::fleet::unreadable;
use crate::azure::wire::Text;
use crate::ledger::{BillLine, workspace_of};
use crate::units::parse_decimal;

#[derive(Debug, Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    properties: Properties<'a>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties<'a> {
    #[serde(borrow, default)]
    next_link: Option<Text<'a>>,
    #[serde(borrow)]
    columns: Vec<Column<'a>>,
    #[serde(borrow)]
    rows: Vec<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
struct Column<'a> {
    #[serde(borrow)]
    name: Text<'a>,
}

/// One page.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) lines: Vec<BillLine>,
    /// Rows that are none of a bill.
    pub(super) unreadable: usize,
    pub(super) next: Option<String>,
}

/// Where each thing stands in a row.
struct Places {
    cost: usize,
    quantity: Option<usize>,
    day: usize,
    resource: usize,
    meter: usize,
    currency: usize,
}

impl Places {
    fn of(columns: &[Column<'_>]) -> Result<Self, AzureError> {
        let find = |name: &str| columns.iter().position(|column| column.name.0.eq_ignore_ascii_case(name));
        let need = |name: &str| find(name).ok_or_else(|| AzureError::Unreadable(format!("it has no column {name}")));
        Ok(Self {
            cost: need("Cost")?,
            quantity: find("UsageQuantity"),
            day: need("UsageDate")?,
            resource: need("ResourceId")?,
            meter: need("Meter")?,
            currency: need("Currency")?,
        })
    }

    fn line(&self, raw: &RawValue) -> Option<BillLine> {
        let cells: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
        let written = |place: usize| cells.get(place).map(|cell| cell.get());
        let text = |place: usize| serde_json::from_str::<String>(written(place)?).ok();
        let quantity = match self.quantity {
            Some(place) => match written(place)? {
                // some meters count nothing
                "null" => None,
                number => Some(parse_decimal(number).ok()?),
            },
            None => None,
        };
        Some(BillLine {
            workspace: workspace_of(&text(self.resource)?)?,
            day: day(written(self.day)?)?,
            meter: text(self.meter)?.chars().filter(|c| !c.is_control()).take(200).collect::<String>().into(),
            category: "".into(),
            amount: parse_decimal(written(self.cost)?).ok()?,
            currency: text(self.currency)?.parse().ok()?,
            quantity,
        })
    }
}

/// Reads `20261103`.
fn day(written: &str) -> Option<Date> {
    let number: i32 = written.parse().ok().filter(|number| (10_000_101..=99_991_231).contains(number))?;
    let (year, rest) = (number.checked_div(10_000)?, number.checked_rem(10_000)?);
    let (month, day) = (rest.checked_div(100)?, rest.checked_rem(100)?);
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

impl Rows {
    /// Reads a page.
    pub(super) fn read(body: &[u8]) -> Result<Self, AzureError> {
        let page: Envelope<'_> = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
        let Properties { next_link, columns, rows } = page.properties;
        let places = Places::of(&columns)?;
        let count = rows.len();
        let lines: Vec<BillLine> = rows.into_iter().filter_map(|raw| places.line(raw)).collect();
        let next = next_link.map(|link| link.0.into_owned()).filter(|link| !link.is_empty());
        Ok(Self { unreadable: count.saturating_sub(lines.len()), lines, next })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "/subscriptions/s/resourcegroups/g/providers/microsoft.machinelearningservices/workspaces/w";

    fn page(columns: &str, rows: &str) -> Result<Rows, AzureError> {
        let columns: Vec<String> =
            columns.split(' ').map(|name| format!(r#"{{"name":"{name}","type":"x"}}"#)).collect();
        let columns = columns.join(",");
        Rows::read(format!(r#"{{"properties":{{"nextLink":null,"columns":[{columns}],"rows":[{rows}]}}}}"#).as_bytes())
    }

    #[test]
    fn rows_are_read_by_name_and_numbers_to_their_last_digit() {
        let row = format!(r#"["P10 LRS Disk",20261103,"USD","{ID}",0.0100000000000000055,1E-7]"#);
        let told = page("Meter UsageDate Currency ResourceId usagequantity Cost", &row).unwrap();
        let line = &told.lines[0];
        assert_eq!((line.amount.to_string().as_str(), line.day.to_string().as_str()), ("0.0000001", "2026-11-03"));
        assert_eq!(line.quantity.unwrap().to_string(), "0.0100000000000000055");
        assert_eq!((line.workspace.name(), &*line.meter, told.unreadable), ("w", "P10 LRS Disk", 0));
        let null = row.replace("0.0100000000000000055", "null");
        let told = page("Meter UsageDate Currency ResourceId usagequantity Cost", &null).unwrap();
        assert_eq!((told.lines[0].quantity, told.unreadable), (None, 0), "an amount without a quantity is one");
        let told = page("Cost UsageDate ResourceId Meter Currency", &format!(r#"[-2,20261103,"{ID}","x","EUR"]"#));
        let line = &told.unwrap().lines[0];
        assert_eq!((line.amount.to_string().as_str(), line.quantity, line.currency.code()), ("-2", None, "EUR"));
    }

    #[test]
    fn one_odd_row_costs_itself() {
        let columns = "Cost UsageDate ResourceId Meter Currency";
        let good = format!(r#"[1,20261103,"{ID}","x","USD"]"#);
        for bad in [
            "7",
            "[]",
            &good.replace("[1,", r#"["1","#),
            &good.replace("20261103", "20261399"),
            &good.replace("20261103", "\"2026-11-03\""),
            &good.replace("/workspaces/w", ""),
            &good.replace("\"USD\"", "\"dollars\""),
            &good.replace("[1,", "[1e400,"),
        ] {
            let told = page(columns, &format!("{bad},{good}")).unwrap();
            assert_eq!((told.lines.len(), told.unreadable), (1, 1), "{bad}");
        }
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for body in ["", "{}", "[]", r#"{"properties":{"columns":[],"rows":[]}}"#, r#"{"properties":{"rows":[]}}"#] {
            assert!(Rows::read(body.as_bytes()).is_err(), "{body}");
        }
        assert!(page("Cost UsageDate ResourceId Meter", "").is_err(), "a cost without a currency is none");
    }
}

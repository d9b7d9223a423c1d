//! From records to lines of a bill, and what is wrong with them.

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use jiff::civil::Date;

use super::columns::Columns;
use super::csv::Records;
use crate::ledger::{BillLine, DaySpan, workspace_of};
use crate::units::{SubscriptionId, parse_decimal};

/// Rows of one file that are named; more are counted.
const NAMED: usize = 5;

/// What files say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Lines of workspaces.
    pub(super) lines: Vec<BillLine>,
    /// Of which days they tell, by subscription: whatever resource a row is about.
    pub(super) days: BTreeMap<SubscriptionId, DaySpan>,
}

/// Reads one file into `told`. Answers with what is wrong with rows, each as `LINE: words`.
///
/// # Errors
/// When it cannot be read, or its header is none.
pub(super) fn read(from: impl BufRead, told: &mut Told) -> io::Result<Result<Vec<String>, String>> {
    let mut records = Records::new(from);
    let Some(header) = records.next()? else { return Ok(Err("it is empty".to_owned())) };
    let columns = match header.fields.map_err(str::to_owned).and_then(|header| Columns::of(&header)) {
        Ok(columns) => columns,
        Err(why) => return Ok(Err(why)),
    };
    let (mut wrong, mut more) = (Vec::new(), 0_usize);
    while let Some(record) = records.next()? {
        let taken = record.fields.map_err(str::to_owned).and_then(|fields| columns.take(&fields, told));
        match taken {
            Ok(()) => {}
            Err(why) if wrong.len() < NAMED => wrong.push(format!("{}: {why}", record.line)),
            Err(_) => more = more.saturating_add(1),
        }
    }
    if more > 0 {
        wrong.push(format!("and {more} more rows"));
    }
    Ok(Ok(wrong))
}

impl Columns {
    fn take(&self, fields: &[String], told: &mut Told) -> Result<(), String> {
        let field = |place: usize| fields.get(place).map(String::as_str).unwrap_or_default();
        // taxes and purchases belong to no resource
        let resource = field(self.resource);
        let Some(subscription) = subscription_of(resource) else { return Ok(()) };
        let shown = |text: &str| text.chars().filter(|c| !c.is_control()).take(60).collect::<String>();
        let day = day(field(self.day)).ok_or_else(|| format!("`{}` is no day", shown(field(self.day))))?;
        told.cover(subscription, day);
        let Some(workspace) = workspace_of(resource) else { return Ok(()) };
        if self.end.and_then(|end| self::day(field(end))).is_some_and(|end| day.tomorrow().is_ok_and(|next| end > next))
        {
            return Err("it is of more than one day; export daily costs".to_owned());
        }
        let number = |text: &str| parse_decimal(text).map_err(|_| format!("`{}` is no amount", shown(text)));
        let quantity = self.quantity.map(field).filter(|text| !text.is_empty());
        told.lines.push(BillLine {
            workspace,
            day,
            meter: shown(field(self.meter)).into(),
            category: self.category.map(|place| shown(field(place))).unwrap_or_default().into(),
            amount: number(field(self.amount))?,
            currency: field(self.currency).parse().map_err(|error: crate::units::MoneyError| error.to_string())?,
            quantity: quantity.map(number).transpose()?,
        });
        Ok(())
    }
}

impl Told {
    fn cover(&mut self, subscription: &str, day: Date) {
        let span = self.days.entry(SubscriptionId::new(subscription)).or_insert(DaySpan { first: day, last: day });
        (span.first, span.last) = (span.first.min(day), span.last.max(day));
    }
}

fn subscription_of(resource: &str) -> Option<&str> {
    let mut parts = resource.strip_prefix('/')?.split('/');
    let keyword = parts.next()?;
    parts.next().filter(|id| keyword.eq_ignore_ascii_case("subscriptions") && !id.is_empty())
}

/// `2026-11-03`, with or without a time behind it, or `11/03/2026`: Azure's exports write the month first.
fn day(text: &str) -> Option<Date> {
    let head = text.get(..10)?;
    if let Ok(day) = head.parse() {
        return Some(day);
    }
    let mut parts = head.split('/');
    let (month, day, year) = (parts.next()?, parts.next()?, parts.next()?);
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

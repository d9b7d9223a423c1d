//! From records to lines of a bill, and what is wrong with them.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};

use jiff::civil::Date;

use super::columns::Columns;
use super::records::{Record, Records};
use crate::ledger::{BillLine, workspace_of};
use crate::units::{SubscriptionId, parse_decimal};

/// Rows of one file that are named; more are counted.
const NAMED: usize = 5;

/// What files say.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Lines of workspaces.
    pub(super) lines: Vec<BillLine>,
    /// Of which days they tell, by subscription: those that there is a row of, whatever resource it is about. A day without
    /// any row is not told of: a late row of another month says nothing of the days between.
    pub(super) days: BTreeMap<SubscriptionId, BTreeSet<Date>>,
}

/// Reads one file into `told`. Answers with what is wrong with rows, each as `LINE: words`.
///
/// # Errors
/// When it cannot be read, or its header is none.
pub(super) fn read<R: Read>(mut records: Records<R>, told: &mut Told) -> io::Result<Result<Vec<String>, String>> {
    let Some(header) = records.next()? else { return Ok(Err("it is empty".to_owned())) };
    let columns = match Columns::of(&header.all()) {
        Ok(columns) => columns,
        Err(why) => return Ok(Err(why)),
    };
    let (mut wrong, mut more) = (Vec::new(), 0_usize);
    while let Some(record) = records.next()? {
        match columns.take(&record, told) {
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
    fn take(&self, record: &Record<'_>, told: &mut Told) -> Result<(), String> {
        let field = |place: usize| record.field(place);
        // taxes and purchases belong to no resource
        let resource = field(self.resource);
        let Some(subscription) = subscription_of(&resource) else { return Ok(()) };
        let shown = |text: &str| text.chars().filter(|c| !c.is_control()).take(60).collect::<String>();
        let day = day(&field(self.day)).ok_or_else(|| format!("`{}` is no day", shown(&field(self.day))))?;
        told.days.entry(SubscriptionId::new(subscription)).or_default().insert(day);
        let Some(workspace) = workspace_of(&resource) else { return Ok(()) };
        let end = self.end.and_then(|end| self::day(&field(end)));
        if end.is_some_and(|end| day.tomorrow().is_ok_and(|next| end > next)) {
            return Err("it is of more than one day; export daily costs".to_owned());
        }
        let number = |text: &str| parse_decimal(text).map_err(|_| format!("`{}` is no amount", shown(text)));
        let quantity = self.quantity.map(field).filter(|text| !text.is_empty());
        told.lines.push(BillLine {
            workspace,
            day,
            meter: shown(&field(self.meter)).into(),
            category: self.category.map(|place| shown(&field(place))).unwrap_or_default().into(),
            amount: number(&field(self.amount))?,
            currency: field(self.currency).parse().map_err(|error: crate::units::MoneyError| error.to_string())?,
            quantity: quantity.map(|text| number(&text)).transpose()?,
        });
        Ok(())
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

//! From the lines of a sheet as written to lines that hold: every value in range, and no two about the same.

use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use crate::document::{Findings, Located, Place, Trouble};
use crate::ledger::{PriceKey, SheetLine, SheetTerms};
use crate::units::{Currency, Rate, Region, When, parse_decimal};

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// What one size costs.
    Price,
    /// How much less than the list price some sizes cost.
    Discount,
}

impl Kind {
    /// The key that holds the size of a line in TOML.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Price => "size",
            Self::Discount => "family",
        }
    }
}

/// A text of a line; none where nothing was written.
pub(super) type Cell = Option<Located<String>>;

/// A line as written.
#[derive(Debug, Clone)]
pub(super) struct Written {
    pub(super) kind: Kind,
    /// Where the line begins.
    pub(super) at: Place,
    /// True where something of it could not be read, so that what seems to be missing may be meant by that.
    pub(super) lost: bool,
    pub(super) size: Cell,
    pub(super) region: Cell,
    pub(super) hourly: Cell,
    pub(super) currency: Cell,
    pub(super) percent: Cell,
    pub(super) from: Cell,
    pub(super) until: Cell,
}

/// Every line that can hold; what cannot leaves a finding.
pub(super) fn lines(written: &[Written], findings: &mut Findings<'_>) -> Vec<SheetLine> {
    let mut all: Vec<SheetLine> = Vec::new();
    for one in written {
        let Some(line) = (Reader { line: one, findings }).line() else { continue };
        if let Some(other) = all.iter().find(|other| other.clashes(&line)) {
            let size = one.size.as_ref().map_or(&one.at, |size| &size.at);
            let place = line.region.as_ref().map_or("every region", Region::as_str);
            let problem =
                format!("\"{}\" in {place} has a line at {} already, for the same time", line.size, other.place);
            let help = "keep one of them, or let the first end (until) before the second begins (from)";
            findings.error(size, Trouble::new(problem, help));
        }
        all.push(line);
    }
    all
}

/// One line being read.
struct Reader<'w, 'f, 't> {
    line: &'w Written,
    findings: &'f mut Findings<'t>,
}

impl<'w> Reader<'w, '_, '_> {
    fn line(mut self) -> Option<SheetLine> {
        let line = self.line;
        // In CSV both kinds have one column for it.
        let name = if line.at.key.is_empty() { Kind::Price.name() } else { line.kind.name() };
        let size = self.needed(name, &line.size);
        let size = size.and_then(|written| self.size(written));
        let region = self.needed("region", &line.region);
        let region = region.and_then(|written| self.region(written));
        let terms = match line.kind {
            Kind::Price => self.hourly(),
            Kind::Discount => self.percent(),
        };
        let (from, until) = self.time();
        Some(SheetLine { size: size?.into(), region: region?, terms: terms?, from, until, place: self.place() })
    }

    /// Which file and line, without the folders above: it stands in a ledger that others read.
    fn place(&self) -> std::sync::Arc<str> {
        let file = Path::new(&*self.line.at.file).file_name().map(|name| name.to_string_lossy().into_owned());
        format!("{}:{}", file.unwrap_or_default(), self.line.at.line).into()
    }

    fn wrong(&mut self, written: &Located<String>, problem: impl Into<String>, help: &str) {
        self.findings.error(&written.at, Trouble::new(problem, help));
    }

    fn needed(&mut self, key: &str, cell: &'w Cell) -> Option<&'w Located<String>> {
        if cell.is_none() && !self.line.lost {
            let inside = &self.line.at.key;
            let at = self.line.at.keyed(&if inside.is_empty() { key.to_owned() } else { format!("{inside}.{key}") });
            let help = match key {
                "region" => "write the region, such as \"westeurope\", or \"*\" for every region".to_owned(),
                "hourly" => "write what an hour costs, such as \"2.95\"".to_owned(),
                "currency" => "write three letters, such as \"EUR\"".to_owned(),
                "percent" => "write how much less than the list price it costs, such as \"12.5\"".to_owned(),
                "family" => "write sizes with * for any text, such as \"Standard_NC*\"".to_owned(),
                other => format!("write the {other}, such as \"Standard_NC24ads_A100_v4\""),
            };
            self.findings.error(&at, Trouble::new("it is missing", help));
        }
        cell.as_ref()
    }

    fn size(&mut self, written: &Located<String>) -> Option<String> {
        let text = written.value.trim();
        let starred = self.line.kind == Kind::Discount;
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-') || (starred && c == '*');
        if !text.is_empty() && text.len() <= 80 && text.chars().all(fits) {
            return Some(text.to_owned());
        }
        let help = match self.line.kind {
            Kind::Price if text.contains('*') => "a price is of one size; what takes a share off several is a discount",
            Kind::Price => "write the size as Azure does, such as \"Standard_NC24ads_A100_v4\"",
            Kind::Discount => "write a size with * for any text, such as \"Standard_NC*\"",
        };
        self.wrong(written, format!("\"{text}\" is not a VM size"), help);
        None
    }

    fn region(&mut self, written: &Located<String>) -> Option<Option<Region>> {
        let text = written.value.trim();
        if text == "*" {
            return Some(None);
        }
        if !text.is_empty() && text.len() <= 60 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ') {
            return Some(Some(PriceKey::new("", &Region::new(text)).region().clone()));
        }
        self.wrong(
            written,
            format!("\"{text}\" is not a region"),
            "write one such as \"westeurope\", or \"*\" for all",
        );
        None
    }

    fn hourly(&mut self) -> Option<SheetTerms> {
        let line = self.line;
        let currency = self.needed("currency", &line.currency);
        let currency = currency.and_then(|written| {
            let read = written.value.parse::<Currency>().ok();
            if read.is_none() {
                self.wrong(
                    written,
                    format!("\"{}\" is not a currency", written.value),
                    "write three letters, such as \"EUR\"",
                );
            }
            read
        });
        let written = self.needed("hourly", &line.hourly)?;
        // The amount is judged even where the currency is not known.
        let rate = Rate::parse(&written.value, currency.unwrap_or(Currency::USD)).ok().filter(|rate| rate.nanos() > 0);
        if rate.is_none() {
            let help = "write a decimal number above 0 with a point, such as \"2.95\"";
            self.wrong(written, format!("\"{}\" is not what an hour can cost", written.value), help);
        }
        Some(SheetTerms::Hourly(rate.filter(|_| currency.is_some())?))
    }

    fn percent(&mut self) -> Option<SheetTerms> {
        let line = self.line;
        let written = self.needed("percent", &line.percent)?;
        let number = parse_decimal(written.value.trim().trim_end_matches('%')).ok();
        let millionths = number
            .and_then(|percent| percent.checked_mul(Decimal::from(10_000)))
            .filter(Decimal::is_integer)
            .and_then(|millionths| u32::try_from(millionths).ok())
            .filter(|millionths| (1..1_000_000).contains(millionths));
        if millionths.is_none() {
            let help = "write a number above 0 and below 100 with at most four decimals, such as \"12.5\"";
            self.wrong(written, format!("\"{}\" is not a share of the list price", written.value), help);
        }
        millionths.map(SheetTerms::Off)
    }

    /// From the start of one day to the end of another, by UTC, as Azure bills.
    fn time(&mut self) -> (When, When) {
        let line = self.line;
        let from = line.from.as_ref().and_then(|written| self.day(written, Some));
        let until = line.until.as_ref().and_then(|written| self.day(written, |date| date.tomorrow().ok()));
        let empty = from.zip(until).is_some_and(|(from, until)| until <= from);
        if let Some(written) = line.until.as_ref().filter(|_| empty) {
            self.wrong(written, "it ends before it begins", "choose a day that is not before from");
        }
        (from.into(), until.into())
    }

    fn day(&mut self, written: &Located<String>, which: impl FnOnce(Date) -> Option<Date>) -> Option<Timestamp> {
        let date = written.value.trim().parse::<Date>().ok().and_then(which);
        let at = date.and_then(|date| date.to_zoned(TimeZone::UTC).ok()).map(|zoned| zoned.timestamp());
        if at.is_none() {
            let problem = format!("\"{}\" is not a day", written.value);
            self.wrong(written, problem, "write one such as \"2026-01-01\"; it counts by UTC");
        }
        at
    }
}

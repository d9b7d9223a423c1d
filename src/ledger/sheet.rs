//! The team's own prices: fixed rates and discounts, each for its time; the line that says most about a size holds. Pure.

use std::cmp::Reverse;
use std::sync::Arc;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::price::{PriceKey, PriceSource, Quote};
use crate::units::{Rate, Region, When, fits};

/// What a line grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SheetTerms {
    /// This for an hour.
    Hourly(Rate),
    /// So many millionths less than the list price.
    Off(u32),
}

/// One line of a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetLine {
    /// A size, or for a discount a name with `*` in it; compared without case.
    pub size: Arc<str>,
    /// Where; none is everywhere.
    pub region: Option<Region>,
    /// What it grants.
    pub terms: SheetTerms,
    /// From this instant on; none is ever since.
    pub from: When,
    /// Before this instant; none is for ever.
    pub until: When,
    /// Where it stands, such as `prices.toml:3`.
    pub place: Arc<str>,
}

impl SheetLine {
    fn covers(&self, key: &PriceKey) -> bool {
        let size = match self.terms {
            SheetTerms::Hourly(_) => self.size.eq_ignore_ascii_case(key.size()),
            SheetTerms::Off(_) => fits(&self.size, key.size()),
        };
        size && self.region.as_ref().is_none_or(|region| region == key.region())
    }

    fn holds(&self, at: Timestamp) -> bool {
        self.from.known().is_none_or(|from| from <= at) && self.until.known().is_none_or(|until| at < until)
    }

    const fn is_fixed(&self) -> bool {
        match self.terms {
            SheetTerms::Hourly(_) => true,
            SheetTerms::Off(_) => false,
        }
    }

    /// More is more specific: a price before a discount, more letters of a name, a region; the name itself ends every tie.
    fn rank(&self) -> (bool, usize, bool, Reverse<&str>) {
        let letters = self.size.chars().filter(|letter| *letter != '*').count();
        (self.is_fixed(), letters, self.region.is_some(), Reverse(&self.size))
    }

    /// True when both speak of the same name and place, in the same way, at some common time: then neither may hold.
    #[must_use]
    pub fn clashes(&self, other: &Self) -> bool {
        let same = self.is_fixed() == other.is_fixed()
            && self.size.eq_ignore_ascii_case(&other.size)
            && self.region == other.region;
        let begins_before = |a: &Self, b: &Self| b.until.is_none() || a.from < b.until;
        same && begins_before(self, other) && begins_before(other, self)
    }
}

/// Every line of a sheet, none of which clashes with another, and the digest of the text they were read from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    lines: Vec<SheetLine>,
    digest: Arc<str>,
}

impl Sheet {
    /// Of these lines.
    #[must_use]
    pub fn new(lines: Vec<SheetLine>, digest: &str) -> Self {
        Self { lines, digest: digest.into() }
    }

    /// Its lines, as written.
    #[must_use]
    pub fn lines(&self) -> &[SheetLine] {
        &self.lines
    }

    /// The digest of its text; empty where there is no sheet.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    fn best(&self, key: &PriceKey, at: Timestamp) -> Option<&SheetLine> {
        self.lines.iter().filter(|line| line.covers(key) && line.holds(at)).max_by_key(|line| line.rank())
    }

    /// True when what holds for it is a discount, for which a list price is needed.
    #[must_use]
    pub fn needs_list(&self, key: &PriceKey, at: Timestamp) -> bool {
        self.best(key, at).is_some_and(|line| !line.is_fixed())
    }

    /// The price of something by this sheet: the most specific line that holds then, exact size and region first, then the
    /// exact size everywhere, then the discount with the longest name. `listed` is what a discount is taken off. None where
    /// no line holds, or a discount has nothing to be taken off.
    #[must_use]
    pub fn quote(&self, key: &PriceKey, listed: Option<&Quote>, at: Timestamp) -> Option<Quote> {
        let line = self.best(key, at)?;
        let of_sheet = |rate: Rate, fetched_at, effective, meter: String| Quote {
            key: key.clone(),
            source: PriceSource::Sheet,
            rate,
            fetched_at,
            effective,
            meter: meter.into(),
            etag: Arc::clone(&self.digest),
        };
        match line.terms {
            SheetTerms::Hourly(rate) => Some(of_sheet(rate, at, line.from, line.place.to_string())),
            SheetTerms::Off(millionths) => {
                let listed = listed?;
                let meter = format!(
                    "{} % off the list price of {}, {} ({})",
                    Decimal::new(i64::from(millionths), 4).normalize(),
                    listed.source.label(),
                    listed.rate,
                    line.place
                );
                let effective = line.from.max(listed.effective);
                Some(of_sheet(listed.rate.less(millionths), listed.fetched_at, effective, meter))
            }
        }
    }
}

#[cfg(test)]
mod tests;

//! A sheet in TOML: `[[price]]` and `[[discount]]`, every value as text in quotes, so that no digit is lost.

use toml::Spanned;
use toml::de::DeValue;

use super::lines::{Kind, Written};
use crate::document::{Findings, Located, Read, TableReader, Trouble, elements, parsed, root};

/// Reads every line that can be read.
pub(super) fn read(text: &str, findings: &mut Findings<'_>) -> Vec<Written> {
    let Some(root) = root(text, findings) else { return Vec::new() };
    let mut table = TableReader::of(&root, "", findings);
    let prices = table.take::<Entries<Price>>("price").map(|all| all.value.0).unwrap_or_default();
    let discounts = table.take::<Entries<Discount>>("discount").map(|all| all.value.0).unwrap_or_default();
    table.finish();
    prices.into_iter().map(|one| one.0).chain(discounts.into_iter().map(|one| one.0)).collect()
}

/// Those elements of a list that can be read.
struct Entries<T>(Vec<T>);

impl<T: Read> Read for Entries<T> {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        Some(Self(elements(value, key, findings)?.into_iter().flatten().collect()))
    }
}

/// A `[[price]]`.
struct Price(Written);

impl Read for Price {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        entry(value, key, Kind::Price, findings).map(Self)
    }
}

/// A `[[discount]]`.
struct Discount(Written);

impl Read for Discount {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        entry(value, key, Kind::Discount, findings).map(Self)
    }
}

fn entry(value: &Spanned<DeValue<'_>>, key: &str, kind: Kind, findings: &mut Findings<'_>) -> Option<Written> {
    let at = findings.place(&value.span(), key);
    let list = key.split('[').next().unwrap_or_default();
    let mut table = TableReader::wanted(value, key, &format!("[[{list}]] above its keys"), findings)?;
    let mut cell = |key| {
        let read: Option<Located<Quoted>> = table.take(key);
        read.map(|read| Located { value: read.value.0, at: read.at })
    };
    let name = kind.name();
    let (size, region) = (cell(name), cell("region"));
    let (hourly, currency, percent) = match kind {
        Kind::Price => (cell("hourly"), cell("currency"), None),
        Kind::Discount => (None, None, cell("percent")),
    };
    let (from, until) = (cell("from"), cell("until"));
    table.finish();
    let lost = findings.is_broken(key);
    Some(Written { kind, at, lost, size, region, hourly, currency, percent, from, until })
}

/// A text in quotes.
struct Quoted(String);

impl Read for Quoted {
    fn read(value: &Spanned<DeValue<'_>>, key: &str, findings: &mut Findings<'_>) -> Option<Self> {
        let wanted = match key.rsplit('.').next().unwrap_or_default() {
            "hourly" => "an amount in quotes, such as \"2.95\"",
            "percent" => "a share in quotes, such as \"12.5\"",
            "currency" => "three letters in quotes, such as \"EUR\"",
            "region" => "a region in quotes, such as \"westeurope\", or \"*\" for every region",
            "from" | "until" => "a day in quotes, such as \"2026-01-01\"",
            _ => "a VM size in quotes, such as \"Standard_NC24ads_A100_v4\"",
        };
        parsed(value, key, (wanted, findings), |text| {
            let empty = || Trouble::new("it is empty", format!("write {wanted}"));
            if text.trim().is_empty() { Err(empty()) } else { Ok(Self(text.trim().to_owned())) }
        })
    }
}

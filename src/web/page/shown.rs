//! Instants, amounts and lengths as the page shows them: ready text, so that a template has nothing to reckon.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::ledger::MeterState;
use crate::report::{FleetView, InstanceView, words};
use crate::units::{Cost, Currency, Money};

/// An instant: for programs, for readers without scripts, by the policy's clock, and from now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in crate::web) struct When {
    /// RFC 3339 in UTC.
    pub(in crate::web) iso: String,
    /// In UTC: `Thu 26 Nov 20:00 UTC`.
    pub(in crate::web) text: String,
    /// By the policy's clock, where that differs: `21:00 CET`.
    pub(in crate::web) local: Option<String>,
    /// From when it was rendered: `in 1h 20m`.
    pub(in crate::web) rel: String,
}

/// What times are shown by.
#[derive(Debug, Clone)]
pub(in crate::web) struct Clocks {
    /// When the page is rendered.
    pub(in crate::web) now: Timestamp,
    /// The policy's zone.
    pub(in crate::web) zone: Option<TimeZone>,
}

impl Clocks {
    /// By UTC alone.
    #[must_use]
    pub(in crate::web) const fn utc(now: Timestamp) -> Self {
        Self { now, zone: None }
    }

    /// By a policy's clock beside it.
    #[must_use]
    pub(in crate::web) fn of_zone(now: Timestamp, zone: Option<&str>) -> Self {
        Self { now, zone: zone.and_then(|name| crate::schedule::load_zone(name).ok()) }
    }

    /// An instant as it is shown.
    #[must_use]
    pub(in crate::web) fn when(&self, at: Timestamp) -> When {
        let utc = at.to_zoned(TimeZone::UTC);
        let whole = Timestamp::from_second(at.as_second()).unwrap_or(at);
        let local =
            self.zone.as_ref().map(|zone| at.to_zoned(zone.clone())).filter(|there| there.offset() != utc.offset());
        let local = local.map(|there| {
            let beside = if there.date() == utc.date() { "%H:%M %Z" } else { "%a %H:%M %Z" };
            there.strftime(beside).to_string()
        });
        When {
            iso: whole.to_string(),
            text: utc.strftime("%a %-d %b %H:%M UTC").to_string(),
            local,
            rel: words::from_now(at, self.now),
        }
    }

    /// The same of one that may not be.
    #[must_use]
    pub(in crate::web) fn maybe(&self, at: Option<Timestamp>) -> Option<When> {
        at.map(|at| self.when(at))
    }
}

/// `1,204.66 USD`.
#[must_use]
pub(in crate::web) fn money(money: Money) -> String {
    format!("{} {}", grouped(&money.cost().text(2)), money.currency())
}

/// Amounts of several currencies, side by side; none where there is no amount.
#[must_use]
pub(in crate::web) fn amounts(all: &[Money]) -> Option<String> {
    (!all.is_empty()).then(|| all.iter().map(|one| money(*one)).collect::<Vec<_>>().join(" + "))
}

/// The same, where no amount means that nothing was spent: in the currency of the prices. None stays unknown.
#[must_use]
pub(in crate::web) fn known(all: Option<&[Money]>, view: &FleetView) -> Option<String> {
    all.map(|all| amounts_or_zero(all, view))
}

/// What was avoided: at most so much, where prices came from a public list (C11).
#[must_use]
pub(in crate::web) fn avoided(all: Option<&[Money]>, listed: bool, view: &FleetView) -> Option<String> {
    let told = known(all, view)?;
    Some(if listed && all.is_some_and(|all| !all.is_empty()) { format!("≤ {told}") } else { told })
}

fn amounts_or_zero(all: &[Money], view: &FleetView) -> String {
    let currency = view.money.residual.map_or(Currency::USD, |residual| residual.disk.currency());
    amounts(all).unwrap_or_else(|| money(Cost::zero(currency).rounded()))
}

/// What these cost an hour together; none where something is billed and no price of any is known.
#[must_use]
pub(in crate::web) fn burning<'a>(
    view: &FleetView,
    instances: impl Iterator<Item = &'a InstanceView> + Clone,
) -> Option<String> {
    let rates = view.money.burn_rate(instances.clone());
    let of = |(currency, nanos): (&Currency, &i64)| {
        money(Cost::of_exact(i128::from(*nanos).saturating_mul(3_600), *currency).rounded())
    };
    if !rates.is_empty() {
        return Some(rates.iter().map(of).collect::<Vec<_>>().join(" + "));
    }
    let mut billed = instances.filter(|one| MeterState::of(&one.facts.state) == MeterState::Running);
    billed.next().is_none().then(|| amounts_or_zero(&[], view))
}

/// A decimal number with its thousands apart.
fn grouped(text: &str) -> String {
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, rest) =
        digits.split_once('.').map_or((digits, String::new()), |(whole, rest)| (whole, format!(".{rest}")));
    let mut parts = Vec::new();
    let mut left = whole;
    while left.len() > 3 {
        let (head, tail) = left.split_at(left.len().saturating_sub(3));
        parts.push(tail);
        left = head;
    }
    parts.push(left);
    parts.reverse();
    format!("{sign}{}{rest}", parts.join(","))
}

/// `412 h`, and with a decimal below a hundred.
#[must_use]
pub(in crate::web) fn hours(seconds: i64) -> String {
    let tenths = seconds.max(0).saturating_add(180).checked_div(360).unwrap_or(0);
    let (whole, rest) = (tenths.checked_div(10).unwrap_or(0), tenths.checked_rem(10).unwrap_or(0));
    if whole >= 100 || rest == 0 { format!("{whole} h") } else { format!("{whole}.{rest} h") }
}

/// How much of the most something is, out of `of`.
#[must_use]
pub(in crate::web) fn level(part: i128, most: i128, of: i128) -> i128 {
    part.max(0).saturating_mul(of).checked_div(most).unwrap_or(0).min(of)
}

/// What amounts come to for a bar: of the first currency that there is.
#[must_use]
pub(in crate::web) fn size(all: &[Money]) -> i128 {
    all.first().map_or(0, |money| i128::from(money.as_micros()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_thousands_and_cents() {
        let of = |text: &str| money(Money::parse(text, Currency::USD).unwrap());
        for (text, shown) in [
            ("0", "0.00 USD"),
            ("999.999", "1,000.00 USD"),
            ("1204.66", "1,204.66 USD"),
            ("-1234567.8", "-1,234,567.80 USD"),
            ("12", "12.00 USD"),
        ] {
            assert_eq!(of(text), shown);
        }
        assert_eq!(amounts(&[]), None, "no amount is not an amount of nothing");
    }

    #[test]
    fn times_stand_in_utc_and_by_the_policy_s_clock() {
        let now: Timestamp = "2026-11-26T18:40:00Z".parse().unwrap();
        let shown = Clocks::of_zone(now, Some("Europe/Madrid")).when("2026-11-26T23:30:00.5Z".parse().unwrap());
        assert_eq!(shown.iso, "2026-11-26T23:30:00Z");
        assert_eq!(shown.text, "Thu 26 Nov 23:30 UTC");
        assert_eq!(shown.local.as_deref(), Some("Fri 00:30 CET"), "the day, where it is another");
        assert_eq!(shown.rel, "in 4h 50m");
        assert_eq!(Clocks::of_zone(now, Some("UTC")).when(now).local, None);
        assert_eq!(Clocks::utc(now).when(now).rel, "now");
    }

    #[test]
    fn bars_are_shares_of_the_longest() {
        assert_eq!(
            (level(5, 10, 1_000), level(20, 10, 1_000), level(5, 0, 1_000), level(-5, 10, 1_000)),
            (500, 1_000, 0, 0)
        );
        assert_eq!(
            (hours(45_000).as_str(), hours(3_600 * 412 + 1_800).as_str(), hours(7_200).as_str()),
            ("12.5 h", "412 h", "2 h")
        );
    }
}

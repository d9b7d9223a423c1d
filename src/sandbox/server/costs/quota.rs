//! How much Cost Management may be asked: query units for the tenant, and calls for a scope.

use std::collections::{HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

/// Query units of the tenant: name in headers, seconds, and how many within them.
const WINDOWS: [(&str, i64, u32); 3] = [("", 10, 12), ("QueriesPerMin", 60, 60), ("QueriesPerHour", 3_600, 600)];

/// No query costs more units than fit into the shortest window; otherwise it could never be made.
const UNITS_MAX: u32 = 12;

/// Calls within [`CALLS_SECONDS`], for a scope, or for a kind of client that names itself.
const CALLS_MAX: usize = 4;
const CALLS_SECONDS: i64 = 60;

const CONSUMED: &str = "x-ms-ratelimit-microsoft.costmanagement-qpu-consumed";
const REMAINING: &str = "x-ms-ratelimit-microsoft.costmanagement-qpu-remaining";
const UNITS_WAIT: &str = "x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after";

/// The header of calls left, and that of how long to wait for one.
const BY_SCOPE: [&str; 2] = [
    "x-ms-ratelimit-remaining-microsoft.costmanagement-entity-requests",
    "x-ms-ratelimit-microsoft.costmanagement-entity-retry-after",
];
const BY_CLIENT: [&str; 2] = [
    "x-ms-ratelimit-remaining-microsoft.costmanagement-clienttype-requests",
    "x-ms-ratelimit-microsoft.costmanagement-clienttype-retry-after",
];

/// Names and values of headers.
pub(super) type Headers = Vec<(&'static str, String)>;

/// A query that wants in.
pub(super) struct Call<'a> {
    /// The scope in small letters.
    pub(super) scope: &'a str,
    /// Its `ClientType`, where it names one.
    pub(super) client: Option<&'a str>,
    /// One for each month of data.
    pub(super) units: u32,
}

/// What has been asked so far.
#[derive(Debug, Default)]
pub(in crate::sandbox) struct Quotas {
    /// Units with the instants at which they were spent, oldest first.
    spent: VecDeque<(Timestamp, u32)>,
    /// Calls by scope and client.
    calls: HashMap<(String, String), VecDeque<Timestamp>>,
}

impl Quotas {
    /// Lets a query in, or tells how long to wait; a query that is turned away costs nothing.
    pub(super) fn take(&mut self, call: &Call<'_>, now: Timestamp) -> Result<Headers, Headers> {
        let units = call.units.clamp(1, UNITS_MAX);
        let longest = WINDOWS.map(|(_, seconds, _)| seconds).into_iter().max().unwrap_or(0);
        self.spent.retain(|(at, _)| age(*at, now) < SignedDuration::from_secs(longest));
        let [left_name, wait_name] = if call.client.is_some() { BY_CLIENT } else { BY_SCOPE };
        let key = (call.scope.to_owned(), call.client.unwrap_or_default().to_owned());
        let calls = self.calls.entry(key).or_default();
        calls.retain(|at| age(*at, now) < SignedDuration::from_secs(CALLS_SECONDS));

        let mut waits = Headers::new();
        let oldest = calls.front().filter(|_| calls.len() >= CALLS_MAX);
        waits.extend(oldest.map(|oldest| (wait_name, until(*oldest, CALLS_SECONDS, now).to_string())));
        let units_wait = WINDOWS.iter().filter_map(|window| wait(&self.spent, units, *window, now)).max();
        waits.extend(units_wait.map(|seconds| (UNITS_WAIT, seconds.to_string())));
        if !waits.is_empty() {
            return Err(waits);
        }
        calls.push_back(now);
        let left = CALLS_MAX.saturating_sub(calls.len());
        self.spent.push_back((now, units));
        Ok(vec![
            (left_name, format!("DefaultQuota:{left}")),
            (CONSUMED, units.to_string()),
            (REMAINING, self.remaining(now)),
        ])
    }

    /// `QueriesPerHour:577,QueriesPerMin:59`.
    fn remaining(&self, now: Timestamp) -> String {
        let named = WINDOWS.iter().rev().filter(|(name, _, _)| !name.is_empty());
        let parts = named.map(|(name, seconds, limit)| {
            let left = limit.saturating_sub(spent_within(&self.spent, *seconds, now));
            format!("{name}:{left}")
        });
        parts.collect::<Vec<_>>().join(",")
    }
}

fn age(at: Timestamp, now: Timestamp) -> SignedDuration {
    now.duration_since(at)
}

fn spent_within(spent: &VecDeque<(Timestamp, u32)>, seconds: i64, now: Timestamp) -> u32 {
    let window = SignedDuration::from_secs(seconds);
    spent.iter().filter(|(at, _)| age(*at, now) < window).map(|(_, units)| *units).sum()
}

/// Seconds until that many units fit into a window; none if they do now.
fn wait(
    spent: &VecDeque<(Timestamp, u32)>,
    units: u32,
    (_, seconds, limit): (&str, i64, u32),
    now: Timestamp,
) -> Option<i64> {
    let mut over = spent_within(spent, seconds, now).saturating_add(units).saturating_sub(limit);
    let mut wait = None;
    for (at, units) in spent.iter().filter(|(at, _)| age(*at, now) < SignedDuration::from_secs(seconds)) {
        if over == 0 {
            break;
        }
        over = over.saturating_sub(*units);
        wait = Some(until(*at, seconds, now));
    }
    wait
}

/// Whole seconds until what was at `at` is so many seconds old, at least one.
fn until(at: Timestamp, seconds: i64, now: Timestamp) -> i64 {
    let left = SignedDuration::from_secs(seconds).saturating_sub(age(at, now));
    left.as_secs().saturating_add(i64::from(left.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + seconds).unwrap()
    }

    fn value<'a>(headers: &'a Headers, end: &str) -> Option<&'a str> {
        headers.iter().find(|(name, _)| name.ends_with(end)).map(|(_, value)| value.as_str())
    }

    #[test]
    fn a_scope_has_four_calls_a_minute_and_a_named_client_its_own() {
        let mut quotas = Quotas::default();
        let call = |client| Call { scope: "/s", client, units: 1 };
        for left in [3, 2, 1, 0] {
            let told = quotas.take(&call(None), at(3 - left)).unwrap();
            assert_eq!(value(&told, "entity-requests"), Some(format!("DefaultQuota:{left}").as_str()));
        }
        let refused = quotas.take(&call(None), at(20)).unwrap_err();
        assert_eq!((value(&refused, "entity-retry-after"), value(&refused, "qpu-retry-after")), (Some("40"), None));
        let told = quotas.take(&call(Some("Lights")), at(20)).unwrap();
        assert_eq!(value(&told, "clienttype-requests"), Some("DefaultQuota:3"));
        assert_eq!(value(&told, "qpu-remaining"), Some("QueriesPerHour:595,QueriesPerMin:55"));
        assert!(quotas.take(&Call { scope: "/other", client: None, units: 1 }, at(20)).is_ok());
        assert!(quotas.take(&call(None), at(60)).is_ok());
        for _ in 0..3 {
            quotas.take(&call(Some("Lights")), at(70)).unwrap();
        }
        let refused = quotas.take(&call(Some("Lights")), at(75)).unwrap_err();
        assert_eq!(value(&refused, "clienttype-retry-after"), Some("5"));
    }

    #[test]
    fn units_are_the_tenants_and_every_window_holds() {
        let mut quotas = Quotas::default();
        let mut ask = |number: i64, units, seconds| {
            let scope = number.to_string();
            quotas.take(&Call { scope: &scope, client: None, units }, at(seconds))
        };
        assert!(ask(0, 8, 0).is_ok());
        let refused = ask(1, 5, 3).unwrap_err();
        assert_eq!(value(&refused, "qpu-retry-after"), Some("7"));
        assert!(ask(1, 4, 3).is_ok());
        // Twelve a time fill a minute in five.
        for turn in 1..5 {
            assert!(ask(turn + 1, 99, turn * 13).is_ok(), "{turn}");
        }
        let refused = ask(9, 1, 59).unwrap_err();
        assert_eq!(value(&refused, "qpu-retry-after"), Some("3"));
        let refused = ask(9, 1, 55).unwrap_err();
        assert_eq!(value(&refused, "qpu-retry-after"), Some("7"));
        assert!(ask(9, 1, 62).is_ok());
    }
}

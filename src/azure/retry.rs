//! How long to wait before another try: `Retry-After` in all its forms, and full jitter.

use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderMap;

/// A `Retry-After` of less is not believed.
const WAIT_MIN: SignedDuration = SignedDuration::from_secs(1);
/// Nor is one of more.
const WAIT_MAX: SignedDuration = SignedDuration::from_secs(15 * 60);
/// The first pause is drawn from up to this; each later one from up to twice as much.
const FIRST_MILLIS: u64 = 500;
/// No pause is drawn from more than this.
const LAST_MILLIS: u64 = 20_000;

/// Reads `Retry-After`: seconds or an HTTP date, clamped to 1 s ..= 15 min; none when it is absent or garbage (fault 2).
pub(super) fn retry_after(header: Option<&str>, now: Timestamp) -> Option<SignedDuration> {
    let text = header?.trim();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        let seconds = if text.starts_with('-') { 0 } else { digits.parse().unwrap_or(i64::MAX) };
        return Some(SignedDuration::from_secs(seconds).clamp(WAIT_MIN, WAIT_MAX));
    }
    let at = http_date(text)?;
    Some(at.duration_since(now).clamp(WAIT_MIN, WAIT_MAX))
}

/// The longest wait that a 429 asks for: `Retry-After`, and Cost Management's own headers, of which there is one for each
/// quota that is used up (FACTS 7).
pub(super) fn longest_wait(headers: &HeaderMap, now: Timestamp) -> Option<SignedDuration> {
    let is_quota =
        |name: &str| name.starts_with("x-ms-ratelimit-microsoft.costmanagement-") && name.ends_with("-retry-after");
    let waits = headers.iter().filter(|(name, _)| name.as_str() == "retry-after" || is_quota(name.as_str()));
    waits.filter_map(|(_, value)| retry_after(value.to_str().ok(), now)).max()
}

/// Reads `Wed, 31 Aug 2022 10:37:40 GMT`.
pub(super) fn http_date(text: &str) -> Option<Timestamp> {
    if text.len() > 64 {
        return None;
    }
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// The pause before try `attempt` + 1, drawn evenly from nothing to a bound that doubles.
/// `draw(n)` gives a number below `n`.
pub(super) fn pause(attempt: u32, draw: impl FnOnce(u64) -> u64) -> SignedDuration {
    let bound = FIRST_MILLIS.saturating_mul(1_u64.checked_shl(attempt.min(16)).unwrap_or(1)).min(LAST_MILLIS);
    SignedDuration::from_millis(i64::try_from(draw(bound)).unwrap_or(0))
}

/// What a 429 without a usable `Retry-After` is taken to ask for.
pub(super) fn default_wait(attempt: u32, draw: impl FnOnce(u64) -> u64) -> SignedDuration {
    pause(attempt, draw).saturating_add(WAIT_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_retry_after_is_clamped() {
        let now: Timestamp = "2026-11-02T10:00:00Z".parse().unwrap();
        let cases = [
            (Some("17"), Some(17)),
            (Some(" 17 "), Some(17)),
            (Some("0"), Some(1)),
            (Some("-1"), Some(1)),
            (Some("86400"), Some(900)),
            (Some("99999999999999999999999"), Some(900)),
            (Some("Mon, 02 Nov 2026 10:00:30 GMT"), Some(30)),
            (Some("Mon, 02 Nov 2026 09:00:00 GMT"), Some(1)),
            (Some("Fri, 01 Jan 2100 00:00:00 GMT"), Some(900)),
            (Some("soon"), None),
            (Some(""), None),
            (Some("1.5"), None),
            (None, None),
        ];
        for (header, seconds) in cases {
            assert_eq!(retry_after(header, now).map(|d| d.as_secs()), seconds, "{header:?}");
        }
    }

    #[test]
    fn the_longest_of_all_waits_counts() {
        let now: Timestamp = "2026-11-02T10:00:00Z".parse().unwrap();
        let longest = |headers: &[(&'static str, &'static str)]| {
            let all = headers.iter().map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap()));
            longest_wait(&all.collect::<HeaderMap>(), now).map(|wait| wait.as_secs())
        };
        let quota = "x-ms-ratelimit-microsoft.costmanagement-clienttype-retry-after";
        let units = "x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after";
        assert_eq!(longest(&[(quota, "45"), (units, "7"), ("retry-after", "3")]), Some(45));
        assert_eq!(longest(&[(quota, "4"), ("retry-after", "30")]), Some(30));
        assert_eq!(longest(&[(quota, "soon"), (units, "99999")]), Some(900));
        assert_eq!(longest(&[("x-ms-ratelimit-microsoft.costmanagement-qpu-consumed", "1")]), None);
    }

    #[test]
    fn pauses_double_up_to_a_bound() {
        let widest = |attempt| pause(attempt, |n| n.saturating_sub(1)).as_millis();
        assert_eq!((widest(0), widest(1), widest(2), widest(30)), (499, 999, 1999, 19_999));
        assert_eq!(pause(3, |_| 0), SignedDuration::ZERO);
        assert_eq!(default_wait(0, |_| 0).as_secs(), 1);
    }
}

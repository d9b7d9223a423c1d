//! Azure's timestamps and durations, believed only when they can be true.

use jiff::{SignedDuration, SpanRelativeTo, Timestamp};

use super::words::clean;
use crate::units::Span;

/// Azure Machine Learning is younger than this: 2015-01-01T00:00:00Z.
const EARLIEST: i64 = 1_420_070_400;
/// Clocks differ a little; more than this is the future.
const AHEAD_MAX: SignedDuration = SignedDuration::from_secs(300);
/// A creation may be stamped this long after the operation that caused it.
const CREATION_SLACK: SignedDuration = SignedDuration::from_secs(600);

/// Reads a timestamp with any number of digits and any offset.
///
/// # Errors
/// Why it cannot be true: no offset, the future, before Azure Machine Learning existed (fault 31).
pub(super) fn credible(text: &str, observed_at: Timestamp) -> Result<Timestamp, String> {
    let at: Timestamp = text.parse().map_err(|_| format!("`{}` is not an instant with an offset", clean(text)))?;
    if at.as_second() < EARLIEST {
        return Err(format!("{at} is before 2015"));
    }
    if at.duration_since(observed_at) > AHEAD_MAX {
        return Err(format!("{at} is in the future"));
    }
    Ok(at)
}

/// Nothing is asked of an instance before it exists.
pub(super) fn precedes_creation(at: Timestamp, created: Option<Timestamp>) -> bool {
    created.is_some_and(|created| created.duration_since(at) > CREATION_SLACK)
}

/// Reads an ISO 8601 duration such as `PT120M` or `P3D`; a day is 24 hours.
pub(super) fn length(text: &str) -> Option<Span> {
    let span: jiff::Span = text.parse().ok()?;
    let exact = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    u32::try_from(exact.as_secs()).ok().filter(|_| text.starts_with('P')).map(Span::seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fault_31_only_instants_that_can_be_true() {
        let now: Timestamp = "2026-11-02T10:00:00Z".parse().unwrap();
        for good in ["2026-11-02T09:00:00.1234567+00:00", "2022-04-11T09:49:11.992+08:00", "2026-11-02T10:04:59Z", "2015-01-01T00:00:00Z"] {
            assert!(credible(good, now).is_ok(), "{good}");
        }
        for bad in ["2026-11-02T10:05:01Z", "0001-01-01T00:00:00Z", "2014-12-31T23:59:59Z", "2026-11-02T09:00:00", "2026-11-02", "", "NaN", "9999-12-31T23:59:59Z", "99999-01-01T00:00:00Z"] {
            assert!(credible(bad, now).is_err(), "{bad}");
        }
    }

    #[test]
    fn lengths_as_azure_writes_them() {
        assert_eq!(length("PT120M"), Some(Span::hours(2)));
        assert_eq!(length("P3D"), Some(Span::hours(72)));
        assert_eq!(length("PT15M"), Some(Span::minutes(15)));
        for bad in ["", "120", "-PT5M", "2h", "P1M", "P9999Y"] {
            assert_eq!(length(bad), None, "{bad}");
        }
    }
}

//! How fast a disk fills: a straight line through a day of its free room, in whole numbers.

use serde::{Deserialize, Serialize};

/// A disk's free room at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// Milliseconds after the boot.
    pub at: u64,
    /// Bytes.
    pub free: u64,
}

/// A line needs so many milliseconds below it: an hour.
const SPAN_MIN: u64 = 3_600_000;
/// What fills later than in a month is not filling.
const FAR: i128 = 30 * 86_400_000;
/// Less than so many bytes over the points is noise.
const NOISE: i128 = 64 * 1_024 * 1_024;

/// In how many milliseconds a disk with so much room will be full, by its line; none when it does not fill.
#[must_use]
pub fn full_in(points: &[Point], free: u64) -> Option<u64> {
    let (first, last) = (points.first()?, points.last()?);
    let span = last.at.checked_sub(first.at).filter(|span| *span >= SPAN_MIN)?;
    // Minutes and kibibytes: their squares and sums stay far within 128 bits.
    let rows: Vec<(i128, i128)> = points
        .iter()
        .map(|point| (i128::from(point.at.saturating_sub(first.at) / 60_000), i128::from(point.free / 1_024)))
        .collect();
    let count = i128::try_from(rows.len()).ok()?;
    let sum = |of: fn(&(i128, i128)) -> i128| rows.iter().map(of).fold(0_i128, i128::saturating_add);
    let (x, y) = (sum(|row| row.0), sum(|row| row.1));
    let (xy, xx) = (sum(|row| row.0.saturating_mul(row.1)), sum(|row| row.0.saturating_mul(row.0)));
    let over = count.saturating_mul(xy).saturating_sub(x.saturating_mul(y));
    let under = count.saturating_mul(xx).saturating_sub(x.saturating_mul(x));
    // Kibibytes lost in a thousand minutes.
    let lost = over.checked_neg()?.checked_mul(1_000)?.checked_div(under)?;
    let minutes = i128::from(span / 60_000);
    if lost <= 0 || lost.saturating_mul(minutes) / 1_000 * 1_024 < NOISE {
        return None;
    }
    let after = i128::from(free / 1_024).saturating_mul(1_000).checked_div(lost)?.saturating_mul(60_000);
    u64::try_from(after).ok().filter(|_| after <= FAR)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GIB: u64 = 1_073_741_824;
    const HOUR: u64 = 3_600_000;

    fn line(hours: u64, start: u64, lost_an_hour: u64) -> Vec<Point> {
        (0..=hours * 6).map(|n| Point { at: n * HOUR / 6, free: start.saturating_sub(n * lost_an_hour / 6) }).collect()
    }

    #[test]
    fn a_disk_that_fills_is_told_of_days_before() {
        let points = line(24, 100 * GIB, GIB);
        let after = full_in(&points, 76 * GIB).unwrap();
        assert!((75 * HOUR..=77 * HOUR).contains(&after), "{} h", after / HOUR);
    }

    #[test]
    fn a_disk_that_does_not_fill_has_no_such_day() {
        assert_eq!(full_in(&line(24, 100 * GIB, 0), 100 * GIB), None);
        assert_eq!(full_in(&line(24, 100 * GIB, 1_024), 100 * GIB), None, "noise");
        assert_eq!(full_in(&line(24, 500 * GIB, GIB / 10), 500 * GIB), None, "in half a year");
        let mut rising = line(24, 100 * GIB, GIB);
        rising.iter_mut().for_each(|point| point.free = 200 * GIB - point.free);
        assert_eq!(full_in(&rising, 100 * GIB), None);
        assert_eq!(full_in(&line(0, GIB, GIB), GIB), None, "one point is no line");
        assert_eq!(full_in(&[], GIB), None);
    }

    proptest! {
        #[test]
        fn no_points_break_the_arithmetic(raw in prop::collection::vec((any::<u64>(), any::<u64>()), 0..20), free: u64) {
            let points: Vec<Point> = raw.into_iter().map(|(at, free)| Point { at, free }).collect();
            prop_assert!(full_in(&points, free).is_none_or(|after| after <= 30 * 86_400_000));
        }
    }
}

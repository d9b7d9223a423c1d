//! The knee of a curve of money against regrets: where a little more of the one begins to cost much of the other.

use serde::Serialize;

/// One policy of a search: what it would cost, in millionths, and how many it would hurt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Point {
    /// Running cost in millionths.
    pub cost: i64,
    /// Regrets.
    pub regrets: i64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Knee {
    /// The place of the point in the list that was given.
    At {
        /// From 0.
        place: usize,
    },
    /// There is none; why.
    None {
        /// In words.
        why: &'static str,
    },
}

/// Finds the knee: among the points that no other beats in both (less cost at no more regrets), the one that lies furthest
/// below the chord from the cheapest to the gentlest, measured with both axes drawn to one length. A curve that nowhere dips
/// below its chord has none.
#[must_use]
pub fn knee(points: &[Point]) -> Knee {
    let none = |why| Knee::None { why };
    let mut front: Vec<(usize, Point)> = points.iter().copied().enumerate().collect();
    front.sort_by_key(|(place, point)| (point.cost, point.regrets, *place));
    let mut fewest = i64::MAX;
    front.retain(|(_, point)| {
        let better = point.regrets < fewest;
        fewest = fewest.min(point.regrets);
        better
    });
    let (Some((_, first)), Some((_, last))) = (front.first().copied(), front.last().copied()) else {
        return none("nothing was tried");
    };
    let (wide, high) =
        (i128::from(last.cost) - i128::from(first.cost), i128::from(first.regrets) - i128::from(last.regrets));
    if front.len() < 3 {
        return none("no three values differ in both money and regrets: the best of both is one of the ends");
    }
    // twice the area of the triangle that a point makes with the chord: as its distance, without a square root
    let below = |point: &Point| {
        let (along, up) =
            (i128::from(point.cost) - i128::from(first.cost), i128::from(point.regrets) - i128::from(last.regrets));
        wide.saturating_mul(high) - along.saturating_mul(high) - up.saturating_mul(wide)
    };
    let furthest = front.iter().max_by_key(|(place, point)| (below(point), std::cmp::Reverse(*place)));
    match furthest.filter(|(_, point)| below(point) > 0) {
        Some((place, _)) => Knee::At { place: *place },
        None => none("the curve nowhere dips below the straight line between its ends"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(all: &[(i64, i64)]) -> Vec<Point> {
        all.iter().map(|(cost, regrets)| Point { cost: *cost, regrets: *regrets }).collect()
    }

    #[test]
    fn the_knee_is_furthest_below_the_chord() {
        let curve = points(&[(100, 20), (110, 6), (150, 4), (200, 3)]);
        assert_eq!(knee(&curve), Knee::At { place: 1 });
        let scaled: Vec<Point> = curve.iter().map(|p| Point { cost: p.cost * 1_000_000, ..*p }).collect();
        assert_eq!(knee(&scaled), Knee::At { place: 1 }, "whatever the units");
        let mut turned = curve;
        turned.reverse();
        assert_eq!(knee(&turned), Knee::At { place: 2 }, "whatever the order");
    }

    #[test]
    fn what_is_beaten_in_both_is_no_knee() {
        let curve = points(&[(100, 20), (120, 25), (110, 6), (111, 7), (200, 3)]);
        assert_eq!(knee(&curve), Knee::At { place: 2 });
    }

    #[test]
    fn a_straight_line_a_bulge_and_two_points_have_none() {
        for curve in [
            points(&[]),
            points(&[(100, 3)]),
            points(&[(100, 3), (200, 1)]),
            points(&[(100, 4), (200, 3), (300, 2)]),
            points(&[(100, 10), (190, 9), (200, 1)]),
            points(&[(100, 3), (200, 3), (300, 3)]),
        ] {
            assert!(matches!(knee(&curve), Knee::None { .. }), "{curve:?}");
        }
    }
}

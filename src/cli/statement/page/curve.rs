//! Money against a count, a dot for each value that was tried, and a line through those that no other beats.

use plotters::coord::types::RangedCoordi64;
use plotters::prelude::*;

use super::chart::{GRID, INK, Named, bounds, broken, label, shade, titled};
use crate::cli::statement::StatementError;
use crate::units::Currency;

/// One value that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Dot {
    /// Its name.
    pub(in crate::cli) name: String,
    /// In millionths.
    pub(in crate::cli) cost: i64,
    /// The count.
    pub(in crate::cli) count: i64,
    /// It is the knee.
    pub(in crate::cli) is_knee: bool,
}

/// Two curves over one pair of axes, the second one hollow.
pub(in crate::cli) fn curve(
    curves: [&[Dot]; 2],
    (currency, counted): (Currency, &str),
    named: Named<'_>,
) -> Result<String, StatementError> {
    let all = || curves.into_iter().flatten();
    let (_, high) = bounds(all().map(|dot| dot.cost));
    let low = all().map(|dot| dot.cost).min().unwrap_or(0);
    let margin = high.saturating_sub(low).checked_div(12).unwrap_or(0).max(1);
    let most = all().map(|dot| dot.count).max().unwrap_or(0).saturating_add(1);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (960, 420)).into_drawing_area();
        area.fill(&WHITE).map_err(broken)?;
        let mut chart = ChartBuilder::on(&area)
            .margin(8)
            .margin_right(24)
            .x_label_area_size(48)
            .y_label_area_size(64)
            .build_cartesian_2d(low.saturating_sub(margin)..high, 0..most)
            .map_err(broken)?;
        chart
            .configure_mesh()
            .axis_style(INK)
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .label_style(("sans-serif", 15).into_font().color(&INK))
            .x_labels(8)
            .y_labels(8)
            .x_desc("running cost")
            .y_desc(counted)
            .x_label_formatter(&|micros| label(*micros, high, currency))
            .draw()
            .map_err(broken)?;
        for (place, dots) in curves.into_iter().enumerate() {
            let mut sorted: Vec<&Dot> = dots.iter().collect();
            sorted.sort_by_key(|dot| (dot.cost, dot.count));
            let line: Vec<(i64, i64)> = sorted.iter().map(|dot| (dot.cost, dot.count)).collect();
            chart
                .draw_series([PathElement::new(line, shade(place.saturating_add(1)).stroke_width(2))])
                .map_err(broken)?;
            for dot in sorted {
                let size = if dot.is_knee { 9 } else { 5 };
                let style = if place == 0 { shade(1).filled() } else { INK.stroke_width(2) };
                chart.draw_series([Circle::new((dot.cost, dot.count), size, style)]).map_err(broken)?;
            }
        }
        names(&mut chart, all().collect())?;
        area.present().map_err(broken)?;
    }
    Ok(titled(&svg, named))
}

type Axes<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordi64, RangedCoordi64>>;

/// Where a name may stand, from its dot: to the right above and below, to the left above and below.
const BESIDE: [(i32, i32); 4] = [(10, -18), (10, 6), (-10, -18), (-10, 6)];
/// A name is so high, and a letter of it at most so wide.
const LETTER: (i32, i32) = (8, 15);

/// Names beside their dots, the knees' first. One that finds no room stands in the table alone.
fn names(chart: &mut Axes<'_, '_>, mut dots: Vec<&Dot>) -> Result<(), StatementError> {
    dots.sort_by_key(|dot| (!dot.is_knee, dot.cost, dot.count));
    let spots: Vec<(i32, i32)> = dots.iter().map(|dot| chart.backend_coord(&(dot.cost, dot.count))).collect();
    let mut taken: Vec<Room> = spots.iter().map(|(x, y)| Room { x: (x - 5, x + 5), y: (y - 5, y + 5) }).collect();
    for (dot, spot) in dots.into_iter().zip(spots) {
        let name = if dot.is_knee { format!("{} (knee)", dot.name) } else { dot.name.clone() };
        let name = crate::report::words::clean(&name);
        let width = i32::try_from(name.chars().count()).unwrap_or(i32::MAX).saturating_mul(LETTER.0);
        let room = |(right, down): (i32, i32)| {
            let left = if right < 0 { spot.0.saturating_add(right).saturating_sub(width) } else { spot.0 + right };
            let top = spot.1 + down;
            Room { x: (left, left.saturating_add(width)), y: (top, top + LETTER.1) }
        };
        let Some(place) = BESIDE.into_iter().map(room).find(|room| !taken.iter().any(|other| room.meets(other))) else {
            continue;
        };
        let font = ("sans-serif", 14).into_font().color(&INK);
        let from = (place.x.0 - spot.0, place.y.0 - spot.1);
        let beside = EmptyElement::at((dot.cost, dot.count)) + Text::new(name, from, font);
        chart.draw_series([beside]).map_err(broken)?;
        taken.push(place);
    }
    Ok(())
}

/// A rectangle of the picture, in its points.
#[derive(Debug, Clone, Copy)]
struct Room {
    x: (i32, i32),
    y: (i32, i32),
}

impl Room {
    const fn meets(&self, other: &Self) -> bool {
        self.x.0 < other.x.1 && other.x.0 < self.x.1 && self.y.0 < other.y.1 && other.y.0 < self.y.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(dots: &[(i64, i64)], knee: usize) -> String {
        let dot = |(place, (cost, count)): (usize, &(i64, i64))| Dot {
            name: format!("v{place}x"),
            cost: *cost * 1_000_000,
            count: *count,
            is_knee: place == knee,
        };
        let dots: Vec<Dot> = dots.iter().enumerate().map(dot).collect();
        let named = Named { id: "search", title: "money", describes: "dots" };
        curve([&dots, &[]], ("USD".parse().unwrap(), "regrets"), named).unwrap()
    }

    #[test]
    fn each_name_stands_beside_its_dot_where_there_is_room() {
        let apart = drawn(&[(10, 50), (60, 20), (200, 3)], 1);
        for name in ["v0x", "v1x (knee)", "v2x"] {
            assert!(apart.contains(name), "{name}");
        }
        // twenty on one another: a few names fit around them, the knee's among these, and none stands on another
        let crowded: Vec<(i64, i64)> = (0..20).map(|n| (100, 7 + n / 10)).chain([(900, 1)]).collect();
        let text = drawn(&crowded, 13);
        let named = (0..21).filter(|n| text.contains(&format!("v{n}x"))).count();
        assert!(text.contains("v13x (knee)") && text.contains("v20x"));
        assert!((3..=10).contains(&named), "{named}");
    }
}

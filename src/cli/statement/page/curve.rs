//! Money against a count, a dot for each value that was tried, and a line through those that no other beats.

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
                let at = (dot.cost, dot.count);
                let size = if dot.is_knee { 9 } else { 5 };
                let style = if place == 0 { shade(1).filled() } else { INK.stroke_width(2) };
                chart.draw_series([Circle::new(at, size, style)]).map_err(broken)?;
                let name = if dot.is_knee { format!("{} (knee)", dot.name) } else { dot.name.clone() };
                // beside its dot, and not upon it
                let font = ("sans-serif", 14).into_font().color(&INK);
                let beside = EmptyElement::at(at) + Text::new(crate::report::words::clean(&name), (10, -18), font);
                chart.draw_series([beside]).map_err(broken)?;
            }
        }
        area.present().map_err(broken)?;
    }
    Ok(titled(&svg, named))
}

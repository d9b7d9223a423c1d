//! Charts as SVG, drawn by `plotters`. Colours grow lighter in the order of the legend and every bar has an outline, so
//! that they are told apart on a black and white print too. Each has a title and a description for those who hear it.

use plotters::coord::ranged1d::{IntoSegmentedCoord as _, SegmentValue, SegmentedCoord};
use plotters::coord::types::RangedCoordi32;
use plotters::prelude::*;

use super::series::{Course, Series};
use crate::cli::statement::StatementError;
use crate::report::words::html as escape;
use crate::units::{Currency, Money};

const WIDTH: u32 = 960;
const HEIGHT: u32 = 300;
pub(super) const INK: RGBColor = RGBColor(0x1f, 0x29, 0x33);
pub(super) const GRID: RGBColor = RGBColor(0xd5, 0xda, 0xe0);
/// From dark to light; the last is that of all others.
const PALETTE: [RGBColor; 6] = [
    RGBColor(0x14, 0x21, 0x3d),
    RGBColor(0x2f, 0x66, 0x90),
    RGBColor(0x4f, 0xa3, 0xa5),
    RGBColor(0xa8, 0xc6, 0x86),
    RGBColor(0xf2, 0xd4, 0x92),
    RGBColor(0xff, 0xff, 0xff),
];

type Drawn = Result<String, StatementError>;

pub(super) fn broken(error: impl std::error::Error + Send + Sync + 'static) -> StatementError {
    StatementError::Chart(Box::new(error))
}

/// The colour of a series, as HTML writes it.
pub(in crate::cli) fn colour(place: usize) -> String {
    let RGBColor(red, green, blue) = shade(place);
    format!("#{red:02x}{green:02x}{blue:02x}")
}

pub(super) fn shade(place: usize) -> RGBColor {
    PALETTE.get(place).or(PALETTE.last()).copied().unwrap_or(INK)
}

/// What a chart is called, for those who see it and those who hear it.
#[derive(Debug, Clone, Copy)]
pub(in crate::cli) struct Named<'a> {
    /// Unique in the page.
    pub(in crate::cli) id: &'a str,
    /// Its title.
    pub(in crate::cli) title: &'a str,
    /// What it shows, in a sentence.
    pub(in crate::cli) describes: &'a str,
}

/// Bars over time, one series upon the other.
pub(in crate::cli) fn stacked(course: &Course, named: Named<'_>) -> Drawn {
    let mut bars = Vec::new();
    let mut tops = vec![0_i64; course.times.len()];
    for (place, series) in course.series.iter().enumerate() {
        for ((time, value), top) in (0_i32..).zip(&series.values).zip(&mut tops) {
            let bottom = *top;
            *top = top.saturating_add(*value);
            bars.push(Bar { time, from: bottom, to: *top, side: Side::Whole, fill: Some(shade(place)) });
        }
    }
    over_time(course, &bars, named)
}

/// Two bars for each time side by side, the second one hollow.
pub(in crate::cli) fn paired(course: &Course, named: Named<'_>) -> Drawn {
    let mut bars = Vec::new();
    let looks = [(Side::Left, Some(shade(2))), (Side::Right, None)];
    for (series, (side, fill)) in course.series.iter().zip(looks) {
        for (time, value) in (0_i32..).zip(&series.values).filter(|(_, value)| **value != 0) {
            bars.push(Bar { time, from: 0, to: *value, side, fill });
        }
    }
    over_time(course, &bars, named)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Whole,
    Left,
    Right,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bar {
    time: i32,
    from: i64,
    to: i64,
    side: Side,
    fill: Option<RGBColor>,
}

fn over_time(course: &Course, bars: &[Bar], named: Named<'_>) -> Drawn {
    let count = i32::try_from(course.times.len()).unwrap_or(i32::MAX).max(1);
    let (low, high) = bounds(bars.iter().flat_map(|bar| [bar.from, bar.to]));
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
        area.fill(&WHITE).map_err(broken)?;
        let mut chart = ChartBuilder::on(&area)
            .margin(8)
            .margin_right(16)
            .x_label_area_size(28)
            .y_label_area_size(84)
            .build_cartesian_2d(slots(count), low..high)
            .map_err(broken)?;
        let name = |at: &SegmentValue<i32>| match at {
            SegmentValue::CenterOf(time) => {
                let name = usize::try_from(*time).ok().and_then(|time| course.times.get(time));
                name.map_or_else(String::new, |name| tick(name))
            }
            SegmentValue::Exact(_) | SegmentValue::Last => String::new(),
        };
        chart
            .configure_mesh()
            .disable_x_mesh()
            .axis_style(INK)
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .label_style(("sans-serif", 15).into_font().color(&INK))
            .x_labels(16)
            .y_labels(6)
            .x_label_formatter(&name)
            .y_label_formatter(&|micros| label(*micros, high, course.currency))
            .draw()
            .map_err(broken)?;
        let half = WIDTH.saturating_sub(108).checked_div(count.unsigned_abs().saturating_mul(2)).unwrap_or(1);
        for bar in bars {
            let rectangles = rectangles(bar, half);
            chart.draw_series(rectangles).map_err(broken)?;
        }
        area.present().map_err(broken)?;
    }
    Ok(titled(&svg, named))
}

/// `2026-11-05` as `5 Nov`, since the year is in the title; `2026-11` as `Nov 2026`.
fn tick(name: &str) -> String {
    let day: Option<jiff::civil::Date> = name.parse().ok();
    let month: Option<jiff::civil::Date> = format!("{name}-01").parse().ok();
    let day = day.map(|day| day.strftime("%-d %b").to_string());
    day.or_else(|| month.map(|month| month.strftime("%b %Y").to_string())).unwrap_or_else(|| name.to_owned())
}

type Segment = (SegmentValue<i32>, i64);

/// The bar and its outline; `half` is half the room of one time, in pixels.
fn rectangles(bar: &Bar, half: u32) -> Vec<Rectangle<Segment>> {
    let gap = half.checked_div(8).unwrap_or(0).clamp(1, 12);
    let (left, right) = match bar.side {
        Side::Whole => (gap, gap),
        Side::Left => (gap, half),
        Side::Right => (half, gap),
    };
    let ends = [(SegmentValue::Exact(bar.time), bar.from), (SegmentValue::Exact(bar.time.saturating_add(1)), bar.to)];
    let one = |style: ShapeStyle| {
        let mut rectangle = Rectangle::new(ends.clone(), style);
        rectangle.set_margin(0, 0, left, right);
        rectangle
    };
    bar.fill.map(|fill| one(fill.filled())).into_iter().chain([one(INK.stroke_width(1))]).collect()
}

/// Bars side by side that compare groups: names to the left, the longest bar on top.
pub(in crate::cli) fn ranked(bars: &[(String, i64)], currency: Currency, named: Named<'_>) -> Drawn {
    let count = i32::try_from(bars.len()).unwrap_or(i32::MAX).max(1);
    let (_, high) = bounds(bars.iter().map(|(_, amount)| *amount));
    let height = count.unsigned_abs().saturating_mul(26).saturating_add(48);
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        area.fill(&WHITE).map_err(broken)?;
        let mut chart = ChartBuilder::on(&area)
            .margin(8)
            .margin_right(24)
            .x_label_area_size(28)
            .y_label_area_size(280)
            .build_cartesian_2d(0..high, slots(count))
            .map_err(broken)?;
        let name = |at: &SegmentValue<i32>| match at {
            SegmentValue::CenterOf(from_below) => {
                let place = count.saturating_sub(1).saturating_sub(*from_below);
                let bar = usize::try_from(place).ok().and_then(|place| bars.get(place));
                bar.map_or_else(String::new, |(name, _)| short(name))
            }
            SegmentValue::Exact(_) | SegmentValue::Last => String::new(),
        };
        chart
            .configure_mesh()
            .disable_y_mesh()
            .axis_style(INK)
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .label_style(("sans-serif", 15).into_font().color(&INK))
            .x_labels(8)
            .y_labels(bars.len().max(1))
            .x_label_formatter(&|micros| label(*micros, high, currency))
            .y_label_formatter(&name)
            .draw()
            .map_err(broken)?;
        for (from_below, (_, amount)) in (0_i32..).zip(bars.iter().rev()) {
            let below = SegmentValue::Exact(from_below);
            let ends = [(0, below), (*amount, SegmentValue::Exact(from_below.saturating_add(1)))];
            let one = |style: ShapeStyle| {
                let mut rectangle = Rectangle::new(ends.clone(), style);
                rectangle.set_margin(4, 4, 0, 0);
                rectangle
            };
            chart.draw_series([one(shade(1).filled()), one(INK.stroke_width(1))]).map_err(broken)?;
        }
        area.present().map_err(broken)?;
    }
    Ok(titled(&svg, named))
}

/// So many slots. A range's end is a slot too; a single one would have no width.
fn slots(count: i32) -> SegmentedCoord<RangedCoordi32> {
    (0..count.saturating_sub(1).max(1)).into_segmented()
}

/// From nothing, or less, to a little more than the most.
pub(super) fn bounds(values: impl Iterator<Item = i64>) -> (i64, i64) {
    let (low, high) = values.fold((0_i64, 0_i64), |(low, high), value| (low.min(value), high.max(value)));
    let room = |value: i64| value.saturating_add(value.checked_div(16).unwrap_or(0));
    (room(low), room(high).max(1_000))
}

/// With as many decimals as the scale needs.
pub(super) fn label(micros: i64, high: i64, currency: Currency) -> String {
    let decimals = if high >= 20_000_000 { 0 } else { 2 };
    format!("{} {currency}", Money::micros(micros, currency).cost().text(decimals))
}

/// As much of a name as there is room for.
fn short(name: &str) -> String {
    const ROOM: usize = 36;
    let clean = crate::report::words::clean(name);
    if clean.chars().count() <= ROOM {
        return clean;
    }
    clean.chars().take(ROOM.saturating_sub(1)).chain(['…']).collect()
}

/// With a title and a description, which screen readers say and browsers show.
pub(super) fn titled(svg: &str, named: Named<'_>) -> String {
    let (id, title, describes) = (named.id, escape(named.title), escape(named.describes));
    let open = format!("<svg role=\"img\" aria-labelledby=\"{id}-title {id}-says\" ");
    let told = format!("><title id=\"{id}-title\">{title}</title><desc id=\"{id}-says\">{describes}</desc>");
    svg.replacen("<svg ", &open, 1).replacen('>', &told, 1)
}

/// A legend beside a chart: what each colour is.
pub(in crate::cli) fn legend(series: &[Series]) -> String {
    let mut text = "<ul class=\"legend\">".to_owned();
    for (place, one) in series.iter().enumerate() {
        let item = format!("<li><span style=\"background:{}\"></span>{}</li>", colour(place), escape(&one.label));
        text.push_str(&item);
    }
    text.push_str("</ul>\n");
    text
}

//! A replay, or a search, as one HTML file in the look of the cost report: no script, no outside asset.

use super::search::Found;
use super::text::{
    HEADER, HURT_HEADER, TRIED_HEADER, by_difference, hurt_row, knee_words, lines, row, title, tried_rows,
};
use super::{ReplayError, money, saved};
use crate::cli::statement::page::{Course, Dot, Named, Series, Table, begin, curve, paired, section};
use crate::ledger::Costs;
use crate::replay::{Knee, Replay, Spread};
use crate::report::words::html as escape;
use crate::units::Currency;

/// More days than two months have are shown by month.
const DAYS_MAX: usize = 62;

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn masthead((kind, title): (&str, &str), big: &str, beside: &str) -> String {
    format!(
        "<header>\n<p class=\"kind\">{}</p>\n<h1>{}</h1>\n<div class=\"total\"><span class=\"amount\">{}</span>\
         <span class=\"range\">{}</span></div>\n</header>\n<main>\n",
        escape(kind),
        escape(title),
        escape(big),
        escape(beside)
    )
}

fn foot(notes: &[String]) -> String {
    let mut text = "</main>\n<footer>\n<h2>What this means, and what it does not</h2>\n<ul>\n".to_owned();
    notes.iter().for_each(|note| text.push_str(&format!("<li>{}</li>\n", escape(note))));
    text.push_str(&format!(
        "</ul>\n<p class=\"origin\">lightsout {}</p>\n</footer>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION")
    ));
    text
}

/// The replay as a page.
///
/// # Errors
/// When a chart cannot be drawn.
pub fn page(replay: &Replay, tried: &str) -> Result<String, ReplayError> {
    let title = title(replay, tried);
    let saving = saved(&replay.total);
    let mut text = begin(&title);
    let cheaper = money(&Spread { least: &saving.least, most: &saving.most });
    text.push_str(&masthead(
        ("Replay of policies, Azure Machine Learning compute instances", &title),
        &cheaper,
        "cheaper than what happened, at least and at most; less than nothing is dearer",
    ));
    let sums = Table {
        caption: "In sum".to_owned(),
        header: texts(&["", "happened", "replayed"]),
        rows: lines(&replay.total).into_iter().map(Vec::from).collect(),
        sum: None,
    };
    text.push_str(&format!("<section>\n<h2>What happened, and what would have</h2>\n{}</section>\n", sums.html()));
    let currencies: Vec<Currency> = replay.total.replayed.most.cost.currencies().collect();
    for currency in currencies {
        days(&mut text, replay, currency)?;
    }
    let machines = Table {
        caption: "Machines that fare otherwise, the greatest difference first; what happened → what would have"
            .to_owned(),
        header: texts(&HEADER),
        rows: by_difference(replay, None).into_iter().map(row).collect(),
        sum: None,
    };
    text.push_str(&format!("<section>\n<h2>Each machine</h2>\n{}</section>\n", machines.html_of_words(3)));
    let hurt = Table {
        caption: "Stops after which somebody worked within half an hour, or may have".to_owned(),
        header: texts(&HURT_HEADER),
        rows: replay.hurt.iter().map(hurt_row).collect(),
        sum: None,
    };
    text.push_str(&format!(
        "<section>\n<h2>Whom it would have hurt</h2>\n{}</section>\n",
        hurt.html_of_words(HURT_HEADER.len())
    ));
    text.push_str(&foot(&replay.notes));
    Ok(text)
}

/// Cost by day, or by month where there are many.
fn days(text: &mut String, replay: &Replay, currency: Currency) -> Result<(), ReplayError> {
    let by_day = replay.days.len() <= DAYS_MAX;
    let mut times: Vec<String> = Vec::new();
    let mut sums: [Vec<Costs>; 3] = Default::default();
    for (date, day) in &replay.days {
        let name = if by_day { date.to_string() } else { date.strftime("%Y-%m").to_string() };
        if times.last() != Some(&name) {
            times.push(name);
            sums.iter_mut().for_each(|sums| sums.push(Costs::default()));
        }
        for (sums, costs) in sums.iter_mut().zip([&day.happened, &day.replayed.least, &day.replayed.most]) {
            sums.last_mut().into_iter().for_each(|sum| sum.merge(costs));
        }
    }
    let labels = ["happened", "replayed, at least", "replayed, at most"];
    let one = |(label, sums): (&str, &Vec<Costs>)| Series {
        label: label.to_owned(),
        values: sums.iter().map(|costs| costs.get(currency).rounded().as_micros()).collect(),
    };
    let [happened, least, most]: [Series; 3] = [0, 1, 2]
        .map(|place| labels.get(place).copied().zip(sums.get(place)).map_or_else(|| one(("", &Vec::new())), one));
    let unit = if by_day { "day" } else { "month" };
    let course = |series| Course { currency, unit, times: times.clone(), series };
    let title = format!("What running time cost, by {unit}");
    let describes = format!(
        "Bars: cost of each {unit} in {currency} as it happened; hollow bars: by the policies that were tried, at most. The table below has the figures."
    );
    let named =
        Named { id: &format!("days-{}", currency.code().to_ascii_lowercase()), title: &title, describes: &describes };
    let chart = paired(&course(vec![happened.clone(), most.clone()]), named)?;
    let key = "<ul class=\"legend\"><li><span class=\"did\"></span>happened</li><li><span></span>replayed, at most</li></ul>\n";
    let table = crate::cli::statement::page::course_table(&course(vec![happened, least, most]), &title);
    section(text, &title, &(chart + key), &table.html());
    Ok(())
}

/// A search as a page.
///
/// # Errors
/// When a chart cannot be drawn.
pub fn search_page(found: &Found, heading: &str) -> Result<String, ReplayError> {
    let mut text = begin(heading);
    let knee = match &found.knee_most {
        Knee::At { place } => {
            found.tried.get(*place).map_or_else(String::new, |tried| format!("knee at {}", tried.name))
        }
        Knee::None { .. } => "no knee".to_owned(),
    };
    text.push_str(&masthead(
        ("Search of policies, Azure Machine Learning compute instances", heading),
        &knee,
        "by the most that the record allows",
    ));
    let dots = |of: &dyn Fn(&super::search::Tried) -> crate::replay::Point, knee: &Knee| -> Vec<Dot> {
        let dot = |(place, tried): (usize, &super::search::Tried)| {
            let point = of(tried);
            Dot {
                name: tried.name.clone(),
                cost: point.cost,
                count: point.regrets,
                is_knee: *knee == Knee::At { place },
            }
        };
        found.tried.iter().enumerate().map(dot).collect()
    };
    let least = dots(&|tried| tried.least(found.currency), &found.knee_least);
    let most = dots(&|tried| tried.most(found.currency), &found.knee_most);
    let title = "Money against regrets";
    let describes = "A dot for each value: running cost to the right, regrets upwards. Filled: at least; hollow: at most. Further down and to the left is better.";
    let chart = curve([&least, &most], (found.currency, "regrets"), Named { id: "search", title, describes })?;
    let key = "<ul class=\"legend\"><li><span style=\"background:#2f6690\"></span>at least</li><li><span></span>at most</li></ul>\n";
    let table = Table {
        caption: "Each value that was tried; * marks the knee".to_owned(),
        header: texts(&TRIED_HEADER),
        rows: tried_rows(found),
        sum: None,
    };
    section(&mut text, title, &(chart + key), &format!("{}<p>{}</p>\n", table.html(), escape(&knee_words(found))));
    text.push_str(&foot(&found.notes));
    Ok(text)
}

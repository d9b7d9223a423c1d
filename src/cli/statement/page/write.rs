//! The page itself, from its title to the hash of the ledger that it rests on.

use super::chart::{Named, legend, paired, ranked, stacked};
use super::{parts, series};
use crate::cli::statement::amounts::money;
use crate::cli::statement::notes::{amount, headlines, notes, stops};
use crate::cli::statement::{Statement, StatementError, origin};
use crate::report::words::html as escape;
use crate::units::Currency;

const STYLE: &str = include_str!("style.css");

/// Nothing is loaded and nothing runs, whatever a name may hold.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The statement as a page.
///
/// # Errors
/// When a chart cannot be drawn.
pub fn page(statement: &Statement) -> Result<String, StatementError> {
    let head = &statement.head;
    let title = format!("Compute instances, {}", head.period());
    let mut text = begin(&title);
    masthead(&mut text, statement);
    figures(&mut text, statement);
    text.push_str("<main>\n");
    all(&mut text, statement);
    for currency in statement.account.currencies() {
        charts(&mut text, statement, currency)?;
    }
    tables(&mut text, statement);
    text.push_str("</main>\n");
    foot(&mut text, statement);
    text.push_str("</body>\n</html>\n");
    Ok(text)
}

/// A page up to its body.
pub(in crate::cli) fn begin(title: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light\">\n\
         <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
        escape(title)
    )
}

fn masthead(text: &mut String, statement: &Statement) {
    let head = &statement.head;
    let usage = &statement.account.total.usage;
    text.push_str(&format!(
        "<header>\n<p class=\"kind\">Cost report, Azure Machine Learning compute instances</p>\n<h1>{}</h1>\n\
         <p class=\"sub\">{} to {}, days in {}; by {}; {}</p>\n<div class=\"total\"><span class=\"amount\">{}</span>\
         <span class=\"range\">running time, between {} and {}</span></div>\n</header>\n",
        head.period(),
        head.from,
        head.to,
        escape(&head.zone),
        head.by.label(),
        if head.fixed { "rows of the ledger only" } else { "with what is still going on, apart" },
        escape(&money(&usage.cost.mid)),
        escape(&money(&usage.cost.low)),
        escape(&money(&usage.cost.high)),
    ));
}

/// The three figures, each in a box of its own.
fn figures(text: &mut String, statement: &Statement) {
    text.push_str("<section class=\"figures\" aria-label=\"Avoided\">\n<h2>Avoided: three figures, never added to each other</h2>\n<div>\n");
    for (number, line) in ["i", "ii", "iii"].into_iter().zip(headlines(statement)) {
        text.push_str(&format!(
            "<article><h3>({number}) {}</h3><p class=\"amount\">{}</p><p>{}</p></article>\n",
            escape(line.name),
            escape(&line.amount),
            escape(&line.meaning)
        ));
    }
    text.push_str("</div>\n");
    let would = &statement.account.total.would_avoid;
    if would.stops > 0 || would.credited_seconds > 0 {
        text.push_str(&format!(
            "<p>Policies in observe mode would have avoided {}: {}.</p>\n",
            escape(&amount(would, statement.is_listed())),
            escape(&stops(would))
        ));
    }
    text.push_str("</section>\n");
}

fn charts(text: &mut String, statement: &Statement, currency: Currency) -> Result<(), StatementError> {
    let by = statement.head.by.label();
    let code = currency.code().to_ascii_lowercase();
    let course = series::costs(statement, currency);
    if !course.is_empty() {
        let title = format!("What running time cost, by {}", course.unit);
        let describes = format!(
            "Stacked bars: cost of each {} in {currency}, by {by}. The table below has the figures.",
            course.unit
        );
        let named = Named { id: &format!("cost-{code}"), title: &title, describes: &describes };
        let svg = stacked(&course, named)?;
        section(text, &title, &(svg + &legend(&course.series)), &parts::course(&course, &title).html());
    }
    let course = series::avoided(statement, currency);
    if !course.is_empty() {
        let title = format!("What stops avoided, by {}", course.unit);
        let describes = format!(
            "Bars: estimated avoided cost of each {} in {currency}; hollow bars: what policies in observe mode would have avoided.",
            course.unit
        );
        let named = Named { id: &format!("avoided-{code}"), title: &title, describes: &describes };
        let svg = paired(&course, named)?;
        let key = "<ul class=\"legend\"><li><span class=\"did\"></span>avoided (estimated)</li>\
                   <li><span></span>would have been avoided (observe mode)</li></ul>\n";
        section(text, &title, &(svg + key), &parts::course(&course, &title).html());
    }
    let bars = series::burners(statement, currency);
    if bars.len() > 1 {
        let title = format!("Where it went: the most expensive, by {by}");
        let describes = format!("Bars: cost of running time in {currency}, the most expensive first.");
        let named = Named { id: &format!("top-{code}"), title: &title, describes: &describes };
        let svg = ranked(&bars, currency, named)?;
        section(text, &title, &svg, &parts::ranking(&bars, currency, (by, &title)).html());
    }
    Ok(())
}

/// A chart over its table.
pub(in crate::cli) fn section(text: &mut String, title: &str, chart: &str, table: &str) {
    text.push_str(&format!("<section>\n<h2>{}</h2>\n<figure>\n{chart}</figure>\n{table}</section>\n", escape(title)));
}

fn all(text: &mut String, statement: &Statement) {
    text.push_str(&format!("<section>\n<h2>All figures</h2>\n{}</section>\n", parts::groups(statement).html()));
}

fn tables(text: &mut String, statement: &Statement) {
    text.push_str("<section>\n<h2>Why, and what goes on</h2>\n");
    for table in [parts::grounds(statement), parts::provisional(statement)].into_iter().flatten() {
        text.push_str(&table.html());
    }
    text.push_str("</section>\n");
}

fn foot(text: &mut String, statement: &Statement) {
    text.push_str("<footer>\n<h2>What this means, and what it does not</h2>\n<ul>\n");
    for note in notes(statement) {
        text.push_str(&format!("<li>{}</li>\n", escape(&note)));
    }
    text.push_str("</ul>\n");
    if let Some(table) = parts::prices(statement) {
        text.push_str(&table.html());
    }
    text.push_str(&format!("<p class=\"origin\">{}</p>\n</footer>\n", escape(&origin(statement))));
}

//! The message as an HTML e-mail: one table with its styles inline, nothing loaded from outside, light and dark.
//!
//! Mail programs disagree on styles, so what must look right is written on the elements; the one style sheet only
//! turns colours for those that ask for dark ones, and nothing is lost where it is ignored.

use super::sheet::{Link, Sheet, Tone};
use super::text::FOOTER;
use crate::report::words::html as escape;

/// For programs that follow the reader's choice of dark colours. `!important`, since the styles on elements win else.
const DARK: &str = "@media (prefers-color-scheme: dark) {\
.page{background:#14171c!important}.card{background:#1f242c!important;border-color:#39414d!important}\
.strong{color:#f3f5f8!important}.soft{color:#a9b4c2!important}.line{border-color:#39414d!important}\
.button{background:#5b9dff!important;color:#0b1220!important}\
.news{color:#5fd39b!important;border-top-color:#5fd39b!important}\
.soon{color:#f0b35a!important;border-top-color:#f0b35a!important}\
.trouble{color:#ff8a82!important;border-top-color:#ff8a82!important}}";

const FONT: &str = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

/// The message as a whole HTML document.
#[must_use]
pub fn html(sheet: &Sheet, links: &[Link]) -> String {
    let headline = escape(&sheet.headline);
    let (class, colour, word) = accent(sheet.tone);
    let rows: String = sheet.rows.iter().map(|(label, value)| row(label, value)).collect();
    let buttons: String = Link::usable(links).map(|(label, url)| button(&label, url)).collect();
    let buttons = if buttons.is_empty() { buttons } else { format!("<p style=\"margin:20px 0 0\">{buttons}</p>\n") };
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"supported-color-schemes\" content=\"light dark\">\n\
         <title>{headline}</title>\n<style>{DARK}</style>\n</head>\n\
         <body class=\"page\" style=\"margin:0;padding:0;background:#f2f4f7\">\n\
         <table role=\"presentation\" class=\"page\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"background:#f2f4f7\">\n\
         <tr><td align=\"center\" style=\"padding:24px 12px\">\n\
         <table role=\"presentation\" class=\"card {class}\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"max-width:560px;\
         background:#ffffff;border:1px solid #d9dee5;border-top:4px solid {colour};border-radius:8px;{FONT}\">\n\
         <tr><td style=\"padding:24px\">\n\
         <p class=\"{class}\" style=\"margin:0 0 8px;font-size:12px;font-weight:600;letter-spacing:.06em;text-transform:uppercase;color:{colour}\">\
         {word}</p>\n\
         <h1 class=\"strong\" style=\"margin:0 0 12px;font-size:20px;line-height:1.35;font-weight:600;color:#14181f;\
         overflow-wrap:anywhere\">{headline}</h1>\n\
         <p class=\"strong\" style=\"margin:0 0 20px;font-size:15px;line-height:1.5;color:#14181f;overflow-wrap:anywhere\">\
         {words}</p>\n\
         <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"font-size:14px;line-height:1.4\">\n\
         {rows}</table>\n{buttons}</td></tr>\n</table>\n\
         <p class=\"soft\" style=\"max-width:560px;margin:16px auto 0;font-size:12px;line-height:1.5;color:#5a6472;{FONT}\">\
         {FOOTER}</p>\n</td></tr>\n</table>\n</body>\n</html>\n",
        words = escape(&sheet.words),
    )
}

/// The class that dark colours go by, a colour that is read well on white, and a word beside it: no colour says it alone.
const fn accent(tone: Tone) -> (&'static str, &'static str, &'static str) {
    match tone {
        Tone::News => ("news", "#18724a", "For your information"),
        Tone::Soon => ("soon", "#955600", "Coming up"),
        Tone::Trouble => ("trouble", "#b8302a", "Needs someone"),
    }
}

fn row(label: &str, value: &str) -> String {
    format!(
        "<tr><td class=\"soft line\" width=\"96\" style=\"padding:8px 12px 8px 0;border-top:1px solid #e4e8ee;color:#5a6472;\
         vertical-align:top\">{}</td><td class=\"strong line\" style=\"padding:8px 0;border-top:1px solid #e4e8ee;\
         color:#14181f;vertical-align:top;overflow-wrap:anywhere\">{}</td></tr>\n",
        escape(label),
        escape(value)
    )
}

fn button(label: &str, url: &str) -> String {
    format!(
        "<a class=\"button\" href=\"{}\" style=\"display:inline-block;margin:0 8px 8px 0;padding:10px 16px;border-radius:6px;\
         background:#1f5fbf;color:#ffffff;font-size:14px;font-weight:600;text-decoration:none\">{}</a>",
        escape(url),
        escape(label)
    )
}

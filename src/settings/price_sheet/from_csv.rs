//! A sheet as spreadsheets write it: a header that names the columns, then a line for each price or discount.

use super::lines::{Cell, Kind, Written};
use crate::document::{Findings, Located, Trouble, nearest};

/// The columns there are.
const COLUMNS: [&str; 7] = ["size", "region", "hourly", "currency", "from", "until", "percent"];
/// Those without which no line says anything.
const NEEDED: [&str; 2] = ["size", "region"];

/// A field, and the byte of the text at which it begins.
type Field = (usize, String);

/// Reads every line that can be read. Empty lines and those that begin with `#` are no lines.
pub(super) fn read(text: &str, findings: &mut Findings<'_>) -> Vec<Written> {
    let mut start = 0_usize;
    let mut header: Option<Vec<Field>> = None;
    let mut all = Vec::new();
    for line in text.split('\n') {
        let at = start;
        start = start.saturating_add(line.len()).saturating_add(1);
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let Some(fields) = fields(line, at) else {
            let help = "put \" around a whole field, and write \"\" for one within it";
            findings.error(&findings.place(&(at..at), ""), Trouble::new("a quotation mark stands astray", help));
            continue;
        };
        match &header {
            None => {
                check(&fields, findings);
                header = Some(fields);
            }
            Some(header) => all.extend(entry(header, &fields, findings)),
        }
    }
    if header.is_none() {
        let help = format!("write {} in the first line", COLUMNS.join(","));
        findings.error(&findings.place(&(0..0), ""), Trouble::new("it names no columns", help));
    }
    all
}

fn column(name: &str) -> Option<&'static str> {
    COLUMNS.into_iter().find(|known| known.eq_ignore_ascii_case(name))
}

/// The header: known columns, each once, and those that are needed.
fn check(header: &[Field], findings: &mut Findings<'_>) {
    let mut seen = Vec::new();
    for (at, name) in header {
        let place = findings.place(&(*at..*at), "");
        match column(name) {
            None => {
                let meant = nearest(name, COLUMNS.into_iter()).map(|meant| format!("did you mean \"{meant}\"?"));
                let help = meant.unwrap_or_else(|| format!("known are {}, with commas between", COLUMNS.join(",")));
                findings.error(&place, Trouble::new(format!("\"{name}\" is not a column"), help));
            }
            Some(known) if seen.contains(&known) => {
                findings.error(&place, Trouble::new(format!("\"{known}\" is named twice"), "keep one of them"));
            }
            Some(known) => seen.push(known),
        }
    }
    // A column that is misspelt may be the one that seems to be missing.
    let whole = seen.len() == header.len();
    for name in NEEDED.into_iter().filter(|name| whole && !seen.contains(name)) {
        let place = findings.place(&(0..0), "");
        let help = format!("known are {}, with commas between", COLUMNS.join(","));
        findings.error(&place, Trouble::new(format!("there is no column \"{name}\""), help));
    }
}

fn entry(header: &[Field], fields: &[Field], findings: &mut Findings<'_>) -> Option<Written> {
    let begin = fields.first().map_or(0, |(at, _)| *at);
    let at = findings.place(&(begin..begin), "");
    if fields.len() != header.len() {
        let problem = format!("{} fields in a line, and {} in the header", fields.len(), header.len());
        findings.error(&at, Trouble::new(problem, "write a comma between fields, and a point within numbers"));
        return None;
    }
    let cell = |wanted: &str| -> Cell {
        let found = header.iter().zip(fields).find(|((_, name), _)| column(name) == Some(wanted));
        let (_, (at, text)) = found.filter(|(_, (_, text))| !text.is_empty())?;
        Some(Located { value: text.clone(), at: findings.place(&(*at..*at), wanted) })
    };
    let (hourly, currency, percent) = (cell("hourly"), cell("currency"), cell("percent"));
    let lost = !NEEDED.into_iter().all(|name| header.iter().any(|(_, known)| column(known) == Some(name)));
    let kind = if percent.is_some() { Kind::Discount } else { Kind::Price };
    let written = Written {
        kind,
        at,
        lost,
        size: cell("size"),
        region: cell("region"),
        hourly,
        currency,
        percent,
        from: cell("from"),
        until: cell("until"),
    };
    let both = written.percent.as_ref().and(written.hourly.as_ref().or(written.currency.as_ref()));
    if let Some(second) = both {
        let help = "leave hourly and currency empty for a discount, or percent for a price";
        findings.error(&second.at, Trouble::new("a line is a price or a discount, and not both", help));
    }
    Some(written)
}

/// The fields of one line that begins at a byte of the text; none where quotation marks do not pair.
fn fields(line: &str, at: usize) -> Option<Vec<Field>> {
    let mut all = Vec::new();
    let mut rest = line;
    loop {
        let begun = rest.trim_start();
        let place = at.saturating_add(line.len().saturating_sub(begun.len()));
        let (field, after) = match begun.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let (field, _) = begun.split_once(',').unwrap_or((begun, ""));
                (field.trim().to_owned(), begun.get(field.len()..).unwrap_or_default())
            }
        };
        all.push((place, field));
        let after = after.trim_start();
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return after.is_empty().then_some(all),
        }
    }
}

/// What stands before the closing mark, and what after it.
fn unquoted(mut text: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    loop {
        let (before, after) = text.split_once('"')?;
        field.push_str(before);
        match after.strip_prefix('"') {
            None => return Some((field.trim().to_owned(), after)),
            Some(more) => {
                field.push('"');
                text = more;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_know_where_they_begin() {
        let of = |line: &str| fields(line, 100);
        let all = |pairs: &[(usize, &str)]| Some(pairs.iter().map(|(at, text)| (*at, (*text).to_owned())).collect());
        assert_eq!(of("a,b"), all(&[(100, "a"), (102, "b")]));
        assert_eq!(of(" a , \"b,\"\"c\"\" \" ,\r"), all(&[(101, "a"), (105, "b,\"c\""), (118, "")]));
        assert_eq!(of(",\"\""), all(&[(100, ""), (101, "")]));
        assert_eq!(of("ä,x"), all(&[(100, "ä"), (103, "x")]));
        for bad in ["\"a", "\"a\"b", "\"a\" \"b\""] {
            assert_eq!(of(bad), None, "{bad}");
        }
    }
}

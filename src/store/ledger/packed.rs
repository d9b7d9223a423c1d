//! Rows by the thousand: the database packs a page of them into one text, which is unpacked here. A row by itself crosses to
//! the driver's thread and back with every column copied, and of that a year's report would spend most of its time.
//!
//! Fields end with U+001F and rows with U+001E, which stand in no number and no word. A detail is whatever text was
//! written: its length goes before it, so that nothing within it is taken for an end.

use crate::ledger::{Basis, Bound, Entry, EntryKind, Hash, Interval, MeterState, PriceId, SubjectId, TermsId};
use crate::store::StoreError;
use crate::store::rows::Place;
use crate::store::sql::{Builder, Dialect, Link};

/// Rows read at once: some megabytes.
const PAGE: i64 = 20_000;
const FIELD: char = '\u{1f}';
const ROW: char = '\u{1e}';
/// So much of a row that cannot be read is shown.
const SHOWN: usize = 200;

/// A row, and its hash where that was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Packed {
    pub(super) entry: Entry,
    pub(super) hash: Option<Hash>,
}

/// Which rows of `ledger`, and how much of them.
#[derive(Debug, Clone, Copy)]
pub(super) enum Columns {
    WithoutHash,
    WithHash,
}

/// A page, in the order of numbers. A page that is not full is the last one.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) rows: Vec<Packed>,
    pub(super) is_last: bool,
}

/// The first rows that fulfil a condition.
pub(super) async fn page(
    connection: &mut Link,
    columns: Columns,
    condition: impl FnOnce(&mut Builder),
) -> Result<Page, StoreError> {
    let query = question(connection.dialect(), columns, condition);
    answer(connection, query).await
}

/// What is asked for a page.
pub(super) fn question(dialect: Dialect, columns: Columns, condition: impl FnOnce(&mut Builder)) -> Builder {
    let hash = match columns {
        Columns::WithoutHash => "''",
        Columns::WithHash => "hex(hash)",
    };
    let rows = dialect.joined("packed", ROW);
    let mut query = Builder::new(format!(
        "SELECT count(*) AS rows, coalesce({rows}, '') AS packed FROM (
         SELECT concat_ws('{FIELD}', seq, kind, subject, terms, coalesce(CAST(price AS TEXT), ''), state, basis, from_at, from_low, from_high,
             to_at, to_low, to_high, coalesce(CAST(from_seen AS TEXT), ''), coalesce(CAST(to_seen AS TEXT), ''), coalesce(CAST(corrects AS TEXT), ''), ",
    ));
    query
        .push(hash)
        .push(", coalesce(CAST(octet_length(detail) AS TEXT), ''), coalesce(detail, '')) AS packed FROM ledger WHERE ");
    condition(&mut query);
    query.push(" ORDER BY seq LIMIT ").push_bind(PAGE).push(") AS page");
    query
}

/// The page.
pub(super) async fn answer(connection: &mut Link, query: Builder) -> Result<Page, StoreError> {
    let answer = query.build().fetch_one(connection).await?;
    let count: i64 = answer.try_get("rows")?;
    let mut rows = Vec::with_capacity(usize::try_from(count).unwrap_or_default());
    unpack(answer.try_get("packed")?, &mut rows)?;
    if i64::try_from(rows.len()).ok() != Some(count) {
        let first = rows.first().map_or_else(String::new, |row| row.entry.seq.to_string());
        let told = format!("{count} rows from this one on came as {}", rows.len());
        return Err(Place { table: "ledger", row: &first }.wrong(told));
    }
    // it takes them in the order of the inner query, which it does not promise. Its own ORDER BY within group_concat
    // would cost as much again as the page; to sort here what is sorted is one look.
    rows.sort_unstable_by_key(|row| row.entry.seq);
    Ok(Page { rows, is_last: count < PAGE })
}

fn unpack(page: &[u8], rows: &mut Vec<Packed>) -> Result<(), StoreError> {
    let mut rest = std::str::from_utf8(page).map_err(|error| not_text(page, error.valid_up_to()))?;
    while !rest.is_empty() {
        let (row, after) = row(rest).ok_or_else(|| unreadable(rest))?;
        rows.push(row);
        rest = after;
    }
    Ok(())
}

/// The row in which text ends to be text.
fn not_text(page: &[u8], valid: usize) -> StoreError {
    let before = page.get(..valid).unwrap_or_default();
    let start = before.iter().rposition(|byte| char::from(*byte) == ROW).map_or(0, |at| at.saturating_add(1));
    unreadable(&String::from_utf8_lossy(page.get(start..).unwrap_or_default()))
}

fn unreadable(rest: &str) -> StoreError {
    let row = rest.split(ROW).next().unwrap_or_default();
    let number = row.split(FIELD).next().unwrap_or_default();
    let shown: String = row.chars().map(|sign| if sign == FIELD { ' ' } else { sign }).take(SHOWN).collect();
    Place { table: "ledger", row: number }.wrong(format!("`{shown}` is no row"))
}

/// The first row, and what is after it.
fn row(text: &str) -> Option<(Packed, &str)> {
    let mut fields = Fields(text);
    let mut entry = Entry {
        seq: fields.number()?,
        kind: EntryKind::from_label(fields.next()?)?,
        subject: SubjectId(fields.number()?),
        terms: TermsId(fields.number()?),
        price: fields.optional()?.map(PriceId),
        interval: {
            let (state, basis) = (MeterState::from_label(fields.next()?)?, Basis::from_label(fields.next()?)?);
            Interval { from: fields.bound()?, to: fields.bound()?, state, basis }
        },
        seen: (fields.optional()?, fields.optional()?),
        corrects: fields.optional()?,
        detail: None,
    };
    let hash = match fields.next()? {
        "" => None,
        digits => Some(hash_of(digits.as_bytes())?),
    };
    let length = fields.optional()?.map(usize::try_from).transpose().ok()?;
    let (detail, after) = fields.0.split_at_checked(length.unwrap_or_default())?;
    entry.detail = length.map(|_| detail.into());
    let after = if after.is_empty() { after } else { after.strip_prefix(ROW)? };
    Some((Packed { entry, hash }, after))
}

/// What is not read yet.
struct Fields<'a>(&'a str);

impl<'a> Fields<'a> {
    fn next(&mut self) -> Option<&'a str> {
        // a plain look at each byte: fields are too short for a search to pay
        let end = self.0.bytes().position(|byte| char::from(byte) == FIELD)?;
        let (field, after) = self.0.split_at_checked(end)?;
        self.0 = after.strip_prefix(FIELD)?;
        Some(field)
    }

    fn number(&mut self) -> Option<i64> {
        self.next()?.parse().ok()
    }

    /// None where there is nothing to read; an empty field is a value that is not there.
    fn optional(&mut self) -> Option<Option<i64>> {
        match self.next()? {
            "" => Some(None),
            text => text.parse().ok().map(Some),
        }
    }

    fn bound(&mut self) -> Option<Bound> {
        Some(Bound { at: self.number()?, low: self.number()?, high: self.number()? })
    }
}

/// Of exactly 32 bytes, as SQLite spells them.
fn hash_of(digits: &[u8]) -> Option<Hash> {
    let mut hash: Hash = [0; 32];
    let (pairs, []) = digits.as_chunks::<2>() else { return None };
    if pairs.len() != hash.len() {
        return None;
    }
    for (byte, [high, low]) in hash.iter_mut().zip(pairs) {
        *byte = digit(*high)? << 4 | digit(*low)?;
    }
    Some(hash)
}

const fn digit(sign: u8) -> Option<u8> {
    match sign {
        b'0'..=b'9' => Some(sign - b'0'),
        b'A'..=b'F' => Some(sign - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: [&str; 19] = [
        "7",
        "avoided",
        "2",
        "3",
        "",
        "stopped",
        "observed",
        "-10",
        "-11",
        "-9",
        "5",
        "4",
        "6",
        "",
        "8",
        "1",
        "",
        "10",
        "{\"a\": \"b\"}",
    ];

    fn packed(changed: &[(usize, &str)]) -> String {
        let mut fields = FIELDS;
        for (place, value) in changed {
            fields[*place] = value;
        }
        fields.join("\u{1f}")
    }

    fn unpack(page: &[u8]) -> Result<Vec<Packed>, StoreError> {
        let mut rows = Vec::new();
        super::unpack(page, &mut rows).map(|()| rows)
    }

    #[test]
    fn a_row_is_unpacked_whole() {
        let hash = "0F".repeat(32);
        let page = [packed(&[]), packed(&[(0, "8"), (16, &hash), (17, ""), (18, "")]), packed(&[(17, "0"), (18, "")])];
        let rows = unpack(page.join("\u{1e}").as_bytes()).unwrap();
        let row = &rows[0].entry;
        assert_eq!((row.seq, row.kind, row.subject, row.terms), (7, EntryKind::Avoided, SubjectId(2), TermsId(3)));
        assert_eq!((row.price, row.seen, row.corrects), (None, (None, Some(8)), Some(1)));
        assert_eq!(row.interval.from, Bound { at: -10, low: -11, high: -9 });
        assert_eq!(row.interval.to, Bound { at: 5, low: 4, high: 6 });
        assert_eq!((row.detail.as_deref(), rows[0].hash), (Some("{\"a\": \"b\"}"), None));
        assert_eq!((rows[1].entry.seq, rows[1].entry.detail.as_deref(), rows[1].hash), (8, None, Some([15; 32])));
        assert_eq!((rows.len(), rows[2].entry.detail.as_deref()), (3, Some("")), "no detail is not an empty one");
        assert!(unpack(b"").unwrap().is_empty());
    }

    #[test]
    fn a_detail_may_hold_the_signs_that_end_fields_and_rows() {
        let forged = format!("x\u{1f}\u{1e}{}", packed(&[]));
        let page = [packed(&[(17, &forged.len().to_string()), (18, &forged)]), packed(&[(0, "8")])].join("\u{1e}");
        let rows = unpack(page.as_bytes()).unwrap();
        let told: Vec<(i64, Option<&str>)> =
            rows.iter().map(|row| (row.entry.seq, row.entry.detail.as_deref())).collect();
        assert_eq!(told, [(7, Some(forged.as_str())), (8, Some("{\"a\": \"b\"}"))]);
    }

    #[test]
    fn what_is_no_row_is_named() {
        let good = packed(&[(0, "41")]);
        for (place, wrong) in [
            (1, "usages"),
            (1, "usage\u{1f}2"),
            (2, "x"),
            (3, "2\u{1e}3"),
            (4, "1.5"),
            (5, "on"),
            (6, ""),
            (9, ""),
            (13, "x"),
            (16, "0F"),
            (16, "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKL"),
            (17, "9"),
            (17, "11"),
            (17, "-1"),
            (17, ""),
        ] {
            let page = format!("{good}\u{1e}{}", packed(&[(place, wrong)]));
            let said = unpack(page.as_bytes()).unwrap_err().to_string();
            assert!(said.contains("table ledger holds something unreadable at 7;"), "{place} {wrong}: {said}");
        }
        let mut page = format!("{good}\u{1e}{}", packed(&[])).into_bytes();
        let last = page.len() - 1;
        page[last] = 0xff;
        assert!(unpack(&page).unwrap_err().to_string().contains("unreadable at 7;"), "no text");
    }
}

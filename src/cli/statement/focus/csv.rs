//! FOCUS as CSV: nulls are empty, texts that a spreadsheet would take for a formula have a `'` before them.

use super::cell::Cell;
use super::columns::COLUMNS;
use super::rows::Focus;
use crate::cli::statement::StatementError;
use crate::cli::statement::csv::{line, word};

/// The export as CSV (RFC 4180).
///
/// # Errors
/// When a day lies beyond the calendar.
pub fn focus_csv(focus: &Focus) -> Result<String, StatementError> {
    let names: Vec<String> = COLUMNS.iter().map(|column| column.name.to_owned()).collect();
    let mut text = line(&names);
    for row in focus.rows()? {
        let cells: Vec<String> = COLUMNS.iter().map(|column| spelt(&(column.cell)(&row))).collect();
        text.push_str(&line(&cells));
    }
    Ok(text)
}

fn spelt(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => word(text),
        Cell::Null | Cell::Decimal(_) | Cell::Time(_) => cell.text(),
    }
}

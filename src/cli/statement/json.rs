//! A statement for programs: everything there is. Amounts are text with six decimals and their currency beside them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::StatementError;
use super::notes::{Headline, headlines, notes};
use super::value::{Head, Statement};
use crate::ledger::{Adjusted, Costs, Evidence, Figures, GroundFigures, Group};

#[derive(Serialize)]
struct Written<'a> {
    report: &'a Head,
    total: &'a Figures,
    groups: &'a [Group],
    grounds: &'a BTreeMap<Arc<str>, GroundFigures>,
    baseline_adjusted: &'a Adjusted,
    billed_confirmed: &'a Option<Costs>,
    headlines: [Headline; 3],
    rests_on: &'a Evidence,
    notes: Vec<String>,
}

/// The statement as JSON.
///
/// # Errors
/// Never: everything in it can be written.
pub fn json(statement: &Statement) -> Result<String, StatementError> {
    let account = &statement.account;
    let written = Written {
        report: &statement.head,
        total: &account.total,
        groups: &account.groups,
        grounds: &account.grounds,
        baseline_adjusted: &account.adjusted,
        billed_confirmed: &account.confirmed,
        headlines: headlines(statement),
        rests_on: &account.evidence,
        notes: notes(statement),
    };
    let mut text = serde_json::to_string_pretty(&written)?;
    text.push('\n');
    Ok(text)
}

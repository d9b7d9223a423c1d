//! How ledger and Azure's bill compare, as every face shows it.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::FaultLine;
use crate::ledger::{BillSource, Cause, Compared, DaySpan, Part, Reconciled, Summary};
use crate::units::{Currency, Money, WorkspaceId, parse_decimal};

/// So many differences go with every view; `lightsout reconcile` shows all.
const WORST: usize = 20;

/// A share in millionths. It goes out as text, as money does: `0.019500` is a little less than two percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(pub i64);

impl Share {
    /// As a number of one and its six decimals.
    fn text(self) -> String {
        let size = self.0.unsigned_abs();
        let (whole, part) = (size.checked_div(1_000_000).unwrap_or(0), size.checked_rem(1_000_000).unwrap_or(0));
        format!("{}{whole}.{part:06}", if self.0 < 0 { "-" } else { "" })
    }
}

/// In percent with two decimals, rounded down.
impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hundredths = self.0.checked_div(100).unwrap_or(0).unsigned_abs();
        let (whole, part) = (hundredths.checked_div(100).unwrap_or(0), hundredths.checked_rem(100).unwrap_or(0));
        write!(f, "{}{whole}.{part:02} %", if self.0 < 0 { "-" } else { "" })
    }
}

impl Serialize for Share {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let millionths = parse_decimal(&text).ok().and_then(|share| share.checked_mul(1_000_000.into()));
        let share = millionths.and_then(|millionths| i64::try_from(millionths).ok()).map(Self);
        share.ok_or_else(|| serde::de::Error::custom(format!("`{text}` is no share")))
    }
}

/// Sums of one part of all instances, in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartView {
    /// Which part.
    pub part: Part,
    /// Workspace-days.
    pub days: usize,
    /// Billed.
    pub billed: Money,
    /// Metered.
    pub metered: Money,
    /// Differences without their sign.
    pub off: Money,
    /// The same as a share of what was billed; none when nothing was.
    pub error: Option<Share>,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Whose.
    pub workspace: WorkspaceId,
    /// Which day of UTC.
    pub day: Date,
    /// Which part.
    pub part: Part,
    /// What was billed.
    pub billed: Money,
    /// What the ledger says.
    pub metered: Money,
    /// Billed less metered; none in two currencies.
    pub difference: Option<Money>,
    /// Why.
    pub cause: Cause,
}

impl From<&Reconciled> for Difference {
    fn from(row: &Reconciled) -> Self {
        Self {
            workspace: row.workspace.clone(),
            day: row.day,
            part: row.part,
            billed: row.billed.rounded(),
            metered: row.metered.rounded(),
            difference: row.difference().map(crate::units::Cost::rounded),
            cause: row.cause,
        }
    }
}

/// The last comparison of ledger and bill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReconciliationView {
    /// When it was made.
    pub checked_at: Timestamp,
    /// Who told what was billed.
    pub source: BillSource,
    /// The first day that was due.
    pub first: Date,
    /// The last day that was due.
    pub last: Date,
    /// When the oldest of the bills in use was had; none when there is none.
    pub bill_at: Option<Timestamp>,
    /// Workspace-days that are due.
    pub days: usize,
    /// Those that could be compared.
    pub compared: usize,
    /// The same as a share; none when none is due.
    pub coverage: Option<Share>,
    /// Differences of compute without their sign, as a share of what was billed; none when nothing was.
    pub error: Option<Share>,
    /// Workspace-days by what became of their compute.
    pub causes: BTreeMap<Cause, usize>,
    /// Sums by part.
    pub parts: Vec<PartView>,
    /// The largest differences.
    pub worst: Vec<Difference>,
    /// What was wrong when bills were last asked for.
    pub faults: Vec<FaultLine>,
}

/// A comparison with every difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    /// What it comes to.
    #[serde(flatten)]
    pub view: ReconciliationView,
    /// Everything that does not agree, the largest first.
    pub differences: Vec<Difference>,
}

/// When, of what, and what was wrong.
#[derive(Debug, Clone)]
pub struct Checked {
    /// When.
    pub at: Timestamp,
    /// Who told what was billed.
    pub source: BillSource,
    /// Of which days.
    pub days: DaySpan,
    /// When the oldest of the bills in use was had.
    pub bill_at: Option<Timestamp>,
    /// What was wrong.
    pub faults: Vec<FaultLine>,
}

impl Reconciliation {
    /// Of a comparison.
    #[must_use]
    pub fn of(compared: &Compared, checked: Checked) -> Self {
        let summary = Summary::of(compared);
        let mut rows: Vec<&Reconciled> = compared.rows.iter().filter(|row| row.cause != Cause::Agrees).collect();
        rows.sort_by_key(|row| {
            Reverse(row.difference().map_or(row.billed, std::convert::identity).exact().unsigned_abs())
        });
        let differences: Vec<Difference> = rows.into_iter().map(Difference::from).collect();
        let view = ReconciliationView {
            checked_at: checked.at,
            source: checked.source,
            first: checked.days.first,
            last: checked.days.last,
            bill_at: checked.bill_at,
            days: summary.due,
            compared: summary.compared,
            coverage: summary.coverage().map(Share),
            error: summary.error().map(Share),
            parts: parts(&summary),
            worst: differences.iter().take(WORST).cloned().collect(),
            causes: summary.causes,
            faults: checked.faults,
        };
        Self { view, differences }
    }
}

fn parts(summary: &Summary) -> Vec<PartView> {
    let one = |(&(part, _), sum): (&(Part, Currency), &crate::ledger::PartSum)| PartView {
        part,
        days: sum.days,
        billed: sum.billed.rounded(),
        metered: sum.metered.rounded(),
        off: sum.off.rounded(),
        error: sum.error().map(Share),
    };
    summary.parts.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_read_back_as_it_was_written() {
        for (share, text, percent) in [
            (Share(19_500), "0.019500", "1.95 %"),
            (Share(1_000_000), "1.000000", "100.00 %"),
            (Share(0), "0.000000", "0.00 %"),
        ] {
            let json = serde_json::to_string(&share).unwrap();
            assert_eq!((json.as_str(), share.to_string().as_str()), (format!("\"{text}\"").as_str(), percent));
            assert_eq!(serde_json::from_str::<Share>(&json).unwrap(), share);
        }
        assert!(serde_json::from_str::<Share>("\"much\"").is_err());
    }
}

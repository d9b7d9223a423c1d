//! How the ledger compares with Azure's bill. Nothing before that was looked at: no bill is not a bill of nothing.

use jiff::SignedDuration;

use super::names;
use super::page::{Draft, Value};
use crate::ledger::Cause;
use crate::report::FleetView;

/// Writes the comparison's series.
pub(super) fn write(draft: &mut Draft, view: &FleetView) {
    let Some(bill) = &view.money.reconciliation else { return };
    if let Some(error) = bill.error {
        draft.single(&names::BILL_ERROR, Value::Micro(error.0));
    }
    if let Some(coverage) = bill.coverage {
        draft.single(&names::BILL_COVERAGE, Value::Micro(coverage.0));
    }
    draft.single(&names::BILL_DAYS, Value::of_len(bill.days));
    if let Some(at) = bill.bill_at {
        draft.single(&names::BILL_AGE, Value::length(view.at.duration_since(at).max(SignedDuration::ZERO)));
    }
    draft.single(&names::BILL_FAULTS, Value::of_len(bill.faults.len()));
    draft.family(&names::RECONCILED);
    for cause in Cause::ALL {
        draft.sample(&[cause.label()], Value::of_len(bill.causes.get(&cause).copied().unwrap_or(0)));
    }
}

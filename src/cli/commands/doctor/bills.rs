//! Where bills come from, tried as far as it costs no question: the whole tenant shares those that Azure answers.

use super::{Examined, Health};
use crate::azure::PermissionSet;
use crate::facts::WorkspaceFacts;
use crate::rights::COST_ACTION;
use crate::settings::{BillsFrom, Reconcile};

/// The folder, where bills come from one.
pub(super) fn folder(seen: &mut Examined, reconcile: &Reconcile) {
    let Some(folder) = reconcile.folder.as_ref().filter(|_| reconcile.source == BillsFrom::Folder) else { return };
    let shown = folder.display();
    match std::fs::read_dir(folder).map(Iterator::count) {
        Ok(0) => {
            seen.add("bills", Health::Warning, format!("{shown} is empty: nothing is compared until a bill lies in it"))
        }
        Ok(_) => seen.well("bills", format!("{shown} can be read")),
        Err(error) => seen.add("bills", Health::Failed, format!("{shown} cannot be read: {error}")),
    }
}

/// The right to ask for bills. It counts only on the subscription; whoever lacks it at a workspace lacks it there as well.
pub(super) fn right(seen: &mut Examined, reconcile: &Reconcile, workspace: &WorkspaceFacts, granted: &PermissionSet) {
    if reconcile.source != BillsFrom::CostManagement || granted.allows(COST_ACTION) {
        return;
    }
    let subscription = workspace.id.subscription();
    let words = format!(
        "missing action: {COST_ACTION}; assign the built-in Cost Management Reader on subscription {subscription}, or set \
         [reconcile] source = \"folder\" and drop exports into it"
    );
    // once a subscription
    if !seen.steps.iter().any(|step| step.what == "bills" && step.words == words) {
        seen.add("bills", Health::Failed, words);
    }
}

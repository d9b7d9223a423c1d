//! Comparing the ledger with Azure's bill: each setting with its default, and what was written of it.

use std::path::PathBuf;

use super::document::ReconcileDocument;
use super::findings::{Findings, path};
use crate::units::{Percent, Span};

/// Where bills come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BillsFrom {
    /// Nowhere: nothing is compared.
    #[default]
    Nowhere,
    /// Azure's Cost Management.
    CostManagement,
    /// Files in a folder.
    Folder,
}

/// How the ledger is compared with Azure's bill (C14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconcile {
    /// Where bills come from.
    pub source: BillsFrom,
    /// The folder, where they come from one.
    pub folder: Option<PathBuf>,
    /// A day is compared when it ended so long ago: bills are late.
    pub after: Span,
    /// And no longer ago than this.
    pub look_back: Span,
    /// Apart by no more than this share of what was billed, both agree.
    pub tolerance: Percent,
    /// Or by no more than so much time of the dearest machine.
    pub tolerance_time: Span,
}

impl Default for Reconcile {
    fn default() -> Self {
        Self {
            source: BillsFrom::Nowhere,
            folder: None,
            after: Span::hours(72),
            look_back: Span::hours(35 * 24),
            tolerance: Percent::new(2).unwrap_or(Percent::ALL),
            tolerance_time: Span::minutes(15),
        }
    }
}

/// Reads `[reconcile]`.
pub(super) fn reconcile(document: &ReconcileDocument, found: &mut Findings) -> Reconcile {
    let default = Reconcile::default();
    let days = |n: u32| Span::hours(n.saturating_mul(24));
    let after = found.within(&document.after, "reconcile.after", default.after, (Span::hours(72), days(14)));
    let look_back = found.within(&document.look_back, "reconcile.look_back", default.look_back, (days(7), days(92)));
    let written = document.look_back.0.as_ref().or(document.after.0.as_ref());
    let least = Span::seconds(after.as_secs().saturating_add(days(2).as_secs()));
    if let Some(written) = written.filter(|_| look_back < least) {
        let problem = format!("{look_back} leaves no whole day between it and {after} ago");
        found.error(&written.at, "reconcile.look_back", problem, "choose two days more than reconcile.after");
    }
    let most = Percent::new(25).unwrap_or(Percent::ALL);
    let least = Percent::new(0).unwrap_or(Percent::ALL);
    let (source, folder) = (document.source.or(default.source), path(&document.folder));
    if let Some(written) = document.source.0.as_ref().filter(|_| source == BillsFrom::Folder && folder.is_none()) {
        let help = "name it with folder = \"bills\", relative to this file";
        found.error(&written.at, "reconcile.source", "bills come from a folder, and none is named", help);
    }
    Reconcile {
        source,
        folder,
        after,
        look_back,
        tolerance: found.within(&document.tolerance, "reconcile.tolerance", default.tolerance, (least, most)),
        tolerance_time: found.within(
            &document.tolerance_time,
            "reconcile.tolerance_time",
            default.tolerance_time,
            (Span::ZERO, Span::hours(2)),
        ),
    }
}

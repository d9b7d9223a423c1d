//! The port of bills, answered by SQLite.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::ledger::{BillSource, Bills, DaySpan, Hash, MeterDays, Reconciled};
use crate::ports::{BillBook, Fault, Statement};
use crate::store::Store;
use crate::units::SubscriptionId;

impl BillBook for Store {
    async fn keep_bills(&self, bills: &[Statement], at: Timestamp) -> Result<(), Fault> {
        self.write_bills(bills, at).await.map_err(|error| error.fault("write down a bill"))
    }

    async fn bills_had(&self, source: BillSource) -> Result<BTreeMap<SubscriptionId, Timestamp>, Fault> {
        self.read_bills_had(source).await.map_err(|error| error.fault("read when bills were had"))
    }

    async fn bills_read(&self, source: BillSource) -> Result<BTreeSet<(SubscriptionId, Hash)>, Fault> {
        self.read_bill_digests(source).await.map_err(|error| error.fault("read which bills were had"))
    }

    async fn bills_of(&self, days: DaySpan) -> Result<Bills, Fault> {
        self.read_bills(days).await.map_err(|error| error.fault("read the bills"))
    }

    async fn metered(&self, days: DaySpan) -> Result<MeterDays, Fault> {
        self.read_metered(days).await.map_err(|error| error.fault("add up the days of the ledger"))
    }

    async fn keep_reconciled(&self, rows: &[Reconciled], at: Timestamp) -> Result<(), Fault> {
        self.write_reconciled(rows, at).await.map_err(|error| error.fault("write down how bill and ledger differ"))
    }

    async fn reconciled(&self, days: DaySpan) -> Result<Vec<Reconciled>, Fault> {
        self.read_reconciled(days).await.map_err(|error| error.fault("read how bill and ledger differ"))
    }
}

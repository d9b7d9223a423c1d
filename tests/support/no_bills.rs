//! The fake world has no bills: nothing is told, and nothing kept.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lightsout::ledger::{BillSource, Bills, DaySpan, Hash, MeterDays, Reconciled};
use lightsout::ports::{AskBills, BillBook, BillQuestion, Billed, Fault, Statement};
use lightsout::units::SubscriptionId;

use super::FakeWorld;

impl BillBook for FakeWorld {
    async fn keep_bills(&self, _: &[Statement], _: Timestamp) -> Result<(), Fault> {
        Ok(())
    }
    async fn bills_had(&self, _: BillSource) -> Result<BTreeMap<SubscriptionId, Timestamp>, Fault> {
        Ok(BTreeMap::new())
    }
    async fn bills_read(&self, _: BillSource) -> Result<BTreeSet<(SubscriptionId, Hash)>, Fault> {
        Ok(BTreeSet::new())
    }
    async fn bills_of(&self, _: DaySpan) -> Result<Bills, Fault> {
        Ok(Bills::default())
    }
    async fn metered(&self, days: DaySpan) -> Result<MeterDays, Fault> {
        Ok(MeterDays::new(days, BTreeMap::new()))
    }
    async fn keep_reconciled(&self, _: &[Reconciled], _: Timestamp) -> Result<(), Fault> {
        Ok(())
    }
    async fn reconciled(&self, _: DaySpan) -> Result<Vec<Reconciled>, Fault> {
        Ok(Vec::new())
    }
}

impl AskBills for FakeWorld {
    async fn bills(&self, _: &BillQuestion) -> Billed {
        Billed::default()
    }
}

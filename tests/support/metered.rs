//! The ledger of the fake world: what a scene says that was spent, and the marks of budgets. Rows are the store's.

use jiff::Timestamp;
use lightsout::facts::SizeFacts;
use lightsout::ledger::{Head, NoPrice, PriceBook, PriceKey, Quote, Spent, Sum};
use lightsout::ports::{Apart, BudgetMark, Fault, FaultKind, LedgerBook, Prices, Quoted};

use super::FakeWorld;

/// What was metered.
#[derive(Debug, Default)]
pub(crate) struct Metered {
    /// Each with the time of it.
    pub(crate) spent: Vec<(Timestamp, Spent)>,
    /// What stops avoided, each with the time at which its credit ended.
    pub(crate) avoided: Vec<(Timestamp, Spent)>,
    /// Levels that were written down as reached.
    marks: Vec<BudgetMark>,
    /// Whether it cannot be read.
    pub(crate) is_down: bool,
    /// Prices in force.
    pub(crate) prices: PriceBook,
}

impl Metered {
    /// Writes levels down; one that is known stands.
    pub(crate) fn mark(&mut self, marks: &[BudgetMark]) {
        let name = |mark: &BudgetMark| {
            (mark.policy.clone(), mark.scope.clone(), mark.month.clone(), mark.level, mark.limit, mark.enforced)
        };
        for mark in marks {
            if !self.marks.iter().any(|known| name(known) == name(mark)) {
                self.marks.push(mark.clone());
            }
        }
    }
}

impl LedgerBook for FakeWorld {
    async fn prices(&self) -> Result<PriceBook, Fault> {
        Ok(self.lock().metered.prices.clone())
    }
    async fn reprice(&self, _: &[(PriceKey, Result<Quote, NoPrice>)], _: Timestamp) -> Result<PriceBook, Fault> {
        Ok(self.lock().metered.prices.clone())
    }
    async fn sums(&self) -> Result<Vec<Sum>, Fault> {
        Ok(Vec::new())
    }
    async fn spent(&self, from: i64, to: i64, _: Apart) -> Result<Vec<Spent>, Fault> {
        self.journal()?;
        let metered = &self.lock().metered;
        if metered.is_down {
            return Err(Fault::new(FaultKind::Storage, "add up what was spent").because("disk full"));
        }
        let within = |at: &Timestamp| (from..to).contains(&at.as_second());
        Ok(metered.spent.iter().filter(|(at, _)| within(at)).map(|(_, spent)| spent.clone()).collect())
    }
    async fn avoided(&self, from: i64, to: i64) -> Result<Vec<Spent>, Fault> {
        self.journal()?;
        let within = |at: &Timestamp| at.as_second() > from && at.as_second() <= to;
        Ok(self.lock().metered.avoided.iter().filter(|(at, _)| within(at)).map(|(_, one)| one.clone()).collect())
    }
    async fn marks(&self, month: &str) -> Result<Vec<BudgetMark>, Fault> {
        self.journal()?;
        Ok(self.lock().metered.marks.iter().filter(|mark| *mark.month == *month).cloned().collect())
    }
    async fn head(&self) -> Result<Head, Fault> {
        Ok(Head::EMPTY)
    }
    async fn verify(&self) -> Result<Result<Head, String>, Fault> {
        Ok(Ok(Head::EMPTY))
    }
}

impl Prices for FakeWorld {
    async fn quotes(&self, _: &[PriceKey]) -> Vec<Quoted> {
        Vec::new()
    }
    fn size(&self, _: &PriceKey) -> Option<SizeFacts> {
        None
    }
}

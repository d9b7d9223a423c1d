//! The ledger's port, answered by SQLite.

use jiff::Timestamp;

use crate::ledger::{Head, NoPrice, PriceBook, PriceKey, Quote, Spent, Sum};
use crate::ports::{Apart, BudgetMark, Fault, LedgerBook};
use crate::store::{Store, VerifyError};

impl LedgerBook for Store {
    async fn prices(&self) -> Result<PriceBook, Fault> {
        self.read_prices().await.map_err(|error| error.fault("read the prices in force"))
    }

    async fn reprice(&self, answers: &[(PriceKey, Result<Quote, NoPrice>)], at: Timestamp) -> Result<PriceBook, Fault> {
        self.write_prices(answers, at).await.map_err(|error| error.fault("write down the prices"))
    }

    async fn sums(&self) -> Result<Vec<Sum>, Fault> {
        self.read_sums().await.map_err(|error| error.fault("add up the ledger"))
    }

    async fn avoided(&self, from: i64, to: i64) -> Result<Vec<Spent>, Fault> {
        self.read_avoided((from, to)).await.map_err(|error| error.fault("add up what was avoided"))
    }

    async fn spent(&self, from: i64, to: i64, apart: Apart) -> Result<Vec<Spent>, Fault> {
        self.read_spent((from, to), apart).await.map_err(|error| error.fault("add up what was spent"))
    }

    async fn marks(&self, month: &str) -> Result<Vec<BudgetMark>, Fault> {
        self.read_marks(month).await.map_err(|error| error.fault("read which levels of budgets were reached"))
    }

    async fn head(&self) -> Result<Head, Fault> {
        self.read_head().await.map_err(|error| error.fault("read the end of the ledger"))
    }

    async fn verify(&self) -> Result<Result<Head, String>, Fault> {
        match self.verify_ledger().await {
            Ok(found) => Ok(Ok(found.head)),
            Err(VerifyError::Store(error)) => Err(error.fault("follow the ledger row by row")),
            Err(broken @ (VerifyError::Broken(_) | VerifyError::Reference { .. } | VerifyError::Sum { .. })) => {
                Ok(Err(broken.to_string()))
            }
        }
    }
}

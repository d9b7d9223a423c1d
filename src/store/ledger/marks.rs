//! Marks: which levels of allowances were reached, once each for its month.

use crate::ports::BudgetMark;
use crate::store::rows::{Place, json, policy_key, stamp};
use crate::store::sql::{Link, Row, query};
use crate::store::{Store, StoreError};
use crate::units::PolicyId;

/// Adds marks; one that is there already is left as it is.
pub(super) async fn add(tx: &mut Link, marks: &[BudgetMark]) -> Result<(), StoreError> {
    for mark in marks {
        query(
            "INSERT INTO budget_marks (policy, scope, month, level, allowed, enforced, name, at, spent)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(policy_key(&mark.policy))
        .bind(&*mark.scope)
        .bind(&*mark.month)
        .bind(i64::from(mark.level))
        .bind(json("an allowance", &mark.limit)?)
        .bind(mark.enforced)
        .bind(mark.policy.as_str())
        .bind(stamp(mark.at))
        .bind(json("an amount", &mark.spent)?)
        .execute(&mut *tx)
        .await?;
    }
    Ok(())
}

impl Store {
    pub(in crate::store) async fn read_marks(&self, month: &str) -> Result<Vec<BudgetMark>, StoreError> {
        let text = "SELECT * FROM budget_marks WHERE month = ? ORDER BY policy, scope, level, allowed, enforced";
        let rows = query(text).bind(month).fetch_all(self.readers()).await?;
        rows.iter().map(mark).collect()
    }
}

fn mark(row: &Row) -> Result<BudgetMark, StoreError> {
    let (name, scope, month): (String, String, String) =
        (row.try_get("name")?, row.try_get("scope")?, row.try_get("month")?);
    let place = Place { table: "budget_marks", row: &scope };
    Ok(BudgetMark {
        policy: PolicyId::new(&name),
        level: place.number(row.try_get("level")?)?,
        limit: place.json(row.try_get("allowed")?)?,
        enforced: row.try_get("enforced")?,
        at: place.instant(row.try_get("at")?)?,
        spent: place.json(row.try_get("spent")?)?,
        month: month.into(),
        scope: scope.as_str().into(),
    })
}

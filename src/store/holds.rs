//! Holds that people put on instances.

use jiff::Timestamp;

use super::error::is_duplicate;
use super::rows::{instance_key, life, stamp};
use super::{Store, StoreError};
use crate::facts::Hold;
use crate::units::InstanceId;

impl Store {
    pub(super) async fn write_hold(&self, hold: &Hold) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let added = sqlx::query("INSERT INTO holds (id, instance, name, created, until, who, reason, made_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(&hold.id)
            .bind(instance_key(&hold.instance))
            .bind(hold.instance.to_string())
            .bind(life(hold.created))
            .bind(stamp(hold.until))
            .bind(&hold.by)
            .bind(&hold.reason)
            .bind(stamp(hold.made_at))
            .execute(&mut *tx)
            .await;
        match added {
            Ok(_) => {}
            Err(error) if is_duplicate(&error) => {
                return Err(StoreError::Conflict(format!("a hold {} is there already", hold.id)));
            }
            Err(error) => return Err(error.into()),
        }
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn write_lift(&self, id: &str, by: &str, at: Timestamp) -> Result<bool, StoreError> {
        let at = stamp(at);
        let mut tx = self.write().await?;
        let lifted = sqlx::query("UPDATE holds SET lifted_at = max(?1, made_at), lifted_by = ?2 WHERE id = ?3 AND lifted_at IS NULL AND until > ?1")
            .bind(&at)
            .bind(by)
            .bind(id)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(lifted.rows_affected() > 0)
    }

    /// Counts those of the life that the name has now, when the journal knows one.
    pub(super) async fn count_holds(&self, instance: &InstanceId, since: Timestamp) -> Result<u32, StoreError> {
        let count: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM holds h LEFT JOIN instances i ON i.instance = h.instance AND i.present = 1
             WHERE h.instance = ? AND h.made_at >= ? AND (i.created IS NULL OR i.created = h.created OR i.created = '' OR h.created = '')",
        )
        .bind(instance_key(instance))
        .bind(stamp(since))
        .fetch_one(self.readers())
        .await?;
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }
}

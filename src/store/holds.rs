//! Holds that people put on instances.

use jiff::Timestamp;

use super::error::is_duplicate;
use super::rows::{Place, instance_key, json, life, stamp};
use super::{Store, StoreError};
use crate::facts::{Hold, MadeHold};
use crate::store::sql::{Row, query};

impl Store {
    pub(super) async fn write_hold(&self, hold: &Hold) -> Result<(), StoreError> {
        let mut tx = self.write_about(&hold.instance).await?;
        let added = query("INSERT INTO holds (id, instance, name, created, until, who, reason, made_at, price, payer, link, stay_off) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(&hold.id)
            .bind(instance_key(&hold.instance))
            .bind(hold.instance.to_string())
            .bind(life(hold.created))
            .bind(stamp(hold.until))
            .bind(&hold.by)
            .bind(&hold.reason)
            .bind(stamp(hold.made_at))
            .bind(hold.price.as_ref().map(|price| json("a hold's price", price)).transpose()?)
            .bind(&*hold.payer)
            .bind(hold.link.as_deref())
            .bind(hold.off)
            .execute(&mut *tx)
            .await;
        match added {
            Ok(_) => {}
            Err(error) if is_duplicate(&error) => {
                return Err(StoreError::Conflict(format!(
                    "the hold {} is there already, or its link was used",
                    hold.id
                )));
            }
            Err(error) => return Err(error.into()),
        }
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn write_lift(&self, id: &str, by: &str, at: Timestamp) -> Result<bool, StoreError> {
        let at = stamp(at);
        let mut tx = self.write().await?;
        let lifted = query("UPDATE holds SET lifted_at = max(?1, made_at), lifted_by = ?2 WHERE id = ?3 AND lifted_at IS NULL AND until > ?1")
            .bind(&at)
            .bind(by)
            .bind(id)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(lifted.rows_affected() > 0)
    }

    /// All that were made since then, or end after it, lifted ones too, in the order in which they were made.
    pub(super) async fn read_made_holds(&self, since: Timestamp) -> Result<Vec<MadeHold>, StoreError> {
        let rows = query(
            "SELECT id, name, created, until, min(until, coalesce(lifted_at, until)) AS ends_at, who, reason, made_at, price, payer, link, stay_off
             FROM holds WHERE made_at >= ?1 OR until > ?1 ORDER BY made_at, id",
        )
        .bind(stamp(since))
        .fetch_all(self.readers())
        .await?;
        rows.iter().map(made_hold).collect()
    }
}

/// A hold of the row that it stands in.
pub(super) fn hold_of(row: &Row) -> Result<Hold, StoreError> {
    let id: String = row.try_get("id")?;
    let place = Place { table: "holds", row: &id };
    Ok(Hold {
        instance: place.instance(row.try_get("name")?)?,
        created: place.life(row.try_get("created")?)?,
        until: place.instant(row.try_get("until")?)?,
        by: row.try_get("who")?,
        reason: row.try_get("reason")?,
        made_at: place.instant(row.try_get("made_at")?)?,
        price: row.try_get::<Option<&str>, _>("price")?.map(|price| place.json(price)).transpose()?,
        payer: row.try_get::<&str, _>("payer")?.into(),
        link: row.try_get::<Option<&str>, _>("link")?.map(Into::into),
        off: row.try_get("stay_off")?,
        id: id.clone(),
    })
}

fn made_hold(row: &Row) -> Result<MadeHold, StoreError> {
    let hold = hold_of(row)?;
    let ends_at = Place { table: "holds", row: &hold.id }.instant(row.try_get("ends_at")?)?;
    Ok(MadeHold { hold, ends_at })
}

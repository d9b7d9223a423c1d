//! Who was in use when last heard of: it outlasts the process that heard it.

use super::StoreError;
use super::rows::{Place, instance_key, json, life};
use crate::facts::Created;
use crate::ports::InUse;
use crate::store::sql::{Link, query};
use crate::units::InstanceId;

/// Writes what changed: use that began takes its row, use that ended leaves none.
pub(super) async fn write(tx: &mut Link, rows: &[InUse]) -> Result<(), StoreError> {
    for row in rows {
        let instance = instance_key(&row.instance);
        if row.tracks.is_empty() {
            query("DELETE FROM in_use WHERE instance = ?").bind(instance).execute(&mut *tx).await?;
            continue;
        }
        query("INSERT INTO in_use (instance, id, created, tracks) VALUES (?, ?, ?, ?)
             ON CONFLICT (instance) DO UPDATE SET id = excluded.id, created = excluded.created, tracks = excluded.tracks")
            .bind(instance)
            .bind(row.instance.to_string())
            .bind(life(row.created))
            .bind(json("what was heard of an instance", &row.tracks)?)
            .execute(&mut *tx)
            .await?;
    }
    Ok(())
}

/// All of them whose life of the name is among those.
pub(super) async fn read(
    tx: &mut Link,
    lives: impl Fn(&InstanceId) -> Option<Created>,
) -> Result<Vec<InUse>, StoreError> {
    let rows = query("SELECT id, created, tracks FROM in_use").fetch_all(tx).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let (id, created): (String, String) = (row.try_get("id")?, row.try_get("created")?);
        let place = Place { table: "in_use", row: &id };
        let tracks = place.json(row.try_get("tracks")?)?;
        let Ok(instance) = InstanceId::parse(&id) else { continue };
        if let Some(known) = lives(&instance).filter(|known| life(*known) == created) {
            found.push(InUse { instance, created: known, tracks });
        }
    }
    Ok(found)
}

//! Cuts: what is going on is written down at the end of each day, so that rows alone tell of every day that is over.

use jiff::Timestamp;

use super::meters::{ReadBefore, Work};
use super::open::{COLUMNS, Meter, save};
use crate::store::StoreError;
use crate::store::rows::workspace_key;
use crate::store::sightings::ROWS;
use crate::store::sql::{Builder, Link};

const DAY: i64 = 86_400;

/// Cuts running meters of the workspaces that were read in this record for the first time since a midnight (UTC), and
/// every meter when a month ended: most of a large fleet is off for weeks, and needs no row a day.
pub(super) async fn days(tx: &mut Link, work: &mut Work<'_>, before: &ReadBefore) -> Result<(), StoreError> {
    let crossed: Vec<(String, i64, bool)> = work
        .record
        .seen
        .iter()
        .filter_map(|(id, at)| {
            let workspace = workspace_key(id);
            let (now, old) = (at.as_second(), *before.get(&workspace)?);
            let midnight = now.saturating_sub(now.rem_euclid(DAY));
            (old < midnight).then(|| (workspace, midnight, month(old) != month(midnight)))
        })
        .collect();
    for (workspace, midnight, month_ended) in crossed {
        let mut query = Builder::new(format!("SELECT {COLUMNS} FROM meters WHERE workspace = "));
        query.push_bind(workspace.as_str()).push(" AND since_at < ").push_bind(midnight);
        query.push(" AND unseen_since IS NULL AND state IN ('running', 'unknown'");
        query.push(if month_ended { ", 'stopped')" } else { ")" });
        query.push(" ORDER BY instance, created");
        let rows = query.build().fetch_all(&mut *tx).await?;
        let mut meters = rows.iter().map(Meter::read).collect::<Result<Vec<_>, _>>()?;
        let terms = work.terms_of(&workspace);
        for meter in &mut meters {
            work.entries.extend(meter.cut(midnight));
            meter.terms = terms;
        }
        for chunk in meters.chunks(ROWS) {
            save(tx, chunk).await?;
        }
    }
    Ok(())
}

/// Year and month, UTC.
fn month(second: i64) -> Option<(i16, i8)> {
    let date = Timestamp::from_second(second).ok()?.to_zoned(jiff::tz::TimeZone::UTC).date();
    Some((date.year(), date.month()))
}

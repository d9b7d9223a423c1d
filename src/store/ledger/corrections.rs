//! Corrections: new rows that stand for old ones (C1). Time that had no price gets one when a price becomes known; the row
//! names the snapshot, and the snapshot says when it was fetched.

use std::collections::HashMap;

use super::read::entry_of;
use crate::ledger::{Entry, PriceId, PriceKey, Quote, Subject, SubjectId};
use crate::store::StoreError;
use crate::store::rows::Place;
use crate::store::sql::{Link, query};

/// Corrections of every row without a price that this price fits, in their order. A price that came into force later than
/// the time of a row says nothing of it.
pub(super) async fn priced(tx: &mut Link, (quote, id): (&Quote, PriceId)) -> Result<Vec<Entry>, StoreError> {
    let rows = query(
        "SELECT l.*, s.body AS subject_body FROM ledger l JOIN ledger_subjects s ON s.id = l.subject
         WHERE l.price IS NULL AND l.corrects IS NULL AND (l.kind <> 'usage' OR l.state <> 'stopped')
           AND NOT EXISTS (SELECT 1 FROM ledger c WHERE c.corrects = l.seq) ORDER BY l.seq",
    )
    .fetch_all(&mut *tx)
    .await?;
    let mut fits: HashMap<SubjectId, bool> = HashMap::new();
    let mut corrections = Vec::new();
    for row in &rows {
        let old = entry_of(row)?;
        let fit = match fits.get(&old.subject) {
            Some(fit) => *fit,
            None => {
                let number = old.subject.0.to_string();
                let subject: Subject =
                    Place { table: "ledger_subjects", row: &number }.json(row.try_get("subject_body")?)?;
                let fit = PriceKey::new(&subject.size, &subject.region) == quote.key;
                fits.insert(old.subject, fit);
                fit
            }
        };
        let in_force = quote.effective.known().is_none_or(|since| since.as_second() <= old.interval.from.at);
        if fit && in_force {
            corrections.push(Entry { price: Some(id), corrects: Some(old.seq), ..old });
        }
    }
    Ok(corrections)
}

/// Claims that are open and had no price take it as well.
pub(super) async fn price_claims(tx: &mut Link, (key, id): (&PriceKey, PriceId)) -> Result<(), StoreError> {
    query(
        "UPDATE claims SET price = ?1 WHERE price IS NULL AND closed_by IS NULL AND EXISTS
           (SELECT 1 FROM meters m WHERE m.instance = claims.instance AND m.created = claims.created
            AND m.size = ?2 AND m.region = ?3)",
    )
    .bind(id.0)
    .bind(key.size())
    .bind(key.region().as_str())
    .execute(tx)
    .await?;
    Ok(())
}

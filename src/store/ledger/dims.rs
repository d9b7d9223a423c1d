//! What rows refer to: subjects and terms, each written once, found by the digest of its text.

use std::collections::HashMap;

use serde::Serialize;

use crate::ledger::{Digests, Hash, PriceId, SubjectId, TermsId, digest};
use crate::store::StoreError;
use crate::store::rows::json;
use crate::store::sightings::ROWS;
use crate::store::sql::{Builder, Link, query};

/// A subject or terms as they are to be written.
pub(super) struct Dim {
    pub(super) text: String,
    pub(super) digest: Hash,
    /// For a subject.
    pub(super) of: Option<Of>,
}

/// Of whom a subject tells, as the journal's keys.
#[derive(Debug, Clone, Default)]
pub(super) struct Of {
    pub(super) instance: String,
    pub(super) created: String,
    pub(super) workspace: String,
    pub(super) team: Option<String>,
}

impl Dim {
    pub(super) fn new(what: &'static str, value: &impl Serialize) -> Result<Self, StoreError> {
        let text = json(what, value)?;
        Ok(Self { digest: digest(&text), text, of: None })
    }

    pub(super) fn of(self, of: Of) -> Self {
        Self { of: Some(of), ..self }
    }
}

/// Writes those that are new; answers with the number of each, in order.
pub(super) async fn subjects(tx: &mut Link, dims: &[Dim]) -> Result<Vec<SubjectId>, StoreError> {
    let mut numbers = Vec::with_capacity(dims.len());
    for chunk in dims.chunks(ROWS) {
        let mut known = numbers_of(tx, "ledger_subjects", chunk).await?;
        let mut new: Vec<&Dim> = chunk.iter().filter(|dim| !known.contains_key(&dim.digest)).collect();
        new.sort_by_key(|dim| dim.digest);
        new.dedup_by_key(|dim| dim.digest);
        if !new.is_empty() {
            let mut query =
                Builder::new("INSERT INTO ledger_subjects (instance, created, workspace, team, digest, body) ");
            query.push_values(&new, |mut row, dim| {
                let of = dim.of.clone().unwrap_or_default();
                row.push_bind(of.instance).push_bind(of.created).push_bind(of.workspace).push_bind(of.team);
                row.push_bind(dim.digest.to_vec()).push_bind(dim.text.as_str());
            });
            query.push(" RETURNING id, digest");
            for row in query.build().fetch_all(&mut *tx).await? {
                known.insert(hash_of(row.try_get("digest")?)?, row.try_get("id")?);
            }
        }
        numbers.extend(found(chunk, &known)?.into_iter().map(SubjectId));
    }
    Ok(numbers)
}

/// The same for terms, of which there are few.
pub(super) async fn terms(tx: &mut Link, dims: &[Dim]) -> Result<Vec<TermsId>, StoreError> {
    for dim in dims {
        query("INSERT INTO ledger_terms (digest, body) VALUES (?, ?) ON CONFLICT (digest) DO NOTHING")
            .bind(dim.digest.to_vec())
            .bind(&dim.text)
            .execute(&mut *tx)
            .await?;
    }
    let known = numbers_of(tx, "ledger_terms", dims).await?;
    Ok(found(dims, &known)?.into_iter().map(TermsId).collect())
}

fn found(dims: &[Dim], known: &HashMap<Hash, i64>) -> Result<Vec<i64>, StoreError> {
    let number = |dim: &Dim| known.get(&dim.digest).copied();
    let numbers: Option<Vec<i64>> = dims.iter().map(number).collect();
    numbers.ok_or_else(|| StoreError::Absent("row that was just written".to_owned()))
}

async fn numbers_of(tx: &mut Link, table: &'static str, dims: &[Dim]) -> Result<HashMap<Hash, i64>, StoreError> {
    let mut known = HashMap::new();
    for chunk in dims.chunks(ROWS) {
        let mut query = Builder::new(format!("SELECT id, digest FROM {table} WHERE digest IN ("));
        let mut list = query.separated(", ");
        for dim in chunk {
            list.push_bind(dim.digest.to_vec());
        }
        query.push(")");
        for row in query.build().fetch_all(&mut *tx).await? {
            known.insert(hash_of(row.try_get("digest")?)?, row.try_get("id")?);
        }
    }
    Ok(known)
}

/// Thirty-two bytes.
pub(in crate::store) fn hash_of(bytes: Vec<u8>) -> Result<Hash, StoreError> {
    let length = bytes.len();
    bytes.try_into().map_err(|_| StoreError::Unreadable {
        table: "ledger",
        row: "a hash".to_owned(),
        source: format!("it has {length} bytes instead of 32").into(),
    })
}

/// Digests of what these rows refer to.
pub(super) async fn digests(
    tx: &mut Link,
    wanted: (&[SubjectId], &[TermsId], &[PriceId]),
) -> Result<Digests, StoreError> {
    let (subjects, terms, prices) = wanted;
    let subjects = of_numbers(tx, "ledger_subjects", subjects.iter().map(|id| id.0).collect()).await?;
    let terms = of_numbers(tx, "ledger_terms", terms.iter().map(|id| id.0).collect()).await?;
    let prices = of_numbers(tx, "prices", prices.iter().map(|id| id.0).collect()).await?;
    Ok(Digests {
        subjects: subjects.into_iter().map(|(id, hash)| (SubjectId(id), hash)).collect(),
        terms: terms.into_iter().map(|(id, hash)| (TermsId(id), hash)).collect(),
        prices: prices.into_iter().map(|(id, hash)| (PriceId(id), hash)).collect(),
    })
}

async fn of_numbers(tx: &mut Link, table: &'static str, mut numbers: Vec<i64>) -> Result<Vec<(i64, Hash)>, StoreError> {
    numbers.sort_unstable();
    numbers.dedup();
    let mut found = Vec::with_capacity(numbers.len());
    for chunk in numbers.chunks(ROWS) {
        let mut query = Builder::new(format!("SELECT id, digest FROM {table} WHERE id IN ("));
        let mut list = query.separated(", ");
        for number in chunk {
            list.push_bind(*number);
        }
        query.push(")");
        for row in query.build().fetch_all(&mut *tx).await? {
            found.push((row.try_get("id")?, hash_of(row.try_get("digest")?)?));
        }
    }
    Ok(found)
}

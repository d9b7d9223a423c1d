//! The audit log: each line carries the hash of the one before, so that a changed or missing line shows.

use sha2::{Digest, Sha256};

use super::rows::stamp;
use super::{Store, StoreError};
use crate::ports::AuditLine;
use crate::store::sql::{Pool, Row, query};

/// The end of the audit log; kept elsewhere it also proves that no line was cut off the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditHead {
    /// How many lines there are.
    pub lines: i64,
    /// The last line's hash in lower-case hexadecimal; empty when there is none.
    pub hash: String,
}

/// Lines read at once while the chain is followed.
const PAGE: i64 = 1000;

impl Store {
    /// Follows the chain of the audit log from its first line.
    ///
    /// # Errors
    /// When a line was changed, taken out or put in, or the journal cannot be read.
    pub async fn verify_audit(&self) -> Result<AuditHead, StoreError> {
        followed(self.readers()).await
    }

    pub(super) async fn write_audit(&self, line: &AuditLine) -> Result<(), StoreError> {
        let mut tx = self.write_beside().await?;
        let last = query("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetch_optional(&mut *tx).await?;
        let (seq, before) = match last {
            Some(row) => (row.try_get::<i64, _>("seq")?.saturating_add(1), row.try_get("hash")?),
            None => (1, String::new()),
        };
        let at = stamp(line.at);
        let words = [at.as_str(), &line.who, &line.what, &line.target, &line.why];
        query("INSERT INTO audit (seq, at, who, what, target, why, before, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
            .bind(seq)
            .bind(&at)
            .bind(&line.who)
            .bind(&line.what)
            .bind(&line.target)
            .bind(&line.why)
            .bind(&before)
            .bind(hash(seq, words, &before))
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }
}

/// The chain of a journal's audit log, followed from its first line.
pub(super) async fn followed(journal: &Pool) -> Result<AuditHead, StoreError> {
    let mut head = AuditHead { lines: 0, hash: String::new() };
    loop {
        let rows =
            query("SELECT seq, at, who, what, target, why, before, hash FROM audit WHERE seq > ? ORDER BY seq LIMIT ?")
                .bind(head.lines)
                .bind(PAGE)
                .fetch_all(journal)
                .await?;
        if rows.is_empty() {
            return Ok(head);
        }
        for row in &rows {
            follow(&mut head, row)?;
        }
    }
}

fn follow(head: &mut AuditHead, row: &Row) -> Result<(), StoreError> {
    let seq: i64 = row.try_get("seq")?;
    let expected = head.lines.saturating_add(1);
    if seq != expected {
        return Err(StoreError::Tampered { seq: expected, what: "the line is missing" });
    }
    let before: String = row.try_get("before")?;
    if before != head.hash {
        return Err(StoreError::Tampered { seq, what: "it does not follow the line before it" });
    }
    let word = |column: &str| row.try_get::<String, _>(column);
    let (at, who, what, target, why) = (word("at")?, word("who")?, word("what")?, word("target")?, word("why")?);
    let stored: String = row.try_get("hash")?;
    if stored != hash(seq, [&at, &who, &what, &target, &why], &before) {
        return Err(StoreError::Tampered { seq, what: "its words do not fit its hash" });
    }
    *head = AuditHead { lines: seq, hash: stored };
    Ok(())
}

/// Every part goes in with its length before it, so that no two lines give the same bytes.
fn hash(seq: i64, words: [&str; 5], before: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(seq.to_be_bytes());
    for word in words.into_iter().chain([before]) {
        digest.update(u64::try_from(word.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(word.as_bytes());
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

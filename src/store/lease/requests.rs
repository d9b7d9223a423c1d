//! What one replica asks of another, by way of the server: each request is taken up once, soon or not at all, and answered once.

use super::Lease;
use crate::store::StoreError;
use crate::store::sql::{query, query_scalar};

/// What was not taken up by then never is: whoever asked has been told so.
const TAKE: &str = "UPDATE requests SET taken_at = clock_timestamp()
     WHERE holder = ?1 AND taken_at IS NULL AND asked_at > clock_timestamp() - interval '20 seconds' RETURNING id, body";
/// Of no use to anyone any more.
const FORGET: &str = "DELETE FROM requests WHERE asked_at < clock_timestamp() - interval '30 minutes'";

/// A request that was taken up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its id.
    pub id: String,
    /// What is asked, in the words of whoever asks.
    pub body: String,
}

impl Lease {
    /// Asks another replica for something.
    ///
    /// # Errors
    /// When the server cannot be asked, or the other one is no member.
    pub async fn ask(&self, id: &str, holder: &str, body: &str) -> Result<(), StoreError> {
        let mut tx = self.beside.change().await?;
        query(FORGET).execute(&mut *tx).await?;
        query("INSERT INTO requests (id, holder, body) VALUES (?, ?, ?)")
            .bind(id)
            .bind(holder)
            .bind(body)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// What was answered; none before it was.
    ///
    /// # Errors
    /// When the server cannot be asked, or whoever was asked is gone, and the request with it.
    pub async fn answer_to(&self, id: &str) -> Result<Option<String>, StoreError> {
        let text = "SELECT coalesce(answer, '') FROM requests WHERE id = ?";
        let found: Option<String> = query_scalar(text).bind(id).fetch_optional(&self.beside).await?;
        let found = found.ok_or_else(|| StoreError::Absent(format!("request {id}")))?;
        Ok(Some(found).filter(|answer| !answer.is_empty()))
    }

    /// Takes a request back; false when it was taken up already.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn take_back(&self, id: &str) -> Result<bool, StoreError> {
        let mut tx = self.beside.change().await?;
        let done = query("DELETE FROM requests WHERE id = ? AND taken_at IS NULL").bind(id).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(done.rows_affected() > 0)
    }

    /// What others ask of this replica, each once. Only a member takes anything up.
    ///
    /// # Errors
    /// When the server cannot be asked, or this replica's lease is over.
    pub async fn asked(&self) -> Result<Vec<Request>, StoreError> {
        let waits: bool = query_scalar("SELECT EXISTS (SELECT 1 FROM requests WHERE holder = ? AND taken_at IS NULL)")
            .bind(&self.fence.holder)
            .fetch_one(&self.beside)
            .await?;
        if !waits {
            return Ok(Vec::new());
        }
        let mut tx = self.beside.change().await?;
        self.fence.stands(&mut tx).await?;
        let rows = query(TAKE).bind(&self.fence.holder).fetch_all(&mut *tx).await?;
        let read = |row: &crate::store::sql::Row| Ok(Request { id: row.try_get("id")?, body: row.try_get("body")? });
        let asked = rows.iter().map(read).collect::<Result<Vec<_>, StoreError>>()?;
        tx.commit().await?;
        Ok(asked)
    }

    /// Answers one.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn answer(&self, id: &str, answer: &str) -> Result<(), StoreError> {
        let mut tx = self.beside.change().await?;
        query("UPDATE requests SET answer = ? WHERE id = ?").bind(answer).bind(id).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(())
    }
}

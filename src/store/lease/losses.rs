//! What a server has forgotten of what it had confirmed (L11): whoever notices writes it down, and a person takes it back.

use super::Lease;
use crate::store::StoreError;
use crate::store::sql::{query, query_scalar};

impl Lease {
    /// Whoever finds that the server forgot something writes it down, so that no other replica goes on by what is left.
    pub(super) async fn look_for_losses(&self) -> Result<(), StoreError> {
        let known = self.turns.known();
        let mut tx = self.pool.change().await?;
        let row = query("SELECT turns, lost FROM pen WHERE one = 1").fetch_one(&mut *tx).await?;
        let (found, lost) = (row.try_get("turns")?, row.try_get("lost")?);
        let heard = self.turns.heard(known, (found, lost));
        if let Err(StoreError::WentBack { lost: more }) = &heard
            && *more > lost
        {
            let text = "UPDATE pen SET lost = ? WHERE one = 1 AND lost < ?";
            query(text).bind(*more).bind(*more).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        heard
    }

    /// A person has looked, and goes on by what is left; how many writes are lost, and whether any were.
    ///
    /// # Errors
    /// When the server cannot be asked.
    pub async fn accept_loss(&self) -> Result<i64, StoreError> {
        let mut tx = self.pool.change().await?;
        let lost: i64 = query_scalar("SELECT lost FROM pen WHERE one = 1 FOR UPDATE").fetch_one(&mut *tx).await?;
        // whoever knows of more than there are now finds them counted
        query("UPDATE pen SET turns = turns + lost, lost = 0 WHERE one = 1").execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(lost)
    }
}

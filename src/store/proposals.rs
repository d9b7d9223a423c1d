//! Proposals to delete what stays off: each as it was made, and everything that happened to it in order.

use jiff::Timestamp;

use super::error::is_duplicate;
use super::rows::{Place, instance_key, json, life, stamp};
use super::{Store, StoreError};
use crate::facts::{Proposal, ProposalEvent, ProposalStep};
use crate::ports::{Fault, ProposalBook};
use crate::store::sql::query;

/// Later than every instant that is written.
const FOR_GOOD: &str = "9999";

impl Store {
    async fn write_proposal(&self, proposal: &Proposal) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let added = query("INSERT INTO proposals (id, instance, created, made_at, body) VALUES (?, ?, ?, ?, ?)")
            .bind(&proposal.id)
            .bind(instance_key(&proposal.instance))
            .bind(life(proposal.created))
            .bind(stamp(proposal.made_at))
            .bind(json("a proposal", proposal)?)
            .execute(&mut *tx)
            .await;
        match added {
            Ok(_) => {}
            Err(error) if is_duplicate(&error) => {
                return Err(StoreError::Conflict("another proposal of this instance is open".to_owned()));
            }
            Err(error) => return Err(error.into()),
        }
        tx.commit().await?;
        Ok(())
    }

    async fn write_proposal_event(&self, event: &ProposalEvent) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let kept_until = match &event.what {
            ProposalStep::Kept { until, .. } => Some(until.map_or_else(|| FOR_GOOD.to_owned(), stamp)),
            ProposalStep::Told { .. }
            | ProposalStep::Delivered { .. }
            | ProposalStep::Confirmed { .. }
            | ProposalStep::Withdrawn { .. }
            | ProposalStep::Failed { .. }
            | ProposalStep::Void { .. }
            | ProposalStep::Deleted { .. } => None,
        };
        let ended_at = event.what.ends().then(|| stamp(event.at));
        // the row is taken in the same write, so that nothing happens to one that ended meanwhile
        let open = query(
            "UPDATE proposals SET ended_at = coalesce(?1, ended_at), kept_until = ?2
             WHERE id = ?3 AND (ended_at IS NULL OR (?2 IS NOT NULL AND kept_until IS NOT NULL))",
        )
        .bind(ended_at)
        .bind(&kept_until)
        .bind(&event.proposal)
        .execute(&mut *tx)
        .await?;
        if open.rows_affected() == 0 {
            return Err(StoreError::Conflict(format!("the proposal {} has ended", event.proposal)));
        }
        let added = query("INSERT INTO proposal_events (proposal, at, step, link, body) VALUES (?, ?, ?, ?, ?)")
            .bind(&event.proposal)
            .bind(stamp(event.at))
            .bind(event.what.label())
            .bind(event.what.link())
            .bind(json("what happened to a proposal", event)?)
            .execute(&mut *tx)
            .await;
        match added {
            Ok(_) => {}
            Err(error) if is_duplicate(&error) => {
                return Err(StoreError::Conflict("this link was used already".to_owned()));
            }
            Err(error) => return Err(error.into()),
        }
        tx.commit().await?;
        Ok(())
    }

    async fn read_proposals(&self, since: Timestamp) -> Result<Vec<Proposal>, StoreError> {
        // one transaction, so that both are of one moment
        let mut tx = self.readers().begin().await?;
        let rows = query(
            "SELECT id, body FROM proposals WHERE ended_at IS NULL OR ended_at >= ?1 OR kept_until >= ?1
             ORDER BY made_at, id",
        )
        .bind(stamp(since))
        .fetch_all(&mut *tx)
        .await?;
        let events = query(
            "SELECT proposal, body FROM proposal_events WHERE proposal IN (SELECT id FROM proposals
             WHERE ended_at IS NULL OR ended_at >= ?1 OR kept_until >= ?1) ORDER BY seq",
        )
        .bind(stamp(since))
        .fetch_all(&mut *tx)
        .await?;
        tx.rollback().await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let (id, body): (String, String) = (row.try_get("id")?, row.try_get("body")?);
            let proposal: Proposal = Place { table: "proposals", row: &id }.json(&body)?;
            found.push(proposal);
        }
        for row in &events {
            let (id, body): (String, String) = (row.try_get("proposal")?, row.try_get("body")?);
            let event: ProposalEvent = Place { table: "proposal_events", row: &id }.json(&body)?;
            if let Some(proposal) = found.iter_mut().find(|proposal| proposal.id == id) {
                proposal.apply(&event);
            }
        }
        Ok(found)
    }
}

impl ProposalBook for Store {
    async fn propose(&self, proposal: &Proposal) -> Result<(), Fault> {
        let doing = || format!("write down the proposal to delete {}", proposal.instance.name());
        self.write_proposal(proposal).await.map_err(|error| error.fault(doing()))
    }

    async fn note_proposal(&self, event: &ProposalEvent) -> Result<(), Fault> {
        let doing = || format!("write down that the proposal {} is {}", event.proposal, event.what.label());
        self.write_proposal_event(event).await.map_err(|error| error.fault(doing()))
    }

    async fn proposals(&self, since: Timestamp) -> Result<Vec<Proposal>, Fault> {
        self.read_proposals(since).await.map_err(|error| error.fault("read which proposals there are"))
    }
}

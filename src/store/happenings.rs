//! What happened to an instance, and who did what: read for people, out of the rows that the service keeps for itself.

use jiff::Timestamp;

use super::rows::{Place, instance_key, stamp};
use super::{Store, StoreError};
use crate::facts::{MadeHold, PowerState};
use crate::ports::{AuditLine, Happening, HappeningKind, Message, MessageKind};
use crate::report::words;
use crate::rules::Verdict;
use crate::store::sql::{Row, query};
use crate::units::InstanceId;

/// What is asked of each table.
struct Asked {
    instance: String,
    since: String,
    most: u32,
}

impl Store {
    /// What happened to an instance since then, the oldest first; at most so much of each kind.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn happenings(
        &self,
        instance: &InstanceId,
        since: Timestamp,
        most: u32,
    ) -> Result<Vec<Happening>, StoreError> {
        let asked = Asked { instance: instance_key(instance), since: stamp(since), most };
        let mut all = self.states(&asked).await?;
        all.extend(self.stops(&asked).await?);
        all.extend(self.told(&asked).await?);
        all.extend(self.decided(&asked).await?);
        all.extend(self.holds_of(instance, since).await?);
        all.sort_by_key(|one| (one.at, one.kind));
        Ok(all)
    }

    /// Changes of state, and the one before the first of them, which says in what state it was at the beginning.
    async fn states(&self, asked: &Asked) -> Result<Vec<Happening>, StoreError> {
        let rows = query(
            "SELECT seq, to_state, coalesce(not_before, not_after) AS at, operation FROM transitions
             WHERE instance = ?1 AND not_after >= coalesce((SELECT max(not_after) FROM transitions WHERE instance = ?1 AND not_after < ?2), ?2)
             ORDER BY seq DESC LIMIT ?3",
        )
        .bind(&asked.instance)
        .bind(&asked.since)
        .bind(asked.most)
        .fetch_all(self.readers())
        .await?;
        let read = |row: &Row| {
            let seq: i64 = row.try_get("seq")?;
            let row_name = seq.to_string();
            let place = Place { table: "transitions", row: &row_name };
            let text: &str = row.try_get("to_state")?;
            // as it was written: JSON where the state carries Azure's word, a bare word of ours where the row marks an end
            let state: Option<PowerState> = serde_json::from_str(text).ok();
            let (label, shown) = match &state {
                Some(state) => (state.label().to_owned(), state.to_string()),
                None => (text.trim_matches('"').to_owned(), text.trim_matches('"').to_owned()),
            };
            Ok(Happening {
                at: place.instant(row.try_get("at")?)?,
                kind: HappeningKind::State,
                words: format!("became {}", words::clean(&shown)),
                who: None,
                state: Some(label),
            })
        };
        rows.iter().map(read).collect()
    }

    async fn stops(&self, asked: &Asked) -> Result<Vec<Happening>, StoreError> {
        let rows = query(
            "SELECT id, ground, policy, intended_at, ended_at, result, words FROM attempts
             WHERE instance = ? AND intended_at >= ? ORDER BY intended_at DESC LIMIT ?",
        )
        .bind(&asked.instance)
        .bind(&asked.since)
        .bind(asked.most)
        .fetch_all(self.readers())
        .await?;
        let read = |row: &Row| {
            let id: String = row.try_get("id")?;
            let place = Place { table: "attempts", row: &id };
            let (ground, policy): (&str, &str) = (row.try_get("ground")?, row.try_get("policy")?);
            let result: Option<&str> = row.try_get("result")?;
            let ended = result.map(|label| place.result(label, row.try_get("words")?)).transpose()?;
            let ended = ended.map_or_else(|| "under way".to_owned(), |result| words::stop_result(&result));
            Ok(Happening {
                at: place.instant(row.try_get("intended_at")?)?,
                kind: HappeningKind::Stop,
                words: format!("stop by policy {} for {}: {ended}", words::clean(policy), ground.replace('_', " ")),
                who: None,
                state: None,
            })
        };
        rows.iter().map(read).collect()
    }

    /// Messages: one line each, however many channels it went out on.
    async fn told(&self, asked: &Asked) -> Result<Vec<Happening>, StoreError> {
        let rows = query(
            "SELECT min(id) AS id, min(body) AS body, at, min(delivered_at) AS delivered_at FROM messages
             WHERE instance = ? AND at >= ? GROUP BY kind, created, at, stop_at ORDER BY at DESC LIMIT ?",
        )
        .bind(&asked.instance)
        .bind(&asked.since)
        .bind(asked.most)
        .fetch_all(self.readers())
        .await?;
        let read = |row: &Row| {
            let id: String = row.try_get("id")?;
            let place = Place { table: "messages", row: &id };
            let message: Message = place.json(row.try_get("body")?)?;
            let delivered = place.instant_or_none(row.try_get("delivered_at")?)?;
            let how = delivered.map_or_else(|| "not delivered yet".to_owned(), |at| format!("delivered {at:.0}"));
            let kind =
                if message.kind == MessageKind::Warning { HappeningKind::Warning } else { HappeningKind::Message };
            Ok(Happening {
                at: message.at,
                kind,
                words: format!("{} ({how})", words::clean(&message.words)),
                who: None,
                state: None,
            })
        };
        rows.iter().map(read).collect()
    }

    async fn decided(&self, asked: &Asked) -> Result<Vec<Happening>, StoreError> {
        let rows = query(
            "SELECT seq, verdict FROM decisions WHERE instance = ? AND at >= ? ORDER BY at DESC, seq DESC LIMIT ?",
        )
        .bind(&asked.instance)
        .bind(&asked.since)
        .bind(asked.most)
        .fetch_all(self.readers())
        .await?;
        let read = |row: &Row| {
            let seq: i64 = row.try_get("seq")?;
            let row_name = seq.to_string();
            let verdict: Verdict = Place { table: "decisions", row: &row_name }.json(row.try_get("verdict")?)?;
            Ok(Happening {
                at: verdict.at,
                kind: HappeningKind::Decision,
                words: format!("{}, since it {}", words::action(verdict.action), words::ground(verdict.ground)),
                who: None,
                state: None,
            })
        };
        rows.iter().map(read).collect()
    }

    async fn holds_of(&self, instance: &InstanceId, since: Timestamp) -> Result<Vec<Happening>, StoreError> {
        let made = self.read_made_holds(since).await?;
        Ok(made.into_iter().filter(|one| one.hold.instance == *instance).flat_map(told_of_hold).collect())
    }

    /// The newest lines of the audit log, the newest first.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn newest_audit(&self, most: u32) -> Result<Vec<AuditLine>, StoreError> {
        let rows = query("SELECT seq, at, who, what, target, why FROM audit ORDER BY seq DESC LIMIT ?")
            .bind(most)
            .fetch_all(self.readers())
            .await?;
        let read = |row: &Row| {
            let seq: i64 = row.try_get("seq")?;
            let row_name = seq.to_string();
            Ok(AuditLine {
                at: Place { table: "audit", row: &row_name }.instant(row.try_get("at")?)?,
                who: row.try_get("who")?,
                what: row.try_get("what")?,
                target: row.try_get("target")?,
                why: row.try_get("why")?,
            })
        };
        rows.iter().map(read).collect()
    }
}

fn told_of_hold(made: MadeHold) -> Vec<Happening> {
    let hold = made.hold;
    let cost = hold.price.map_or_else(String::new, |price| format!(" for {price}"));
    let mut told = vec![Happening {
        at: hold.made_at,
        kind: HappeningKind::Hold,
        words: format!("held until {:.0}{cost}: {}", hold.until, words::clean(&hold.reason)),
        who: Some(words::clean(&hold.by)),
        state: None,
    }];
    if made.ends_at < hold.until {
        let words = "the hold was lifted".to_owned();
        told.push(Happening { at: made.ends_at, kind: HappeningKind::Lift, words, who: None, state: None });
    }
    told
}

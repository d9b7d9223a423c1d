//! Who is a member and has what, as one statement reads it: all of it is of one moment.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::switch::one_line;
use crate::facts::Shard;
use crate::store::StoreError;
use crate::store::rows::Place;
use crate::store::sql::{Link, Row, query};

const READ: &str = "SELECT 'clock' AS kind, CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) AS number, '' AS words, '' AS who
     UNION ALL SELECT 'member', 0, holder, '' FROM members WHERE expires_at > clock_timestamp()
     UNION ALL SELECT 'shard', shard, holder, '' FROM shards WHERE holder IS NOT NULL
     UNION ALL SELECT 'freeze', 0, why, who FROM freezes";

/// How a fleet is divided.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// When this was so, by the server's clock.
    pub at: Timestamp,
    /// Whose lease is not over.
    pub members: BTreeSet<String>,
    /// Who has each shard that somebody has, also one whose lease is over.
    pub holders: BTreeMap<Shard, String>,
    /// Why all replicas are frozen; none where they are not.
    pub frozen: Option<String>,
}

pub(super) async fn read(tx: &mut Link) -> Result<Table, StoreError> {
    let mut table = Table::default();
    for row in query(READ).fetch_all(tx).await? {
        table.add(&row)?;
    }
    Ok(table)
}

impl Table {
    fn add(&mut self, row: &Row) -> Result<(), StoreError> {
        let (kind, number, words): (&str, i64, String) =
            (row.try_get("kind")?, row.try_get("number")?, row.try_get("words")?);
        match kind {
            "clock" => self.at = time_of(number)?,
            "member" => drop(self.members.insert(words)),
            "shard" => drop(self.holders.insert(shard_of(number)?, words)),
            _ => self.frozen = Some(one_line(&words, row.try_get("who")?)),
        }
        Ok(())
    }
}

/// A shard by its row.
pub(super) fn shard_of(number: i64) -> Result<Shard, StoreError> {
    let shard = u16::try_from(number).ok().and_then(Shard::numbered);
    shard.ok_or_else(|| Place { table: "shards", row: &number.to_string() }.wrong("there are 64 of them, from 0"))
}

/// An instant of the server's clock.
pub(super) fn time_of(millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(millis).map_err(|error| Place { table: "the clock", row: "now" }.wrong(error))
}

//! Who is a member and has what, as one statement reads it: all of it is of one moment.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::switch::one_line;
use crate::facts::Shard;
use crate::store::StoreError;
use crate::store::rows::Place;
use crate::store::sql::{Link, Row, query};

const READ: &str = "SELECT 'clock' AS kind, CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) AS number, '' AS words, '' AS who
     UNION ALL SELECT 'member', 0, holder, coalesce(identity, '') FROM members WHERE expires_at > clock_timestamp() AND ready = 1
     UNION ALL SELECT 'shard', shard, holder, '' FROM shards WHERE holder IS NOT NULL
     UNION ALL SELECT 'freeze', 0, why, who FROM freezes";

/// How a fleet is divided.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// When this was so, by the server's clock.
    pub at: Timestamp,
    /// Whose lease is not over, and who can take what should be its own.
    pub members: BTreeSet<String>,
    /// By which identity each of them asks Azure, where that is known.
    pub identities: BTreeMap<String, String>,
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
    /// How many members ask Azure by the same identity as one of them, itself among them. Of whom nobody knows by which, it may be
    /// the same.
    #[must_use]
    pub fn alike(&self, member: &str) -> u32 {
        let own = self.identities.get(member);
        let may_be = |other: &&String| {
            let theirs = self.identities.get(*other);
            own.zip(theirs).is_none_or(|(own, theirs)| own == theirs)
        };
        u32::try_from(self.members.iter().filter(may_be).count()).unwrap_or(u32::MAX).max(1)
    }

    fn add(&mut self, row: &Row) -> Result<(), StoreError> {
        let (kind, number, words): (&str, i64, String) =
            (row.try_get("kind")?, row.try_get("number")?, row.try_get("words")?);
        match kind {
            "clock" => self.at = time_of(number)?,
            "member" => {
                let identity: String = row.try_get("who")?;
                if !identity.is_empty() {
                    self.identities.insert(words.clone(), identity);
                }
                self.members.insert(words);
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_may_have_the_same_identity_shares_its_limits() {
        let names = |all: &[&str]| all.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        let known = [("a", "one"), ("b", "one"), ("c", "two")].map(|(who, id)| (who.to_owned(), id.to_owned()));
        let table =
            |members: &[&str]| Table { members: names(members), identities: known.clone().into(), ..Table::default() };
        let alike = |members: &[&str], who: &str| table(members).alike(who);
        assert_eq!([alike(&["a", "b", "c"], "a"), alike(&["a", "b", "c"], "c"), alike(&["a"], "a")], [2, 1, 1]);
        assert_eq!([alike(&["a", "new"], "a"), alike(&["a", "c", "new"], "new")], [2, 3], "nobody knows by which yet");
    }
}

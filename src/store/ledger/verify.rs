//! Recomputes the whole ledger: every digest, every hash, every second, every sum (C16, I8).

use std::collections::{BTreeMap, HashMap, HashSet};

use sqlx::Row;

use super::dims::hash_of;
use super::read::entry_of;
use super::sums::{Key, Sides, sides_of};
use crate::ledger::{Auditor, Broken, Digests, Entry, Hash, Head, Life, PriceId, Subject, SubjectId, TermsId, digest};
use crate::store::read_only::LedgerReader;
use crate::store::rows::{Place, instance_key, life, workspace_key};
use crate::store::{Store, StoreError};

/// Rows read at once.
const PAGE: i64 = 20_000;

/// What was found whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The end of the ledger.
    pub head: Head,
    /// Lives of instances' names.
    pub lives: usize,
    /// Seconds metered as running, stopped and unknown, of all lives.
    pub total: Life,
}

/// Why the ledger does not stand.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It was changed.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// What rows refer to was changed.
    #[error("row {id} of {table} does not fit its digest: it was changed")]
    Reference {
        /// The table.
        table: &'static str,
        /// Its row.
        id: i64,
    },
    /// The kept sums are not those of the rows.
    #[error("the sum kept for {what} is {kept} s, and its rows come to {found} s")]
    Sum {
        /// Workspace, team, kind and price.
        what: String,
        /// As kept.
        kept: i64,
        /// As added up.
        found: i64,
    },
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<sqlx::Error> for VerifyError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// What rows refer to, checked.
struct Checked {
    digests: Digests,
    lives: HashMap<SubjectId, u32>,
    accounts: HashMap<SubjectId, (String, String)>,
}

impl Store {
    /// The same as [`LedgerReader::verify`].
    ///
    /// # Errors
    /// As there.
    pub async fn verify_ledger(&self) -> Result<Verified, VerifyError> {
        self.ledger().verify().await
    }
}

impl LedgerReader {
    /// Follows the ledger from its first row to its last, in one view of it.
    ///
    /// # Errors
    /// When anything was changed, lost or counted twice, or cannot be read.
    pub async fn verify(&self) -> Result<Verified, VerifyError> {
        let checked = self.checked().await?;
        let corrected: Vec<i64> =
            sqlx::query_scalar("SELECT corrects FROM ledger WHERE corrects IS NOT NULL").fetch_all(self.pool()).await?;
        let corrected: HashSet<i64> = corrected.into_iter().collect();
        let end = self.head().await?;
        let mut auditor = Auditor::new(&checked.digests, &checked.lives, &corrected);
        let mut sums = Sums { accounts: &checked.accounts, sums: BTreeMap::new(), corrected: HashMap::new() };
        while auditor.head().seq < end.seq {
            let rows = sqlx::query("SELECT * FROM ledger WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?")
                .bind(auditor.head().seq)
                .bind(end.seq)
                .bind(PAGE)
                .fetch_all(self.pool())
                .await?;
            if rows.is_empty() {
                return Err(Broken::Missing(auditor.head().seq.saturating_add(1)).into());
            }
            for row in &rows {
                let entry = entry_of(row)?;
                let hash: Hash = hash_of(row.try_get("hash").map_err(StoreError::from)?)?;
                auditor.follow(&entry, &hash)?;
                sums.count(&entry, corrected.contains(&entry.seq))?;
            }
        }
        let kept = self.kept().await?;
        // rows that were added meanwhile are in the sums and not among those followed
        if self.head().await? == end {
            sums.compare(&kept)?;
        }
        let total = auditor.lives().values().fold(Life::default(), |sum, life| Life {
            running: sum.running.saturating_add(life.running),
            stopped: sum.stopped.saturating_add(life.stopped),
            unknown: sum.unknown.saturating_add(life.unknown),
            ..sum
        });
        Ok(Verified { head: auditor.head(), lives: auditor.lives().len(), total })
    }

    async fn checked(&self) -> Result<Checked, VerifyError> {
        let mut lives: HashMap<(String, String), u32> = HashMap::new();
        let (mut of, mut accounts) = (HashMap::new(), HashMap::new());
        let rows = sqlx::query(
            "SELECT id, instance, created, workspace, coalesce(team, '') AS team, body FROM ledger_subjects",
        )
        .fetch_all(self.pool())
        .await?;
        for row in &rows {
            let id = SubjectId(row.try_get("id")?);
            is_as_its_body(row, id)?;
            let next = u32::try_from(lives.len()).unwrap_or(u32::MAX);
            let life = *lives.entry((row.try_get("instance")?, row.try_get("created")?)).or_insert(next);
            of.insert(id, life);
            accounts.insert(id, (row.try_get("workspace")?, row.try_get("team")?));
        }
        let digests = Digests {
            subjects: self.digests("ledger_subjects").await?.map(|(id, hash)| (SubjectId(id), hash)).collect(),
            terms: self.digests("ledger_terms").await?.map(|(id, hash)| (TermsId(id), hash)).collect(),
            prices: self.digests("prices").await?.map(|(id, hash)| (PriceId(id), hash)).collect(),
        };
        Ok(Checked { digests, lives: of, accounts })
    }

    async fn digests(&self, table: &'static str) -> Result<impl Iterator<Item = (i64, Hash)>, VerifyError> {
        let query = format!("SELECT id, digest, body FROM {table}");
        let rows = sqlx::query(sqlx::AssertSqlSafe(query)).fetch_all(self.pool()).await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in &rows {
            let id: i64 = row.try_get("id")?;
            let hash = digest(row.try_get("body")?);
            if hash != hash_of(row.try_get("digest")?)? {
                return Err(VerifyError::Reference { table, id });
            }
            found.push((id, hash));
        }
        Ok(found.into_iter())
    }

    async fn kept(&self) -> Result<Kept, VerifyError> {
        let rows = sqlx::query("SELECT workspace, team, kind, price, credited, charged FROM ledger_sums")
            .fetch_all(self.pool())
            .await?;
        let one = |row: &sqlx::sqlite::SqliteRow| {
            let key = (row.try_get("workspace")?, row.try_get("team")?, row.try_get("kind")?, row.try_get("price")?);
            Ok((key, Sides { credited: row.try_get("credited")?, charged: row.try_get("charged")? }))
        };
        Ok(rows.iter().map(one).collect::<Result<_, sqlx::Error>>()?)
    }
}

/// Sums by workspace, team, kind and price, as they are kept.
type Kept = BTreeMap<(String, String, String, i64), Sides>;

/// The columns beside a subject's body say what the body says.
fn is_as_its_body(row: &sqlx::sqlite::SqliteRow, id: SubjectId) -> Result<(), VerifyError> {
    let number = id.0.to_string();
    let subject: Subject = Place { table: "ledger_subjects", row: &number }.json(row.try_get("body")?)?;
    let column = |name: &str| row.try_get::<String, _>(name);
    let same = column("instance")? == instance_key(&subject.instance)
        && column("created")? == life(subject.created)
        && column("workspace")? == workspace_key(subject.instance.workspace())
        && column("team")? == subject.team.as_deref().unwrap_or_default();
    same.then_some(()).ok_or(VerifyError::Reference { table: "ledger_subjects", id: id.0 })
}

struct Sums<'a> {
    accounts: &'a HashMap<SubjectId, (String, String)>,
    sums: BTreeMap<Key, Sides>,
    /// What stands for each corrected row so far.
    corrected: HashMap<i64, (Key, Sides)>,
}

impl Sums<'_> {
    fn count(&mut self, entry: &Entry, is_corrected: bool) -> Result<(), StoreError> {
        let sides = sides_of(entry)?;
        let (workspace, team) = self.accounts.get(&entry.subject).cloned().unwrap_or_default();
        let key = (workspace, team, entry.kind.label(), entry.price.map_or(0, |id| id.0));
        self.add(key.clone(), sides);
        if is_corrected {
            self.corrected.insert(entry.seq, (key.clone(), sides));
        }
        if let Some(corrects) = entry.corrects
            && let Some((old, counted)) = self.corrected.insert(corrects, (key, sides))
        {
            self.add(old, counted.turned());
        }
        Ok(())
    }

    fn add(&mut self, key: Key, sides: Sides) {
        let sum = self.sums.entry(key).or_default();
        *sum = sum.plus(sides);
    }

    fn compare(&self, kept: &Kept) -> Result<(), VerifyError> {
        let found: Kept = self
            .sums
            .iter()
            .map(|((w, t, kind, p), sides)| ((w.clone(), t.clone(), (*kind).to_owned(), *p), *sides))
            .collect();
        for key in found.keys().chain(kept.keys()) {
            let (is, was) = (found.get(key).copied().unwrap_or_default(), kept.get(key).copied().unwrap_or_default());
            let (workspace, team, kind, price) = key;
            for (side, is, was) in [("", is.credited, was.credited), (" (charged)", is.charged, was.charged)] {
                if is != was {
                    let what = format!("{kind}{side} of {workspace}, team `{team}`, at price {price}");
                    return Err(VerifyError::Sum { what, kept: was, found: is });
                }
            }
        }
        Ok(())
    }
}

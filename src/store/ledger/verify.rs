//! Recomputes the whole ledger: every digest, every hash, every second, every sum (C16, I8).

use std::collections::{BTreeMap, HashMap, HashSet};

use super::append::head;
use super::dims::hash_of;
use super::packed::{Columns, page};
use super::sums::{Sides, sides_of};
use crate::ledger::{
    Auditor, Broken, Digests, Entry, EntryKind, Hash, Head, Life, PriceId, Subject, SubjectId, TermsId, digest,
};
use crate::store::read_only::LedgerReader;
use crate::store::rows::{Place, instance_key, life, workspace_key};
use crate::store::sql::{Link, Row, query, query_scalar};
use crate::store::{Store, StoreError};

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
        // one moment for all: a row that is added meanwhile is neither followed nor in the sums
        let mut tx = self.pool().begin().await?;
        let end = head(&mut tx).await?;
        let checked = checked(&mut tx).await?;
        let corrected: Vec<i64> =
            query_scalar("SELECT corrects FROM ledger WHERE corrects IS NOT NULL").fetch_all(&mut *tx).await?;
        let corrected: HashSet<i64> = corrected.into_iter().collect();
        let kept = kept(&mut tx).await?;
        let mut auditor = Auditor::new(&checked.digests, &checked.lives, &corrected);
        let mut sums = Sums { sums: HashMap::new(), corrected: HashMap::new() };
        while auditor.head().seq < end.seq {
            let last = auditor.head().seq;
            let page = page(&mut tx, Columns::WithHash, |query| {
                query.push("seq > ").push_bind(last);
            });
            let page = page.await?;
            if page.rows.is_empty() {
                return Err(Broken::Missing(last.saturating_add(1)).into());
            }
            for row in &page.rows {
                let entry = &row.entry;
                // a hash that is nothing is not the row's
                let hash = row.hash.as_ref().ok_or(Broken::Changed(entry.seq))?;
                auditor.follow(entry, hash)?;
                sums.count(entry, corrected.contains(&entry.seq))?;
            }
        }
        tx.rollback().await?;
        sums.compare(&checked.accounts, &kept)?;
        let total = auditor.lives().values().fold(Life::default(), |sum, life| Life {
            running: sum.running.saturating_add(life.running),
            stopped: sum.stopped.saturating_add(life.stopped),
            unknown: sum.unknown.saturating_add(life.unknown),
            ..sum
        });
        Ok(Verified { head: auditor.head(), lives: auditor.lives().len(), total })
    }
}

async fn checked(tx: &mut Link) -> Result<Checked, VerifyError> {
    let mut lives: HashMap<(String, String), u32> = HashMap::new();
    let (mut of, mut accounts) = (HashMap::new(), HashMap::new());
    let rows = query("SELECT id, instance, created, workspace, coalesce(team, '') AS team, body FROM ledger_subjects")
        .fetch_all(&mut *tx)
        .await?;
    for row in &rows {
        let id = SubjectId(row.try_get("id")?);
        is_as_its_body(row, id)?;
        let next = u32::try_from(lives.len()).unwrap_or(u32::MAX);
        let life = *lives.entry((row.try_get("instance")?, row.try_get("created")?)).or_insert(next);
        of.insert(id, life);
        accounts.insert(id, (row.try_get("workspace")?, row.try_get("team")?));
    }
    let subjects = digests(tx, "ledger_subjects").await?;
    let (terms, prices) = (digests(tx, "ledger_terms").await?, digests(tx, "prices").await?);
    let digests = Digests {
        subjects: subjects.into_iter().map(|(id, hash)| (SubjectId(id), hash)).collect(),
        terms: terms.into_iter().map(|(id, hash)| (TermsId(id), hash)).collect(),
        prices: prices.into_iter().map(|(id, hash)| (PriceId(id), hash)).collect(),
    };
    Ok(Checked { digests, lives: of, accounts })
}

async fn digests(tx: &mut Link, table: &'static str) -> Result<Vec<(i64, Hash)>, VerifyError> {
    let text = format!("SELECT id, digest, body FROM {table}");
    let rows = query(text).fetch_all(&mut *tx).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let id: i64 = row.try_get("id")?;
        let hash = digest(row.try_get("body")?);
        if hash != hash_of(row.try_get("digest")?)? {
            return Err(VerifyError::Reference { table, id });
        }
        found.push((id, hash));
    }
    Ok(found)
}

async fn kept(tx: &mut Link) -> Result<Kept, VerifyError> {
    let rows =
        query("SELECT workspace, team, kind, price, credited, charged FROM ledger_sums").fetch_all(&mut *tx).await?;
    let one = |row: &Row| {
        let key = (row.try_get("workspace")?, row.try_get("team")?, row.try_get("kind")?, row.try_get("price")?);
        Ok((key, Sides { credited: row.try_get("credited")?, charged: row.try_get("charged")? }))
    };
    Ok(rows.iter().map(one).collect::<Result<_, sqlx::Error>>()?)
}

/// Sums by workspace, team, kind and price, as they are kept.
type Kept = BTreeMap<(String, String, String, i64), Sides>;

/// The columns beside a subject's body say what the body says.
fn is_as_its_body(row: &Row, id: SubjectId) -> Result<(), VerifyError> {
    let number = id.0.to_string();
    let subject: Subject = Place { table: "ledger_subjects", row: &number }.json(row.try_get("body")?)?;
    let column = |name: &str| row.try_get::<String, _>(name);
    let same = column("instance")? == instance_key(&subject.instance)
        && column("created")? == life(subject.created)
        && column("workspace")? == workspace_key(subject.instance.workspace())
        && column("team")? == subject.team.as_deref().unwrap_or_default();
    same.then_some(()).ok_or(VerifyError::Reference { table: "ledger_subjects", id: id.0 })
}

/// Whose row, of which kind, at which price: where it is counted is looked up once for each.
type Key = (SubjectId, EntryKind, i64);

struct Sums {
    sums: HashMap<Key, Sides>,
    /// What stands for each corrected row so far.
    corrected: HashMap<i64, (Key, Sides)>,
}

impl Sums {
    fn count(&mut self, entry: &Entry, is_corrected: bool) -> Result<(), StoreError> {
        let sides = sides_of(entry)?;
        let key = (entry.subject, entry.kind, entry.price.map_or(0, |id| id.0));
        self.add(key, sides);
        if is_corrected {
            self.corrected.insert(entry.seq, (key, sides));
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

    fn compare(&self, accounts: &HashMap<SubjectId, (String, String)>, kept: &Kept) -> Result<(), VerifyError> {
        let mut found = Kept::new();
        for ((subject, kind, price), sides) in &self.sums {
            let (workspace, team) = accounts.get(subject).cloned().unwrap_or_default();
            let sum = found.entry((workspace, team, kind.label().to_owned(), *price)).or_default();
            *sum = sum.plus(*sides);
        }
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

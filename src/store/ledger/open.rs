//! The open interval of each meter, as the journal keeps it.

use std::borrow::Borrow;
use std::collections::HashMap;

use crate::ledger::{Basis, Bound, Entry, EntryKind, Interval, MeterState, Open, PriceId, SubjectId, TermsId};
use crate::store::StoreError;
use crate::store::rows::Place;
use crate::store::sightings::ROWS;
use crate::store::sql::{Builder, Link, Row};

/// A meter as it stands.
#[derive(Debug, Clone)]
pub(super) struct Meter {
    pub(super) instance: String,
    pub(super) created: String,
    pub(super) workspace: String,
    pub(super) subject: SubjectId,
    pub(super) terms: TermsId,
    pub(super) price: Option<PriceId>,
    pub(super) size: String,
    pub(super) region: String,
    pub(super) open: Open,
    /// The change that opened it, by its number in the journal.
    pub(super) from_seen: Option<i64>,
}

pub(super) const COLUMNS: &str = "instance, created, workspace, subject, terms, price, size, region, state, basis, \
     since_at, since_low, since_high, from_seen";

impl Meter {
    pub(super) fn read(row: &Row) -> Result<Self, StoreError> {
        let instance: String = row.try_get("instance")?;
        let place = Place { table: "meters", row: &instance };
        let open = Open {
            since: Bound {
                at: row.try_get("since_at")?,
                low: row.try_get("since_low")?,
                high: row.try_get("since_high")?,
            },
            state: place.meter_state(row.try_get("state")?)?,
            basis: place.basis(row.try_get("basis")?)?,
        };
        Ok(Self {
            created: row.try_get("created")?,
            workspace: row.try_get("workspace")?,
            subject: SubjectId(row.try_get("subject")?),
            terms: TermsId(row.try_get("terms")?),
            price: row.try_get::<Option<i64>, _>("price")?.map(PriceId),
            size: row.try_get("size")?,
            region: row.try_get("region")?,
            open,
            from_seen: row.try_get("from_seen")?,
            instance,
        })
    }

    /// A row for an interval of it that is closed.
    pub(super) fn entry(&self, interval: Interval, seen: (Option<i64>, Option<i64>)) -> Entry {
        let priced = matches!(interval.state, MeterState::Running | MeterState::Unknown);
        Entry {
            seq: 0,
            kind: EntryKind::Usage,
            subject: self.subject,
            terms: self.terms,
            price: self.price.filter(|_| priced),
            interval,
            seen,
            corrects: None,
            detail: None,
        }
    }

    /// Cuts it where nothing changed but its price or the day: what goes on begins there. None when nothing lies before.
    pub(super) fn cut(&mut self, at: i64) -> Option<Entry> {
        if at <= self.open.since.at {
            return None;
        }
        let cut = Bound::sharp(at);
        let entry = self.entry(self.open.until(cut), (self.from_seen, None));
        self.open.since = cut;
        self.from_seen = None;
        Some(entry)
    }
}

/// Meters of these instances, by instance and life.
pub(super) async fn of(tx: &mut Link, instances: &[&str]) -> Result<HashMap<(String, String), Meter>, StoreError> {
    let mut meters = HashMap::new();
    for chunk in instances.chunks(ROWS) {
        let mut query = Builder::new(format!("SELECT {COLUMNS} FROM meters WHERE instance IN ("));
        let mut list = query.separated(", ");
        for instance in chunk {
            list.push_bind(*instance);
        }
        query.push(")");
        for row in query.build().fetch_all(&mut *tx).await? {
            let meter = Meter::read(&row)?;
            meters.insert((meter.instance.clone(), meter.created.clone()), meter);
        }
    }
    Ok(meters)
}

/// Writes meters as they stand now; what is written was seen.
pub(super) async fn save<M: Borrow<Meter> + Sync>(tx: &mut Link, meters: &[M]) -> Result<(), StoreError> {
    for chunk in meters.chunks(ROWS) {
        let mut query = Builder::new(format!("INSERT INTO meters ({COLUMNS}) "));
        query.push_values(chunk, |mut row, meter| {
            let meter: &Meter = meter.borrow();
            row.push_bind(meter.instance.as_str())
                .push_bind(meter.created.as_str())
                .push_bind(meter.workspace.as_str());
            row.push_bind(meter.subject.0).push_bind(meter.terms.0).push_bind(meter.price.map(|id| id.0));
            row.push_bind(meter.size.as_str()).push_bind(meter.region.as_str());
            row.push_bind(meter.open.state.label()).push_bind(meter.open.basis.label());
            let since = meter.open.since;
            row.push_bind(since.at).push_bind(since.low).push_bind(since.high).push_bind(meter.from_seen);
        });
        query.push(
            " ON CONFLICT (instance, created) DO UPDATE SET workspace = excluded.workspace, subject = excluded.subject, \
             terms = excluded.terms, price = excluded.price, size = excluded.size, region = excluded.region, \
             state = excluded.state, basis = excluded.basis, since_at = excluded.since_at, since_low = excluded.since_low, \
             since_high = excluded.since_high, from_seen = excluded.from_seen",
        );
        query.build().execute(&mut *tx).await?;
    }
    Ok(())
}

impl Place<'_> {
    /// A meter's state by its word.
    pub(super) fn meter_state(self, word: &str) -> Result<MeterState, StoreError> {
        MeterState::from_label(word).ok_or_else(|| self.wrong(format!("`{word}` is no state of a meter")))
    }

    /// A basis by its word.
    pub(super) fn basis(self, word: &str) -> Result<Basis, StoreError> {
        Basis::from_label(word).ok_or_else(|| self.wrong(format!("`{word}` is no basis")))
    }

    /// A kind of row by its word.
    pub(super) fn kind(self, word: &str) -> Result<EntryKind, StoreError> {
        EntryKind::from_label(word).ok_or_else(|| self.wrong(format!("`{word}` is no kind of row")))
    }
}

//! B17: a year's report beside a scan of the same rows. B10: what a start reads of a journal that holds them, beside opening
//! it; and following the ledger row by row, beside the same scan. `cargo bench --bench ledger -- 1500000` for a year of a
//! large fleet; without a number, a tenth of it.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and a broken one should stop")]

#[path = "support/measure.rs"]
#[expect(dead_code, reason = "a part is used")]
mod measure;

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lightsout::cli::statement::{Days, Wanted, csv, gather};
use lightsout::ledger::{
    AvoidedDetail, BEGINNING, Basis, Bound, ClaimEnd, Counterfactual, Day, Digests, Entry, EntryKind, Governance,
    Grouping, Hash, Interval, Limit, MeterState, Period, PriceId, PriceKey, PriceSource, Quote, Residual, Subject,
    SubjectId, Terms, TermsId, digest, seal,
};
use lightsout::ports::{Journal, LedgerBook};
use lightsout::store::{LedgerReader, Store};
use lightsout::units::{Currency, InstanceId, Rate, Region, When, WorkspaceId};
use measure::{By, Measured, Once, Rounds, once, peak_bytes};
use sqlx::{Connection as _, QueryBuilder, Sqlite, SqliteConnection};
use tokio::runtime::Runtime;

const ROWS: i64 = 150_000;
/// Rows of one statement: eighteen columns each.
const AT_ONCE: usize = 500;
/// Three times the scan.
const GOAL: u128 = 300;
/// B10: a start has read what it needs within so long.
const START: Duration = Duration::from_secs(1);
/// B10: 1.5 million rows are followed within so long, each in its share of that.
const FOLLOW: Duration = Duration::from_secs(5);
const LARGE: i64 = 1_500_000;
const INSTANCES: i64 = 1_000;
/// 2026-01-01T00:00:00Z.
const YEAR: i64 = 1_767_225_600;
const SECONDS: i64 = 365 * 86_400;

fn subject(n: i64) -> Subject {
    let place =
        WorkspaceId::new("11111111-2222-3333-4444-555555555555", "rg-ml", &format!("ws-{:02}", n % 40)).unwrap();
    Subject {
        instance: InstanceId::new(place, &format!("ci-{n:04}")).unwrap(),
        created: When::NONE,
        size: match n % 3 {
            0 => "STANDARD_DS3_V2",
            1 => "STANDARD_NC6S_V3",
            _ => "STANDARD_E4S_V3",
        }
        .into(),
        region: Region::new("westeurope"),
        owner: Some(format!("person-{:03}@contoso.example", n % 300).into()),
        team: Some(format!("team-{}", n % 12).into()),
    }
}

fn quote(n: i64) -> Quote {
    Quote {
        key: PriceKey::new(&subject(n).size, &Region::new("westeurope")),
        source: PriceSource::Retail,
        rate: Rate::new(293_000_000 * (n + 1), Currency::USD).unwrap(),
        fetched_at: jiff::Timestamp::UNIX_EPOCH,
        effective: When::NONE,
        meter: "a meter".into(),
        etag: "".into(),
    }
}

/// What rows refer to, written down.
async fn refer(db: &mut SqliteConnection) -> Digests {
    let mut digests = Digests::default();
    for n in 0..INSTANCES {
        let subject = subject(n);
        let body = serde_json::to_string(&subject).unwrap();
        digests.subjects.insert(SubjectId(n + 1), digest(&body));
        let workspace = subject.instance.workspace().to_string().to_ascii_lowercase();
        let query = "INSERT INTO ledger_subjects (id, instance, created, workspace, team, digest, body)
             VALUES (?, ?, '', ?, ?, ?, ?)";
        sqlx::query(query)
            .bind(n + 1)
            .bind(subject.instance.to_string().to_ascii_lowercase())
            .bind(&workspace)
            .bind(subject.team.as_deref())
            .bind(digest(&body).to_vec())
            .bind(body)
            .execute(&mut *db)
            .await
            .unwrap();
    }
    for n in 0..3 {
        let body = serde_json::to_string(&quote(n)).unwrap();
        digests.prices.insert(PriceId(n + 1), digest(&body));
        sqlx::query("INSERT INTO prices (id, size, region, digest, body) VALUES (?, ?, 'westeurope', ?, ?)")
            .bind(n + 1)
            .bind(quote(n).key.size())
            .bind(digest(&body).to_vec())
            .bind(body)
            .execute(&mut *db)
            .await
            .unwrap();
    }
    for (n, governance) in [(1, Governance::Observe), (2, Governance::Enforce)] {
        let residual = Some(Residual::listed().unwrap());
        let policy = Some(Arc::from("office"));
        let terms = Terms { policy, governance, ..Terms::ungoverned("0.1.0", Some("2026a"), residual) };
        let body = serde_json::to_string(&terms).unwrap();
        digests.terms.insert(TermsId(n), digest(&body));
        sqlx::query("INSERT INTO ledger_terms (id, digest, body) VALUES (?, ?, ?)")
            .bind(n)
            .bind(digest(&body).to_vec())
            .bind(body)
            .execute(&mut *db)
            .await
            .unwrap();
    }
    digests
}

/// Row `i` of so many: each instance runs and stops in turn, every sixth row is a stop that avoided something.
fn entry(i: i64, rows: i64) -> Entry {
    let step = SECONDS * INSTANCES / rows;
    let (n, k) = (i % INSTANCES, i / INSTANCES);
    let avoided = k % 6 == 5;
    // five rows of usage after one another; what is avoided lies beside the last that is stopped
    let slot = k / 6 * 5 + if avoided { 3 + (k / 6) % 2 } else { k % 6 };
    let state = if slot % 2 == 0 { MeterState::Running } else { MeterState::Stopped };
    let state = if avoided { MeterState::Stopped } else { state };
    let from = YEAR + slot * step;
    let bound = |at: i64| Bound { at, low: at - 20, high: at + 20 };
    let detail = AvoidedDetail {
        ground: "off_hours".into(),
        key: "hours/office/2026-01-01/0".into(),
        counterfactual: Counterfactual { until: from + step, limit: Limit::OnEdge },
        end: ClaimEnd::Start,
        credited: step,
        charged: 300,
        regret: false,
    };
    Entry {
        seq: i + 1,
        kind: if avoided { EntryKind::Avoided } else { EntryKind::Usage },
        subject: SubjectId(n + 1),
        terms: TermsId(if slot * step < 60 * 86_400 { 1 } else { 2 }),
        price: (avoided || state == MeterState::Running).then_some(PriceId(n % 3 + 1)),
        interval: Interval { from: bound(from), to: bound(from + step), state, basis: Basis::Observed },
        seen: (None, None),
        corrects: None,
        detail: avoided.then(|| serde_json::to_string(&detail).unwrap().into()),
    }
}

/// As the store does it, but for one transaction in all.
async fn insert(db: &mut SqliteConnection, sealed: &[(Entry, Hash)]) {
    let mut query = QueryBuilder::<Sqlite>::new(
        "INSERT INTO ledger (seq, kind, subject, terms, price, state, basis, from_at, from_low, from_high, to_at, to_low, to_high, \
         from_seen, to_seen, corrects, detail, hash) ",
    );
    query.push_values(sealed, |mut row, (entry, hash)| {
        let interval = &entry.interval;
        row.push_bind(entry.seq).push_bind(entry.kind.label()).push_bind(entry.subject.0).push_bind(entry.terms.0);
        row.push_bind(entry.price.map(|id| id.0));
        row.push_bind(interval.state.label()).push_bind(interval.basis.label());
        for bound in [interval.from, interval.to] {
            row.push_bind(bound.at).push_bind(bound.low).push_bind(bound.high);
        }
        row.push_bind(entry.seen.0).push_bind(entry.seen.1).push_bind(entry.corrects);
        row.push_bind(entry.detail.as_deref()).push_bind(hash.to_vec());
    });
    query.build().execute(db).await.unwrap();
}

/// A year of so many rows in a true chain, their sums, and a meter of each instance that goes on.
async fn fill(file: &Path, rows: i64) {
    let mut db = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    sqlx::raw_sql("PRAGMA synchronous = OFF; BEGIN").execute(&mut db).await.unwrap();
    let digests = refer(&mut db).await;
    let mut hash = BEGINNING;
    let mut sealed = Vec::with_capacity(AT_ONCE);
    for i in 0..rows {
        let entry = entry(i, rows);
        hash = seal(&hash, &entry, &digests).unwrap();
        sealed.push((entry, hash));
        if sealed.len() == AT_ONCE || i + 1 == rows {
            insert(&mut db, &sealed).await;
            sealed.clear();
        }
    }
    let rest = "INSERT INTO ledger_sums
        SELECT s.workspace, coalesce(s.team, ''), l.kind, coalesce(l.price, 0),
          sum(CASE WHEN l.kind <> 'usage' THEN json_extract(l.detail, '$.credited')
                   WHEN l.state = 'running' THEN l.to_at - l.from_at ELSE 0 END),
          sum(CASE WHEN l.kind <> 'usage' THEN json_extract(l.detail, '$.charged') ELSE 0 END)
        FROM ledger l JOIN ledger_subjects s ON s.id = l.subject GROUP BY 1, 2, 3, 4;
        INSERT INTO workspaces SELECT DISTINCT workspace, '2027-01-01T00:01:00.000000000Z' FROM ledger_subjects;
        INSERT INTO meters (instance, created, workspace, subject, terms, price, size, region, state, basis, since_at, since_low,
          since_high)
        SELECT instance, '', workspace, id, 2, 1, 'standard_ds3_v2', 'westeurope', 'running', 'observed', unixepoch('2027-01-01'),
          unixepoch('2027-01-01'), unixepoch('2027-01-01') FROM ledger_subjects;
        COMMIT; PRAGMA wal_checkpoint(TRUNCATE)";
    sqlx::raw_sql(rest).execute(&mut db).await.unwrap();
    db.close().await.unwrap();
}

fn wanted(by: Grouping) -> Wanted {
    let day = |n: i64| {
        let from = YEAR + n * 86_400;
        let name = jiff::Timestamp::from_second(from).unwrap().strftime("%Y-%m-%d").to_string();
        Day { time: Period { from, to: from + 86_400 }, name: name.into() }
    };
    Wanted {
        days: Days {
            from: "2026-01-01".parse().unwrap(),
            to: "2026-12-31".parse().unwrap(),
            each: (0..365).map(day).collect(),
            zone: "UTC".to_owned(),
            zone_data: None,
        },
        by,
        daily: false,
        only: None,
        as_of: Some(i64::MAX),
        top: None,
        exchange: None,
        priced_in: None,
    }
}

/// SQLite reads every column of every row, and hands out nothing: the least that a scan costs.
async fn scan(db: &mut SqliteConnection) -> i64 {
    let query = "SELECT sum(seq + subject + terms + ifnull(price, 0) + from_at + from_low + from_high + to_at + to_low + to_high
             + ifnull(from_seen, 0) + ifnull(to_seen, 0) + ifnull(corrects, 0)
             + length(kind) + length(state) + length(basis) + ifnull(length(detail), 0) + length(hash)) & 65535
         FROM ledger WHERE seq > 0 AND to_high >= 0";
    sqlx::query_scalar(query).fetch_one(db).await.unwrap()
}

/// What a start cannot do without: the file opened, and its last row.
async fn opened(file: &Path) -> i64 {
    let mut db = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    let last = sqlx::query_scalar("SELECT seq FROM ledger ORDER BY seq DESC LIMIT 1").fetch_one(&mut db).await.unwrap();
    db.close().await.unwrap();
    last
}

/// What the service reads before its first sweep, and what that sweep shows.
async fn started(dir: &Path) -> (Store, i64) {
    let store = Store::open(dir).await.unwrap();
    let recall = store.recall(jiff::Timestamp::UNIX_EPOCH).await.unwrap();
    let (prices, sums) = (store.prices().await.unwrap(), store.sums().await.unwrap());
    let head = LedgerBook::head(&store).await.unwrap();
    black_box((recall, prices, sums));
    (store, head.seq)
}

/// A start beside its floor, in elapsed time: it waits for the disk. Closing counts for neither.
fn start(runtime: &Runtime, dir: &Path, rows: i64) -> Measured {
    let (mut low, mut high) = (Vec::new(), Vec::new());
    for _ in 0..9 {
        low.push(once(|| assert_eq!(runtime.block_on(opened(&dir.join("lightsout.db"))), rows)).elapsed);
        let mut open = None;
        high.push(once(|| open = Some(runtime.block_on(started(dir)))).elapsed);
        let (store, found) = open.unwrap();
        assert_eq!(found, rows);
        runtime.block_on(store.close());
    }
    Measured { floor: Rounds::new(low), subject: Rounds::new(high) }
}

/// Both sides in turn, with as few rounds as are wanted.
fn beside(by: By, rounds: usize, floor: &mut dyn FnMut(), mut subject: impl FnMut()) -> Measured {
    floor();
    subject();
    let (mut low, mut high) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let of = |once: Once| if by == By::Elapsed { once.elapsed } else { once.cpu };
        low.push(of(once(&mut *floor)));
        high.push(of(once(&mut subject)));
    }
    Measured { floor: Rounds::new(low), subject: Rounds::new(high) }
}

/// Whether a time that was measured is within one that is wanted.
fn told(name: &str, rounds: &Rounds, goal: Duration) {
    let verdict = if rounds.median() <= goal { "within" } else { "OVER" };
    println!("{name}: {} ms, {verdict} the goal of {} ms", rounds.median().as_millis(), goal.as_millis());
}

fn main() {
    let rows: i64 = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(ROWS);
    let units = u32::try_from(rows).unwrap_or(u32::MAX);
    // each round reads all of them: the more there are, the less one minute differs from another
    let rounds = if rows > 500_000 { 3 } else { 9 };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("lightsout.db");
    let made = once(|| {
        runtime.block_on(async {
            Store::open(dir.path()).await.unwrap().close().await;
            fill(&file, rows).await;
        });
    });
    println!("{rows} rows of {INSTANCES} instances, made in {} ms", made.elapsed.as_millis());
    let start = start(&runtime, dir.path(), rows);
    told("B10 start", &start.subject, START);
    told("B10 start, its floor", &start.floor, START);
    let ledger = runtime.block_on(LedgerReader::open(&file)).unwrap();
    let mut db = runtime.block_on(SqliteConnection::connect(&format!("sqlite://{}?mode=ro", file.display()))).unwrap();
    let mut scanned = || assert!(black_box(runtime.block_on(scan(&mut db))) >= 0);
    let verified = beside(By::Process, rounds, &mut scanned, || {
        assert_eq!(runtime.block_on(ledger.verify()).unwrap().head.seq, rows);
    });
    println!("{}", verified.line("B10 verify", units, GOAL));
    told("B10 verify", &verified.subject, FOLLOW * units / u32::try_from(LARGE).unwrap());
    let report = |by| {
        let wanted = Wanted { as_of: Some(rows), ..wanted(by) };
        csv(&runtime.block_on(gather(&ledger, wanted)).unwrap())
    };
    let first = report(Grouping::Team);
    assert_eq!(first, report(Grouping::Team), "the same bytes each time");
    println!("{} bytes", first.len());
    for by in [Grouping::Team, Grouping::Instance, Grouping::Day] {
        // in elapsed time: rows are read while those before them are reckoned with
        let measured = beside(By::Elapsed, rounds, &mut scanned, || drop(black_box(report(by))));
        println!("{}", measured.line(&format!("B17 by {}", by.label()), units, GOAL));
    }
    println!("peak memory {} MiB", peak_bytes().unwrap_or_default() / (1 << 20));
}

//! B17: a year's report beside a scan of the same rows. `cargo bench --bench ledger -- 1500000` for a year of a large
//! fleet; without a number, a tenth of it.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a bench prints, and a broken one should stop")]

#[path = "support/measure.rs"]
#[expect(dead_code, reason = "a part is used")]
mod measure;

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use lightsout::cli::statement::{Days, Wanted, csv, gather};
use lightsout::ledger::{
    AvoidedDetail, ClaimEnd, Counterfactual, Day, Governance, Grouping, Limit, Period, PriceKey, PriceSource, Quote,
    Residual, Subject, Terms, digest,
};
use lightsout::store::{LedgerReader, Store};
use lightsout::units::{Currency, InstanceId, Rate, Region, When, WorkspaceId};
use measure::{By, Measured, once, peak_bytes};
use sqlx::{Connection as _, Row as _, SqliteConnection};

const ROWS: i64 = 150_000;
/// Three times the scan.
const GOAL: u128 = 300;
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

/// A year of so many rows: each instance runs and stops in turn, every sixth row is a stop that avoided something.
#[expect(clippy::too_many_lines, reason = "one row after another, written out")]
async fn fill(file: &Path, rows: i64) {
    let mut db = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    sqlx::raw_sql("PRAGMA synchronous = OFF; BEGIN").execute(&mut db).await.unwrap();
    for n in 0..INSTANCES {
        let subject = subject(n);
        let body = serde_json::to_string(&subject).unwrap();
        sqlx::query("INSERT INTO ledger_subjects (id, instance, created, workspace, team, digest, body) VALUES (?, ?, '', ?, ?, ?, ?)")
            .bind(n + 1)
            .bind(subject.instance.to_string())
            .bind(subject.instance.workspace().to_string())
            .bind(subject.team.as_deref())
            .bind(digest(&body).to_vec())
            .bind(body)
            .execute(&mut db)
            .await
            .unwrap();
    }
    for n in 0..3 {
        let body = serde_json::to_string(&quote(n)).unwrap();
        sqlx::query("INSERT INTO prices (id, size, region, digest, body) VALUES (?, ?, 'westeurope', ?, ?)")
            .bind(n + 1)
            .bind(quote(n).key.size())
            .bind(digest(&body).to_vec())
            .bind(body)
            .execute(&mut db)
            .await
            .unwrap();
    }
    for (n, governance) in [(1, Governance::Observe), (2, Governance::Enforce)] {
        let residual = Some(Residual::listed().unwrap());
        let policy = Some(Arc::from("office"));
        let terms = Terms { policy, governance, ..Terms::ungoverned("0.1.0", Some("2026a"), residual) };
        let body = serde_json::to_string(&terms).unwrap();
        sqlx::query("INSERT INTO ledger_terms (id, digest, body) VALUES (?, ?, ?)")
            .bind(n)
            .bind(digest(&body).to_vec())
            .bind(body)
            .execute(&mut db)
            .await
            .unwrap();
    }
    let step = SECONDS * INSTANCES / rows;
    let detail = AvoidedDetail {
        ground: "off_hours".into(),
        key: "hours/office/2026-01-01/0".into(),
        counterfactual: Counterfactual { until: YEAR, limit: Limit::OnEdge },
        end: ClaimEnd::Start,
        credited: step,
        charged: 300,
        regret: false,
    };
    // i: row, n: instance, k: how many of its rows are before
    sqlx::query(
        "WITH RECURSIVE r (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM r WHERE i + 1 < ?1),
              p AS (SELECT i, i % ?2 AS n, i / ?2 AS k, ?3 + (i / ?2) * ?4 AS begins FROM r)
         INSERT INTO ledger (seq, kind, subject, terms, price, state, basis, from_at, from_low, from_high,
              to_at, to_low, to_high, detail, hash)
         SELECT i + 1, CASE WHEN k % 6 = 5 THEN 'avoided' ELSE 'usage' END, n + 1,
              CASE WHEN k * ?4 < 60 * 86400 THEN 1 ELSE 2 END, CASE WHEN k % 2 = 0 OR k % 6 = 5 THEN n % 3 + 1 END,
              CASE WHEN k % 2 = 0 THEN 'running' ELSE 'stopped' END, 'observed',
              begins, begins - 20, begins + 20, begins + ?4, begins + ?4 - 20, begins + ?4 + 20,
              CASE WHEN k % 6 = 5 THEN ?5 END, zeroblob(32)
         FROM p",
    )
    .bind(rows)
    .bind(INSTANCES)
    .bind(YEAR)
    .bind(step)
    .bind(serde_json::to_string(&detail).unwrap())
    .execute(&mut db)
    .await
    .unwrap();
    sqlx::raw_sql("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut db).await.unwrap();
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
        as_of: Some(i64::MAX),
        top: None,
        exchange: None,
        priced_in: None,
    }
}

/// Every column of every row, as the driver gives it, page by page: the least that reading them costs.
async fn scan(db: &mut SqliteConnection) -> i64 {
    let (mut sum, mut last) = (0_i64, 0_i64);
    loop {
        let rows = sqlx::query("SELECT * FROM ledger WHERE seq > ? ORDER BY seq LIMIT 20000")
            .bind(last)
            .fetch_all(&mut *db)
            .await
            .unwrap();
        for row in &rows {
            for number in [0, 2, 3, 7, 8, 9, 10, 11, 12] {
                sum = sum.wrapping_add(row.get::<i64, _>(number));
            }
            for word in [1, 5, 6] {
                sum = sum.wrapping_add(i64::try_from(row.get::<&str, _>(word).len()).unwrap());
            }
            let detail: Option<&str> = row.get(16);
            sum = sum.wrapping_add(i64::try_from(detail.unwrap_or_default().len()).unwrap());
            last = row.get(0);
        }
        if rows.len() < 20_000 {
            return sum;
        }
    }
}

fn main() {
    let rows = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(ROWS);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("lightsout.db");
    let made = once(|| {
        runtime.block_on(async {
            Store::open(dir.path()).await.unwrap().close().await;
            fill(&file, rows).await;
        });
    });
    println!("{rows} rows of {INSTANCES} instances, made in {} ms", made.elapsed.as_millis());
    let ledger = runtime.block_on(LedgerReader::open(&file)).unwrap();
    let mut db = runtime.block_on(SqliteConnection::connect(&format!("sqlite://{}?mode=ro", file.display()))).unwrap();
    let report = |by| {
        let wanted = Wanted { as_of: Some(rows), ..wanted(by) };
        csv(&runtime.block_on(gather(&ledger, wanted)).unwrap())
    };
    let first = report(Grouping::Team);
    assert_eq!(first, report(Grouping::Team), "the same bytes each time");
    println!("{} bytes", first.len());
    for by in [Grouping::Team, Grouping::Instance, Grouping::Day] {
        let measured = Measured::alternating(
            By::Process,
            9,
            || {
                black_box(runtime.block_on(scan(&mut db)));
            },
            || drop(black_box(report(by))),
        );
        let units = u32::try_from(rows).unwrap_or(u32::MAX);
        println!("{}", measured.line(&format!("B17 by {}", by.label()), units, GOAL));
    }
    println!("peak memory {} MiB", peak_bytes().unwrap_or_default() / (1 << 20));
}

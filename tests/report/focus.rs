//! FOCUS 1.2: what is exported, that no estimate is where bills belong, and what the public validator says of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use lightsout::store::Store;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use rust_decimal::Decimal;
use serde_json::Value;
use sqlx::Connection as _;

use crate::fleet::{Fleet, january};
use crate::{JANUARY, golden, journal, report};

/// Rows of a CSV by column. Enough of RFC 4180 for what is read here.
fn rows(csv: &str) -> Vec<BTreeMap<String, String>> {
    let mut lines = csv.split("\r\n").filter(|line| !line.is_empty()).map(cells);
    let names = lines.next().unwrap();
    lines.map(|cells| names.iter().cloned().zip(cells).collect()).collect()
}

fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => cell.extend(letters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            other => cell.push(other),
        }
    }
    cells.push(cell);
    cells
}

fn sum(rows: &[BTreeMap<String, String>], column: &str) -> Decimal {
    rows.iter()
        .map(|row| row[column].as_str())
        .filter(|cell| !cell.is_empty())
        .map(|cell| cell.parse::<Decimal>().unwrap())
        .sum()
}

/// The row of a ledger that ran longest is corrected to have been stopped.
async fn correct(file: &Path) {
    let url = format!("sqlite://{}", file.display());
    let mut ledger = sqlx::SqliteConnection::connect(&url).await.unwrap();
    // a hash of its own is not needed: nothing here is verified
    let insert = "INSERT INTO ledger (seq, kind, subject, terms, price, state, basis, from_at, from_low, from_high,
             to_at, to_low, to_high, corrects, hash)
         SELECT (SELECT max(seq) + 1 FROM ledger), kind, subject, terms, NULL, 'stopped', basis, from_at, from_low,
             from_high, to_at, to_low, to_high, seq, hash
         FROM ledger WHERE state = 'running' AND kind = 'usage' AND price IS NOT NULL
         ORDER BY to_at - from_at DESC, seq LIMIT 1";
    sqlx::raw_sql(insert).execute(&mut ledger).await.unwrap();
    ledger.close().await.unwrap();
}

fn focus(store: &Path) -> String {
    report(store, &[&JANUARY[..], &["--format", "focus-csv"]].concat()).text().to_owned()
}

#[tokio::test]
async fn no_estimate_stands_where_a_bill_would() {
    let (dir, _) = journal().await;
    let store = dir.path().join("journal");
    let csv = focus(&store);
    let found = rows(&csv);
    for row in &found {
        for cost in ["BilledCost", "EffectiveCost", "ContractedCost", "ListCost"] {
            assert_eq!(row[cost], "0.0", "{row:?}");
        }
        assert_eq!((row["ChargeClass"].as_str(), row["InvoiceId"].as_str()), ("", ""));
    }
    let told: Value = serde_json::from_str(report(&store, &[&JANUARY[..], &["--json"]].concat()).text()).unwrap();
    let amount =
        |at: &str| told.pointer(at).and_then(Value::as_str).map_or(Decimal::ZERO, |text| text.parse().unwrap());
    let residual = ["running", "stopped", "unknown"]
        .map(|state| amount(&format!("/total/usage/residual/{state}/0/amount")))
        .into_iter()
        .sum::<Decimal>();
    let compute: Vec<_> = found.iter().filter(|row| row["x_Meter"] == "compute").cloned().collect();
    // each row is rounded by itself, at a millionth
    let near = |a: Decimal, b: Decimal| (a - b).abs() <= Decimal::new(i64::try_from(found.len()).unwrap(), 6);
    assert!(near(sum(&compute, "x_EstimatedCost"), amount("/total/usage/cost/mid/0/amount")));
    assert!(near(sum(&found, "x_EstimatedCost"), amount("/total/usage/cost/mid/0/amount") + residual));
    let seconds = Decimal::from(told["total"]["usage"]["running"]["mid"].as_i64().unwrap());
    assert_eq!(sum(&compute, "x_MeteredSeconds"), seconds);
    let unpriced: Vec<_> = compute.iter().filter(|row| row["x_EstimatedCost"].is_empty()).collect();
    assert!(unpriced.len() == 4 && unpriced.iter().all(|row| row["ResourceName"] == "ci-gpu"), "{}", unpriced.len());
    let few = report(&store, &["--from", "2027-01-05", "--to", "2027-01-06", "--format", "focus-csv"]);
    golden("focus.csv", few.text());
}

#[tokio::test]
async fn what_has_no_price_has_the_currency_of_what_has_one() {
    let (dir, _) = journal().await;
    let file = dir.path().join("journal/lightsout.db");
    let mut ledger = sqlx::SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    let change = "DROP TRIGGER prices_stand; UPDATE prices SET body = replace(body, 'USD', 'EUR');
         DROP TRIGGER ledger_terms_stand; UPDATE ledger_terms SET body = replace(body, 'USD', 'EUR');";
    sqlx::raw_sql(change).execute(&mut ledger).await.unwrap();
    ledger.close().await.unwrap();
    let found = rows(&focus(&file));
    assert!(found.iter().any(|row| row["x_EstimatedCost"].is_empty()));
    for row in &found {
        assert_eq!(row["BillingCurrency"], "EUR", "{row:?}");
    }
}

#[tokio::test]
async fn a_correction_is_a_row_of_its_own_with_the_difference() {
    let (dir, _) = journal().await;
    let file = dir.path().join("journal/lightsout.db");
    let before = rows(&focus(&file));
    correct(&file).await;
    let after = rows(&focus(&file));
    let (corrections, plain): (Vec<_>, Vec<_>) = after.into_iter().partition(|row| row["ChargeClass"] == "Correction");
    let without = |rows: &[BTreeMap<String, String>]| -> Vec<BTreeMap<String, String>> {
        let mut rows = rows.to_vec();
        rows.iter_mut().for_each(|row| row.retain(|column, _| !column.starts_with("x_Ledger")));
        rows
    };
    assert_eq!(without(&plain), without(&before), "what was exported once stays");
    assert_eq!(corrections.len(), 1, "disk, address and load balancer were there all the same");
    assert!(corrections[0]["x_EstimatedCost"].starts_with('-') && corrections[0]["PricingQuantity"].starts_with('-'));
    let told: Value = serde_json::from_str(report(&file, &[&JANUARY[..], &["--json"]].concat()).text()).unwrap();
    let all = [plain, corrections].concat();
    let compute: Vec<_> = all.into_iter().filter(|row| row["x_Meter"] == "compute").collect();
    let seconds = told["total"]["usage"]["running"]["mid"].as_i64().unwrap();
    assert_eq!(sum(&compute, "x_MeteredSeconds"), Decimal::from(seconds));
}

#[tokio::test]
async fn parquet_holds_what_csv_holds() {
    let (dir, _) = journal().await;
    let store = dir.path().join("journal");
    let file = dir.path().join("january.parquet");
    let args = [&JANUARY[..], &["--format", "focus-parquet"]].concat();
    let to_file = [&args[..], &["--out", file.to_str().unwrap()]].concat();
    assert_eq!(report(&store, &to_file).text(), "");
    let piped = report(&store, &args);
    assert_eq!((piped.code, std::fs::read(&file).unwrap()), (0, piped.out), "the same bytes each time");
    let csv = rows(&focus(&store));
    let reader = SerializedFileReader::new(std::fs::File::open(&file).unwrap()).unwrap();
    let mut count = 0;
    for (row, told) in reader.get_row_iter(None).unwrap().zip(&csv) {
        for (name, field) in row.unwrap().get_column_iter() {
            let cell = match field {
                Field::Null => String::new(),
                Field::Str(text) => text.clone(),
                Field::TimestampMillis(millis) => jiff::Timestamp::from_millisecond(*millis).unwrap().to_string(),
                Field::Decimal(decimal) => {
                    let bytes: [u8; 8] = decimal.data().try_into().unwrap();
                    let number = Decimal::new(i64::from_be_bytes(bytes), decimal.scale().unsigned_abs()).normalize();
                    if number.scale() == 0 { format!("{number}.0") } else { number.to_string() }
                }
                other => panic!("{name}: {other}"),
            };
            assert_eq!(cell, told[name], "{name}");
        }
        count += 1;
    }
    assert_eq!((count, csv.len()), (csv.len(), count));
}

#[tokio::test]
async fn focus_has_days_of_its_own() {
    let (dir, _) = journal().await;
    let said = report(
        &dir.path().join("journal"),
        &[&JANUARY[..], &["--format", "focus-csv", "--zone", "Europe/Madrid"]].concat(),
    );
    assert!(said.code == 1 && said.err.contains("FOCUS counts days in UTC"), "{}", said.err);
}

/// The public validator, where `.ci/setup` could install it: it needs Python 3.12, which Debian 12 does not have.
#[expect(clippy::print_stderr, reason = "what is not judged must be heard of")]
fn validator() -> Option<PathBuf> {
    let venv = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/focus-venv");
    let found = venv.join("bin/focus-validator").is_file();
    if !found {
        eprintln!("not judged: focus-validator is not installed; `.ci/setup` installs it where there is a Python 3.12");
    }
    found.then_some(venv)
}

/// Lines of what the validator found wrong.
fn faults(venv: &Path, file: &Path) -> Vec<String> {
    let site = venv.join("lib/python3.12/site-packages");
    let said = Command::new(venv.join("bin/focus-validator"))
        // it looks for a file of its own below the folder that it is called in
        .current_dir(site)
        .args(["--validate-version", "1.2", "--focus-dataset", "CostAndUsage", "--block-download"])
        .args(["--output-type", "console", "--show-violations", "--data-file"])
        .arg(file)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(text.contains("Total:"), "{text}{}", String::from_utf8_lossy(&said.stderr));
    text.lines().filter(|line| line.trim_start().starts_with('❌')).map(str::to_owned).collect()
}

/// C-004 wants it empty where there is no invoice, C-005 filled where there is one; the validator tries both on each row,
/// and calls the pair and the column a failure too.
const CONTRADICTS_ITSELF: [&str; 1] = ["InvoiceId-C-"];

#[tokio::test]
async fn the_public_validator_finds_no_fault_of_ours() {
    let Some(venv) = validator() else { return };
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("journal")).await.unwrap();
    january(&mut Fleet::new(&store)).await;
    store.close().await;
    let file = dir.path().join("journal/lightsout.db");
    correct(&file).await;
    for (format, name) in [("focus-csv", "january.csv"), ("focus-parquet", "january.parquet")] {
        let out = dir.path().join(name);
        let args = [&JANUARY[..], &["--format", format, "--out", out.to_str().unwrap()]].concat();
        assert_eq!(report(&file, &args).text(), "");
        let ours: Vec<String> = faults(&venv, &out)
            .into_iter()
            .filter(|line| !CONTRADICTS_ITSELF.iter().any(|known| line.contains(known)))
            .collect();
        assert_eq!(ours, Vec::<String>::new(), "{format}");
    }
    // it does find what is wrong
    let broken = dir.path().join("broken.csv");
    let csv = std::fs::read_to_string(dir.path().join("january.csv")).unwrap();
    std::fs::write(&broken, csv.replace("EffectiveCost", "EfectiveCost").replace(",Usage,", ",Use,")).unwrap();
    assert!(faults(&venv, &broken).len() > 2);
}

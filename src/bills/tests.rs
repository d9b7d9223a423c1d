//! Files as teams have them: both formats, every spelling, and every way to be wrong.

use std::io::Write as _;
use std::path::Path;

use super::BillFolder;
use super::guard::{Guard, Limits, Stop};
use super::read::{Told, read};
use super::records::Records;
use crate::ledger::DaySpan;
use crate::ports::{AskBills as _, BillQuestion, Billed};
use crate::units::SubscriptionId;

const WS: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w";

const EXPORT: &str = "Date,CostInBillingCurrency,BillingCurrency,ResourceId,MeterName,MeterCategory,Quantity";

fn records(bytes: &[u8], limits: Limits) -> Records<&[u8]> {
    Records::new(Guard::new(bytes, limits, Stop::default()))
}

fn told_of(bytes: &[u8]) -> (Told, Vec<String>) {
    let mut told = Told::default();
    let wrong = read(records(bytes, Limits::USUAL), &mut told).unwrap().unwrap();
    (told, wrong)
}

fn told(text: &str) -> (Told, Vec<String>) {
    told_of(text.as_bytes())
}

#[test]
fn focus_and_exports_say_the_same() {
    let focus = format!(
        "\u{feff}\"ChargePeriodStart\",\"ChargePeriodEnd\",BilledCost,BillingCurrency,ResourceId,x_SkuMeterName,x_SkuMeterCategory,ConsumedQuantity\r\n\
         2026-11-03T00:00:00Z,2026-11-04T00:00:00Z,0.29300000000001,EUR,\"{WS}\",\"D3 v2/DS3 v2\",Virtual Machines,1\r\n"
    );
    let export =
        format!("{EXPORT}\n11/03/2026,0.29300000000001,EUR,{WS}/computes/ci,D3 v2/DS3 v2,Virtual Machines,1\n");
    let usage = format!(
        "usagedatetime,pretaxcost,currency,INSTANCEID,metername,metercategory,usagequantity\n\n\
         2026-11-03,0.29300000000001,eur,{WS},D3 v2/DS3 v2,Virtual Machines,1"
    );
    let (first, wrong) = told(&focus);
    assert_eq!(wrong, Vec::<String>::new());
    let line = &first.lines[0];
    assert_eq!(
        (line.amount.to_string().as_str(), line.currency.code(), &*line.meter),
        ("0.29300000000001", "EUR", "D3 v2/DS3 v2")
    );
    assert_eq!((line.day.to_string().as_str(), line.seconds()), ("2026-11-03", Some(3_600)));
    for other in [export, usage] {
        assert_eq!(told(&other), (Told { lines: first.lines.clone(), days: first.days.clone() }, Vec::new()));
    }
}

#[test]
fn quotes_hold_commas_quotes_and_lines() {
    let text = format!(
        "{EXPORT},Note\n2026-11-03,1,USD,{WS},\"a, \"\"b\"\"\",Storage,,\"two\nlines\"\n2026-11-04,2,USD,{WS},c,Storage,,x"
    );
    let (told, wrong) = told(&text);
    assert_eq!(wrong, Vec::<String>::new());
    let meters: Vec<&str> = told.lines.iter().map(|line| &*line.meter).collect();
    assert_eq!(meters, ["a, \"b\"", "c"]);
    assert_eq!(told.lines[0].quantity, None);
}

#[test]
fn a_bad_row_is_named_by_its_line_and_costs_itself() {
    let good = format!("2026-11-03,1,USD,{WS},m,c,1\n");
    let bad = [
        good.replace("2026-11-03", "soon"),
        good.replace(",1,USD", ",much,USD"),
        good.replace("USD", "dollars"),
        good.replace(",1\n", ",few\n"),
    ];
    let others = ["2026-11-05,1,USD,/subscriptions/s/x/y,m,c,1\n".to_owned(), "2026-11-03,9,USD,,Tax,,\n".to_owned()];
    let text = format!("{EXPORT}\n{good}{}{}{good}", bad.concat(), others.concat());
    let (told, wrong) = told(&text);
    assert_eq!(told.lines.len(), 2);
    let places: Vec<&str> = wrong.iter().map(|words| words.split(':').next().unwrap()).collect();
    assert_eq!(places, ["3", "4", "5", "6"], "{wrong:?}");
    // whatever a row is about, it tells of its day
    assert_eq!(told.days[&SubscriptionId::new("S")].last().unwrap().to_string(), "2026-11-05");
    let many = format!("{EXPORT}\n{}", bad[0].repeat(9));
    assert_eq!(self::told(&many).1.last().unwrap(), "and 4 more rows");
    let long = format!(
        "ChargePeriodStart,ChargePeriodEnd,BilledCost,BillingCurrency,ResourceId,SkuMeter\n2026-11-01,2026-12-01,9,USD,{WS},m\n"
    );
    assert!(self::told(&long).1[0].contains("more than one day"));
}

#[test]
fn what_is_no_bill_says_what_it_lacks() {
    for (text, says) in [
        ("", "it is empty"),
        ("a,b\n1,2\n", "chargeperiodstart or date"),
        ("Date,Cost,Currency,ResourceId\n", "metername"),
    ] {
        let mut told = Told::default();
        let why = read(records(text.as_bytes(), Limits::USUAL), &mut told).unwrap().unwrap_err();
        assert!(why.contains(says), "{text}: {why}");
    }
}

#[test]
fn lines_are_counted_past_empty_ones_breaks_in_fields_and_what_is_no_utf_8() {
    let good = format!("2026-11-03,1,USD,{WS},m,c,1");
    let bad = good.replace(",1,USD", ",much,USD");
    let two = good.replace(",m,", ",\"m\n\n\",");
    for end in ["\n", "\r\n"] {
        let lines = ["", EXPORT, "", "  ", &bad, &two, &bad, "", &good, &bad, &bad].join(end);
        let (told, wrong) = told(&lines);
        let places: Vec<&str> = wrong.iter().map(|words| words.split(':').next().unwrap()).collect();
        assert_eq!((places, told.lines.len()), (vec!["5", "9", "12", "13"], 2), "{wrong:?}");
        assert_eq!(&*told.lines[0].meter, "m");
    }
    let mut bytes = format!("{EXPORT}\n{}\n{good}\n", good.replace(",m,", ",x?,")).into_bytes();
    let place = bytes.iter().position(|byte| *byte == b'?').unwrap();
    bytes[place] = 0xff;
    let (told, wrong) = told_of(&bytes);
    let meters: Vec<&str> = told.lines.iter().map(|line| &*line.meter).collect();
    assert_eq!((meters, wrong), (vec!["x\u{fffd}", "m"], Vec::new()));
}

/// Reads it with limits of its own; what it says when that fails.
fn fails(text: &str, limits: Limits) -> Option<String> {
    read(records(text.as_bytes(), limits), &mut Told::default()).err().map(|error| error.to_string())
}

#[test]
fn what_does_not_end_is_not_read_to_its_end() {
    let row = format!("2026-11-03,1,USD,{WS},m,c,1\n");
    let open = format!("{EXPORT}\n{row}{}{}", row.replace(",m,", ",\"m,"), row.repeat(20_000));
    let said = fails(&open, Limits::USUAL).unwrap();
    assert_eq!(said, "line 3: a record does not end within 1 MiB; is a quote left open?");
    let many = format!("{EXPORT}\n{}", row.repeat(20_000));
    assert!(many.len() > 2 * 1024 * 1024);
    assert_eq!(fails(&many, Limits::USUAL), None, "records that end are as many as they like");
    let length = u64::try_from(many.len()).unwrap();
    assert_eq!(fails(&many, Limits { file: length, ..Limits::USUAL }), None);
    let said = fails(&many, Limits { file: 1024 * 1024, ..Limits::USUAL }).unwrap();
    assert!(said.ends_with(": the file is longer than 1 MiB, unpacked; split it"), "{said}");
}

#[test]
fn nothing_is_read_once_nobody_waits() {
    let stop = Stop::default();
    let mut records = Records::new(Guard::new(EXPORT.as_bytes(), Limits::USUAL, stop.clone()));
    drop(stop.on_drop());
    assert!(records.next().unwrap_err().to_string().contains("nobody waits"));
}

fn question(subscriptions: &[&str], heard: &[&Billed]) -> BillQuestion {
    let statements = heard.iter().flat_map(|billed| &billed.statements);
    let read = statements.filter_map(|one| Some((one.subscription.clone(), one.digest?)));
    BillQuestion {
        subscriptions: subscriptions.iter().map(|id| SubscriptionId::new(id)).collect(),
        days: DaySpan { first: "2024-01-01".parse().unwrap(), last: "2024-12-31".parse().unwrap() },
        read: read.collect(),
    }
}

async fn look(path: &Path, read: &Billed) -> Billed {
    BillFolder::new(path.to_owned()).bills(&question(&["s"], &[read])).await
}

/// A packed file of the same text again and again; it costs nothing to write.
fn pack(path: &Path, head: &str, again: &str, times: usize) {
    let member = |text: &str| {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed.write_all(text.as_bytes()).unwrap();
        packed.finish().unwrap()
    };
    std::fs::write(path, [member(head), member(again).repeat(times)].concat()).unwrap();
}

#[tokio::test]
async fn a_packed_line_without_end_costs_its_bill_and_no_memory() {
    let dir = tempfile::tempdir().unwrap();
    pack(&dir.path().join("bomb.csv.gz"), &format!("{EXPORT}\n"), &"a".repeat(1024 * 1024), 1_024);
    let billed = look(dir.path(), &Billed::default()).await;
    let said = billed.faults[0].words();
    assert!(said.contains("bomb.csv.gz: line 2: a record does not end within 1 MiB"), "{said}");
    assert_eq!((billed.statements.len(), billed.faults.len()), (0, 1));
}

/// The runtime waits for its threads before it ends. To its end, this file would be read for minutes.
#[test]
fn a_question_that_nobody_waits_for_any_more_ends() {
    let dir = tempfile::tempdir().unwrap();
    let row = format!("2024-11-03,1,USD,{WS},m,c,1\n");
    pack(&dir.path().join("long.csv.gz"), &format!("{EXPORT}\n"), &row.repeat(10_000), 2_500);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let (folder, question) = (BillFolder::new(dir.path().to_owned()), question(&["other"], &[]));
    let soon = std::time::Duration::from_millis(50);
    let answer = runtime.block_on(async { tokio::time::timeout(soon, folder.bills(&question)).await });
    assert!(answer.is_err());
    runtime.shutdown_timeout(std::time::Duration::from_secs(20));
    // only the thread that ended has given its copy of the folder back
    assert_eq!(folder.held_by(), 1);
}

#[tokio::test]
async fn a_late_row_tells_of_its_day_and_not_of_those_between() {
    let dir = tempfile::tempdir().unwrap();
    let rows = ["2024-11-04", "2024-10-03", "2024-11-03"].map(|day| format!("{day},1,USD,{WS},m,c,1\n")).concat();
    // of a disk that is no part of a workspace: that day, the workspace was billed nothing
    let other = "2024-11-05,1,USD,/subscriptions/s/resourceGroups/g/disks/x,m,c,1\n";
    std::fs::write(dir.path().join("x.csv"), format!("{EXPORT}\n{rows}{other}")).unwrap();
    let billed = look(dir.path(), &Billed::default()).await;
    let told: Vec<_> = billed
        .statements
        .iter()
        .map(|one| (one.days.first.to_string(), one.days.last.to_string(), one.lines.len(), one.digest.is_some()))
        .collect();
    let day = |day: &str| day.to_owned();
    assert_eq!(
        told,
        [(day("2024-10-03"), day("2024-10-03"), 1, false), (day("2024-11-03"), day("2024-11-05"), 2, true)],
        "the last one says that all of it was read"
    );
    let mut half = billed;
    half.statements.pop();
    assert_eq!(look(dir.path(), &half).await.statements.len(), 2, "one that was interrupted is read again");
}

#[tokio::test]
async fn a_subscription_that_comes_later_has_what_was_read_before_and_silent_bills_are_read_once() {
    let dir = tempfile::tempdir().unwrap();
    let row = |subscription: &str, amount: &str| {
        format!("2024-11-03,{amount},USD,{},m,c,1\n", WS.replace("/s/", &format!("/{subscription}/")))
    };
    let put = |name: &str, rows: &[String]| {
        std::fs::write(dir.path().join(name), format!("{EXPORT}\n{}", rows.concat())).unwrap();
    };
    put("both.csv", &[row("s", "1"), row("t", "2")]);
    // a bad row is told of whenever the file is read
    put("silent.csv", &[row("s", "1"), row("s", "much")]);
    let folder = BillFolder::new(dir.path().to_owned());
    let first = folder.bills(&question(&["s"], &[])).await;
    assert_eq!((first.statements.len(), first.faults.len()), (2, 1));
    let second = folder.bills(&question(&["S", "t"], &[&first])).await;
    let whose: Vec<&str> = second.statements.iter().map(|one| one.subscription.as_str()).collect();
    assert_eq!((whose, second.faults.len()), (vec!["t"], 1), "and nothing anew of the one that was read");
    let third = folder.bills(&question(&["s", "t"], &[&first, &second])).await;
    assert_eq!((third.statements.len(), third.faults.len()), (0, 0));
    put("silent.csv", &[row("s", "1"), row("s", "more")]);
    assert_eq!(folder.bills(&question(&["t"], &[&second])).await.faults.len(), 1, "what changed is another file");
}

#[tokio::test]
async fn each_bill_is_read_once_and_a_bad_one_stops_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let row = |day: &str, amount: &str| format!("{day},{amount},USD,{WS},m,c,1\n");
    put("november.csv", &format!("{EXPORT}\n{}", row("2024-11-03", "1")));
    put("notes.txt", "not a bill");
    put("broken.csv", "hello\n");
    put("run/2024/part_0.csv", &format!("{EXPORT}\n{}", row("2024-12-03", "2")));
    put("run/2024/part_1.csv", &format!("{EXPORT}\n{}", row("2024-12-04", "3")));
    let packed = std::fs::File::create(dir.path().join("october.CSV.GZ")).unwrap();
    let mut packed = flate2::write::GzEncoder::new(packed, flate2::Compression::fast());
    packed.write_all(format!("{EXPORT}\n{}", row("2024-10-03", "4")).as_bytes()).unwrap();
    packed.finish().unwrap();
    let billed = look(dir.path(), &Billed::default()).await;
    assert_eq!(billed.faults.len(), 1);
    assert!(billed.faults[0].words().contains("broken.csv: it has no column chargeperiodstart"), "{:?}", billed.faults);
    let mut spans: Vec<String> = billed
        .statements
        .iter()
        .map(|one| format!("{} {} {}", one.days.first, one.days.last, one.lines.len()))
        .collect();
    spans.sort();
    assert_eq!(spans, ["2024-10-03 2024-10-03 1", "2024-11-03 2024-11-03 1", "2024-12-03 2024-12-04 2"]);
    let again = look(dir.path(), &billed).await;
    assert_eq!((again.statements.len(), again.faults.len()), (0, 1));
    put("run/2024/part_2.csv", &format!("{EXPORT}\n{}", row("2024-12-05", "3")));
    assert_eq!(look(dir.path(), &billed).await.statements[0].lines.len(), 3, "a bill with one part more is another");
    let nowhere = look(&dir.path().join("nowhere"), &Billed::default()).await;
    assert!(nowhere.faults[0].words().contains("nowhere"), "{:?}", nowhere.faults);
}

#[tokio::test]
async fn the_days_just_before_a_file_was_written_are_not_final() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.csv");
    let rows: String = ["2024-11-03", "2024-11-04", "2024-11-05", "2024-11-06"]
        .map(|day| format!("{day},1,USD,{WS},m,c,1\n"))
        .concat();
    std::fs::write(&path, format!("{EXPORT}\n{rows}")).unwrap();
    let at: jiff::Timestamp = "2024-11-08T12:00:00Z".parse().unwrap();
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(at.into()).unwrap();
    let billed = look(dir.path(), &Billed::default()).await;
    let statement = &billed.statements[0];
    assert_eq!((statement.days.last.to_string().as_str(), statement.lines.len()), ("2024-11-04", 2));
}

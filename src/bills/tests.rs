//! Files as teams have them: both formats, every spelling, and every way to be wrong.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use super::BillFolder;
use super::read::{Told, read};
use crate::ledger::DaySpan;
use crate::ports::{AskBills as _, BillQuestion, Billed};
use crate::units::SubscriptionId;

const WS: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w";

const EXPORT: &str = "Date,CostInBillingCurrency,BillingCurrency,ResourceId,MeterName,MeterCategory,Quantity";

fn told(text: &str) -> (Told, Vec<String>) {
    let mut told = Told::default();
    let wrong = read(text.as_bytes(), &mut told).unwrap().unwrap();
    (told, wrong)
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
    assert_eq!(told.days[&SubscriptionId::new("S")].last.to_string(), "2026-11-05");
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
        let why = read(text.as_bytes(), &mut told).unwrap().unwrap_err();
        assert!(why.contains(says), "{text}: {why}");
    }
}

async fn look(path: &Path, read: &Billed) -> Billed {
    let question = BillQuestion {
        subscriptions: vec![SubscriptionId::new("s")],
        days: DaySpan { first: "2024-01-01".parse().unwrap(), last: "2024-12-31".parse().unwrap() },
        read: read.statements.iter().map(|statement| statement.digest).collect::<BTreeSet<_>>(),
    };
    BillFolder::new(path.to_owned()).bills(&question).await
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
    let rows: String = ["2024-11-03", "2024-11-06"].map(|day| format!("{day},1,USD,{WS},m,c,1\n")).concat();
    std::fs::write(&path, format!("{EXPORT}\n{rows}")).unwrap();
    let at: jiff::Timestamp = "2024-11-08T12:00:00Z".parse().unwrap();
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(at.into()).unwrap();
    let billed = look(dir.path(), &Billed::default()).await;
    let statement = &billed.statements[0];
    assert_eq!((statement.days.last.to_string().as_str(), statement.lines.len()), ("2024-11-04", 1));
}

//! Price sheets: the shipped example, both forms, and every message about bad ones, beside the file.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use lightsout::ledger::{PriceKey, Sheet, SheetLine, SheetTerms};
use lightsout::settings::{Environment, Overrides, load, read_sheet};
use lightsout::units::Region;
use proptest::prelude::*;

const SHIPPED: &str = include_str!("../config/prices.toml");

fn read(file: &str, text: &str) -> (Option<Sheet>, Vec<String>) {
    let (sheet, found) = read_sheet(file, text);
    (sheet, found.iter().map(ToString::to_string).collect())
}

fn good(file: &str, text: &str) -> Sheet {
    let (sheet, found) = read(file, text);
    assert_eq!(found, Vec::<String>::new(), "{text}");
    sheet.unwrap()
}

/// A line without the place it was read at.
fn meaning(sheet: &Sheet) -> Vec<SheetLine> {
    sheet.lines().iter().map(|line| SheetLine { place: "".into(), ..line.clone() }).collect()
}

#[test]
fn the_shipped_sheet_says_nothing_and_its_examples_can_be_read() {
    assert_eq!(good("config/prices.toml", SHIPPED).lines(), []);
    let is_example =
        |line: &str| line.starts_with("[[") || line.split_once(" = \"").is_some_and(|(key, _)| !key.contains(' '));
    let text: Vec<&str> =
        SHIPPED.lines().map(|line| line.strip_prefix("# ").filter(|rest| is_example(rest)).unwrap_or("#")).collect();
    let toml = good("config/prices.toml", &text.join("\n"));
    assert_eq!(toml.lines().len(), 2, "{toml:?}");
    let table: Vec<&str> =
        SHIPPED.lines().filter_map(|line| line.strip_prefix("#   ")).filter(|line| line.contains(',')).collect();
    let csv = good("prices.csv", &table[table.len() - 3..].join("\n"));
    assert_eq!(meaning(&csv), meaning(&toml), "both forms say the same");
}

#[test]
fn a_sheet_means_what_it_says() {
    let text = "[[price]]\nsize = \"Standard_DS3_v2\"\nregion = \"West Europe\"\nhourly = \"0.25\"\ncurrency = \"eur\"\n\
                from = \"2026-01-01\"\nuntil = \"2026-01-31\"\n\n[[price]]\nsize = \"STANDARD_DS3_V2\"\nregion = \"*\"\n\
                hourly = \"0.3\"\ncurrency = \"USD\"\n\n[[discount]]\nfamily = \"Standard_NC*\"\nregion = \"*\"\npercent = \"12.5 %\"\n";
    let sheet = good("/etc/lightsout/prices.toml", text);
    let places: Vec<&str> = sheet.lines().iter().map(|line| &*line.place).collect();
    assert_eq!(places, ["prices.toml:1", "prices.toml:9", "prices.toml:15"], "no folder of this machine in a ledger");
    assert_eq!(sheet.lines()[2].terms, SheetTerms::Off(125_000));
    assert_eq!(sheet.digest().len(), 64);
    assert_ne!(sheet.digest(), good("prices.toml", &format!("{text}\n")).digest());
    let key = PriceKey::new("Standard_DS3_v2", &Region::new("westeurope"));
    let at = |text: &str| sheet.quote(&key, None, text.parse().unwrap()).unwrap().rate.to_string();
    assert_eq!(at("2025-12-31T23:59:59Z"), "0.3 USD/h");
    assert_eq!(at("2026-01-01T00:00:00Z"), "0.25 EUR/h");
    assert_eq!(at("2026-01-31T23:59:59Z"), "0.25 EUR/h", "the last day counts");
    assert_eq!(at("2026-02-01T00:00:00Z"), "0.3 USD/h");
}

#[test]
fn a_price_may_change_from_one_day_to_the_next() {
    let text = "size,region,hourly,currency,from,until\r\n\
                # the old contract\r\n\
                Standard_F2,westeurope,0.1,USD,,2026-06-30\r\n\r\n\
                \"Standard_F2\",westeurope,0.09,USD,2026-07-01,\r\n";
    let sheet = good("prices.csv", text);
    let places: Vec<&str> = sheet.lines().iter().map(|line| &*line.place).collect();
    assert_eq!(places, ["prices.csv:3", "prices.csv:5"]);
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sheet_files/bad");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|kind| kind != "expected"));
    files.sort();
    files
}

#[test]
fn every_bad_sheet_has_exactly_its_messages_and_is_not_used() {
    let mut wrong = Vec::new();
    assert!(files().len() >= 10);
    for file in files() {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let (sheet, found) = read(&name, &fs::read_to_string(&file).unwrap());
        assert_eq!(sheet, None, "{name}");
        let said: String = found.iter().map(|line| format!("{line}\n")).collect();
        let expected = PathBuf::from(format!("{}.expected", file.display()));
        if said != fs::read_to_string(expected).unwrap_or_default() {
            wrong.push(format!("{name} says:\n{said}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_bad_sheet_is_told_with_the_settings_and_keeps_nothing_from_being_governed() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name);
    fs::create_dir(path("policies")).unwrap();
    let settings = "[fleet]\nsubscriptions = [\"11111111-2222-3333-4444-555555555555\"]\n[prices]\nsheet = \"prices.csv\"\n\
                    [ledger]\nowners = \"owners.toml\"\n";
    fs::write(path("lightsout.toml"), settings).unwrap();
    let loaded = || load(&path("lightsout.toml"), &Environment::default(), &Overrides::none());
    let said =
        || loaded().findings().map(ToString::to_string).filter(|line| !line.contains("policies")).collect::<Vec<_>>();

    let absent = loaded();
    assert!(absent.settings.is_some() && absent.money.sheet.is_none() && absent.money.owners.is_none());
    assert!(!absent.is_valid());
    let file = |name: &str| path(name).display().to_string();
    assert_eq!(
        said(),
        [
            format!(
                "{}:1:1: prices.sheet: {} cannot be read: there is no such file or folder, see that this process may read it, or leave prices.sheet out",
                file("lightsout.toml"),
                file("prices.csv")
            ),
            format!(
                "{}:1:1: ledger.owners: {} cannot be read: there is no such file or folder, see that this process may read it, or leave ledger.owners out",
                file("lightsout.toml"),
                file("owners.toml")
            ),
        ]
    );
    assert!(absent.watched.roots().contains(&path("prices.csv")), "it is watched, so that it is read when it comes");

    fs::write(path("prices.csv"), "size,region,hourly,currency\nStandard_F2,*,cheap,USD\n").unwrap();
    fs::write(path("owners.toml"), "\"ada@example.org\" = \"research\"\n").unwrap();
    assert_eq!(
        said(),
        [format!(
            "{}:2:15: hourly: \"cheap\" is not what an hour can cost, write a decimal number above 0 with a point, such as \"2.95\"",
            file("prices.csv")
        )]
    );
    fs::write(path("prices.csv"), "size,region,hourly,currency\nStandard_F2,*,0.1,USD\n").unwrap();
    let well = loaded();
    assert_eq!(well.money.sheet.unwrap().lines().len(), 1);
    assert_eq!(well.money.owners.unwrap().teams.len(), 1);
    assert_eq!(said(), Vec::<String>::new());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is written: no panic, and a sheet or at least one error with a line of the text.
    #[test]
    fn any_text_is_a_sheet_or_told(text in prop_oneof![
        "[a-z,\"\n#0-9.*\\[\\]= ]{0,80}",
        "size,region,hourly,currency,from,until,percent\n(\\PC{0,40}\n){0,3}",
        "\\[\\[(price|discount)\\]\\]\n((size|family|region|hourly|percent|from) = \\PC{0,12}\n){0,5}",
    ]) {
        for file in ["prices.toml", "prices.csv"] {
            let (sheet, found) = read_sheet(file, &text);
            prop_assert_eq!(sheet.is_none(), found.iter().any(|one| one.is_error()));
            let lines = u32::try_from(text.split('\n').count()).unwrap();
            prop_assert!(found.iter().all(|one| one.line >= 1 && one.line <= lines), "{:?}", found);
        }
    }

    /// What is written in either form is read to the same lines.
    #[test]
    fn both_forms_say_the_same(
        rows in proptest::collection::vec(
            ("Standard_[A-Z]{1,2}[0-9]{1,2}[a-z]?_v[0-9]", prop_oneof![Just("*"), Just("westeurope")], 1_u32..999_999, any::<bool>()),
            0..6,
        )
    ) {
        let mut csv = "percent,size,region,hourly,currency\n".to_owned();
        let mut toml = String::new();
        let mut discounts = String::new();
        for (size, region, number, is_price) in &rows {
            if *is_price {
                csv.push_str(&format!(",{size},{region},0.{number:06},USD\n"));
                toml.push_str(&format!("[[price]]\nsize = {size:?}\nregion = {region:?}\nhourly = \"0.{number:06}\"\ncurrency = \"USD\"\n"));
            } else {
                let percent = format!("{}.{:04}", number / 10_000, number % 10_000);
                csv.push_str(&format!("{percent},{size},{region},,\n"));
                discounts.push_str(&format!("[[discount]]\nfamily = {size:?}\nregion = {region:?}\npercent = {percent:?}\n"));
            }
        }
        let (of_csv, of_toml) = (read_sheet("a.csv", &csv).0, read_sheet("a.toml", &(toml + &discounts)).0);
        prop_assert_eq!(of_csv.is_some(), of_toml.is_some());
        if let (Some(of_csv), Some(of_toml)) = (of_csv, of_toml) {
            let sorted = |sheet: &Sheet| { let mut all = meaning(sheet); all.sort_by(|a, b| format!("{a:?}").cmp(&format!("{b:?}"))); all };
            prop_assert_eq!(sorted(&of_csv), sorted(&of_toml));
        }
    }
}

//! Cost Management asked by a real client: what it is sent, what it may answer, and what may go wrong.

use std::collections::BTreeSet;
use std::sync::Arc;

use lightsout::azure::{Azure, IdentityOptions};
use lightsout::ledger::DaySpan;
use lightsout::ports::{AskBills as _, BillQuestion, Billed, FaultKind, Observe as _};
use lightsout::rights::COST_ACTION;
use lightsout::units::SubscriptionId;

use crate::world::{Reply, Seen, Server, TOKEN, TestClock, custom, json, token_file};

const PATH: &str = "/subscriptions/sub-1/providers/Microsoft.CostManagement/query";
const WS: &str = "/subscriptions/sub-1/resourcegroups/rg/providers/microsoft.machinelearningservices/workspaces/ws-a";
const OBSERVED: &str = r#"{"error":{"code":"429","message":"Too many requests. Please retry."}}"#;

struct Desk {
    azure: Azure<TestClock>,
    clock: Arc<TestClock>,
    arm: Server,
    _token: tempfile::NamedTempFile,
}

async fn desk(costs: bool, answer: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Desk {
    let (arm, token) = (Server::start(answer).await, token_file());
    let mut options = custom(&arm.url(), IdentityOptions::TokenFile { path: token.path().to_owned() });
    options.costs = costs;
    let clock = TestClock::new();
    Desk { azure: Azure::new(options, Arc::clone(&clock)).unwrap(), clock, arm, _token: token }
}

impl Desk {
    async fn billed(&self) -> Billed {
        self.billed_from("2026-10-01").await
    }

    async fn billed_from(&self, first: &str) -> Billed {
        let question = BillQuestion {
            subscriptions: vec![SubscriptionId::new("sub-1")],
            days: DaySpan { first: first.parse().unwrap(), last: "2026-10-30".parse().unwrap() },
            read: BTreeSet::new(),
        };
        self.azure.bills(&question).await
    }
}

fn page(rows: &[&str], next: Option<&str>) -> Reply {
    let link = next.map_or_else(|| "null".to_owned(), |url| format!("\"{url}\""));
    let columns = ["Cost", "UsageQuantity", "UsageDate", "ResourceId", "Meter", "Currency"];
    let columns: Vec<String> = columns.iter().map(|name| format!(r#"{{"name":"{name}","type":"x"}}"#)).collect();
    let (columns, rows) = (columns.join(","), rows.join(","));
    json(200, &format!(r#"{{"properties":{{"nextLink":{link},"columns":[{columns}],"rows":[{rows}]}}}}"#))
}

fn row(amount: &str, day: &str) -> String {
    format!(r#"[{amount},1.5,{day},"{WS}","D3 v2/DS3 v2","USD"]"#)
}

#[tokio::test]
async fn the_question_is_a_post_of_whole_days_with_a_name_of_its_own() {
    let desk = desk(true, |_, _| page(&[&row("0.43950000000000003", "20261003")], None)).await;
    let billed = desk.billed().await;
    assert!(billed.faults.is_empty(), "{:?}", billed.faults);
    let line = &billed.statements[0].lines[0];
    assert_eq!((line.amount.to_string().as_str(), line.seconds()), ("0.43950000000000003", Some(5_400)));
    let seen = &desk.arm.seen()[0];
    assert_eq!(
        (seen.method.as_str(), seen.target.as_str()),
        ("POST", format!("{PATH}?api-version=2025-03-01").as_str())
    );
    assert_eq!(seen.header("clienttype"), Some("lightsout"));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert!(seen.head.contains(TOKEN));
    for part in ["ActualCost", "2026-10-01T00:00:00Z", "2026-10-30T23:59:59Z", "Daily", "ResourceId", "Meter"] {
        assert!(seen.body.contains(part), "{part} in {}", seen.body);
    }
}

#[tokio::test]
async fn g3_without_the_setting_nothing_can_be_asked() {
    let desk = desk(false, |_, _| json(500, "")).await;
    let billed = desk.billed().await;
    assert_eq!((billed.statements.len(), billed.faults.len(), desk.arm.connections()), (0, 0, 0));
}

#[tokio::test]
async fn nothing_billed_is_a_bill_of_nothing() {
    let desk = desk(true, |_, _| Reply::Say(204, Vec::new(), Vec::new())).await;
    let billed = desk.billed().await;
    assert_eq!((billed.statements.len(), billed.statements[0].lines.len(), billed.faults.len()), (1, 0, 0));
}

#[tokio::test]
async fn pages_are_the_same_question_again() {
    let desk = desk(true, |number, seen| {
        let home = seen.header("host").unwrap();
        let next = format!("http://{home}{PATH}?api-version=2023-11-01&$skiptoken=AQ%3D");
        match number {
            0 => page(&[&row("1", "20261003")], Some(&next)),
            _ => page(&[&row("2", "20261004"), &row("9", "20261031")], None),
        }
    })
    .await;
    let billed = desk.billed().await;
    assert_eq!(billed.statements[0].lines.len(), 2, "a day that was not asked for is nobody's");
    let seen = desk.arm.seen();
    assert_eq!(seen[0].body, seen[1].body);
    assert_eq!(seen[1].target, format!("{PATH}?$skiptoken=AQ%3D&api-version=2025-03-01"));
    assert!(seen.iter().all(|seen| seen.method == "POST"));
}

#[tokio::test]
async fn no_question_is_of_more_than_a_month_and_all_of_them_are_one_bill() {
    let desk = desk(true, |number, _| match number {
        0 => page(&[&row("1", "20260929")], None),
        _ => page(&[&row("2", "20261004")], None),
    })
    .await;
    let billed = desk.billed_from("2026-09-29").await;
    let whole = DaySpan { first: "2026-09-29".parse().unwrap(), last: "2026-10-30".parse().unwrap() };
    assert_eq!((billed.statements.len(), billed.statements[0].lines.len(), billed.statements[0].days), (1, 2, whole));
    let seen = desk.arm.seen();
    assert_eq!(seen.len(), 2);
    assert!(seen[0].body.contains("2026-09-29T00:00:00Z") && seen[0].body.contains("2026-09-30T23:59:59Z"));
    assert!(seen[1].body.contains("2026-10-01T00:00:00Z") && seen[1].body.contains("2026-10-30T23:59:59Z"));
    let desk = self::desk(true, |number, _| match number {
        0 => page(&[&row("1", "20260929")], None),
        _ => json(400, "{}"),
    })
    .await;
    let billed = desk.billed_from("2026-09-29").await;
    assert_eq!((billed.statements.len(), billed.faults.len()), (0, 1), "half a bill is none");
}

#[tokio::test]
async fn a_link_may_be_written_in_any_case() {
    let desk = desk(true, |number, _| match number {
        0 => page(&[&row("1", "20261003")], Some(&format!("{}?API-Version=1&$skipToken=x", PATH.to_lowercase()))),
        _ => page(&[&row("2", "20261004")], None),
    })
    .await;
    let billed = desk.billed().await;
    assert!(billed.faults.is_empty(), "{:?}", billed.faults);
    assert_eq!(billed.statements[0].lines.len(), 2);
}

#[tokio::test]
async fn fault_11_a_page_elsewhere_gets_no_bearer() {
    let canary = Server::start(|_, _| page(&[], None)).await;
    let port = canary.port;
    for trick in [
        "http://127.0.0.1:CANARY/subscriptions/sub-1/providers/Microsoft.CostManagement/query?$skiptoken=x",
        "https://HOME/subscriptions/sub-1/providers/Microsoft.CostManagement/query?$skiptoken=x",
        "http://HOME/subscriptions/sub-2/providers/Microsoft.CostManagement/query?$skiptoken=x",
        "http://HOME/subscriptions/sub-1/providers/Microsoft.CostManagement/exports?$skiptoken=x",
        "http://HOME/subscriptions/sub-1/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w/computes/c/stop",
        "http://HOME/subscriptions/sub-1/providers/Microsoft.CostManagement/query?$skiptoken=x&inner=y",
        "//127.0.0.1:CANARY/x",
        "next",
    ] {
        let desk = desk(true, move |_, seen| {
            let link = trick.replace("CANARY", &port.to_string()).replace("HOME", seen.header("host").unwrap());
            page(&[&row("1", "20261003")], Some(&link))
        })
        .await;
        let billed = desk.billed().await;
        assert_eq!((billed.statements.len(), billed.faults[0].kind), (0, FaultKind::Garbled), "{trick}");
        assert_eq!((desk.azure.api_use().foreign_origins, desk.arm.seen().len()), (1, 1), "{trick}");
    }
    assert_eq!(canary.connections(), 0);
}

#[tokio::test]
async fn fault_10_pages_in_circles_end() {
    let desk =
        desk(true, |_, _| page(&[&row("1", "20261003")], Some(&format!("{PATH}?api-version=2025-03-01&$skiptoken=x"))))
            .await;
    let billed = desk.billed().await;
    assert_eq!((billed.statements.len(), billed.faults[0].kind, desk.arm.seen().len()), (0, FaultKind::Garbled, 2));
}

#[tokio::test]
async fn fault_1_the_longest_of_all_waits_is_waited_out() {
    let quota = |number: usize, _: &Seen| match number {
        0 => json(429, OBSERVED)
            .with("x-ms-ratelimit-microsoft.costmanagement-clienttype-retry-after", "45")
            .with("x-ms-ratelimit-microsoft.costmanagement-qpu-retry-after", "7")
            .with("x-ms-ratelimit-microsoft.costmanagement-qpu-consumed", "1")
            .with("Retry-After", "3"),
        _ => page(&[&row("1", "20261003")], None),
    };
    let desk = desk(true, quota).await;
    let billed = desk.billed().await;
    assert_eq!((billed.statements.len(), desk.clock.waited().as_secs()), (1, 45));
    let told = desk.azure.api_use();
    assert_eq!(told.requests.get(&("cost_query", "429".to_owned())), Some(&1));
    assert_eq!(told.requests.get(&("cost_query", "200".to_owned())), Some(&1));
}

#[tokio::test]
async fn fault_2_a_longer_wait_than_patience_gives_up_and_rests_nothing_else() {
    let desk = desk(true, |_, seen| match seen.method.as_str() {
        "POST" => json(429, OBSERVED).with("x-ms-ratelimit-microsoft.costmanagement-entity-retry-after", "600"),
        _ => json(200, r#"{"value":[]}"#),
    })
    .await;
    let billed = desk.billed().await;
    assert!(matches!(billed.faults[0].kind, FaultKind::Throttled(Some(_))), "{:?}", billed.faults);
    assert_eq!((desk.arm.seen().len(), desk.clock.waited().as_secs()), (1, 0));
    assert!(desk.azure.inventory(&crate::world::ws()).await.is_ok(), "reading the fleet goes on");
}

#[tokio::test]
async fn a_question_may_be_asked_again_where_a_stop_may_not() {
    let desk = desk(true, |number, _| match number {
        0 => json(503, "{}"),
        1 => Reply::Close,
        _ => page(&[&row("1", "20261003")], None),
    })
    .await;
    assert_eq!((desk.billed().await.statements.len(), desk.arm.seen().len()), (1, 3));
}

#[tokio::test]
async fn fault_15_the_missing_right_is_named() {
    let denied = r#"{"error":{"code":"RBACAccessDenied","message":"no"}}"#;
    let desk = desk(true, move |_, _| json(403, denied)).await;
    let billed = desk.billed().await;
    let said = billed.faults[0].words();
    assert_eq!(billed.faults[0].kind, FaultKind::Denied);
    assert!(said.contains(COST_ACTION) && said.contains("sub-1"), "{said}");
}

#[tokio::test]
async fn fault_8_and_30_odd_rows_cost_themselves_and_no_answer_is_no_bill() {
    let desk = self::desk(true, |_, _| page(&["7", &row("1", "20261003"), &row("\"1\"", "20261003")], None)).await;
    let billed = desk.billed().await;
    assert_eq!((billed.statements[0].lines.len(), billed.faults[0].kind), (1, FaultKind::Garbled));
    assert!(billed.faults[0].words().contains("understand 2 row(s)"), "{:?}", billed.faults);
    for body in ["", "{}", "<html>", r#"{"properties":{"columns":[],"rows":[]}}"#] {
        let desk = self::desk(true, move |_, _| json(200, body)).await;
        let billed = desk.billed().await;
        assert_eq!((billed.statements.len(), billed.faults[0].kind), (0, FaultKind::Garbled), "{body}");
    }
}

//! The public price list: asked without a token, in few questions, and never believed beyond what it says.

use lightsout::azure::{Azure, AzureOptions, Cloud, IdentityOptions};
use lightsout::ledger::PriceSource;
use lightsout::ports::{FaultKind, Observe as _, Prices as _};

use crate::world::{Reply, Server, TestClock, json};
use crate::{key, listed, page, row, shop, words};

const B16: &str = include_str!("../fixtures/retail/b16als_v2.australiacentral.json");

/// An answer by its name, and the fault that it is.
type Answer = (&'static str, fn() -> Reply, FaultKind);

fn asked(shop: &crate::Shop, status: &str) -> u64 {
    let counted = shop.azure.api_use().requests;
    counted.get(&("retail_prices", status.to_owned())).copied().unwrap_or(0)
}

#[tokio::test]
async fn one_question_finds_the_one_row_of_thirteen() {
    let shop = listed(|_, _| json(200, B16).with("ETag", "\"v1\"")).await;
    let quoted = shop.quoted(&[key("STANDARD_B16ALS_V2", "Australia Central")]).await;
    assert_eq!(words(&quoted), ["standard_b16als_v2 in australiacentral: 0.673 USD/h"]);
    let quote = quoted.answers[0].1.as_ref().unwrap();
    assert_eq!((quote.source, &*quote.etag), (PriceSource::Retail, "\"v1\""));
    assert!(quoted.faults.is_empty());
    let seen = shop.list.seen();
    assert_eq!((seen.len(), seen[0].method.as_str()), (1, "GET"));
    let target = &seen[0].target;
    assert!(target.starts_with("/api/retail/prices?currencyCode=%27USD%27&$filter="), "{target}");
    assert!(target.contains("armSkuName%20eq%20%27Standard_B16als_v2%27"), "spelt as Azure spells it: {target}");
    assert!(!target.contains("api-version"), "{target}");
    assert_eq!((asked(&shop, "200"), shop.arm.connections()), (1, 0));
}

#[tokio::test]
async fn no_bearer_reaches_the_price_list() {
    // Whatever it says, and with a token at hand.
    let sizes = r#"{"value":[]}"#;
    for status in [200, 302, 401, 403, 407, 429, 500] {
        let answer = move |_: usize, _: &crate::world::Seen| {
            json(status, "{}").with("Location", "/x").with("WWW-Authenticate", "Bearer").with("Set-Cookie", "a=b")
        };
        let shop = shop(move |_, _| json(200, sizes), answer, |_| ()).await;
        let quoted = shop.azure.quotes(&[key("Standard_F2", "westeurope")]).await;
        assert_eq!((quoted.len(), quoted[1].faults.len()), (2, 1), "{status}");
        assert!(shop.arm.seen().iter().all(|seen| seen.header("authorization").is_some()), "the token was had");
        assert!(!shop.list.seen().is_empty());
        for seen in shop.list.seen() {
            assert_eq!((seen.header("authorization"), seen.header("cookie")), (None, None), "I10: {status}");
            assert_eq!((seen.method.as_str(), seen.body.as_str()), ("GET", ""), "G3");
            assert!(!seen.head.contains(crate::world::TOKEN));
        }
        let kind = quoted[1].faults[0].kind;
        assert!(
            !matches!(kind, FaultKind::Denied | FaultKind::Unauthenticated),
            "no role cures this: {status} {kind:?}"
        );
    }
}

#[tokio::test]
async fn fault_1_a_429_is_waited_for() {
    let shop = listed(|number, _| match number {
        0 => json(429, "{}").with("Retry-After", "17"),
        1 => json(429, "{}"),
        _ => json(200, &page(&[row("Standard_F2", "westeurope", "0.1")], None)),
    })
    .await;
    let quoted = shop.quoted(&[key("Standard_F2", "westeurope")]).await;
    assert_eq!(words(&quoted), ["standard_f2 in westeurope: 0.1 USD/h"]);
    let waits = shop.clock.waits();
    assert_eq!((waits[0].as_secs(), waits.len()), (17, 2), "{waits:?}");
    assert!(waits[1].as_secs() >= 1, "a 429 without a time is no leave to hurry: {waits:?}");
    assert_eq!((asked(&shop, "429"), asked(&shop, "200")), (2, 1));
}

#[tokio::test]
async fn fault_2_a_long_wait_is_a_fault_and_nothing_is_asked_meanwhile() {
    let shop = listed(|_, _| json(429, "{}").with("Retry-After", "600")).await;
    for _ in 0..2 {
        let quoted = shop.quoted(&[key("Standard_F2", "westeurope"), key("Standard_F2", "northeurope")]).await;
        assert!(quoted.answers.is_empty(), "no answer is not an answer");
        assert_eq!(quoted.faults.len(), 2);
        assert!(quoted.faults.iter().all(|fault| matches!(fault.kind, FaultKind::Throttled(Some(_)))));
    }
    assert!(shop.list.seen().len() <= 2, "those under way at once, and none after them");
    shop.clock.advance(601);
    shop.quoted(&[key("Standard_F2", "westeurope")]).await;
    assert!(shop.list.seen().len() >= 2, "then it is asked again");
}

#[tokio::test]
async fn fault_4_a_failing_region_costs_itself() {
    let shop = listed(|_, seen| {
        if seen.target.contains("westeurope") {
            return json(503, "<html>").with("Retry-After", "2");
        }
        json(200, &page(&[row("Standard_F2", "northeurope", "0.1")], None))
    })
    .await;
    let quoted = shop.quoted(&[key("Standard_F2", "westeurope"), key("Standard_F2", "northeurope")]).await;
    assert_eq!(words(&quoted), ["standard_f2 in northeurope: 0.1 USD/h"]);
    assert_eq!((quoted.faults.len(), quoted.faults[0].kind), (1, FaultKind::Unreachable));
    let said = quoted.faults[0].words();
    assert!(said.contains("could not read the list prices of 1 size(s) in westeurope"), "{said}");
    assert_eq!(asked(&shop, "503"), 4, "four tries");
    assert!(shop.clock.waits().iter().filter(|wait| wait.as_secs() >= 1).count() >= 3, "each after what was asked");
}

#[tokio::test]
async fn fault_8_what_is_not_a_page_of_prices_is_none() {
    let html = || Reply::Say(200, vec![("Content-Type".into(), "text/html".into())], b"<html>".to_vec());
    let cut = || {
        let whole = page(&[row("Standard_F2", "westeurope", "0.1")], None);
        json(200, &whole[..whole.len() - 20])
    };
    let short = || {
        Reply::Raw(
            b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{\"Items\":[".to_vec(),
        )
    };
    let bomb = || json(200, &format!("{{\"Items\":[{}]}}", "[".repeat(100_000)));
    let answers: [Answer; 7] = [
        ("a web page", html, FaultKind::Garbled),
        ("cut JSON", cut, FaultKind::Garbled),
        ("a short body", short, FaultKind::Unreachable),
        ("deep JSON", bomb, FaultKind::Garbled),
        ("another shape", || json(200, r#"{"value":[]}"#), FaultKind::Garbled),
        ("nothing", || json(200, ""), FaultKind::Garbled),
        ("the end", || Reply::Close, FaultKind::Unreachable),
    ];
    for (name, answer, kind) in answers {
        let shop = listed(move |_, _| answer()).await;
        let quoted = shop.quoted(&[key("Standard_F2", "westeurope")]).await;
        assert!(quoted.answers.is_empty(), "{name}");
        assert_eq!((quoted.faults.len(), quoted.faults[0].kind), (1, kind), "{name}");
    }
}

#[tokio::test]
async fn fault_10_pages_are_followed_to_their_end_and_not_in_circles() {
    let shop = listed(|number, seen| {
        let home = seen.header("host").unwrap();
        let next = |to: &str| format!("http://{home}/api/retail/prices?{to}");
        match (number, seen.target.contains("skip")) {
            (0, _) => json(200, &page(&[row("Standard_F4", "westeurope", "9")], Some(&next("$skip=1000")))),
            _ => json(200, &page(&[row("Standard_F2", "westeurope", "0.1")], None)),
        }
    })
    .await;
    let quoted = shop.quoted(&[key("Standard_F2", "westeurope")]).await;
    assert_eq!(words(&quoted), ["standard_f2 in westeurope: 0.1 USD/h"]);
    assert_eq!(shop.list.seen().len(), 2);

    for endless in [true, false] {
        let shop = listed(move |number, _| {
            let link = format!("/api/retail/prices?$skip={}", if endless { number } else { 1 });
            json(200, &page(&[row("Standard_F2", "westeurope", "0.1")], Some(&link)))
        })
        .await;
        let quoted = shop.quoted(&[key("Standard_F2", "westeurope")]).await;
        assert!(quoted.answers.is_empty(), "half a list is no list");
        assert_eq!(quoted.faults[0].kind, FaultKind::Garbled);
        assert_eq!(shop.list.seen().len(), if endless { 30 } else { 2 });
    }
}

#[tokio::test]
async fn fault_11_a_page_elsewhere_is_not_followed() {
    let canary = Server::start(|_, _| json(200, &page(&[row("Standard_F2", "westeurope", "0.1")], None))).await;
    let port = canary.port;
    for trick in [
        "http://127.0.0.1:CANARY/api/retail/prices",
        "https://127.0.0.1:CANARY/api/retail/prices",
        "//127.0.0.1:CANARY/api/retail/prices",
        "http://HOME@127.0.0.1:CANARY/api/retail/prices",
        "http://HOME/metadata/identity",
        "http://HOME/api/retail/prices/../../subscriptions/x",
        "ftp://HOME/api/retail/prices",
        "next",
    ] {
        let shop = listed(move |_, seen| {
            let link = trick.replace("CANARY", &port.to_string()).replace("HOME", seen.header("host").unwrap());
            json(200, &page(&[row("Standard_F2", "westeurope", "0.1")], Some(&link)))
        })
        .await;
        let quoted = shop.quoted(&[key("Standard_F2", "westeurope")]).await;
        assert!(quoted.answers.is_empty(), "{trick}");
        assert_eq!(quoted.faults[0].kind, FaultKind::Garbled, "{trick}");
        assert_eq!((shop.azure.api_use().foreign_origins, shop.list.seen().len()), (1, 1), "{trick}");
    }
    assert_eq!(canary.connections(), 0);
}

#[tokio::test]
async fn fault_30_one_bad_row_costs_itself_and_is_told() {
    let rows = ["7".to_owned(), row("Standard_F2", "westeurope", "0.1"), r#"{"type":"a","type":"b"}"#.to_owned()];
    let shop = listed(move |_, _| json(200, &page(&rows, None))).await;
    let quoted = shop.quoted(&[key("Standard_F2", "westeurope")]).await;
    assert_eq!(words(&quoted), ["standard_f2 in westeurope: 0.1 USD/h"]);
    assert_eq!((quoted.faults.len(), quoted.faults[0].kind), (1, FaultKind::Garbled));
    assert!(quoted.faults[0].words().contains("understand 2 row(s)"));
}

#[tokio::test]
async fn fault_45_what_cannot_be_a_price_is_said_of_its_size_alone() {
    let rows = [
        row("Standard_F2", "westeurope", "0"),
        row("Standard_F4", "westeurope", "-0.2"),
        row("Standard_F8", "westeurope", "0.396000001"),
        row("Standard_F16", "westeurope", "0.8"),
        row("Standard_F16", "westeurope", "0.9"),
    ];
    let shop = listed(move |_, _| json(200, &page(&rows, None))).await;
    let sizes =
        ["Standard_F2", "Standard_F4", "Standard_F8", "Standard_F16", "Standard_F32", "Standard F64' or '1' eq '1"];
    let mut said = words(&shop.quoted(&sizes.map(|size| key(size, "westeurope"))).await);
    said.sort();
    assert_eq!(
        said,
        [
            "standard f64' or '1' eq '1 in westeurope: not_listed",
            "standard_f16 in westeurope: ambiguous",
            "standard_f2 in westeurope: absurd",
            "standard_f32 in westeurope: not_listed",
            "standard_f4 in westeurope: absurd",
            "standard_f8 in westeurope: 0.396000001 USD/h",
        ]
    );
    assert!(
        shop.list.seen().iter().all(|seen| !seen.target.to_ascii_lowercase().contains("f64")),
        "it was never asked"
    );
}

#[tokio::test]
async fn many_sizes_are_few_questions() {
    let shop = listed(|_, _| json(200, &page(&[], None))).await;
    let sizes = |region: &'static str| (0..40).map(move |n| key(&format!("Standard_NC{n}ads_A100_v4"), region));
    let keys: Vec<_> = sizes("westeurope").chain(sizes("northeurope")).chain(sizes("westeurope")).collect();
    let quoted = shop.quoted(&keys).await;
    assert_eq!(quoted.answers.len(), 80, "each once");
    let seen = shop.list.seen();
    assert!((2..=6).contains(&seen.len()), "{}", seen.len());
    assert!(seen.iter().all(|seen| seen.target.len() < 2_000));
    assert!(shop.quoted(&[]).await.answers.is_empty());
    assert_eq!(shop.list.seen().len(), seen.len(), "nothing to ask is no question");
}

#[tokio::test]
async fn without_a_source_nothing_is_asked() {
    let shop = shop(|_, _| json(500, ""), |_, _| json(500, ""), |options| options.prices.sources.clear()).await;
    assert!(shop.azure.quotes(&[key("Standard_F2", "westeurope")]).await.is_empty());
    assert_eq!((shop.arm.connections(), shop.list.connections()), (0, 0));
}

#[test]
fn the_lists_endpoint_is_an_origin() {
    let of = |endpoint: &str| {
        let mut options = AzureOptions::new(Cloud::Public, IdentityOptions::Managed(Default::default()));
        options.prices.sources = vec![PriceSource::Retail];
        options.prices.retail_endpoint = endpoint.to_owned();
        Azure::new(options, TestClock::new()).map(drop)
    };
    assert!(of("https://prices.azure.com").is_ok());
    for bad in ["http://prices.azure.com", "https://prices.azure.com/x", "prices"] {
        let error = of(bad).unwrap_err().to_string();
        assert!(error.contains("prices.retail_endpoint") && error.contains("loopback"), "{error}");
    }
}

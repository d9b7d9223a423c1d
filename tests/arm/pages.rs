//! Lists over several pages: links that are relative, that loop, that never end.

use std::sync::Arc;

use lightsout::azure::Watch;
use lightsout::facts::Completeness;
use lightsout::ports::{FaultKind, Observe as _};
use lightsout::units::{SubscriptionId, WorkspaceId};

use crate::world::{WS, item, json, page, world, world_with, ws};

#[tokio::test]
async fn a_relative_link_is_followed_with_our_version() {
    let world = world(|n, _| match n {
        0 => json(
            200,
            &page(&[item("ci-a", "Running")], Some(&format!("{WS}/computes?api-version=2020-08-01&$skip=a%2Bb%3D%3D"))),
        ),
        1 => json(200, &page(&[item("ci-b", "Stopped")], Some(""))),
        _ => json(500, "{}"),
    })
    .await;
    let seen = world.azure.inventory(&ws()).await.unwrap();
    assert_eq!(seen.instances.iter().map(|facts| facts.id.name()).collect::<Vec<_>>(), ["ci-a", "ci-b"]);
    assert_eq!(seen.completeness, Completeness::Whole);
    let asked = world.server.seen();
    assert_eq!(asked[1].target, format!("{WS}/computes?$skip=a%2Bb%3D%3D&api-version=2025-12-01"), "fault 12");
    assert_eq!(asked.len(), 2, "an empty link is the end");
}

#[tokio::test]
async fn loops_end() {
    // A page that links to itself.
    let own = world(|_, seen| json(200, &page(&[], Some(&seen.target.clone())))).await;
    let fault = own.azure.inventory(&ws()).await.unwrap_err();
    assert_eq!((fault.kind, own.server.seen().len()), (FaultKind::Garbled, 1), "fault 10: {}", fault.words());
    // Two that link to each other.
    let two = world(|n, _| json(200, &page(&[], Some(&format!("{WS}/computes?$skip={}", n % 2))))).await;
    assert_eq!(two.azure.inventory(&ws()).await.unwrap_err().kind, FaultKind::Garbled);
    assert!(two.server.seen().len() <= 4);
    // Ever new ones.
    let endless = world_with(
        |n, _| json(200, &page(&[], Some(&format!("{WS}/computes?$skip={n}")))),
        |options| options.throttle = None,
    )
    .await;
    let fault = endless.azure.inventory(&ws()).await.unwrap_err();
    assert_eq!((fault.kind, endless.server.seen().len()), (FaultKind::Garbled, 500), "fault 10: {}", fault.words());
}

#[tokio::test]
async fn a_failing_later_page_fails_the_list() {
    let world = world(|n, _| match n {
        0 => json(200, &page(&[item("ci-a", "Running")], Some(&format!("{WS}/computes?$skip=1")))),
        _ => json(404, r#"{"error":{"code":"ResourceNotFound","message":"gone"}}"#),
    })
    .await;
    assert_eq!(world.azure.inventory(&ws()).await.unwrap_err().kind, FaultKind::Gone, "no partial state");
}

fn workspaces(list: &[(&str, &str)], next: Option<&str>) -> String {
    let items: Vec<_> = list
        .iter()
        .map(|(name, rest)| {
            format!(r#"{{"id":"{}","name":"{name}","location":"West Europe"{rest}}}"#, WS.replace("ws-a", name))
        })
        .collect();
    page(&items, next)
}

#[tokio::test]
async fn workspaces_are_found_by_scope_and_tag() {
    let group = "/subscriptions/sub-1/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces";
    let all = "/subscriptions/sub-2/providers/Microsoft.MachineLearningServices/workspaces";
    let world = world_with(
        move |_, seen| {
            let path = seen.target.split('?').next().unwrap();
            if path == group && !seen.target.contains("skip") {
                let tagged = [
                    ("ws-a", r#","tags":{"Team":"vision"}"#),
                    ("ws-x", r#","tags":{"team":"other"}"#),
                    ("ws-odd", r#","tags":[1]"#),
                ];
                json(200, &workspaces(&tagged, Some(&format!("{group}?$skip=1"))))
            } else if path == group {
                json(200, &workspaces(&[("ws-b", r#","tags":{"team":"vision"}"#), ("ws-none", "")], None))
            } else if path == all {
                json(403, r#"{"error":{"code":"AuthorizationFailed","message":"no"}}"#)
            } else if path.ends_with("/ws-named") {
                json(200, &format!(r#"{{"id":"{}","location":"eastus","tags":null}}"#, WS.replace("ws-a", "ws-named")))
            } else {
                json(404, "{}")
            }
        },
        |options| {
            let named = |name: &str| WorkspaceId::parse(&WS.replace("ws-a", name)).unwrap();
            options.watch = Watch {
                workspaces: vec![named("ws-named"), named("ws-lost")],
                resource_groups: vec![(SubscriptionId::new("sub-1"), "rg".into())],
                subscriptions: vec![SubscriptionId::new("sub-2")],
                tags: vec![lightsout::azure::TagFilter { name: "team".into(), value: Some("vision".into()) }],
            };
        },
    )
    .await;
    let found = world.azure.discover().await;
    let names: Vec<_> = found.workspaces.iter().map(|w| (w.id.name(), w.region.as_str())).collect();
    assert_eq!(names, [("ws-a", "westeurope"), ("ws-b", "westeurope"), ("ws-named", "eastus")]);
    let faults: Vec<_> = found
        .faults
        .iter()
        .map(|(scope, fault)| (scope.to_string().split(' ').next().unwrap().to_owned(), fault.kind))
        .collect();
    assert_eq!(
        faults,
        [
            ("resource".to_owned(), FaultKind::Garbled),
            ("subscription".to_owned(), FaultKind::Denied),
            ("workspace".to_owned(), FaultKind::Gone)
        ]
    );
}

#[tokio::test]
async fn nothing_named_is_nothing_asked() {
    let world = world(|_, _| json(200, "{}")).await;
    let found = world.azure.discover().await;
    assert!(found.workspaces.is_empty() && found.faults.is_empty(), "G2");
    assert!(world.server.seen().is_empty());
}

#[tokio::test]
async fn lists_run_side_by_side() {
    let world = Arc::new(world(|_, _| json(200, &page(&[item("ci-a", "Running")], None))).await);
    let lists: Vec<_> = (0..50)
        .map(|_| {
            let world = Arc::clone(&world);
            tokio::spawn(async move { world.azure.inventory(&ws()).await.is_ok() })
        })
        .collect();
    for list in lists {
        assert!(list.await.unwrap());
    }
    assert!(world.server.connections() <= 32, "I11: as many connections as settings allow");
}

//! Lists of jobs as Azure sends them, whole, cut and broken.

use lightsout::azure::JOBS_ACTION;
use lightsout::facts::{Source, Use};
use lightsout::ports::{FaultKind, Witness as _};

use crate::world::{Reply, WS, json};
use crate::{Place, at, question, said};

const FIRST: &str = include_str!("../fixtures/jobs/list.json");

fn job(name: &str, status: &str, compute: &str) -> String {
    format!(r#"{{"name":"{name}","properties":{{"status":"{status}","computeId":"{WS}/computes/{compute}"}}}}"#)
}

fn page(jobs: &[String], next: Option<&str>) -> Reply {
    let next = next.map(|link| format!(r#","nextLink":"{link}""#)).unwrap_or_default();
    json(200, &format!(r#"{{"value":[{}]{next}}}"#, jobs.join(",")))
}

#[tokio::test]
async fn a_job_that_waits_keeps_its_instance() {
    let place = Place::jobs(20, |_, _| json(200, FIRST)).await;
    assert!(place.azure.sources().has(Source::Queue) && !place.azure.sources().has(Source::Monitor));
    let questions = ["ci-one", "ci-two", "ci-none"].map(|name| question("ws-a", name));
    let heard = place.ask(&questions, 0).await;
    assert_eq!(said(&heard), ["CI-One busy"], "of whom nothing is seen, nothing is said");
    let (_, track) = &heard.tracks[0];
    assert_eq!((track.now, track.as_of, track.source), (Use::Busy, at(0), Source::Queue));
    assert_eq!(&*track.words, "job plucky_fig_1 is Queued");
    assert!(heard.faults.is_empty());
    let target = &place.arm.seen()[0].target;
    assert_eq!(*target, format!("{WS}/jobs?api-version=2025-12-01&listViewType=ActiveOnly"));
}

#[tokio::test]
async fn what_was_said_is_taken_back_by_a_list_that_is_whole() {
    let place = Place::jobs(20, |number, _| match number {
        0 => page(&[job("a", "Running", "ci-a")], None),
        1 => json(200, r#"{"value":[{"name":"odd"}]}"#),
        2 => json(500, "{}"),
        _ => page(&[job("a", "Completed", "ci-a")], None),
    })
    .await;
    let questions = ["ci-a", "ci-b"].map(|name| question("ws-a", name));
    assert_eq!(said(&place.ask(&questions, 0).await), ["ci-a busy"]);
    let again = place.ask(&questions[..1], 4).await;
    assert_eq!(
        (said(&again), place.arm.seen().len()),
        (vec!["ci-a busy".to_owned()], 1),
        "a second look costs nothing"
    );
    for (minute, kind) in [(5, FaultKind::Garbled), (10, FaultKind::Unreachable)] {
        let unsure = place.ask(&questions, minute).await;
        assert_eq!((unsure.tracks.len(), unsure.faults[0].1.kind), (0, kind), "{unsure:?}");
    }
    let after = place.ask(&questions, 11).await;
    assert_eq!(said(&after), ["ci-a quiet"], "and of the other nothing was ever said");
    assert_eq!((after.tracks[0].1.last_busy.known(), after.tracks[0].1.watched.len()), (Some(at(0)), 0));
}

#[tokio::test]
async fn a_list_without_end_is_cut_and_what_was_found_counts() {
    let place = Place::jobs(3, |number, seen| {
        let home = seen.header("host").unwrap();
        let next = format!("http://{home}{WS}/jobs?api-version=1&$skip={number}");
        page(&[job("a", "Daydreaming", &format!("ci-{number}"))], Some(&next))
    })
    .await;
    let questions: Vec<_> = (0..5).map(|n| question("ws-a", &format!("ci-{n}"))).collect();
    let heard = place.ask(&questions, 0).await;
    assert_eq!(said(&heard), ["ci-0 busy", "ci-1 busy", "ci-2 busy"]);
    let [(Source::Queue, fault)] = heard.faults.as_slice() else { panic!("{heard:?}") };
    assert!(fault.words().contains("jobs.pages_max"), "{}", fault.words());
    assert_eq!(place.arm.seen().len(), 3);
}

#[tokio::test]
async fn a_link_to_elsewhere_is_not_followed() {
    let place =
        Place::jobs(20, |_, _| page(&[job("a", "Queued", "ci-a")], Some("https://evil.example.org/jobs"))).await;
    let heard = place.ask(&[question("ws-a", "ci-a")], 0).await;
    assert_eq!((said(&heard), heard.faults.len()), (vec!["ci-a busy".to_owned()], 1));
    assert!(heard.faults[0].1.words().contains("another origin"), "{}", heard.faults[0].1.words());
}

#[tokio::test]
async fn a_missing_right_is_named_once() {
    let refused = r#"{"error":{"code":"AuthorizationFailed","message":"no"}}"#;
    let place = Place::jobs(20, move |_, _| json(403, refused)).await;
    let questions = ["ws-a", "ws-b", "ws-c"].map(|workspace| question(workspace, "ci-a"));
    let heard = place.ask(&questions, 0).await;
    let [(_, fault)] = heard.faults.as_slice() else { panic!("{heard:?}") };
    let words = fault.words();
    assert!(fault.kind == FaultKind::Denied && words.contains(JOBS_ACTION) && words.contains("and 2 more"), "{words}");
}

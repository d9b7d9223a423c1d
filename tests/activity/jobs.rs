//! Lists of jobs as Azure sends them, whole, cut and broken.

use lightsout::facts::{Source, Use};
use lightsout::ports::{FaultKind, Witness as _};
use lightsout::rights::JOBS_ACTION;

use crate::world::{Reply, WS, json};
use crate::{Place, at, question, remember, said};

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
    assert_eq!(said(&heard), ["ci-one busy"], "of whom nothing is seen, nothing is said");
    let (_, track) = &heard.tracks[0];
    assert_eq!((track.now, track.as_of, track.source), (Use::Busy, at(0), Source::Queue));
    assert_eq!(&*track.words, "job plucky_fig_1 is Queued");
    assert!(heard.faults.is_empty());
    let target = &place.arm.seen()[0].target;
    assert_eq!(*target, format!("{WS}/jobs?api-version=2025-12-01&listViewType=ActiveOnly"));
}

#[tokio::test]
async fn what_was_said_is_taken_back_by_a_list_that_is_whole() {
    let place = Place::jobs(20, |number, seen| match number {
        _ if seen.target.contains("/jobs/") => json(500, "{}"),
        0 => page(&[job("a", "Running", "ci-a")], None),
        1 => json(200, r#"{"value":[{"name":"odd"}]}"#),
        3 => json(500, "{}"),
        _ => page(&[job("a", "Completed", "ci-a")], None),
    })
    .await;
    let mut questions = ["ci-a", "ci-b"].map(|name| question("ws-a", name));
    let heard = place.ask(&questions, 0).await;
    assert_eq!(said(&heard), ["ci-a busy"]);
    remember(&mut questions, &heard);
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

/// Five pages and more of old jobs, and one page is read: what is asked by name is answered as `answer` says.
async fn in_a_long_list(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Place {
    Place::jobs(1, move |number, seen| {
        if let Some(name) = seen.target.split('?').next().and_then(|path| path.split_once("/jobs/")) {
            return answer(name.1);
        }
        let next = format!("http://{}{WS}/jobs?api-version=1&$skip=1", seen.header("host").unwrap());
        let jobs: &[String] = if number == 0 { &[job("a", "Running", "ci-a")] } else { &[] };
        page(jobs, Some(&next))
    })
    .await
}

#[tokio::test]
async fn a_job_that_a_cut_list_no_longer_shows_is_asked_about_by_name() {
    let one = |status: &str, compute: &str| json(200, &job("a", status, compute));
    type Answer = Box<dyn Fn(&str) -> Reply + Send + Sync>;
    let cases: [(&str, Answer, &[&str]); 6] = [
        ("it runs", Box::new(move |_| one("Running", "ci-a")), &["ci-a busy"]),
        ("it ended", Box::new(move |_| one("Completed", "ci-a")), &["ci-a quiet"]),
        ("it went elsewhere", Box::new(move |_| one("Running", "ci-z")), &["ci-a quiet"]),
        (
            "it is gone",
            Box::new(|_| json(404, r#"{"error":{"code":"UserError","message":"no such job"}}"#)),
            &["ci-a quiet"],
        ),
        ("nobody knows", Box::new(|_| json(500, "{}")), &[]),
        ("nobody understands", Box::new(|_| json(200, r#"{"name":"a"}"#)), &[]),
    ];
    for (case, answer, expected) in cases {
        let place = in_a_long_list(answer).await;
        let mut questions = ["ci-a", "ci-b"].map(|name| question("ws-a", name));
        let heard = place.ask(&questions, 0).await;
        assert_eq!(said(&heard), ["ci-a busy"], "{case}");
        remember(&mut questions, &heard);
        let heard = place.ask(&questions, 5).await;
        assert_eq!(said(&heard), expected, "{case}");
        assert_eq!(heard.faults.len(), 1, "{case}: the list is still too long");
        assert!(place.arm.seen().iter().any(|seen| seen.target.starts_with(&format!("{WS}/jobs/a?"))), "{case}");
    }
}

/// Job a ends in the second look, b in the third; a list that is cut shows a alone, then nothing.
#[tokio::test]
async fn of_two_jobs_each_has_to_end() {
    let looks = std::sync::atomic::AtomicUsize::new(0);
    let place = Place::jobs(1, move |_, seen| {
        let path = seen.target.split('?').next().unwrap();
        let look = || looks.load(std::sync::atomic::Ordering::Relaxed);
        if let Some((_, name)) = path.split_once("/jobs/") {
            let ends = if name == "a" { 3 } else { 4 };
            return json(200, &job(name, if look() < ends { "Running" } else { "Completed" }, "ci-a"));
        }
        looks.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let next = format!("http://{}{WS}/jobs?api-version=1&$skip=1", seen.header("host").unwrap());
        let both = [job("b", "Queued", "ci-a"), job("a", "Running", "ci-a")];
        page(
            match look() {
                1 => &both,
                2 => &both[1..],
                _ => &[],
            },
            Some(&next),
        )
    })
    .await;
    let mut questions = [question("ws-a", "ci-a")];
    for (minute, jobs, expected) in [
        (0, Some("b,a"), "ci-a busy"),
        (5, Some("a,b"), "ci-a busy"),
        (10, Some("a,b"), "ci-a busy"),
        (15, None, "ci-a quiet"),
    ] {
        let heard = place.ask(&questions, minute).await;
        assert_eq!((said(&heard), heard.tracks[0].1.job.as_deref()), (vec![expected.to_owned()], jobs), "{minute}");
        remember(&mut questions, &heard);
    }
}

#[tokio::test]
async fn what_was_said_before_a_restart_is_taken_back_after_it() {
    let place = Place::jobs(20, |_, _| page(&[], None)).await;
    let mut questions = ["ci-a", "ci-b"].map(|name| question("ws-a", name));
    let before = Place::jobs(20, |_, _| page(&[job("a", "Running", "ci-a")], None)).await;
    let heard = before.ask(&questions, 0).await;
    remember(&mut questions, &heard);
    assert_eq!(said(&place.ask(&questions, 3).await), ["ci-a quiet"]);
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

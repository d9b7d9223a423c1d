//! Azure Monitor's batches, as they come, cut and broken.

use jiff::SignedDuration;
use lightsout::facts::{Source, Stretch, Use};
use lightsout::ports::{FaultKind, Question};
use lightsout::rights::METRICS_ACTION;
use serde_json::{Value, json as value};

use crate::world::{Reply, Seen, TOKEN, WS, json};
use crate::{Place, at, question, remember, said};

const CPU: &str = "CpuUtilizationPercentage";
const GPU: &str = "GpuUtilizationPercentage";

/// The series of one instance: minutes before the present with their maximum; none is a point without a value.
fn series(name: &str, points: &[(i64, Option<f64>)]) -> Value {
    let point = |(minutes, maximum): &(i64, Option<f64>)| match maximum {
        Some(maximum) => value!({ "timeStamp": at(*minutes).to_string(), "average": 0.1, "maximum": maximum }),
        None => value!({ "timeStamp": at(*minutes).to_string() }),
    };
    let dimension = value!({ "name": { "value": "computename", "localizedValue": "computename" }, "value": name });
    value!({ "metadatavalues": [dimension], "data": points.iter().map(point).collect::<Vec<_>>() })
}

fn resource(workspace: &str, cpu: &[Value], gpu: &[Value]) -> Value {
    let metric = |name: &str, series: &[Value]| value!({ "name": { "value": name }, "errorCode": "Success", "unit": "Count", "timeseries": series });
    value!({ "resourceid": WS.replace("ws-a", workspace), "value": [metric(CPU, cpu), metric(GPU, gpu)] })
}

fn batch(resources: &[Value]) -> Reply {
    json(200, &value!({ "values": resources }).to_string())
}

/// The names of the workspaces that a request asks about.
fn asked(seen: &Seen) -> Vec<String> {
    let body: Value = serde_json::from_str(&seen.body).unwrap();
    let name = |id: &Value| id.as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    body["resourceids"].as_array().unwrap().iter().map(name).collect()
}

#[tokio::test]
async fn the_question_is_one_post_for_many_workspaces() {
    let place =
        Place::metrics(|_, seen| batch(&asked(seen).iter().map(|name| resource(name, &[], &[])).collect::<Vec<_>>()))
            .await;
    let questions: Vec<Question> = (0..60).map(|n| question(&format!("ws-{n}"), "ci-a")).collect();
    let heard = place.ask(&questions, 0).await;
    assert!(heard.tracks.is_empty() && heard.faults.is_empty(), "no series says nothing: {heard:?}");
    let seen = place.arm.seen();
    let mut sizes: Vec<usize> = seen.iter().map(|seen| asked(seen).len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [10, 50]);
    let (target, head) = (&seen[0].target, &seen[0].head);
    assert!(
        seen[0].method == "POST"
            && head.contains(TOKEN)
            && target.starts_with("/subscriptions/sub-1/metrics:getBatch?")
    );
    for part in [
        "interval=PT1M",
        "aggregation=Average%2CMaximum",
        "filter=ComputeName+eq+%27*%27",
        "top=1000",
        "starttime=2026-11-02T18%3A45%3A00Z",
        "endtime=2026-11-02T20%3A00%3A00Z",
    ] {
        assert!(target.contains(part), "{part} in {target}");
    }
    place.ask(&questions, 4).await;
    assert_eq!(place.arm.seen().len(), 2, "not before it is time");
}

#[tokio::test]
async fn a_run_that_works_is_use_and_one_that_does_not_is_its_own_quiet() {
    let place = Place::metrics(|_, _| {
        let cpu = [
            series("CI-Busy", &[(-4, Some(1.0)), (-3, None), (-2, Some(5.0))]),
            series("ci-slow", &[(-4, Some(1.0)), (-3, Some(2.0)), (-2, Some(4.9)), (-1, None)]),
            series("ci-gpu", &[(-3, Some(1.0))]),
            series("ci-void", &[(-2, None), (-1, None)]),
            series("ci-ended", &[(-30, Some(90.0)), (-29, None)]),
        ];
        batch(&[resource("ws-a", &cpu, &[series("ci-gpu", &[(-3, Some(80.0))])])])
    })
    .await;
    let names = ["ci-busy", "ci-slow", "ci-gpu", "ci-void", "ci-ended", "ci-absent"];
    let heard = place.ask(&names.map(|name| question("ws-a", name)), 0).await;
    assert_eq!(said(&heard), ["ci-busy busy", "ci-gpu busy", "ci-slow quiet"], "{heard:?}");
    let slow = &heard.tracks.iter().find(|(id, _)| id.name() == "ci-slow").unwrap().1;
    assert_eq!((slow.as_of, slow.source, slow.now), (at(-2), Source::Monitor, Use::Quiet));
    assert_eq!(Stretch::fill(&slow.watched, at(-60), at(0)), SignedDuration::from_mins(2).as_millis());
}

#[tokio::test]
async fn a_run_that_has_ended_is_taken_back_when_the_answer_is_whole() {
    let place = Place::metrics(|number, _| match number {
        0 => batch(&[resource("ws-a", &[series("ci-a", &[(-1, Some(50.0))])], &[])]),
        // a resource that is missing, then a metric that failed
        1 => batch(&[]),
        2 => json(200, &value!({ "values": [{ "resourceid": WS, "value": [{ "name": { "value": CPU }, "errorCode": "Throttled" }] }] }).to_string()),
        3 => batch(&[resource("ws-a", &[series("ci-a", &[(-1, Some(50.0))])], &[])]),
        _ => Reply::Say(429, vec![("retry-after".into(), "900".into())], Vec::new()),
    })
    .await;
    let mut questions = ["ci-a", "ci-b"].map(|name| question("ws-a", name));
    let heard = place.ask(&questions, 0).await;
    assert_eq!(said(&heard), ["ci-a busy"]);
    remember(&mut questions, &heard);
    for minute in [5, 10] {
        let heard = place.ask(&questions, minute).await;
        assert_eq!((heard.tracks.len(), heard.faults.len()), (0, 1), "{heard:?}");
    }
    let heard = place.ask(&questions, 15).await;
    assert_eq!((said(&heard), heard.faults.len()), (vec!["ci-a quiet".to_owned()], 0), "the minute of it is long ago");
    let track = &heard.tracks[0].1;
    assert_eq!((track.as_of, track.last_busy.known(), track.watched.len()), (at(15), Some(at(-1)), 0));
    let heard = place.ask(&questions, 20).await;
    assert!(heard.tracks.is_empty() && matches!(heard.faults[0].1.kind, FaultKind::Throttled(_)), "{heard:?}");
}

#[tokio::test]
async fn a_series_that_names_nobody_spoils_the_answer_only_when_it_shows_use() {
    for (value, expected) in [(None, &["ci-a quiet"][..]), (Some(1.0), &["ci-a quiet"]), (Some(50.0), &[])] {
        let place = Place::metrics(move |number, _| {
            let minute = if number == 0 { -1 } else { 4 };
            let mut nobody = series("", &[(minute, value)]);
            nobody["metadatavalues"] = value!([]);
            let busy = if number == 0 { 50.0 } else { 1.0 };
            batch(&[resource("ws-a", &[series("ci-a", &[(minute, Some(busy))]), nobody], &[])])
        })
        .await;
        let mut questions = [question("ws-a", "ci-a")];
        let heard = place.ask(&questions, 0).await;
        assert_eq!(said(&heard), ["ci-a busy"]);
        remember(&mut questions, &heard);
        let heard = place.ask(&questions, 5).await;
        assert_eq!(said(&heard), expected, "{value:?}");
        assert_eq!(heard.faults.len(), usize::from(expected.is_empty()), "{value:?}");
    }
}

#[tokio::test]
async fn an_answer_that_may_be_cut_is_asked_for_in_parts() {
    let many: Vec<Value> = (0..1000).map(|n| series(&format!("ci-x{n}"), &[(-1, Some(1.0))])).collect();
    let place = Place::metrics(move |_, seen| {
        let names = asked(seen);
        let of = |name: &String| match name.as_str() {
            "ws-big" => resource(name, &many, &[]),
            _ => resource(name, &[series("ci-a", &[(-1, Some(1.0))])], &[]),
        };
        batch(&names.iter().map(of).collect::<Vec<_>>())
    })
    .await;
    let questions = ["ws-a", "ws-b", "ws-big", "ws-c"].map(|name| question(name, "ci-a"));
    let heard = place.ask(&questions, 0).await;
    assert_eq!(said(&heard), ["ci-a quiet", "ci-a quiet", "ci-a quiet"], "of the big one nothing is believed");
    let [(Source::Monitor, fault)] = heard.faults.as_slice() else { panic!("{heard:?}") };
    assert!(fault.words().contains("ws-big") && fault.words().contains("1000 series"), "{}", fault.words());
}

#[tokio::test]
async fn a_missing_right_is_named() {
    let place = Place::metrics(|_, _| json(403, r#"{"error":{"code":"AuthorizationFailed","message":"no"}}"#)).await;
    let heard = place.ask(&[question("ws-a", "ci-a")], 0).await;
    assert!(heard.faults[0].1.words().contains(METRICS_ACTION), "{}", heard.faults[0].1.words());
}

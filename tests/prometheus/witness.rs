//! A real Prometheus is asked a policy's question: what it holds of the past, and a target that comes and goes.
#![expect(
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails; the live one needs the real time"
)]

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use lightsout::facts::{Created, Source, Tags, Track, Use, WorkspaceFacts};
use lightsout::policy::PromqlQuestion;
use lightsout::ports::{FaultKind, Heard, Question, Witness as _};
use lightsout::promql::{BearerSource, Promql, PromqlOptions};
use lightsout::units::{InstanceId, Region, Span, WorkspaceId};
use thin_vec::ThinVec;

use super::server::Prometheus;
use super::tools::tool;

/// 2026-11-02T10:00:00Z: when the past is asked about.
const NOW: i64 = 1_793_613_600;
const LOOKBACK: SignedDuration = SignedDuration::from_mins(5);
const IDLE: &str = "global: { scrape_interval: 1s, scrape_timeout: 1s }\n";

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

/// `minutes` before it.
fn before(minutes: i64) -> Timestamp {
    Timestamp::from_second(NOW - minutes * 60).unwrap()
}

/// A sample a minute, from two hours ago to `until` minutes ago.
fn series(into: &mut String, labels: &str, until: i64, value: impl Fn(i64) -> &'static str) {
    for minute in (until..=120).rev() {
        writeln!(into, "used{{{labels}}} {} {}", value(minute), NOW - minute * 60).unwrap();
    }
}

/// Two hours of everything that may be.
fn past() -> String {
    let mut text = "# TYPE used gauge\n".to_owned();
    series(&mut text, "instance=\"ci-busy:9400\"", 0, |minute| if minute < 3 { "87" } else { "0" });
    series(&mut text, "instance=\"ci-idle:9100\"", 0, |_| "0");
    series(&mut text, "instance=\"CI-Was\"", 0, |minute| if minute == 40 { "0.01" } else { "-1" });
    series(&mut text, "instance=\"ci-nan\"", 0, |_| "NaN");
    series(&mut text, "instance=\"ci-gone\"", 20, |_| "0");
    series(&mut text, "instance=\"ci-dead\"", 3, |_| "0");
    series(&mut text, "instance=\"ci-two:9400\",gpu=\"0\"", 0, |_| "0");
    series(&mut text, "instance=\"ci-two:9400\",gpu=\"1\"", 0, |_| "1");
    series(&mut text, "instance=\"ci-twin\"", 0, |_| "0");
    series(&mut text, "instance=\"ci-both\"", 0, |_| "1");
    series(&mut text, "other=\"ci-silent\"", 0, |_| "1");
    text.push_str("# EOF\n");
    text
}

fn fill(data: &Path, past: &str) {
    let file = data.with_extension("om");
    std::fs::write(&file, past).unwrap();
    let mut promtool = tool("promtool").unwrap();
    promtool.args(["tsdb", "create-blocks-from", "openmetrics"]).arg(&file).arg(data);
    assert!(promtool.stdout(Stdio::null()).status().unwrap().success());
}

fn question(region: &str, name: &str, asked: &str) -> Question {
    let id = WorkspaceId::new("s", "rg", &format!("ws-{region}")).unwrap();
    let region = Region::new(region);
    Question {
        instance: InstanceId::new(id.clone(), name).unwrap(),
        created: Created::NONE,
        region: region.clone(),
        workspace: Arc::new(WorkspaceFacts { id, region, tags: Tags::default() }),
        window: Span::minutes(90),
        busy: ThinVec::new(),
        promql: Some(Arc::new(PromqlQuestion { query: asked.into(), label: "instance".into() })),
    }
}

fn witness(url: &str) -> Promql {
    let options = PromqlOptions {
        url: url.to_owned(),
        bearer: None,
        ca_file: None,
        timeout: Duration::from_secs(20),
        lookback: LOOKBACK,
    };
    Promql::new(options).unwrap()
}

fn of<'h>(heard: &'h Heard, name: &str) -> Vec<&'h Track> {
    heard.tracks.iter().filter(|(id, _)| id.name() == name).map(|(_, track)| track).collect()
}

fn one<'h>(heard: &'h Heard, name: &str) -> &'h Track {
    let [track] = of(heard, name)[..] else { panic!("one account of {name}: {heard:#?}") };
    track
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hours_of_everything_that_may_be() {
    let Some(command) = tool("prometheus").filter(|_| tool("promtool").is_some()) else { return };
    drop(rustls::crypto::ring::default_provider().install_default());
    let prometheus = Prometheus::with(command, IDLE, |data| fill(data, &past()));
    let promql = witness(prometheus.url());
    let names =
        ["ci-busy", "ci-idle", "ci-was", "ci-nan", "ci-gone", "ci-dead", "ci-two", "ci-silent", "ci-twin", "ci-both"];
    let mut questions: Vec<Question> = names.map(|name| question("here", name, "used # of all")).into();
    questions.extend(["ci-twin", "CI-Both"].map(|name| question("there", name, "used # of all")));
    // it listens before it is ready, and says so
    let heard = until("an answer", async || {
        let heard = promql.ask(&questions, now()).await;
        let is_ready = heard.faults.iter().all(|(_, fault)| fault.kind != FaultKind::Unreachable);
        is_ready.then_some(heard)
    })
    .await;

    let busy = one(&heard, "ci-busy");
    assert_eq!((busy.now, busy.as_of, busy.source), (Use::Busy, now(), Source::Promql));
    assert_eq!(one(&heard, "ci-two").now, Use::Busy, "one of its series is enough");
    // quiet reaches to the lookback and a step (45 s for 90 minutes) before the newest point, and as far back as asked
    let idle = one(&heard, "ci-idle");
    assert_eq!(
        (idle.now, idle.as_of, idle.last_busy.known()),
        (Use::Quiet, before(5) - SignedDuration::from_secs(45), None)
    );
    assert!(idle.watched.len() == 1 && idle.watched[0].from <= idle.as_of - SignedDuration::from_mins(90), "{idle:#?}");
    let was = one(&heard, "ci-was");
    let last = was.last_busy.known().unwrap();
    assert!(was.now == Use::Quiet && last >= before(40) && last <= before(33), "{was:#?}");
    // the server repeats the last sample of what was not said to end: none of that is taken for a watch
    for (name, ended) in [("ci-gone", 20), ("ci-dead", 3)] {
        let gone = one(&heard, name);
        assert!(gone.now == Use::Quiet && gone.as_of <= before(ended) && gone.as_of >= before(ended + 7), "{gone:#?}");
        assert!(gone.watched.iter().all(|stretch| stretch.to <= before(ended)));
    }
    assert!(
        of(&heard, "ci-nan").is_empty() && of(&heard, "ci-silent").is_empty(),
        "no number and no label say nothing"
    );
    assert!(of(&heard, "ci-twin").is_empty(), "quiet of a shared name is nobody's");
    let both: Vec<Use> = heard
        .tracks
        .iter()
        .filter(|(id, _)| id.name().eq_ignore_ascii_case("ci-both"))
        .map(|(_, track)| track.now)
        .collect();
    assert_eq!(both, [Use::Busy, Use::Busy], "use of a shared name is everybody's");
    let [(_, fault)] = heard.faults.as_slice() else { panic!("{:?}", heard.faults) };
    assert!(fault.words().contains("tell 4 instance(s) apart by the label instance"), "{}", fault.words());

    // a second look asks about one alone, and its namesake is not forgotten
    let alone = promql.ask(&[question("here", "ci-twin", "used # of all")], now()).await;
    assert!(alone.tracks.is_empty() && alone.faults.len() == 1, "{alone:#?}");
    what_cannot_be_asked(&promql).await;
    asked_by_hand(&promql).await;
}

async fn what_cannot_be_asked(promql: &Promql) {
    for (asked, says) in [("used[5m]", "subquery"), ("sum(", "parse error"), ("1", "subquery is only allowed")] {
        let heard = promql.ask(&[question("here", "ci-idle", asked)], now()).await;
        let [(source, fault)] = heard.faults.as_slice() else { panic!("{asked}: {heard:#?}") };
        assert!(heard.tracks.is_empty() && *source == Source::Promql && fault.kind == FaultKind::Refused);
        assert!(fault.words().contains(says), "{asked}: {}", fault.words());
    }
    let each_its_own = [question("here", "ci-idle", "sum("), question("here", "ci-busy", "used > bool 50")];
    let heard = promql.ask(&each_its_own, now()).await;
    assert_eq!((heard.tracks.len(), heard.faults.len(), one(&heard, "ci-busy").now), (1, 1, Use::Busy));
}

async fn asked_by_hand(promql: &Promql) {
    let asked = |query: &str, label: &str| PromqlQuestion { query: query.into(), label: label.into() };
    let seen = promql.doctor(&asked("used", "instance"), now()).await.unwrap();
    assert_eq!((seen.series, seen.labelled), (10, 9), "all but what ended twenty minutes ago");
    assert!(promql.doctor(&asked("used +", "instance"), now()).await.unwrap_err().words().contains("parse error"));
}

/// A target on loopback, until it is told to be gone.
fn exporter() -> (String, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let gone = Arc::new(AtomicBool::new(false));
    let is_gone = Arc::clone(&gone);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            if is_gone.load(Ordering::SeqCst) {
                return;
            }
            let mut stream = stream.unwrap();
            drop(stream.read(&mut [0; 4096]));
            let body = "used{name=\"ci-live\"} 1\n";
            let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4\r\nconnection: close\r\n";
            drop(write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len()));
        }
    });
    (address, gone)
}

async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(since.elapsed() < Duration::from_secs(90), "{what} has not come");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_is_gone_says_no_more() {
    let Some(command) = tool("prometheus") else { return };
    drop(rustls::crypto::ring::default_provider().install_default());
    let (target, gone) = exporter();
    let settings =
        format!("{IDLE}scrape_configs: [{{ job_name: live, static_configs: [{{ targets: [\"{target}\"] }}] }}]\n");
    let prometheus = Prometheus::with(command, &settings, |_| {});
    let promql = witness(prometheus.url());
    let mut asked = question("here", "ci-live", "used");
    asked.promql = Some(Arc::new(PromqlQuestion { query: "used".into(), label: "name".into() }));
    let questions = [asked];
    until("a sample", async || {
        let heard = promql.ask(&questions, Timestamp::now()).await;
        heard.tracks.first().filter(|(_, track)| track.now == Use::Busy).map(|_| ())
    })
    .await;
    gone.store(true, Ordering::SeqCst);
    until("the end of it", async || {
        let up = prometheus.query("up == 0").await.unwrap();
        (!up.is_empty()).then_some(())
    })
    .await;
    // Asked for what lies ahead, a server would repeat what was not said to end for five minutes; this was said to end.
    let ended = Timestamp::now();
    let heard = promql.ask(&questions, ended + SignedDuration::from_mins(4)).await;
    let last = one(&heard, "ci-live");
    assert!(last.as_of <= ended + SignedDuration::from_secs(60), "{ended}: {last:#?}");
}

#[tokio::test]
async fn who_cannot_be_reached_or_has_no_token_is_a_fault() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut options = PromqlOptions {
        url: format!("http://127.0.0.1:{port}/prefix"),
        bearer: None,
        ca_file: None,
        timeout: Duration::from_secs(2),
        lookback: LOOKBACK,
    };
    let asked = [question("here", "ci-idle", "used")];
    let heard = Promql::new(options.clone()).unwrap().ask(&asked, now()).await;
    assert!(heard.tracks.is_empty() && heard.faults[0].1.kind == FaultKind::Unreachable, "{heard:#?}");
    options.bearer = Some(BearerSource(Arc::new(|| Err("the file is not there".to_owned()))));
    let heard = Promql::new(options).unwrap().ask(&asked, now()).await;
    assert_eq!(heard.faults[0].1.kind, FaultKind::Unauthenticated);
    assert!(heard.faults[0].1.words().contains("the file is not there"));
}

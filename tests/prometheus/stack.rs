//! The files of `deploy/compose`, with this machine's addresses in them: the real Prometheus and Alertmanager around the real
//! service, which listens as it does in a container.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::estate::Estate;
use crate::program::{Place, Said, off_now};
use crate::server::Prometheus;
use crate::service::{Service, until};
use crate::tools::tool;

/// Longer than any of it takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

fn shipped(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Debian's own Alertmanager with the shipped file, on a free port, until it is dropped.
struct Alertmanager {
    child: Child,
    address: String,
    _dir: tempfile::TempDir,
}

impl Alertmanager {
    fn start(mut command: Command) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/compose/alertmanager.yml");
        command.arg(format!("--config.file={}", file.display()));
        command.arg(format!("--storage.path={}", dir.path().display()));
        command.args(["--web.listen-address=127.0.0.1:0", "--cluster.listen-address="]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (tell, told) = mpsc::channel();
        let log = BufReader::new(child.stderr.take().unwrap());
        // read to the end, or it would stop for want of room
        std::thread::spawn(move || log.lines().map_while(Result::ok).for_each(|line| drop(tell.send(line))));
        let mut manager = Self { child, address: String::new(), _dir: dir };
        let mut said = Vec::new();
        while manager.address.is_empty() {
            let line = told.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it does not listen: {said:#?}"));
            if let Some((_, address)) = line.split_once("msg=\"Listening on\" address=") {
                manager.address = address.to_owned();
            }
            said.push(line);
        }
        manager
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

async fn json(url: &str) -> Value {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client.get(url).send().await.unwrap().json().await.unwrap()
}

/// Asks until something is found.
async fn found<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let since = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(since.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
}

/// The service in a place, listening to all as compose has it, with the shipped settings of the channel; and its port.
fn service(place: &Place) -> (Service, u16) {
    let variables = [("LIGHTSOUT_SERVER_LISTEN", "0.0.0.0:0"), ("LIGHTSOUT_SERVER_ALLOW_REMOTE_METRICS", "true")];
    let service = Service::start(place, &variables);
    until("readiness", || service.get("/readyz").starts_with("HTTP/1.1 200").then_some(()));
    let log = service.log();
    let port = log.split("metrics and health at http://0.0.0.0:").nth(1).and_then(|rest| rest.lines().next()).unwrap();
    (service, port.trim().parse().unwrap())
}

/// What a container's health check answers.
fn healthcheck(place: &Place, port: u16, more: &[&str]) -> Said {
    let mut command = place.command(&[&["healthcheck"], more].concat());
    Said::of(command.env("LIGHTSOUT_SERVER_LISTEN", format!("127.0.0.1:{port}")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_of_compose_work_together() {
    let (Some(prometheus), Some(manager)) = (tool("prometheus"), tool("prometheus-alertmanager")) else { return };
    let manager = Alertmanager::start(manager);
    let estate = Estate::start(1, 1, |_| {}).await;
    let settings = shipped("deploy/compose/config/lightsout.toml");
    let channel =
        settings.split_once("[notify.alertmanager]").and_then(|(_, rest)| rest.split_once("[log]")).unwrap().0;
    let place = Place::new(&estate.sandbox.base_url(), estate.workspaces(), &format!("[notify.alertmanager]{channel}"))
        .with("LIGHTSOUT_ALERTMANAGER_URL", &format!("http://{}", manager.address));
    place.write("policies/night.toml", &off_now("enforce", "1h", ""));
    let (mut service, port) = service(&place);
    let config = shipped("deploy/compose/prometheus.yml");
    assert!(config.contains("lightsout:9188") && config.contains("alertmanager:9093"), "{config}");
    let config = config
        .replace("lightsout:9188", &format!("127.0.0.1:{port}"))
        .replace("alertmanager:9093", &manager.address)
        .replace("30s", "1s");
    let prometheus = Prometheus::with(prometheus, &config, |data| {
        for name in ["rules.yaml", "alerts.yaml"] {
            let text = shipped(&format!("dashboards/{name}"));
            std::fs::write(data.with_file_name(name), text).unwrap();
        }
    });

    // until it has read its own files it answers no question
    let ready = format!("{}/-/ready", prometheus.url());
    found("Prometheus", || async { reqwest::get(&ready).await.ok().filter(|answer| answer.status() == 200) }).await;
    found("the target", || async { prometheus.query("up{job=\"lightsout\"} == 1").await.unwrap().first().cloned() })
        .await;
    let rules = found("every rule evaluated", || async {
        let rules = prometheus.rules().await;
        let well = rules.iter().all(|rule| rule["health"] == "ok");
        (well && rules.len() > 30).then_some(rules)
    });
    assert!(rules.await.iter().any(|rule| rule["name"] == "LightsoutNotSweeping"));
    let managers = format!("{}/api/v1/alertmanagers", prometheus.url());
    found("Alertmanager, by Prometheus", || async {
        let known = json(&managers).await;
        known["data"]["activeAlertmanagers"].as_array().filter(|all| !all.is_empty()).map(Vec::len)
    })
    .await;

    // the service's own warning, on its way to those it is for
    let alerts = format!("http://{}/api/v2/alerts", manager.address);
    let warning = found("the warning", || async {
        let all = json(&alerts).await;
        all.as_array().and_then(|all| all.iter().find(|one| one["labels"]["kind"] == "warning")).cloned()
    })
    .await;
    assert_eq!(warning["labels"]["instance"], "ci-00000-00000", "{warning:#}");
    assert_eq!(warning["receivers"], serde_json::json!([{ "name": "owners" }]), "{warning:#}");

    for more in [&[][..], &["--ready"]] {
        let said = healthcheck(&place, port, more);
        assert!(said.code == 0 && said.out.starts_with("well: "), "{}{}", said.out, said.err);
    }
    // nothing but what machines ask for is served to others
    for path in ["/", "/api/v1/instances", "/api/v1/audit", "/openapi.json", "/login", "/heartbeat"] {
        assert!(service.get(path).starts_with("HTTP/1.1 404"), "{path} is served on the listener for machines");
    }
    assert!(!service.get("/metrics").contains('@'), "an address of a person is in the metrics");
    estate.let_operations_end();
    assert_eq!(estate.stops_of("ci-00000-00000"), (0, 0), "S8: it was warned an hour ahead");
    service.child.kill().unwrap();
    assert!(!service.ended().success());
    let said = healthcheck(&place, port, &[]);
    assert!(said.code == 1 && said.out.starts_with("not well: "), "{}{}", said.out, said.err);
    let frozen = place.run(&["freeze", "--status"]);
    assert_eq!(frozen.code, 0, "{} {}", place.path("store").display(), frozen.err);
}

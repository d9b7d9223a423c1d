//! A real Alertmanager takes our alerts, and shows them as they were meant.

use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::time::Duration;

use lightsout::facts::{NoticeKey, StopKey};
use lightsout::notify::{Alertmanager, HookOptions};
use lightsout::ports::Message;
use serde_json::Value;

use super::tools::tool;
use super::{budget, hostile, now, warning};

const CONFIG: &str = "route:\n  receiver: nobody\nreceivers:\n  - name: nobody\n";

/// Ends with the value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A deadline that is ahead on every clock that this test will meet: what has ended is not shown.
fn lasting(message: Message) -> Message {
    let stop_at = "2099-01-01T00:00:00Z".parse().unwrap();
    Message { notice: Some(NoticeKey { stop: StopKey("hours/office".into()), stop_at }), ..message }
}

#[tokio::test]
async fn a_real_alertmanager_takes_and_shows_them() {
    let (Some(mut command), Some(mut amtool)) = (tool("prometheus-alertmanager"), tool("amtool")) else { return };
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("am.yml"), CONFIG).unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    command
        .arg(format!("--config.file={}", folder.path().join("am.yml").display()))
        .arg(format!("--storage.path={}", folder.path().join("data").display()))
        .arg(format!("--web.listen-address={address}"))
        .arg("--cluster.listen-address=")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let _running = Running(command.spawn().unwrap());
    let options = HookOptions {
        url: format!("http://{address}").into(),
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
        timeout: None,
    };
    let alarms = Alertmanager::new(options, now()).unwrap();
    let mut tries = 0;
    while let Err(fault) = alarms.deliver(&lasting(warning()), &[]).await {
        tries += 1;
        assert!(tries < 200, "{}", fault.words());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for message in [hostile(), budget(), warning()] {
        alarms.deliver(&lasting(message), &[]).await.unwrap();
    }
    let url = format!("--alertmanager.url=http://{address}");
    let shown = amtool.args([url.as_str(), "--output=json", "alert", "query"]).output().unwrap();
    let shown: Vec<Value> = serde_json::from_slice(&shown.stdout).unwrap();
    assert_eq!(shown.len(), 3, "the same message is the same alert: {shown:#?}");
    let of = |key: &str, value: &str| shown.iter().find(|alert| alert["labels"][key] == value).unwrap();
    let known = of("instance", "ci-ada");
    assert_eq!(known["labels"]["alertname"], "LightsoutWarning");
    assert_eq!(known["labels"]["workspace"], "ml-dev");
    assert_eq!(known["startsAt"], "2026-03-23T19:00:00.000Z");
    assert_eq!(known["endsAt"], "2099-01-01T00:00:00.000Z");
    assert_eq!(of("budget", "research")["labels"]["month"], "2026-03");
    assert_eq!(of("instance", "<img src=x onerror=alert(1)>")["labels"]["severity"], "warning");
}

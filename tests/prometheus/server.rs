//! Debian's own Prometheus, on a free port, until it is dropped.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a Prometheus that cannot be used fails the test")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use serde_json::Value;

/// Longer than it takes to open its ports on a busy machine.
const STARTS_WITHIN: Duration = Duration::from_secs(60);

/// A running server.
pub(crate) struct Prometheus {
    child: Child,
    url: String,
    client: reqwest::Client,
    _dir: tempfile::TempDir,
}

impl Prometheus {
    /// Scrapes a service every second, under our own rules.
    pub(crate) fn scraping(command: Command, target: &str) -> Self {
        let rules = concat!(env!("CARGO_MANIFEST_DIR"), "/dashboards");
        let settings = format!(
            "global: {{ scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s }}\n\
             rule_files: [\"{rules}/rules.yaml\", \"{rules}/alerts.yaml\"]\n\
             scrape_configs: [{{ job_name: lightsout, static_configs: [{{ targets: [\"{target}\"] }}] }}]\n"
        );
        Self::with(command, &settings, |_| {})
    }

    /// With settings of its own, and a folder of data that `fill` may fill.
    pub(crate) fn with(mut command: Command, settings: &str, fill: impl FnOnce(&Path)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fill(&dir.path().join("data"));
        let config = dir.path().join("prometheus.yml");
        std::fs::write(&config, settings).unwrap();
        command.arg(format!("--config.file={}", config.display()));
        command.arg(format!("--storage.tsdb.path={}", dir.path().join("data").display()));
        command.args(["--web.listen-address=127.0.0.1:0", "--log.level=info"]).current_dir(dir.path());
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (tell, told) = mpsc::channel();
        let log = BufReader::new(child.stderr.take().unwrap());
        // read to the end, or it would stop for want of room
        std::thread::spawn(move || log.lines().map_while(Result::ok).for_each(|line| drop(tell.send(line))));
        let mut server = Self { child, url: String::new(), client: reqwest::Client::new(), _dir: dir };
        let mut said = Vec::new();
        while server.url.is_empty() {
            let line = told.recv_timeout(STARTS_WITHIN).unwrap_or_else(|_| panic!("it does not listen: {said:#?}"));
            if let Some((_, address)) = line.split_once("msg=\"Listening on\" address=") {
                server.url = format!("http://{address}");
            }
            said.push(line);
        }
        server
    }

    /// Where it is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What an instant query answers: the result, or the error in words.
    pub(crate) async fn query(&self, expr: &str) -> Result<Vec<Value>, String> {
        let asked = self.client.post(format!("{}/api/v1/query", self.url)).form(&[("query", expr)]).send().await;
        let answer: Value = asked.unwrap().json().await.unwrap();
        match answer["status"].as_str() {
            Some("success") => Ok(answer["data"]["result"].as_array().cloned().unwrap_or_default()),
            _ => Err(format!("{expr}: {}", answer["error"])),
        }
    }

    /// Every rule as it stands.
    pub(crate) async fn rules(&self) -> Vec<Value> {
        let asked = self.client.get(format!("{}/api/v1/rules", self.url)).send().await;
        let answer: Value = asked.unwrap().json().await.unwrap();
        let groups = answer["data"]["groups"].as_array().cloned().unwrap_or_default();
        groups.iter().flat_map(|group| group["rules"].as_array().cloned().unwrap_or_default()).collect()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

//! `lightsout run` against `lightsout sandbox`, two processes that share a socket only: warning, stop, proof.
#![expect(clippy::unwrap_used, reason = "test support: what cannot be set up fails the test")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use jiff::{SignedDuration, Timestamp};
use lightsout::sandbox::wall_now;

use crate::people::{KEY, People};
use crate::program::{Place, off_now};
use crate::service::{Service, until};

/// `lightsout sandbox` as a child; killed when dropped.
struct Apart {
    child: Child,
    settings: Vec<(String, String)>,
}

impl Apart {
    /// Its last workspace has eight machines that run since days, one on which a job runs, and one that is off. It runs
    /// at twice the speed and begins behind, so that operations end soon and the clocks still agree for some minutes.
    fn start(place: &Place) -> Self {
        let start = wall_now().checked_sub(SignedDuration::from_secs(100)).unwrap().to_string();
        let args = "sandbox --listen 127.0.0.1:0 --population scale --workspaces 41 --poll-after 1 --speed 2 --start";
        let args: Vec<&str> = args.split(' ').chain([start.as_str()]).collect();
        let mut child = place.command(&args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (line_read, lines) = std::sync::mpsc::channel();
        let said = BufReader::new(child.stdout.take().unwrap());
        // Read to its end: a sandbox that wrote into a closed pipe would end in the middle of the test.
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                line_read.send(line).ok();
            }
        });
        let lines = lines.iter().take_while(|line| !line.starts_with("# subscription"));
        let export = |line: String| Some(own(line.strip_prefix("export ")?.split_once('=')?));
        let settings = lines.filter_map(export).collect();
        Self { child, settings }
    }

    fn url(&self) -> &str {
        self.settings.iter().find_map(|(_, value)| value.strip_suffix("/msi/token")).unwrap()
    }
}

fn own((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

impl Drop for Apart {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

const WORKSPACE: &str = "/subscriptions/5a4d0000-0000-4000-8000-0000000005ca/resourceGroups/rg-000/providers/Microsoft.MachineLearningServices/workspaces/ws-00040";

/// I6, S8: the warning arrives signed, the stop no sooner than its lead later, and metrics tell of both.
#[test]
fn an_instance_is_warned_of_stopped_and_seen_stopped() {
    let people = People::listen();
    let scratch = Place::new("http://127.0.0.1:9", &[], "");
    let azure = Apart::start(&scratch);
    let mut place = Place::new(azure.url(), &[WORKSPACE.to_owned()], &people.settings()).with("INBOX_KEY", KEY);
    for (name, value) in &azure.settings {
        place = place.with(name, value);
    }
    place.write("policies/night.toml", &off_now("enforce", "2s", ""));
    let service = Service::start(&place, &[]);
    until("readiness", || service.get("/readyz").starts_with("HTTP/1.1 200").then_some(()));
    assert!(service.get("/healthz").contains("200 OK"));

    until("eight warnings", || (people.messages("warning").len() >= 8).then_some(()));
    let told = place.run(&["explain", "ci-00040-00001"]);
    assert!(told.code == 0 && told.out.contains("waits for the announced time"), "{}{}", told.out, told.err);
    let none = "lightsout_stops_attempted_total{ground=\"off_hours\"} 0";
    assert!(service.get("/metrics").contains(none), "nothing is stopped unannounced");

    let attempted = "lightsout_stops_attempted_total{ground=\"off_hours\"} 8";
    until("eight attempts", || service.get("/metrics").contains(attempted).then_some(()));
    let verified = "lightsout_stops_verified_total{result=\"stopped\"} 8";
    until("eight verified stops", || service.get("/metrics").contains(verified).then_some(()));
    let stopped = until("word of the stops", || {
        let stopped = people.messages("stopped");
        (stopped.len() == 8).then_some(stopped)
    });
    for warning in people.messages("warning") {
        let time = |text: &serde_json::Value| text.as_str().unwrap().parse::<Timestamp>().unwrap();
        let (warned, stop_at) = (time(&warning["at"]), time(&warning["stop_at"]));
        assert!(stop_at.duration_since(warned) >= SignedDuration::from_secs(2), "{warning}");
        let its = stopped.iter().find(|done| done["instance"] == warning["instance"]).unwrap();
        assert!(time(&its["at"]) >= stop_at, "{its}");
        assert_ne!(warning["instance_name"], "ci-00040-00000", "a job runs there");
    }
    let status = place.run(&["status"]);
    assert!(status.code == 0 && status.out.contains("10 instances, 1 on"), "{}", status.out);
}

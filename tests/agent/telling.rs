//! The binary at work against a service that answers as it is told: what is sent, retried, kept over a restart and shown.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use base64::Engine as _;
use lightsout::agent::clock;
use lightsout::heartbeat::Heartbeat;
use tempfile::TempDir;

use crate::mirror::{Child, wait_for};

/// The instance of these tests.
pub(crate) const ID: &str =
    "/subscriptions/s1/resourceGroups/rg-a/providers/Microsoft.MachineLearningServices/workspaces/ws-a/computes/ci-ana";

/// A token of that instance.
pub(crate) fn token() -> String {
    let payload = format!("{{\"instance\":\"{ID}\"}}");
    format!("lo1.{}.bWFj", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(payload))
}

/// What arrived: the head of the request, and the heartbeat.
pub(crate) struct Arrived {
    pub(crate) head: String,
    pub(crate) beat: Heartbeat,
}

/// Serves one answer after another on loopback; the last one for ever.
pub(crate) fn serve(answers: Vec<String>) -> (String, Receiver<Arrived>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut left = answers.into_iter().peekable();
        while let Ok((stream, _)) = listener.accept() {
            let arrived = read(&stream);
            let answer = if left.len() > 1 { left.next() } else { left.peek().cloned() };
            (&stream).write_all(answer.unwrap().as_bytes()).unwrap();
            if sender.send(arrived).is_err() {
                return;
            }
        }
    });
    (url, receiver)
}

fn read(stream: &TcpStream) -> Arrived {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0, "cut off: {head}");
    }
    let length =
        head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok()).unwrap();
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let mut json = Vec::new();
    flate2::read::GzDecoder::new(body.as_slice()).read_to_end(&mut json).unwrap();
    assert!(body.len() < 1_500, "a heartbeat of {} bytes, {} unpacked", body.len(), json.len());
    Arrived { head, beat: Heartbeat::read(&json, clock::now().wall).unwrap() }
}

/// An answer in the words of HTTP.
pub(crate) fn answer(status: &str, more: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{more}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
}

/// The service is content, and wants the next heartbeat in a second.
pub(crate) fn fine() -> String {
    let at = clock::now().wall;
    let stop_at = at.checked_add(jiff::SignedDuration::from_hours(5)).unwrap();
    let body = format!(
        "{{\"at\":\"{at}\",\"next_in\":1,\"action\":\"warn\",\"stop_at\":\"{stop_at}\",\"why\":[\"quiet for two hours\"],\
         \"policy\":\"research\"}}"
    );
    answer("200 OK", "", &body)
}

/// An agent's files.
pub(crate) struct Home {
    pub(crate) dir: TempDir,
    settings: PathBuf,
}

impl Home {
    fn new(url: &str) -> Self {
        Self::with(url, "")
    }

    /// With more lines in the settings of the service.
    pub(crate) fn with(url: &str, more: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        std::fs::write(path("token"), token()).unwrap();
        std::fs::set_permissions(path("token"), std::fs::Permissions::from_mode(0o600)).unwrap();
        let settings = format!(
            "[service]\nurl = {url:?}\ntoken_file = {:?}\n{more}\n[look]\nevery = \"1s\"\nsample = \"1s\"\n[jupyter]\nurls = []\n\
             [signals]\njupyter = \"off\"\nterminals = \"optional\"\ndisk_io = \"optional\"\n[files]\nrecord = {:?}\nstatus = {:?}\n",
            path("token"),
            path("record.json"),
            path("status.json")
        );
        std::fs::write(path("agent.toml"), settings).unwrap();
        Self { settings: path("agent.toml"), dir }
    }

    pub(crate) fn command(&self, what: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lightsout"));
        command.args(["agent", what]);
        if what != "unit" {
            command.arg("--settings").arg(&self.settings);
        }
        command.env_clear().stdin(Stdio::null()).current_dir(self.dir.path());
        command
    }

    fn run(&self) -> Child {
        Child(self.command("run").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    fn say(&self, what: &str, more: &[&str]) -> (i32, String) {
        let done = self.command(what).args(more).output().unwrap();
        let text = [done.stdout, done.stderr].concat();
        (done.status.code().unwrap(), String::from_utf8(text).unwrap())
    }
}

/// Ends it as systemd does.
pub(crate) fn end(mut agent: Child) {
    assert!(Command::new("kill").arg(agent.0.id().to_string()).status().unwrap().success());
    assert!(agent.0.wait().unwrap().success(), "it ends well when it is told to");
}

#[test]
fn a_heartbeat_is_sent_retried_kept_over_a_restart_and_shown() {
    let busy = answer("503 Service Unavailable", "Retry-After: 1\r\n", "later");
    let (url, arrived) = serve(vec![busy, fine()]);
    let home = Home::new(&url);
    assert_eq!(home.say("status", &[]).0, 1, "it does not run yet");

    let agent = home.run();
    let first = arrived.recv().unwrap();
    assert!(first.head.starts_with("POST /api/v1/heartbeats HTTP/1.1\r\n"), "{}", first.head);
    let head = first.head.to_lowercase();
    assert!(head.contains("content-encoding: gzip") && head.contains("user-agent: lightsout-agent/"), "{head}");
    assert!(first.head.contains(&format!("Bearer {}", token())), "{}", first.head);
    assert_eq!(first.beat.instance, ID);
    assert_eq!(first.beat.signs.len(), 8, "jupyter is off: {:?}", first.beat.signs);

    // Refused, and sent again: whole, with what was watched since.
    let again = arrived.recv().unwrap();
    assert!(again.beat.sent_at > first.beat.sent_at);
    let later = wait_for("a heartbeat of some length", || {
        Some(arrived.recv().unwrap()).filter(|one| one.beat.watched.first().is_some_and(|one| one.from < one.to))
    });
    end(agent);

    // Another process, the same boot: the record goes on where it was.
    let agent = home.run();
    let after = wait_for("a heartbeat of the new process", || {
        Some(arrived.recv().unwrap()).filter(|one| one.beat.seq > later.beat.seq)
    });
    assert_eq!(after.beat.boot, later.beat.boot);
    assert_eq!(after.beat.watched.first().map(|one| one.from), later.beat.watched.first().map(|one| one.from));
    let said = wait_for("the answer in the status", || {
        Some(home.say("status", &[])).filter(|(_, text)| text.contains("quiet for two hours"))
    });
    assert_eq!(said.0, 0, "{}", said.1);
    assert!(said.1.contains("This machine is due to stop:") && said.1.contains("in 4 h 59 min"), "{}", said.1);
    let (code, json) = home.say("status", &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, json["instance"].as_str(), json["sending"]["state"].as_str()), (0, Some(ID), Some("arrived")));
    let mode = |name: &str| std::fs::metadata(home.dir.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("status.json"), mode("record.json")), (0o644, 0o600));
    end(agent);
}

#[test]
fn a_service_that_refuses_or_is_away_is_told_of() {
    let refused = answer("401 Unauthorized", "", "{\"error\":\"revoked\"}");
    let (url, arrived) = serve(vec![refused]);
    for (url, words) in [(url.as_str(), "the token is not taken"), ("http://127.0.0.1:1", "cannot be reached")] {
        let home = Home::new(url);
        let agent = home.run();
        let (code, text) = wait_for("the trouble in the status", || {
            Some(home.say("status", &[])).filter(|(_, text)| text.contains(words))
        });
        assert_eq!(code, 0, "it looks all the same: {text}");
        assert!(!text.contains(&token()), "{text}");
        end(agent);
    }
    drop(arrived);
}

#[test]
fn a_redirect_is_not_followed() {
    let (target, elsewhere) = serve(vec![fine()]);
    let (url, _arrived) = serve(vec![answer("307 Temporary Redirect", &format!("Location: {target}/\r\n"), "")]);
    let home = Home::new(&url);
    let agent = home.run();
    wait_for("the trouble in the status", || {
        Some(home.say("status", &[])).filter(|(_, text)| text.contains("not followed"))
    });
    assert!(elsewhere.try_recv().is_err(), "the token went elsewhere");
    end(agent);
}

#[test]
fn wrong_settings_and_tokens_of_others_are_refused_before_anything_is_done() {
    let home = Home::new("https://lightsout.example");
    let (code, text) = home.say("check", &[]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("cpu") && text.contains(ID), "{text}");
    let (code, text) = home.say("run", &["--ci-name", "ci-bob"]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("this is instance `ci-bob`"), "{text}");
    std::fs::write(&home.settings, "[look]\nevry = \"1s\"\n").unwrap();
    let (code, text) = home.say("run", &[]);
    assert_eq!(code, 2, "{text}");
    assert!(text.contains("agent.toml:2:1: look.evry: unknown key, did you mean `every`?"), "{text}");
}

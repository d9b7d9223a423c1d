//! From a settings file with every channel to messages that arrive.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use lightsout::cli::leadership::CommandTurn;
use lightsout::cli::wire_up::{WireError, outside};
use lightsout::notify::SmtpTls;
use lightsout::ports::{Message, Notify as _, with_causes};
use lightsout::settings::{Environment, Overrides, Settings, load};

use super::postmaster::Postmaster;
use super::receiver::Server;
use super::warning;

const FLEET: &str = "[fleet]\nsubscriptions = [\"11111111-2222-3333-4444-555555555555\"]\n[store]\ndir = \"store\"\n\
                     [policies]\ndir = \"policies\"\n";

fn secret(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

fn settings(folder: &Path, text: &str, environment: &Environment) -> Settings {
    std::fs::create_dir_all(folder.join("policies")).unwrap();
    let file = folder.join("lightsout.toml");
    std::fs::write(&file, format!("{FLEET}{text}")).unwrap();
    let loaded = load(&file, environment, &Overrides::none());
    let said: Vec<String> = loaded.diagnostics.iter().map(ToString::to_string).collect();
    loaded.settings.unwrap_or_else(|| panic!("{said:#?}"))
}

#[tokio::test]
async fn every_channel_of_a_file_is_set_up_and_reached() {
    let Some(mut mail) = Postmaster::start(SmtpTls::StartTls, true, &[]) else { return };
    let [teams, slack, alarms, hook] = [(); 4].map(|()| Server::status("200 OK"));
    let (teams, slack, alarms, hook) = (teams.await, slack.await, alarms.await, hook.await);
    let folder = tempfile::tempdir().unwrap();
    secret(folder.path(), "teams", &format!("http://{}/t\n", teams.address));
    secret(folder.path(), "alarms", &format!("http://{}", alarms.address));
    secret(folder.path(), "mail", "s3cret pass\n");
    std::fs::copy(mail.options().ca_file.unwrap(), folder.path().join("ca.pem")).unwrap();
    let pairs = [("LIGHTSOUT_SLACK_URL", format!("http://{}/s", slack.address)), ("HOOK_KEY", "k".to_owned())];
    let environment = Environment::of(pairs.map(|(name, value)| (name.to_owned(), value)));
    let local = "allow_private = [\"127.0.0.0/8\"]\n";
    let text = format!(
        "[notify.smtp]\nhost = \"127.0.0.1\"\nport = {}\nuser = \"robot\"\nsecret_file = \"mail\"\nca_file = \"ca.pem\"\n\
         from = \"lightsout@example.org\"\nfallback = [\"ops@example.org\"]\n\
         [notify.teams]\nurl_file = \"teams\"\n{local}[notify.slack]\nurl_env = \"LIGHTSOUT_SLACK_URL\"\n{local}\
         [notify.alertmanager]\nurl_file = \"alarms\"\n{local}\
         [notify.webhook]\nurl = \"http://{}/w\"\nsecret_env = \"HOOK_KEY\"\nformat = \"cloudevents\"\n{local}",
        mail.options().port.unwrap(),
        hook.address
    );
    let settings = settings(folder.path(), &text, &environment);
    assert_eq!((settings.notify.count(), settings.secrets().count()), (5, 5));
    let outside = outside(&settings, &environment, &CommandTurn::default()).await.unwrap();
    let names = ["smtp", "teams", "slack", "webhook", "alertmanager"];
    assert_eq!(outside.channels(), names);
    for name in names {
        outside.deliver(&Message { channel: Some(name.into()), ..warning() }).await.unwrap();
    }
    assert_eq!(mail.letter()["login"], "robot");
    let lines = [&teams, &slack, &alarms, &hook].map(|server| server.seen()[0].line.clone());
    let paths = ["/t", "/s", "/api/v2/alerts", "/w"].map(|path| format!("POST {path} HTTP/1.1"));
    assert_eq!(lines, paths);
    assert!(hook.seen()[0].headers["content-type"].starts_with("application/cloudevents+json"));
    let ownerless = Message { owner: None, notify: Vec::new(), channel: Some("smtp".into()), ..warning() };
    outside.deliver(&ownerless).await.unwrap();
    assert_eq!(mail.letter()["to"], serde_json::json!(["ops@example.org"]));
}

#[tokio::test]
async fn a_channel_that_cannot_be_set_up_is_named_and_its_address_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::default();
    for (channel, address, wanted) in [
        ("teams", "https://10.0.0.1/hunter2", "10.0.0.1 is refused"),
        ("slack", "http://hooks.slack.com/hunter2", "only https is sent to"),
        ("alertmanager", "hunter2", "cannot be read"),
    ] {
        secret(folder.path(), "address", address);
        let text = format!("[notify.{channel}]\nurl_file = \"address\"\n");
        let settings = settings(folder.path(), &text, &environment);
        let error: WireError = outside(&settings, &environment, &CommandTurn::default()).await.err().unwrap();
        let said = with_causes(error.to_string(), std::error::Error::source(&error));
        assert!(said.contains(&format!("[notify.{channel}]")) && said.contains(wanted), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
    std::fs::set_permissions(folder.path().join("address"), std::fs::Permissions::from_mode(0o644)).unwrap();
    let settings = settings(folder.path(), "[notify.slack]\nurl_file = \"address\"\n", &environment);
    let error = outside(&settings, &environment, &CommandTurn::default()).await.err().unwrap();
    let said = with_causes(error.to_string(), std::error::Error::source(&error));
    assert!(said.contains("a secret of [notify.slack]") && said.contains("chmod"), "{said}");
}

/// The program, asked to try its channels.
fn tried(folder: &Path, more: &[&str]) -> (Option<i32>, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_lightsout"));
    command.env_clear().env("USER", "ada").args(["--config", "lightsout.toml", "--color", "never"]);
    let done = command.current_dir(folder).args(["notify", "test"]).args(more).output().unwrap();
    (done.status.code(), String::from_utf8([done.stdout, done.stderr].concat()).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notify_test_says_what_each_channel_answered() {
    let (up, down) = (Server::status("200 OK").await, Server::status("500 X").await);
    let folder = tempfile::tempdir().unwrap();
    let local = "allow_private = [\"127.0.0.0/8\"]\n";
    secret(folder.path(), "teams", &format!("http://{}/hunter2", down.address));
    let hook = format!("[notify.webhook]\nurl = \"http://{}/w\"\nunsigned = true\n{local}", up.address);
    let text = format!("{hook}[notify.teams]\nurl_file = \"teams\"\n{local}");
    drop(settings(folder.path(), &text, &Environment::default()));
    let (code, said) = tried(folder.path(), &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("taken   webhook") && said.contains("FAILED  teams: ") && said.contains("500"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    let body: serde_json::Value = serde_json::from_slice(&up.seen()[0].body).unwrap();
    assert_eq!((&body["kind"], &body["instance_name"]), (&"test".into(), &"ci-example".into()), "{body}");
    assert!(body["words"].as_str().unwrap().contains("ada tries the channels"), "{body}");
    let (code, said) = tried(folder.path(), &["--channel", "webhook", "--json"]);
    assert_eq!(code, Some(0), "{said}");
    let told: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(told, serde_json::json!([{ "channel": "webhook", "taken": true }]));
    let (code, said) = tried(folder.path(), &["--channel", "smtp"]);
    assert!(
        code == Some(1) && said.contains("no channel is called `smtp`; these are set up: teams, webhook"),
        "{said}"
    );
    drop(settings(folder.path(), "", &Environment::default()));
    let (code, said) = tried(folder.path(), &[]);
    assert!(code == Some(1) && said.contains("no channel is set up"), "{said}");
}

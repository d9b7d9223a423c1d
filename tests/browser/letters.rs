//! The link of a warning, from a real letter: scanners change nothing by it, a person does, once.

use std::io::Write as _;
use std::process::Stdio;

use lightsout::notify::SmtpTls;
use serde_json::{Value, json};

use super::estate::Estate;
use super::postmaster::Postmaster;
use super::program::off_now;
use super::robot::Robot;
use super::stage::{Stage, client};
use super::tools::tool;

const NAME: &str = "ci-00000-00000";

/// The settings that write letters there.
pub(crate) fn by_mail(server: &Postmaster) -> String {
    let port = server.options().port.unwrap();
    format!(
        "[notify.smtp]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\nfrom = \"lightsout@example.org\"\n\
         fallback = [\"desk@example.org\"]\n"
    )
}

/// A letter's parts as a mail program shows them, by their kinds.
pub(crate) fn parts(letter: &Value) -> Value {
    const READ: &str = "import email, email.policy, json, sys\n\
        letter = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)\n\
        print(json.dumps({part.get_content_type(): part.get_content() for part in letter.walk() if not part.is_multipart()}))";
    let mut python = tool("python3").unwrap();
    let mut child = python.args(["-c", READ]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(letter["letter"].as_str().unwrap().as_bytes()).unwrap();
    serde_json::from_slice(&child.wait_with_output().unwrap().stdout).unwrap()
}

/// What a scanner makes of a link: a client sends no fragment, and some write it as a part of the path or of the query.
async fn scan(stage: &Stage, link: &str) {
    let (page, token) = link.split_once('#').unwrap();
    let client = client();
    for round in 0..13 {
        for url in [link.to_owned(), page.to_owned(), format!("{page}?{token}"), format!("{page}%23{token}")] {
            for method in [reqwest::Method::GET, reqwest::Method::HEAD] {
                let answer = client.request(method, &url).send().await.unwrap();
                let known = [200, 404].contains(&answer.status().as_u16());
                assert!(known, "{url} in round {round}: {}", answer.status());
            }
        }
    }
    assert_eq!(stage.holds().await, Vec::<Value>::new(), "GETs change nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_link_of_a_letter_holds_once_and_scanners_change_nothing_by_it() {
    let Some(mut server) = Postmaster::start(SmtpTls::Plain, false, &[]) else { return };
    let policy = off_now("enforce", "20m", "");
    let stage = Stage::of(Estate::start(1, 1, |_| {}).await, &policy, &by_mail(&server));
    let letter = server.letter();
    assert_eq!(letter["to"], json!(["user0@contoso.example"]));
    let text = parts(&letter)["text/plain"].as_str().unwrap().to_owned();
    let link = text.split_whitespace().find(|word| word.starts_with(&format!("{}/hold#", stage.base)));
    let link = link.unwrap_or_else(|| panic!("no link in {text}"));
    let Some(mut robot) = Robot::start("link", &stage.base, &json!({ "link": link })) else { return };
    robot.at("scanned");
    scan(&stage, link).await;
    robot.go_on(&Value::Null);

    let told = robot.at("pressed");
    let says = |part: &str, words: &str| assert!(told[part].as_str().unwrap().contains(words), "{part}: {told}");
    says("instance", NAME);
    says("workspace", "ws-00000");
    says("owner", "user0@contoso.example");
    says("stops", "Stops ");
    says("rel", "in ");
    says("why", "outside its hours");
    says("cost", "Held until ");
    says("cost", " USD");
    says("held", "is held");
    let holds = stage.holds().await;
    assert_eq!((holds.len(), &holds[0]["reason"]), (1, &json!("the run ends at noon")), "{holds:?}");
    robot.go_on(&Value::Null);

    let told = robot.at("opened again");
    assert!(told["used"].as_str().unwrap().contains("This link has been used"), "{told}");
    assert!(told["broken"].as_str().unwrap().contains("This link is not valid"), "{told}");
    robot.go_on(&Value::Null);
    robot.ends();
    assert_eq!(stage.holds().await.len(), 1);
    assert_eq!(stage.estate.stops_of(NAME), (0, 0));
    assert_eq!(server.unread(), 0, "nobody is told twice");
}

//! The binary with a managed identity, against pretended doors of the platform and a pretended service, all on loopback.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::mirror::{Child, wait_for};
use crate::telling::{Home, ID, answer, end, fine, serve};

/// What Azure ML's own door wants to be shown.
const SECRET: &str = "hush-3f9c";

/// A token as Entra would give: it names this, and has a number.
fn token(mirid: &str, number: u32) -> String {
    let claims = format!("{{\"xms_mirid\":\"{mirid}\",\"uti\":\"{number}\"}}");
    format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode("{\"alg\":\"RS256\"}"), URL_SAFE_NO_PAD.encode(claims))
}

/// What a door answers: a token that is good for so many seconds.
pub(crate) fn gives(token: &str, seconds: i64) -> String {
    let until = lightsout::agent::clock::now().wall.as_second() + seconds;
    let body = format!("{{\"access_token\":\"{token}\",\"expires_on\":\"{until}\",\"token_type\":\"Bearer\"}}");
    answer("200 OK", "Content-Type: application/json\r\n", &body)
}

/// A door on loopback: one answer after another, the last one for ever. And the heads of what is asked there.
pub(crate) fn door(answers: Vec<String>) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut left = answers.into_iter().peekable();
        while let Ok((stream, _)) = listener.accept() {
            let mut reader = BufReader::new(&stream);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
            let answer = if left.len() > 1 { left.next() } else { left.peek().cloned() };
            (&stream).write_all(answer.unwrap().as_bytes()).unwrap();
            if sender.send(head).is_err() {
                return;
            }
        }
    });
    (url, receiver)
}

/// The next that comes; what does not come fails, and is not waited for.
fn next<T>(of: &Receiver<T>) -> T {
    of.recv_timeout(Duration::from_secs(60)).unwrap()
}

/// Settings with a managed identity, and more.
fn home(service: &str, more: &str) -> Home {
    Home::with(service, &format!("identity = \"managed\"\nentra_audience = \"api://lightsout\"\n{more}"))
}

/// The agent at work, with what it says in a file.
fn run(home: &Home, change: impl FnOnce(&mut Command)) -> Child {
    let log = std::fs::File::create(home.dir.path().join("log")).unwrap();
    let mut command = home.command("run");
    change(command.stdout(Stdio::null()).stderr(log));
    Child(command.spawn().unwrap())
}

/// `agent check`, and what it says.
fn check(home: &Home, change: impl FnOnce(&mut Command)) -> (i32, String) {
    let mut command = home.command("check");
    change(&mut command);
    let done = command.output().unwrap();
    (done.status.code().unwrap(), String::from_utf8([done.stdout, done.stderr].concat()).unwrap())
}

fn bearer(head: &str) -> &str {
    head.lines().find_map(|line| line.strip_prefix("authorization: Bearer ")).unwrap()
}

/// Nothing that the agent wrote holds any of these.
fn nothing_of(secrets: &[&str], home: &Home) {
    for name in ["status.json", "record.json", "log"] {
        let text = std::fs::read_to_string(home.dir.path().join(name)).unwrap();
        assert!(secrets.iter().all(|secret| !text.contains(secret)), "{name}: {text}");
    }
}

#[test]
fn the_metadata_service_is_asked_once_and_its_token_names_the_instance() {
    let first = token(ID, 1);
    let (imds, asked) = door(vec![gives(&first, 86_400)]);
    let (service, arrived) = serve(vec![fine()]);
    let home = home(&service, "");
    let agent = run(&home, |command| {
        // A proxy that somebody set is not for this.
        command.args(["--imds", &imds, "--ci-name", "ci-ana"]).env("http_proxy", "http://127.0.0.1:1");
    });
    for _ in 0..3 {
        let one = next(&arrived);
        assert_eq!((bearer(&one.head), one.beat.instance.as_str()), (first.as_str(), ID));
    }
    let head = next(&asked);
    let wanted =
        "GET /metadata/identity/oauth2/token?api-version=2018-02-01&resource=api%3A%2F%2Flightsout HTTP/1.1\r\n";
    assert!(head.starts_with(wanted), "{head}");
    assert!(head.to_lowercase().contains("\r\nmetadata: true\r\n"), "{head}");
    assert!(asked.try_recv().is_err(), "the token is kept");
    let shown = wait_for("the instance in the status", || {
        let status = home.command("status").output().unwrap().stdout;
        Some(String::from_utf8(status).unwrap()).filter(|text| text.contains("The service is told."))
    });
    assert!(shown.starts_with(ID), "{shown}");
    end(agent);
    nothing_of(&[&first], &home);
}

#[test]
fn azure_mls_own_door_is_asked_with_its_secret_for_the_instance_of_the_settings() {
    let (msi, asked) = door(vec![gives("opaque-token", 86_400)]);
    let (service, arrived) = serve(vec![fine()]);
    let home = home(&service, &format!("instance = \"{ID}\"\nidentity_client_id = \"c-1\""));
    let agent = run(&home, |command| {
        command.env("MSI_ENDPOINT", format!("{msi}/MSI/auth")).env("MSI_SECRET", SECRET);
    });
    let one = next(&arrived);
    assert_eq!((bearer(&one.head), one.beat.instance.as_str()), ("opaque-token", ID));
    let head = next(&asked);
    let wanted = "GET /MSI/auth?api-version=2017-09-01&resource=api%3A%2F%2Flightsout&clientid=c-1 HTTP/1.1\r\n";
    assert!(head.starts_with(wanted), "{head}");
    assert!(head.contains(&format!("\r\nsecret: {SECRET}\r\n")), "{head}");
    wait_for("the status", || home.dir.path().join("status.json").exists().then_some(()));
    end(agent);
    nothing_of(&["opaque-token", SECRET], &home);
    let help = home.command("check").arg("--help").env("MSI_SECRET", SECRET).output().unwrap().stdout;
    assert!(!String::from_utf8(help).unwrap().contains("hush"), "help shows what the environment holds");
}

#[test]
fn a_token_that_ends_soon_is_fetched_anew_before_each_heartbeat() {
    let (imds, asked) = door(vec![gives(&token(ID, 1), 290), gives(&token(ID, 2), 290), gives(&token(ID, 3), 290)]);
    let (service, arrived) = serve(vec![fine()]);
    let home = home(&service, "");
    let agent = run(&home, |command| {
        command.args(["--imds", &imds]);
    });
    for number in 1..=3 {
        assert_eq!(bearer(&next(&arrived).head), token(ID, number));
        next(&asked);
    }
    end(agent);
}

#[test]
fn a_token_that_the_service_refuses_is_fetched_anew_once() {
    let refused = || answer("401 Unauthorized", "", &format!("{{\"error\":\"{} is forged\"}}", token(ID, 3)));
    let (imds, asked) = door((1..=3).map(|number| gives(&token(ID, number), 86_400)).collect());
    let (service, arrived) = serve(vec![fine(), refused(), fine(), refused(), fine(), refused()]);
    let home = home(&service, "");
    let agent = run(&home, |command| {
        command.args(["--imds", &imds]);
    });
    // Taken, refused, and the same again with another token; what was taken may be refused later once more. In the end
    // all are refused: it is tried once with another one, and then not for minutes.
    let all = [(); 7].map(|()| next(&arrived));
    let bearers = all.each_ref().map(|one| bearer(&one.head));
    let wanted = [1, 1, 2, 2, 3, 3, 3].map(|number| token(ID, number));
    assert_eq!(bearers, wanted.each_ref().map(String::as_str));
    assert!(all[1].beat == all[2].beat && all[5].beat == all[6].beat, "the same is sent again");
    let more = arrived.recv_timeout(Duration::from_secs(8));
    assert!(more.is_err(), "it asks in a loop");
    assert_eq!(asked.try_iter().count(), 4);
    let status = String::from_utf8(home.command("status").output().unwrap().stdout).unwrap();
    assert!(status.contains("[agents] entra_audience") && status.contains("is forged"), "{status}");
    end(agent);
    nothing_of(&wanted.each_ref().map(String::as_str), &home);
}

#[test]
fn a_platform_that_is_away_is_asked_again_by_itself() {
    let later = answer("503 Service Unavailable", "", "{\"error\":\"later\"}");
    let (imds, asked) = door(vec![later, gives(&token(ID, 1), 86_400)]);
    let (service, arrived) = serve(vec![fine()]);
    let home = home(&service, "");
    let agent = run(&home, |command| {
        command.args(["--imds", &imds]);
    });
    assert_eq!(bearer(&next(&arrived).head), token(ID, 1));
    // what was asked is told by another thread, which may be a moment behind
    let told = (0..2).map_while(|_| asked.recv_timeout(Duration::from_secs(10)).ok()).count();
    assert_eq!((told, asked.try_iter().count()), (2, 0));
    end(agent);
    let log = std::fs::read_to_string(home.dir.path().join("log")).unwrap();
    assert!(log.contains("IMDS answers 503 later") && log.contains("is reached again"), "{log}");
}

#[test]
fn an_endpoint_elsewhere_is_asked_nothing() {
    for endpoint in ["http://10.0.0.4:46808/MSI/auth", "https://127.0.0.1/token", "http://evil.example/token"] {
        let home = home("http://127.0.0.1:1", &format!("instance = \"{ID}\""));
        for what in ["check", "run"] {
            let mut command = home.command(what);
            let done = command.env("MSI_ENDPOINT", endpoint).env("MSI_SECRET", SECRET).output().unwrap();
            let said = String::from_utf8([done.stdout, done.stderr].concat()).unwrap();
            assert_eq!(done.status.code(), Some(2), "{said}");
            assert!(said.contains("which is not asked for tokens") && !said.contains(SECRET), "{said}");
        }
    }
}

#[test]
fn check_says_what_is_wrong_with_the_identity_and_what_to_do() {
    let missing = "{\"error\":\"invalid_request\",\"error_description\":\"Identity not found\"}";
    let (elsewhere, followed) = door(vec![gives(&token(ID, 1), 86_400)]);
    let away = format!("Location: {elsewhere}/\r\n");
    let user = "/subscriptions/s1/resourcegroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u";
    for (says, more, code, words) in [
        (gives(&token(ID, 1), 86_400), "", 0, "IMDS gives a token of the managed identity\n"),
        (gives(&token(user, 1), 86_400), &*format!("instance = \"{ID}\""), 0, "(system-assigned) identity"),
        (gives(&token(user, 1), 86_400), "", 2, "Write the instance's whole ARM id to service.instance"),
        (gives("opaque", 86_400), "", 2, "the token's xms_mirid is missing"),
        (gives(&token(&ID.replace("ana", "bob"), 1), 86_400), "", 2, "this is instance `ci-ana`"),
        (gives(&token(ID, 1), -5), "", 1, "is this machine's clock right?"),
        (answer("400 Bad Request", "", missing), "", 2, "has no managed identity: IMDS answers 400 Identity not found"),
        (answer("429 Too Many Requests", "", ""), "", 1, "IMDS answers 429; it is asked again"),
        (answer("302 Found", &away, ""), "", 2, "which is not followed"),
    ] {
        let (imds, _asked) = door(vec![says]);
        let home = home("http://127.0.0.1:1", more);
        let done = check(&home, |command| {
            command.args(["--imds", &imds, "--ci-name", "ci-ana"]);
        });
        assert_eq!(done.0, code, "{words}: {}", done.1);
        assert!(done.1.contains(words) && done.1.contains("cpu"), "it looks all the same: {}", done.1);
        assert!(!done.1.contains("eyJ"), "a token is shown: {}", done.1);
    }
    assert!(followed.try_recv().is_err(), "the question went elsewhere");
    let home = home("http://127.0.0.1:1", &format!("instance = \"{ID}\""));
    let (code, said) = check(&home, |command| {
        command.args(["--imds", "http://127.0.0.1:1", "--ci-name", "ci-bob"]);
    });
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("service.instance is of") && said.contains("this is instance `ci-bob`"), "{said}");
    let (code, said) = check(&Home::with("http://127.0.0.1:1", "identity = \"managed\""), |_| {});
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("service.entra_audience is empty"), "{said}");
}

#[test]
fn a_platform_that_never_answers_is_not_waited_for() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let imds = format!("http://{}", silent.local_addr().unwrap());
    let home = home("http://127.0.0.1:1", "");
    let log = home.dir.path().join("log");
    let mut command = home.command("check");
    let out = std::fs::File::create(&log).unwrap();
    command.args(["--imds", &imds]).stdout(out.try_clone().unwrap()).stderr(out);
    let mut checking = Child(command.spawn().unwrap());
    let done = wait_for("the end of the check", || checking.0.try_wait().unwrap());
    let said = std::fs::read_to_string(log).unwrap();
    assert_eq!(done.code(), Some(1), "{said}");
    assert!(said.contains("IMDS cannot be reached") && said.contains("No token yet, and so no name"), "{said}");
}

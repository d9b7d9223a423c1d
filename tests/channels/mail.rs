//! E-mail to a real mail server: the letter, whom it reaches, and what is told when it does not.

use jiff::SignedDuration;
use lightsout::notify::render::Templates;
use lightsout::notify::{Smtp, SmtpError, SmtpOptions, SmtpTls};
use lightsout::ports::{Fault, FaultKind, Message};
use serde_json::Value;

use super::postmaster::Postmaster;
use super::{hostile, warning};

async fn send(options: SmtpOptions, message: &Message) -> Result<(), Fault> {
    Smtp::new(options).unwrap().deliver(message, &[]).await
}

/// The lines of a letter's head, folded ones joined.
fn head(letter: &Value) -> Vec<String> {
    let text = letter["letter"].as_str().unwrap();
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    head.replace("\r\n ", " ").split("\r\n").map(str::to_owned).collect()
}

fn header(letter: &Value, name: &str) -> String {
    let found: Vec<String> =
        head(letter).iter().filter_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned)).collect();
    let [one] = found.as_slice() else { panic!("{name}: {found:?}") };
    one.clone()
}

#[tokio::test]
async fn a_letter_reaches_owner_and_team_over_starttls_with_a_login() {
    let Some(mut server) = Postmaster::start(SmtpTls::StartTls, true, &[]) else { return };
    let login = |password: &str| Some(("robot".to_owned(), password.to_owned().into()));
    send(SmtpOptions { login: login("s3cret pass"), ..server.options() }, &warning()).await.unwrap();
    let letter = server.letter();
    assert_eq!(letter["to"], serde_json::json!(["ada@example.org", "team@example.org"]));
    assert_eq!(letter["from"], "lightsout@example.org");
    assert_eq!((&letter["encrypted"], &letter["login"]), (&true.into(), &"robot".into()));
    assert_eq!(header(&letter, "From"), "Lightsout <lightsout@example.org>");
    assert_eq!(header(&letter, "To"), "ada@example.org, team@example.org");
    assert_eq!(header(&letter, "Subject"), "ci-ada will be stopped at 19:30 UTC (Mon 23 Mar)");
    assert_eq!(header(&letter, "Date"), "Mon, 23 Mar 2026 19:00:00 +0000");
    assert_eq!(header(&letter, "Auto-Submitted"), "auto-generated");
    assert!(header(&letter, "Content-Type").starts_with("multipart/alternative;"));
    let body = letter["letter"].as_str().unwrap();
    let (plain, html) = (body.find("text/plain").unwrap(), body.find("text/html").unwrap());
    assert!(plain < html, "the last part is the one that is liked best");

    let wrong = send(SmtpOptions { login: login("guess"), ..server.options() }, &warning()).await.unwrap_err();
    assert_eq!(wrong.kind, FaultKind::Undelivered);
    assert!(wrong.words().contains("check user and password") && !wrong.words().contains("guess"), "{}", wrong.words());
    let nobody = send(server.options(), &warning()).await.unwrap_err();
    assert!(nobody.words().contains("530"), "{}", nobody.words());
}

#[tokio::test]
async fn an_operators_words_are_sent_and_what_fails_is_stood_in_for() {
    let Some(mut server) = Postmaster::start(SmtpTls::Plain, false, &[]) else { return };
    let texts = [
        ("subject.txt", "[lab] {{ headline }}"),
        ("warning.html", "<p>{{ words }} {{ rows[0].value if rows else kind }}</p>"),
    ];
    let own = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
    let (templates, found) = Templates::with(texts.into_iter().map(own).collect());
    assert_eq!(found, []);
    let message = Message { words: "<script>".to_owned(), ..warning() };
    Smtp::new(server.options()).unwrap().worded(templates).deliver(&message, &[]).await.unwrap();
    let letter = server.letter();
    assert_eq!(header(&letter, "Subject"), "[lab] ci-ada will be stopped at 19:30 UTC (Mon 23 Mar)");
    let body = letter["letter"].as_str().unwrap();
    assert!(body.contains("<p>&lt;script&gt; ci-ada</p>"), "{body}");
    assert!(body.contains("Stops at"), "the plain text is the program's: {body}");
}

#[tokio::test]
async fn the_same_message_is_the_same_letter() {
    let Some(mut server) = Postmaster::start(SmtpTls::Plain, false, &[]) else { return };
    let again = Message { attempts: 3, ..warning() };
    let other = Message { id: "another".to_owned(), ..warning() };
    let mut ids = Vec::new();
    for message in [&warning(), &again, &other] {
        send(server.options(), message).await.unwrap();
        ids.push(header(&server.letter(), "Message-ID"));
    }
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[0], ids[2]);
    assert!(ids[0].starts_with('<') && ids[0].ends_with("@example.org>"), "{}", ids[0]);
}

#[tokio::test]
async fn implicit_tls_is_encrypted_from_the_first_byte() {
    let Some(mut server) = Postmaster::start(SmtpTls::Implicit, false, &[]) else { return };
    send(server.options(), &warning()).await.unwrap();
    assert_eq!(server.letter()["from"], "lightsout@example.org");
}

#[tokio::test]
async fn nothing_is_said_to_a_server_that_cannot_prove_itself_or_encrypt() {
    for tls in [SmtpTls::StartTls, SmtpTls::Implicit] {
        let Some(server) = Postmaster::start(tls, false, &[]) else { return };
        let fault = send(SmtpOptions { ca_file: None, ..server.options() }, &warning()).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Undelivered);
        assert!(fault.words().to_lowercase().contains("certificate"), "{}", fault.words());
        assert_eq!(server.unread(), 0);
    }
    let Some(server) = Postmaster::start(SmtpTls::Plain, false, &[]) else { return };
    let fault = send(SmtpOptions { tls: SmtpTls::StartTls, ..server.options() }, &warning()).await.unwrap_err();
    assert!(fault.words().contains("offers no STARTTLS"), "{}", fault.words());
    assert_eq!(server.unread(), 0);
}

#[tokio::test]
async fn a_hostile_message_adds_no_header_and_no_recipient() {
    let Some(mut server) = Postmaster::start(SmtpTls::Plain, false, &[]) else { return };
    let eve = "eve@example.org";
    let message = Message {
        id: format!("x\r\nBcc: {eve}\r\n\r\nbody"),
        owner: Some("ada@example.org".to_owned()),
        notify: vec![
            format!("team@example.org\r\nRCPT TO:<{eve}>"),
            format!("t@example.org, {eve}"),
            format!("T <{eve}>"),
        ],
        ..hostile()
    };
    send(server.options(), &message).await.unwrap();
    let letter = server.letter();
    assert_eq!(letter["to"], serde_json::json!(["ada@example.org"]));
    let names: Vec<String> = head(&letter).iter().map(|line| line.split(':').next().unwrap().to_owned()).collect();
    let ours = [
        "From",
        "Subject",
        "Date",
        "Message-ID",
        "Auto-Submitted",
        "X-Auto-Response-Suppress",
        "To",
        "MIME-Version",
        "Content-Type",
    ];
    let mut sorted = (names, ours.map(str::to_owned).to_vec());
    sorted.0.sort();
    sorted.1.sort();
    assert_eq!(sorted.0, sorted.1);
    assert_eq!(server.unread(), 0, "a dot on a line of its own ends no letter");
}

#[tokio::test]
async fn who_has_no_address_is_told_by_the_fallback_or_not_at_all() {
    let Some(mut server) = Postmaster::start(SmtpTls::Plain, false, &[]) else { return };
    let guest = "ada_example.org#EXT#@tenant.onmicrosoft.com";
    for owner in [None, Some("0f5c1d2e-0000-4000-8000-000000000000"), Some(guest)] {
        let message = Message { owner: owner.map(str::to_owned), notify: vec!["#team".to_owned()], ..warning() };
        let fault = send(server.options(), &message).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Unfit);
        assert!(fault.words().contains("fallback in [notify.smtp]"), "{}", fault.words());
        let fallback = vec!["ops@example.org".to_owned()];
        send(SmtpOptions { fallback, ..server.options() }, &message).await.unwrap();
        assert_eq!(server.letter()["to"], serde_json::json!(["ops@example.org"]));
    }
    assert_eq!(server.unread(), 0);
}

#[tokio::test]
async fn an_address_that_is_refused_is_named() {
    let no = "550 5.1.1 no such mailbox";
    let Some(server) = Postmaster::start(SmtpTls::Plain, false, &[("ada@example.org", no)]) else { return };
    let fault = send(server.options(), &warning()).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unfit);
    let words = fault.words();
    assert!(words.contains("ada@example.org for good") && words.contains("no such mailbox"), "{words}");
    assert_eq!(server.unread(), 0, "the team is not told alone, again and again");

    let refused = [("ada@example.org", no), ("ops@example.org", no), ("team@example.org", no)];
    let Some(mut server) = Postmaster::start(SmtpTls::Plain, false, &refused[..1]) else { return };
    let fallback = || vec!["ops@example.org".to_owned()];
    send(SmtpOptions { fallback: fallback(), ..server.options() }, &warning()).await.unwrap();
    let mut told: Vec<String> = serde_json::from_value(server.letter()["to"].clone()).unwrap();
    told.sort();
    assert_eq!(told, ["ops@example.org", "team@example.org"]);

    let Some(server) = Postmaster::start(SmtpTls::Plain, false, &refused) else { return };
    let fault = send(SmtpOptions { fallback: fallback(), ..server.options() }, &warning()).await.unwrap_err();
    assert!(refused.iter().all(|(address, _)| fault.words().contains(address)), "{}", fault.words());

    let Some(mut server) = Postmaster::start(SmtpTls::Plain, false, &refused[2..]) else { return };
    send(server.options(), &warning()).await.unwrap();
    assert_eq!(
        server.letter()["to"],
        serde_json::json!(["ada@example.org"]),
        "a wrong address of the team's keeps none from the owner"
    );
}

#[tokio::test]
async fn not_now_is_asked_again_and_sends_nothing_twice() {
    let wait = "451 4.7.1 greylisted";
    let Some(server) = Postmaster::start(SmtpTls::Plain, false, &[("ada@example.org", wait)]) else { return };
    for attempts in [0, 5] {
        let fault = send(server.options(), &Message { attempts, ..warning() }).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::Throttled(None));
        assert!(fault.words().contains("ada@example.org") && fault.words().contains("greylisted"), "{}", fault.words());
    }
    assert_eq!(server.unread(), 0);

    let Some(mut server) = Postmaster::start(SmtpTls::Plain, false, &[("team@example.org", wait)]) else { return };
    let first = send(server.options(), &warning()).await.unwrap_err();
    assert_eq!(first.kind, FaultKind::Throttled(None));
    send(server.options(), &Message { attempts: 1, ..warning() }).await.unwrap();
    assert_eq!(
        server.letter()["to"],
        serde_json::json!(["ada@example.org"]),
        "a full mailbox keeps the owner waiting once"
    );
    assert_eq!(server.unread(), 0);
}

#[tokio::test]
async fn a_server_that_is_down_or_silent_is_a_fault() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = Some(listener.local_addr().unwrap().port());
    let options = SmtpOptions {
        host: "127.0.0.1".to_owned(),
        port,
        tls: SmtpTls::Plain,
        login: None,
        from: "lightsout@example.org".to_owned(),
        fallback: Vec::new(),
        ca_file: None,
        timeout: Some(SignedDuration::from_millis(200)),
    };
    let silent = send(options.clone(), &warning()).await.unwrap_err();
    assert!(silent.words().contains("took longer"), "{}", silent.words());
    drop(listener);
    let down = send(options, &warning()).await.unwrap_err();
    assert_eq!((silent.kind, down.kind), (FaultKind::Undelivered, FaultKind::Undelivered));
}

#[test]
fn without_tls_mail_goes_to_this_machine_only() {
    let options = |host: &str| SmtpOptions {
        host: host.to_owned(),
        port: None,
        tls: SmtpTls::Plain,
        login: None,
        from: "lightsout@example.org".to_owned(),
        fallback: Vec::new(),
        ca_file: None,
        timeout: None,
    };
    for local in ["127.0.0.1", "::1", "localhost", "127.8.8.8"] {
        assert!(Smtp::new(options(local)).is_ok(), "{local}");
    }
    for other in ["10.0.0.1", "smtp.example.org", "localhost.example.org", "::ffff:127.0.0.1"] {
        assert!(matches!(Smtp::new(options(other)), Err(SmtpError::InTheClear(_))), "{other}");
    }
    for bad in ["Lightsout <l@example.org>", "l@example.org\r\nBcc: eve@example.org", ""] {
        let refused = Smtp::new(SmtpOptions { from: bad.to_owned(), ..options("localhost") });
        assert!(matches!(refused, Err(SmtpError::Address { key: "from", .. })), "{bad}");
    }
    let shown = format!(
        "{:?}",
        Smtp::new(SmtpOptions { login: Some(("robot".to_owned(), "hunter2".to_owned().into())), ..options("::1") })
    );
    assert!(!shown.contains("hunter2"), "{shown}");
}

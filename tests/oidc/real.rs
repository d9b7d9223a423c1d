//! People sign in with a certified provider program (`oidc-provider` of npm) that is run on loopback.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};

use serde_json::Value;

use crate::house::{Browser, House};
use crate::tools::tool;

const SECRET: &str = "a secret: with + and % in it";

/// The provider; it ends when its input is closed.
struct Real {
    child: Child,
    issuer: String,
    /// Held open: a program that cannot write ends.
    _said: BufReader<ChildStdout>,
}

impl Drop for Real {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Real {
    fn start(house: &House, methods: &str) -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folder = root.join("target/npm");
        let mut node = tool("node")?;
        assert!(folder.join("node_modules/oidc-provider").is_dir(), ".ci/setup installs the provider");
        node.arg(root.join("tests/oidc/provider.mjs")).arg(folder).arg(house.url("/login/back")).arg(methods);
        let mut child = node.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut port = String::new();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        said.read_line(&mut port).unwrap();
        Some(Self { child, issuer: format!("http://127.0.0.1:{}", port.trim()), _said: said })
    }
}

async fn signed_in(house: &House, login: &str) -> (u16, Value) {
    let browser = Browser::new();
    let (page, _) = browser.follow(&house.url("/login/start?return_to=%2Fwho"), None).await;
    assert!(page.path().starts_with("/interaction/"), "{page}: {}", house.refusal());
    let (end, answer) = browser.agree(&page, login, None).await;
    let answer = answer.unwrap();
    let status = answer.status().as_u16();
    assert_eq!(end.path(), "/who", "{status} {}", house.refusal());
    (status, answer.json().await.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_sign_in_by_every_algorithm_and_every_way_to_show_the_secret() {
    for (methods, client, secret) in [
        ("client_secret_basic,none", "rs", Some(SECRET)),
        ("client_secret_post,none", "ps", Some(SECRET)),
        ("client_secret_basic,none", "es", None),
    ] {
        let mut house = House::new();
        let Some(real) = Real::start(&house, methods) else { return };
        house.open(house.options(&real.issuer, client, secret));
        let (status, ada) = signed_in(&house, "ada").await;
        assert_eq!(status, 200, "{client}: {}", house.refusal());
        let wanted = serde_json::json!({
            "key": format!("{}|ada", real.issuer), "name": "Ada Lovelace", "role": "operator", "addresses": ["ada@example.org"],
        });
        assert_eq!(ada, wanted, "{client} by {methods}");
        let (_, bob) = signed_in(&house, "bob").await;
        assert_eq!((bob["role"].as_str(), &bob["addresses"]), (Some("owner"), &serde_json::json!([])), "not verified");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_of_use_once_to_the_browser_that_began_and_with_the_right_secret() {
    let mut house = House::new();
    let Some(real) = Real::start(&house, "client_secret_basic,none") else { return };
    house.open(house.options(&real.issuer, "rs", Some(SECRET)));
    let back = Some("/login/back");
    let (victim, thief) = (Browser::new(), Browser::new());
    let (page, _) = victim.follow(&house.url("/login/start?return_to=%2Fwho"), None).await;
    let (code, _) = victim.agree(&page, "ada", back).await;
    // the address with the code, in another browser: with no login of its own, and with one
    let (_, refused) = thief.follow(code.as_str(), None).await;
    assert_eq!(refused.unwrap().status().as_u16(), 403);
    let (page, _) = thief.follow(&house.url("/login/start"), None).await;
    let (own, _) = thief.agree(&page, "bob", back).await;
    let state = |url: &reqwest::Url| url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let mixed = code.as_str().replace(&state(&code), &state(&own));
    let (_, refused) = thief.follow(&mixed, None).await;
    assert_eq!(refused.unwrap().status().as_u16(), 403);
    assert!(house.refusal().contains("invalid_grant"), "PKCE: the verifier is another login's: {}", house.refusal());
    // where it belongs it is of use, once: neither the address nor the code in another login is taken again
    let (end, _) = victim.follow(code.as_str(), None).await;
    assert_eq!(end.path(), "/who");
    let (_, again) = victim.follow(code.as_str(), None).await;
    assert_eq!(again.unwrap().status().as_u16(), 403);
    let (begun, _) = victim.follow(&house.url("/login/start"), Some("/auth")).await;
    let replayed = code.as_str().replace(&state(&code), &state(&begun));
    let (_, refused) = victim.follow(&replayed, None).await;
    assert_eq!(refused.unwrap().status().as_u16(), 403);
    assert!(house.refusal().contains("invalid_grant"), "{}", house.refusal());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_with_another_secret_signs_nobody_in() {
    let mut wrong = House::new();
    let Some(other) = Real::start(&wrong, "client_secret_basic,none") else { return };
    wrong.open(wrong.options(&other.issuer, "rs", Some("another secret")));
    let browser = Browser::new();
    let (page, _) = browser.follow(&wrong.url("/login/start"), None).await;
    let (_, refused) = browser.agree(&page, "ada", None).await;
    assert_eq!(refused.unwrap().status().as_u16(), 403);
    assert!(wrong.refusal().contains("invalid_client"), "{}", wrong.refusal());
}

//! Every lie of a hostile provider, and of whoever stands between: none of them signs anybody in.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use reqwest::Url;
use serde_json::{Value, json};

use crate::hostile::{Hostile, Lies, SIGNING, STRANGER, keys, signed, spelled};
use crate::house::{Browser, House};

async fn opened() -> (House, Hostile) {
    let hostile = Hostile::start().await;
    let mut house = House::new();
    house.open(house.options(&hostile.issuer(), "lightsout", None));
    (house, hostile)
}

fn of(url: &Url, name: &str) -> String {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

/// Signs in; whether it came to a session, and else why not.
async fn tried(house: &House, hostile: &Hostile, back: &str) -> Result<Value, String> {
    let browser = Browser::new();
    let (auth, page) = browser.follow(&house.url("/login/start?return_to=%2Fwho"), Some("/auth")).await;
    if let Some(page) = page {
        assert_eq!(page.status().as_u16(), 403, "{auth}");
        return Err(house.refusal());
    }
    assert_eq!(of(&auth, "code_challenge_method"), "S256");
    assert!(
        of(&auth, "code_challenge").len() == 43 && of(&auth, "state").len() == 43 && of(&auth, "nonce").len() == 43
    );
    hostile.remember(&of(&auth, "nonce"));
    let state = of(&auth, "state");
    let (end, answer) = browser.follow(&house.url(&format!("/login/back?code=c&state={state}{back}")), None).await;
    let answer = answer.unwrap();
    match answer.status().as_u16() {
        200 if end.path() == "/who" => Ok(answer.json().await.unwrap()),
        403 => Err(house.refusal()),
        other => panic!("{other} at {end}"),
    }
}

fn claims(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Lies {
    let token = move |mut claims: Value| {
        change(&mut claims);
        signed(&claims, Algorithm::RS256, "key-1", SIGNING)
    };
    Lies { token: Arc::new(token), ..Lies::default() }
}

fn token(token: impl Fn(Value) -> String + Send + Sync + 'static) -> Lies {
    Lies { token: Arc::new(token), ..Lies::default() }
}

async fn refused(house: &House, hostile: &Hostile, lies: Lies, words: &str) {
    hostile.lie(lies);
    let why = tried(house, hostile, "").await.err().unwrap_or_else(|| panic!("somebody signed in; wanted: {words}"));
    assert!(why.contains(words), "{words} in {why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_token_says_has_to_be_so() {
    let (house, hostile) = opened().await;
    let honest = tried(&house, &hostile, "").await.unwrap();
    assert_eq!((honest["role"].as_str(), honest["key"].as_str().unwrap().ends_with("|ada")), (Some("operator"), true));
    let set = |name: &'static str, value: Value| claims(move |claims| claims[name] = value.clone());
    let later = |name: &'static str, seconds: i64| {
        claims(move |claims| claims[name] = json!(claims["iat"].as_i64().unwrap() + seconds))
    };
    let slash = format!("{}/", hostile.issuer());
    for (lies, words) in [
        (set("iss", json!("https://issuer.example.org")), "another issuer"),
        (set("iss", json!(slash)), "another issuer"),
        (set("iss", json!([hostile.issuer()])), "is not signed"),
        (set("aud", json!("another")), "for somebody else"),
        (set("aud", json!([])), "for somebody else"),
        (set("aud", json!(["lightsout", "another"])), "does not say who asked"),
        (set("azp", json!("another")), "asked for by somebody else"),
        (later("exp", -120), "has expired"),
        (later("nbf", 600), "not valid yet"),
        (claims(|claims| claims["iat"] = json!(claims["iat"].as_i64().unwrap() + 600)), "in the future"),
        (set("nonce", json!("another")), "another login"),
        (claims(|claims| drop(claims.as_object_mut().unwrap().remove("nonce"))), "another login"),
        (claims(|claims| drop(claims.as_object_mut().unwrap().remove("exp"))), "is not signed"),
        (claims(|claims| drop(claims.as_object_mut().unwrap().remove("aud"))), "is not signed"),
        (set("exp", json!("never")), "is not signed"),
        (set("sub", json!("")), "names nobody"),
    ] {
        refused(&house, &hostile, lies, words).await;
    }
    hostile.lie(claims(|claims| {
        claims["aud"] = json!(["another", "lightsout"]);
        claims["azp"] = json!("lightsout");
    }));
    assert!(tried(&house, &hostile, "").await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_signed_by_the_provider_in_a_way_that_its_key_is_for() {
    let (house, hostile) = opened().await;
    let modulus = URL_SAFE_NO_PAD.decode(keys()["keys"][0]["n"].as_str().unwrap()).unwrap();
    let public = keys()["keys"][0].to_string();
    let hs = |secret: Vec<u8>| {
        token(move |claims| {
            let header = Header { kid: Some("key-1".to_owned()), ..Header::new(Algorithm::HS256) };
            encode(&header, &claims, &EncodingKey::from_secret(&secret)).unwrap()
        })
    };
    let of =
        |algorithm, kid: &'static str, pem: &'static [u8]| token(move |claims| signed(&claims, algorithm, kid, pem));
    let wrong_way = "in a way that its key is not for";
    for (lies, words) in [
        (token(|claims| spelled(&json!({ "alg": "none", "kid": "key-1" }), &claims, b"")), "cannot be read"),
        (token(|claims| spelled(&json!({ "alg": "None", "kid": "key-1" }), &claims, b"")), "cannot be read"),
        (hs(modulus), wrong_way),
        (hs(public.into_bytes()), wrong_way),
        (of(Algorithm::RS384, "key-1", SIGNING), wrong_way),
        (of(Algorithm::RS256, "key-1", STRANGER), "is not signed by the provider"),
        (of(Algorithm::RS256, "key-9", SIGNING), "not one of the provider's"),
        (token(|claims| spelled(&json!({ "alg": "RS256", "kid": "key-1" }), &claims, b"")), "is not signed"),
        (token(|claims| spelled(&json!({ "alg": "ES256", "kid": "key-1" }), &claims, &[1; 64])), wrong_way),
        (token(|_| "nonsense".to_owned()), "cannot be read"),
        (token(|_| String::new()), "cannot be read"),
        (
            token(|claims| {
                let good = signed(&claims, Algorithm::RS256, "key-1", SIGNING);
                let (_, rest) = good.split_once('.').unwrap();
                let header = json!({ "alg": "RS256", "kid": "key-1", "crit": ["exp"], "exp": 0 });
                format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header.to_string()))
            }),
            "crit",
        ),
        (
            token(|claims| {
                let good = signed(&claims, Algorithm::RS256, "key-1", SIGNING);
                let other = URL_SAFE_NO_PAD.encode(json!({ "sub": "root" }).to_string());
                let parts: Vec<&str> = good.split('.').collect();
                format!("{}.{other}.{}", parts[0], parts[2])
            }),
            "is not signed",
        ),
    ] {
        refused(&house, &hostile, lies, words).await;
    }
    // a key that is for something else, or of a kind that anybody can sign with
    let (house, hostile) = opened().await;
    let no_signing = Lies { keys: Arc::new(|set| set["keys"][0]["use"] = json!("enc")), ..Lies::default() };
    refused(&house, &hostile, no_signing, "not one of the provider's").await;
    let (house, hostile) = opened().await;
    let shared = Lies {
        keys: Arc::new(|set| set["keys"][0] = json!({ "kty": "oct", "kid": "key-1", "k": "c2VjcmV0" })),
        ..hs(b"secret".to_vec())
    };
    refused(&house, &hostile, shared, "not one of the provider's").await;
    let (house, hostile) = opened().await;
    let other = Lies { keys: Arc::new(|set| set["keys"][0]["alg"] = json!("PS256")), ..Lies::default() };
    refused(&house, &hostile, other, wrong_way).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_asked_for_again_when_one_is_new_and_not_for_every_lie() {
    let (house, hostile) = opened().await;
    assert!(tried(&house, &hostile, "").await.is_ok());
    for _ in 0..5 {
        let unknown = token(|claims| signed(&claims, Algorithm::RS256, "key-9", SIGNING));
        refused(&house, &hostile, unknown, "not one of the provider's").await;
    }
    assert_eq!((hostile.count("keys"), hostile.count("discovery"), hostile.count("token")), (1, 1, 6));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_belongs_to_this_provider_and_this_login() {
    let (house, hostile) = opened().await;
    let named = tried(&house, &hostile, &format!("&iss={}", hostile.issuer())).await;
    assert!(named.is_ok(), "{named:?}");
    let mixed = tried(&house, &hostile, "&iss=https://issuer.example.org").await.unwrap_err();
    assert!(mixed.contains("another provider"), "{mixed}");
    let (house, hostile) = opened().await;
    let names = Lies {
        discovery: Arc::new(|document| document["authorization_response_iss_parameter_supported"] = json!(true)),
        ..Lies::default()
    };
    refused(&house, &hostile, names, "another provider").await;
    assert_eq!(hostile.count("token"), 0, "no code was sent");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_leads_elsewhere_is_not_followed() {
    let far = |name: &'static str, to: &'static str| Lies {
        discovery: Arc::new(move |document| document[name] = json!(to)),
        ..Lies::default()
    };
    for (lies, words) in [
        (far("issuer", "https://issuer.example.org"), "calls itself otherwise"),
        (far("token_endpoint", "http://issuer.example.org/token"), "not https"),
        (far("token_endpoint", "http://127.0.0.1.evil.example/token"), "not https"),
        (far("token_endpoint", "https://a:b@issuer.example.org/token"), "not https"),
        (far("authorization_endpoint", "javascript:alert(1)"), "not https"),
        (far("jwks_uri", "file:///etc/passwd"), "not https"),
        (far("redirect", "/elsewhere"), "answered 307"),
        (
            Lies {
                discovery: Arc::new(|all| all["code_challenge_methods_supported"] = json!(["plain"])),
                ..Lies::default()
            },
            "PKCE",
        ),
        (
            Lies { discovery: Arc::new(|all| all["x"] = json!("y".repeat(300 * 1024))), ..Lies::default() },
            "far too much",
        ),
    ] {
        let (house, hostile) = opened().await;
        refused(&house, &hostile, lies, words).await;
        assert_eq!((hostile.count("elsewhere"), hostile.count("token")), (0, 0));
    }
    let answer = |answer: fn() -> axum::response::Response| Lies { answer: Some(Arc::new(answer)), ..Lies::default() };
    let (house, hostile) = opened().await;
    for (lies, words) in [
        (answer(|| Redirect::temporary("/elsewhere").into_response()), "answered 307"),
        (answer(|| axum::Json(json!({ "access_token": "x" })).into_response()), "no ID token"),
        (answer(|| "<html>".into_response()), "cannot be read"),
        (answer(|| (StatusCode::INTERNAL_SERVER_ERROR, "x").into_response()), "answered 500"),
        (answer(|| "x".repeat(300 * 1024).into_response()), "far too much"),
        (
            answer(|| (StatusCode::BAD_REQUEST, axum::Json(json!({ "error": "<b>no\n" }))).into_response()),
            "did not take the code: bno",
        ),
    ] {
        refused(&house, &hostile, lies, words).await;
    }
    assert_eq!(hostile.count("elsewhere"), 0);
}

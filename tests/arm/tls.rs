//! TLS: what must fail closed, and the identities whose token endpoint is always https.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Request;
use axum_server::tls_rustls::RustlsConfig;
use lightsout::azure::{Azure, AzureOptions, Cloud, IdentityOptions};
use lightsout::ports::{FaultKind, Observe as _};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};

use crate::world::{TOKEN, TestClock, custom, item, page, timeouts, token_file, ws};

type Asked = Arc<Mutex<Vec<(String, String)>>>;

/// A private authority and what it signs.
pub(crate) struct Authority {
    pem: tempfile::NamedTempFile,
    issuer: Issuer<'static, KeyPair>,
}

pub(crate) fn authority() -> Authority {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(pem.path(), params.self_signed(&key).unwrap().pem()).unwrap();
    Authority { pem, issuer: Issuer::new(params, key) }
}

#[derive(Clone, Copy)]
pub(crate) enum Flaw {
    None,
    Expired,
    OtherName,
    UnknownIssuer,
}

impl Authority {
    pub(crate) fn sign(&self, flaw: Flaw) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let name = if matches!(flaw, Flaw::OtherName) { "management.azure.com" } else { "localhost" };
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        if matches!(flaw, Flaw::Expired) {
            params.not_before = date_time_ymd(2019, 1, 1);
            params.not_after = date_time_ymd(2020, 1, 1);
        }
        let stranger = authority();
        let issuer = if matches!(flaw, Flaw::UnknownIssuer) { &stranger.issuer } else { &self.issuer };
        (params.signed_by(&key, issuer).unwrap().pem(), key.serialize_pem())
    }

    /// A server on https that answers tokens and lists.
    async fn serve(&self, flaw: Flaw) -> (u16, Asked) {
        rustls::crypto::ring::default_provider().install_default().ok();
        let (certificate, key) = self.sign(flaw);
        let config = RustlsConfig::from_pem(certificate.into_bytes(), key.into_bytes()).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked: Asked = Arc::default();
        let seen = Arc::clone(&asked);
        let app = Router::new().fallback(move |request: Request| answer(request, Arc::clone(&seen)));
        tokio::spawn(axum_server::from_tcp_rustls(listener, config).unwrap().serve(app.into_make_service()));
        (port, asked)
    }
}

async fn answer(request: Request, asked: Asked) -> ([(&'static str, &'static str); 1], String) {
    let target = request.uri().path().to_owned();
    let bearer = request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await.unwrap();
    let token = target.contains("/oauth2/v2.0/token");
    asked.lock().unwrap().push((target, bearer.unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned())));
    let text = if token {
        r#"{"access_token":"entra-token","expires_in":7200,"token_type":"Bearer"}"#.to_owned()
    } else {
        page(&[item("ci-a", "Running")], None)
    };
    ([("content-type", "application/json")], text)
}

pub(crate) fn over_tls(port: u16, authority: &Authority, token: &std::path::Path) -> AzureOptions {
    let mut options =
        custom(&format!("https://localhost:{port}"), IdentityOptions::TokenFile { path: token.to_owned() });
    options.ca_file = Some(authority.pem.path().to_owned());
    options.tries_max = 1;
    options
}

#[tokio::test]
async fn every_bad_certificate_fails_closed() {
    let authority = authority();
    let token = token_file();
    for (flaw, good) in
        [(Flaw::None, true), (Flaw::Expired, false), (Flaw::OtherName, false), (Flaw::UnknownIssuer, false)]
    {
        let (port, asked) = authority.serve(flaw).await;
        let azure = Azure::new(over_tls(port, &authority, token.path()), TestClock::new()).unwrap();
        let found = azure.inventory(&ws()).await;
        assert_eq!(found.is_ok(), good, "fault 34");
        let seen = asked.lock().unwrap();
        assert_eq!(seen.len(), usize::from(good), "fault 34: nothing is sent before trust");
        match found {
            Ok(_) => assert_eq!(seen[0].1, format!("Bearer {TOKEN}")),
            Err(fault) => {
                assert_eq!(fault.kind, FaultKind::Unreachable);
                assert!(fault.words().to_lowercase().contains("certificate"), "{}", fault.words());
            }
        }
    }
    // No authority given: this machine's own list does not know it.
    let (port, asked) = authority.serve(Flaw::None).await;
    let mut options = over_tls(port, &authority, token.path());
    options.ca_file = None;
    let azure = Azure::new(options, TestClock::new()).unwrap();
    assert_eq!(azure.inventory(&ws()).await.unwrap_err().kind, FaultKind::Unreachable);
    assert!(asked.lock().unwrap().is_empty());
    // Plain http where TLS is expected: the handshake fails, and nothing falls back.
    let plain = crate::world::Server::start(|_, _| crate::world::Reply::Raw(b"HTTP/1.1 200 OK\r\n\r\n".to_vec())).await;
    let mut options = over_tls(plain.port, &authority, token.path());
    options.timeouts.connect = std::time::Duration::from_millis(500);
    let azure = Azure::new(options, TestClock::new()).unwrap();
    assert_eq!(azure.inventory(&ws()).await.unwrap_err().kind, FaultKind::Unreachable);
    assert!(plain.seen().is_empty());
}

#[tokio::test]
async fn a_ca_file_that_is_none_is_named() {
    let token = token_file();
    let authority = authority();
    let mut options = over_tls(1, &authority, token.path());
    options.ca_file = Some(token.path().to_owned());
    let error = Azure::new(options, TestClock::new()).err().unwrap();
    assert!(error.to_string().contains("could not read azure.ca_file"), "{error}");
}

fn entra(port: u16, arm: &str, authority: &Authority, identity: IdentityOptions) -> AzureOptions {
    let cloud = Cloud::Custom {
        arm_endpoint: arm.to_owned(),
        token_scope: "https://management.azure.com/.default".into(),
        authority_host: format!("https://localhost:{port}"),
    };
    AzureOptions {
        ca_file: Some(authority.pem.path().to_owned()),
        timeouts: timeouts(),
        tries_max: 2,
        ..AzureOptions::new(cloud, identity)
    }
}

async fn form_of(identity: IdentityOptions) -> std::collections::BTreeMap<String, String> {
    let authority = authority();
    let (port, asked) = authority.serve(Flaw::None).await;
    let clock = real_ends();
    let azure = Azure::new(entra(port, &format!("https://localhost:{port}"), &authority, identity), clock).unwrap();
    assert_eq!(azure.inventory(&ws()).await.unwrap().instances.len(), 1);
    assert_eq!(azure.inventory(&ws()).await.unwrap().instances.len(), 1);
    let seen = asked.lock().unwrap().clone();
    assert_eq!(seen.len(), 3, "one token for two reads");
    assert_eq!(seen[0].0, "/tenant-1/oauth2/v2.0/token");
    assert_eq!(seen[1].1, "Bearer entra-token");
    url::form_urlencoded::parse(seen[0].1.as_bytes()).into_owned().collect()
}

/// Entra says how long a token lives, and the library dates it by the machine's clock: the test's must not be ahead of it.
fn real_ends() -> Arc<TestClock> {
    let clock = TestClock::new();
    let start: jiff::Timestamp = crate::world::NOW.parse().unwrap();
    let real = jiff::Timestamp::try_from(std::time::SystemTime::now()).unwrap();
    clock.advance(real.duration_since(start).as_secs().max(0));
    clock
}

#[tokio::test]
async fn a_client_secret_goes_to_entra_only() {
    let secret =
        IdentityOptions::ClientSecret { tenant: "tenant-1".into(), client: "client-1".into(), secret: "hush".into() };
    assert!(!format!("{secret:?}").contains("hush"));
    let form = form_of(secret).await;
    assert_eq!((form["client_secret"].as_str(), form["client_id"].as_str()), ("hush", "client-1"));
    assert_eq!(
        (form["grant_type"].as_str(), form["scope"].as_str()),
        ("client_credentials", "https://management.azure.com/.default")
    );
}

#[tokio::test]
async fn workload_identity_sends_the_file_as_it_is_now() {
    let file = token_file();
    std::fs::write(file.path(), "service-account-token").unwrap();
    let identity = IdentityOptions::Workload {
        tenant: Some("tenant-1".into()),
        client: Some("client-1".into()),
        token_file: Some(file.path().to_owned()),
    };
    let form = form_of(identity).await;
    assert_eq!(form["client_assertion"], "service-account-token");
}

#[tokio::test]
async fn a_client_certificate_signs_an_assertion() {
    use base64::Engine as _;
    use rustls::pki_types::pem::PemObject as _;
    let pem = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/arm/client-certificate.pem");
    let text = std::fs::read(&pem).unwrap();
    let form =
        form_of(IdentityOptions::ClientCertificate { tenant: "tenant-1".into(), client: "client-1".into(), pem }).await;
    let jwt = &form["client_assertion"];
    let parts: Vec<_> = jwt.split('.').collect();
    let decode = |part: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap();
    let header: serde_json::Value = serde_json::from_slice(&decode(parts[0])).unwrap();
    let claims: serde_json::Value = serde_json::from_slice(&decode(parts[1])).unwrap();
    let certificate = rustls::pki_types::CertificateDer::from_pem_slice(&text).unwrap();
    let digest = ring::digest::digest(&ring::digest::SHA256, &certificate);
    assert_eq!(
        (header["alg"].as_str(), decode(header["x5t#S256"].as_str().unwrap())),
        (Some("PS256"), digest.as_ref().to_vec())
    );
    assert_eq!((claims["iss"].as_str(), claims["sub"].as_str()), (Some("client-1"), Some("client-1")));
    assert!(claims["aud"].as_str().unwrap().ends_with("/tenant-1/oauth2/v2.0/token"));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["nbf"].as_i64().unwrap(), 600);
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from_pem_slice(&text).unwrap();
    let pair = ring::signature::RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).unwrap();
    let public = ring::signature::UnparsedPublicKey::new(&ring::signature::RSA_PSS_2048_8192_SHA256, pair.public());
    public.verify(format!("{}.{}", parts[0], parts[1]).as_bytes(), &decode(parts[2])).unwrap();
}

#[tokio::test]
async fn a_certificate_of_another_kind_is_refused_in_words() {
    let authority = authority();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["x".to_owned()]).unwrap().self_signed(&key).unwrap().pem();
    for (text, says) in [
        (String::new(), "holds no certificate"),
        (certificate.clone(), "holds no unencrypted key in PKCS#8"),
        (format!("{certificate}{}", key.serialize_pem()), "not an RSA key"),
    ] {
        let file = token_file();
        std::fs::write(file.path(), text).unwrap();
        let identity =
            IdentityOptions::ClientCertificate { tenant: "t".into(), client: "c".into(), pem: file.path().to_owned() };
        let azure = Azure::new(entra(1, "https://localhost:1", &authority, identity), TestClock::new()).unwrap();
        let fault = azure.probe_token().await.unwrap_err();
        assert!(fault.words().contains(says), "{}", fault.words());
    }
}

#[tokio::test]
async fn a_name_that_does_not_resolve() {
    let authority = authority();
    let (port, _) = authority.serve(Flaw::None).await;
    let identity =
        IdentityOptions::ClientSecret { tenant: "tenant-1".into(), client: "c".into(), secret: "hush".into() };
    let mut options = entra(port, "https://lightsout.invalid", &authority, identity);
    options.timeouts.connect = std::time::Duration::from_millis(500);
    let azure = Azure::new(options, real_ends()).unwrap();
    let fault = azure.inventory(&ws()).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::Unreachable, "fault 32: {}", fault.words());
    assert_eq!(
        azure.api_use().requests.get(&("list_computes", "no_connection".to_owned())),
        Some(&2),
        "fault 32: tried again"
    );
}

//! Microsoft's own identity library gets its tokens from the sandbox, and its ARM takes them.
#![expect(clippy::unwrap_used, reason = "helpers of a test; the settings for tests cover only the tests themselves")]

use std::sync::Arc;

use azure_core::cloud::CustomConfiguration;
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::{ClientOptions, Transport};
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};
use lightsout::sandbox::{DEMO_SUBSCRIPTIONS, DEMO_TENANT, RunningClock, Sandbox, SandboxOptions, demo, wall_now};

async fn sandbox(dir: &std::path::Path) -> Sandbox {
    let now = wall_now();
    let mut options = SandboxOptions::new(demo(1, now), Arc::new(RunningClock::new(now, 1)));
    options.tls_dir = Some(dir.to_owned());
    Sandbox::start(options).await.unwrap()
}

fn credential(sandbox: &Sandbox, secret: &str) -> Arc<ClientSecretCredential> {
    let pem = std::fs::read(sandbox.ca_file().unwrap()).unwrap();
    let trusted = [reqwest::Certificate::from_pem(&pem).unwrap()];
    let client = reqwest::Client::builder().tls_certs_only(trusted).no_proxy().build().unwrap();
    let mut cloud = CustomConfiguration::default();
    cloud.authority_host = sandbox.https_url().unwrap();
    let client_options = ClientOptions {
        transport: Some(Transport::new(Arc::new(client))),
        cloud: Some(Arc::new(cloud.into())),
        ..ClientOptions::default()
    };
    let options = ClientSecretCredentialOptions { client_options };
    let secret = Secret::new(secret.to_owned());
    ClientSecretCredential::new(DEMO_TENANT, "app".into(), secret, Some(options)).unwrap()
}

#[tokio::test]
async fn a_client_secret_buys_a_token_that_arm_takes() {
    let dir = tempfile::tempdir().unwrap();
    let sandbox = sandbox(dir.path()).await;
    let scope = ["https://management.azure.com/.default"];
    let token = credential(&sandbox, "s3cret").get_token(&scope, None).await.unwrap();
    let url = format!(
        "{}/subscriptions/{}/providers/Microsoft.MachineLearningServices/workspaces?api-version=2025-12-01",
        sandbox.base_url(),
        DEMO_SUBSCRIPTIONS[0]
    );
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(url).bearer_auth(token.token.secret()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let refused = credential(&sandbox, "wrong").get_token(&scope, None).await.unwrap_err();
    assert!(refused.to_string().contains("AADSTS7000215"), "{refused}");
    sandbox.shutdown().await;
}

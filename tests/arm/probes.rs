//! What `doctor` asks, and that no secret is told to anyone while things go wrong.

use std::io::Write;
use std::sync::{Arc, Mutex};

use lightsout::ports::{Clock as _, FaultKind, Observe as _, OperationHandle, StopInstances as _};
use lightsout::rights::{READ_ACTIONS, STOP_ACTION};
use tracing_subscriber::fmt::MakeWriter;

use crate::world::{Reply, TOKEN, WS, hasty, item, json, page, world, ws};

#[tokio::test]
async fn permissions_name_what_is_missing() {
    let world = world(|_, seen| {
        if seen.target.contains("skip") {
            json(200, r#"{"value":[{"actions":["Microsoft.MachineLearningServices/workspaces/*/read"],"notActions":null,"dataActions":[]}]}"#)
        } else {
            let link = format!("{WS}/providers/Microsoft.Authorization/permissions?$skip=1");
            json(200, &format!(r#"{{"value":[{{"actions":["Microsoft.MachineLearningServices/workspaces/read"],"notActions":[]}}],"nextLink":"{link}"}}"#))
        }
    })
    .await;
    let set = world.azure.permissions(&ws()).await.unwrap();
    assert_eq!(set.missing(&[READ_ACTIONS[0], READ_ACTIONS[1], STOP_ACTION]), [STOP_ACTION]);
    let asked = world.server.seen();
    assert_eq!(asked[0].target, format!("{WS}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01"));
    assert!(asked[1].target.ends_with("$skip=1&api-version=2022-04-01"), "the provider's own version, not ours");
}

#[tokio::test]
async fn a_token_and_a_read_are_tried() {
    let world = world(|_, _| {
        json(200, &page(&[item("ci-a", "Running"), item("x", "Running").replace("ComputeInstance", "AKS")], None))
    })
    .await;
    let probe = world.azure.probe_token().await.unwrap();
    assert_eq!(probe.identity, "a token file");
    assert!(probe.expires.unwrap() > world.clock.now());
    assert!(world.server.seen().is_empty(), "a token alone asks nothing of ARM");
    assert_eq!(world.azure.probe_read(&ws()).await.unwrap(), 2);
}

/// Every byte that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_secret_is_logged_or_told() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let leak = format!(
        "you sent {TOKEN} and Bearer {TOKEN} to https://h/x?sig=sigsecret&c=MIIsecret eyJhbGciOiJub25lIn0.eyJqd3RzZWNyZXQiOjF9.sigsecret"
    );
    let body = format!(r#"{{"error":{{"code":"X","message":"{leak}"}}}}"#);
    let mut told = String::new();
    for status in [400, 401, 403, 404, 409, 500] {
        let body = body.clone();
        let world = world(move |_, _| json(status, &body).with("Location", "http://127.0.0.1:1/x?sig=sigsecret")).await;
        told.push_str(&world.azure.inventory(&ws()).await.unwrap_err().words());
        let handle = OperationHandle {
            url: format!("{}/subscriptions/sub-1/x?s=sigsecret&c=MIIsecret", world.server.url()),
            by_location: false,
        };
        let fault = world.azure.operation(&ws(), &handle).await.unwrap_err();
        told.push_str(&format!("{} {fault:?} {handle:?}", fault.words()));
        told.push_str(&format!("{:?}", world.azure.api_use()));
    }
    for reply in [|| Reply::Close, || Reply::Raw(b"SPAM\r\n\r\n".to_vec())] {
        let world = world(move |_, _| reply()).await;
        let handle = OperationHandle {
            url: format!("{}/subscriptions/sub-1/x?s=sigsecret", world.server.url()),
            by_location: true,
        };
        told.push_str(&format!("{:?}", world.azure.operation(&ws(), &handle).await.unwrap_err()));
    }
    let logged = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    assert!(logged.contains("Azure answered"), "the log is listened to");
    // Azure repeating our token without any mark of what it is cannot be told from a word; with one it is masked.
    let told = told.replace(&format!("you sent {TOKEN} and"), "");
    for secret in ["sigsecret", "MIIsecret", "eyJqd3RzZWNyZXQ"] {
        assert!(!told.contains(secret), "{secret} in a message");
    }
    assert!(!told.contains(TOKEN), "the token in a message");
    for secret in [TOKEN, "sigsecret", "MIIsecret"] {
        let line = logged.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} in the log, whoever wrote it");
    }
}

#[tokio::test]
async fn a_second_look_does_not_queue_behind_lists() {
    let world = Arc::new(
        crate::world::world_with(
            |_, seen| {
                if seen.target.contains("/computes?") { Reply::Silence } else { json(200, &item("ci-a", "Running")) }
            },
            |options| {
                options.concurrency = 1;
                hasty(options);
            },
        )
        .await,
    );
    let list = {
        let world = Arc::clone(&world);
        tokio::spawn(async move { world.azure.inventory(&ws()).await.unwrap_err().kind })
    };
    while world.server.seen().is_empty() {
        tokio::task::yield_now().await;
    }
    let id = lightsout::units::InstanceId::new(ws().id, "ci-a").unwrap();
    world.azure.instance(&ws(), &id).await.unwrap();
    assert!(!list.is_finished(), "the list still holds the only slot");
    assert_eq!(list.await.unwrap(), FaultKind::Unreachable);
}

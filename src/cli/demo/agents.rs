//! The agents of the demo: what the simulated machines' agents see is sent to the real intake, over real HTTP.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::Value;

use super::drive::DemoError;
use super::setup::Stage;
use crate::cli::clock::VirtualClock;
use crate::intake::{Desk, DeskOptions, Revoked, agent_keys, mint};
use crate::metrics::Metrics;
use crate::seal::Keys;
use crate::units::{InstanceId, Span};
use crate::web::{HeartbeatFace, heartbeat_limits, serve_heartbeats};

/// An agent reports at most so often: as often as one does in earnest.
const EVERY: SignedDuration = SignedDuration::from_secs(60);
/// So many report side by side.
const AT_ONCE: usize = 8;

/// The intake of the demo.
pub(super) fn desk(clock: &VirtualClock, dir: &std::path::Path) -> Result<(Arc<Desk<VirtualClock>>, Keys), DemoError> {
    let secret = SecretString::from(format!("{:032x}", fastrand::u128(..)));
    let keys = || agent_keys(secret.clone(), None).map_err(|error| DemoError::Agents(error.to_string()));
    let options =
        DeskOptions { keys: Some(keys()?), entra: None, revoked: Revoked::beside(dir), every: Span::seconds(60) };
    Ok((Arc::new(Desk::new(options, Arc::new(clock.clone()))), keys()?))
}

/// Agents on some of the machines.
pub(super) struct Agents {
    percent: u8,
    url: String,
    keys: Keys,
    tokens: BTreeMap<InstanceId, String>,
    sent_at: BTreeMap<String, Timestamp>,
    client: reqwest::Client,
}

impl Agents {
    /// On so many percent of the machines, reporting to the stage's intake.
    pub(super) fn new(percent: u8, stage: &Stage, keys: Keys, metrics: &Metrics) -> Result<Self, DemoError> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/api/v1/heartbeats", listener.local_addr()?);
        let Some(desk) = stage.engine.world().witnesses.agents.clone() else {
            return Err(DemoError::Agents("the demo has no intake".to_owned()));
        };
        let engine = stage.engine.clone();
        let fleet = Arc::new(move || engine.last_view());
        let face = HeartbeatFace { desk, fleet, metrics: metrics.clone(), limits: heartbeat_limits() };
        tokio::spawn(serve_heartbeats(listener, None, face, axum_server::Handle::new()));
        let client = reqwest::Client::builder().no_proxy().build();
        let client = client.map_err(|error| DemoError::Agents(error.to_string()))?;
        Ok(Self { percent, url, keys, tokens: BTreeMap::new(), sent_at: BTreeMap::new(), client })
    }

    /// Lets every agent report that has not just done so, of the workspaces that are about to be read: what the others would
    /// tell meanwhile is told again before anybody asks, since each heartbeat carries the whole record.
    pub(super) async fn report(&mut self, stage: &Stage, now: Timestamp) -> Result<(), DemoError> {
        let told = stage.sandbox.look(|world| world.heartbeats(self.percent));
        let mut sending = Vec::new();
        for (id, beat) in told {
            let just_now = self.sent_at.get(&id).is_some_and(|at| now.duration_since(*at) < EVERY);
            let instance = InstanceId::parse(&id).map_err(|error| DemoError::Agents(error.to_string()))?;
            if just_now || !stage.engine.is_due(instance.workspace(), now) {
                continue;
            }
            let token = self.token(&instance, now)?;
            self.sent_at.insert(id, now);
            sending.push(self.send(token, beat));
        }
        let sent: Vec<Result<(), DemoError>> =
            futures_util::stream::iter(sending).buffer_unordered(AT_ONCE).collect().await;
        sent.into_iter().collect()
    }

    fn token(&mut self, id: &InstanceId, now: Timestamp) -> Result<String, DemoError> {
        if let Some(token) = self.tokens.get(id) {
            return Ok(token.clone());
        }
        let token = mint(&self.keys, id, now).ok_or_else(|| DemoError::Agents("no token".to_owned()))?;
        self.tokens.insert(id.clone(), token.clone());
        Ok(token)
    }

    fn send(&self, token: String, beat: Value) -> impl Future<Output = Result<(), DemoError>> + use<> {
        let request = self.client.post(&self.url).bearer_auth(token).json(&beat);
        async move {
            let failed = |error: reqwest::Error| DemoError::Agents(error.to_string());
            let answer = request.send().await.map_err(failed)?;
            let status = answer.status();
            let words = answer.text().await.map_err(failed)?;
            if status.is_success() { Ok(()) } else { Err(DemoError::Agents(format!("{status}: {words}"))) }
        }
    }
}

//! The command line's end of the control socket.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;

use super::control::{Acknowledge, Lift, Problem};
use crate::facts::{Hold, OperationResult, Proposal, StopResult};
use crate::ports::{
    Begun, Declined, HoldRequest, OperationEnd, ProposalRequest, StartRequest, StopRequest, TimerRequest, Undertaking,
};
use crate::report::{FleetView, Reconciliation, TimersTold};
use crate::units::{InstanceId, PolicyId};

/// Longer than the service itself waits, so that its own words arrive.
const PATIENCE: Duration = Duration::from_secs(15);
/// Azure is looked at first, and may ask to wait.
const ACT_PATIENCE: Duration = Duration::from_secs(90);
/// Bills may be asked for first, many timers be set, and Azure may ask to wait.
const BILL_PATIENCE: Duration = Duration::from_secs(930);

/// Why the service could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The socket is there and cannot be opened: mostly another user's.
    #[error("could not open the control socket {path}; run this as the service's user or root")]
    Closed {
        /// The socket.
        path: String,
        /// Why.
        #[source]
        cause: io::Error,
    },
    /// No answer, or one that cannot be understood.
    #[error("could not ask the running service")]
    Asking(#[from] reqwest::Error),
    /// The service understood and said no.
    #[error(transparent)]
    Declined(#[from] Declined),
    /// It answered something else.
    #[error("the running service answered {code}: {words}")]
    Unexpected {
        /// The status.
        code: u16,
        /// Its body.
        words: String,
    },
}

/// A connection to the running service.
#[derive(Debug, Clone)]
pub struct ControlClient {
    client: Client,
}

impl ControlClient {
    /// Connects, or says that no service is running there.
    ///
    /// # Errors
    /// When a service may be running and its socket cannot be opened.
    pub fn connect(path: &Path) -> Result<Option<Self>, ControlError> {
        match UnixStream::connect(path) {
            Ok(_) => {}
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
                return Ok(None);
            }
            Err(cause) => {
                return Err(ControlError::Closed { path: path.display().to_string(), cause });
            }
        }
        let client = Client::builder()
            .unix_socket(path)
            .timeout(PATIENCE)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Some(Self { client }))
    }

    /// The fleet as last published.
    ///
    /// # Errors
    /// When the service cannot be asked.
    pub async fn view(&self) -> Result<FleetView, ControlError> {
        self.json(self.client.get(url("view"))).await
    }

    /// The decision about an instance at an instant; none: as of the last sweep.
    ///
    /// # Errors
    /// When the service cannot be asked, or knows no such instance or decision.
    pub async fn decision(&self, instance: &str, at: Option<Timestamp>) -> Result<serde_json::Value, ControlError> {
        let mut url = address("decision")?;
        url.query_pairs_mut().append_pair("instance", instance);
        if let Some(at) = at {
            url.query_pairs_mut().append_pair("at", &at.to_string());
        }
        self.json(self.client.get(url)).await
    }

    /// Makes a hold.
    ///
    /// # Errors
    /// When the service cannot be asked, or declines in words.
    pub async fn hold(&self, request: &HoldRequest) -> Result<Hold, ControlError> {
        self.json(self.client.post(url("holds")).json(request)).await
    }

    /// Ends a hold, by its id or the instance's name.
    ///
    /// # Errors
    /// When the service cannot be asked, or knows no such hold.
    pub async fn lift(&self, hold: &str, by: &str) -> Result<(), ControlError> {
        let mut url = address("holds")?;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.push(hold);
        }
        self.done(self.client.delete(url).json(&Lift { by: by.to_owned() })).await
    }

    /// Lets a changed policy act on all.
    ///
    /// # Errors
    /// When the service cannot be asked, or knows no such policy.
    pub async fn acknowledge(&self, policy: &PolicyId, by: &str) -> Result<(), ControlError> {
        self.done(self.client.post(url("ack")).json(&Acknowledge { policy: policy.clone(), by: by.to_owned() })).await
    }

    /// Sets idle timers as policies want them.
    ///
    /// # Errors
    /// When the service cannot be asked, or knows no such instance.
    pub async fn set_timers(&self, request: &TimerRequest) -> Result<TimersTold, ControlError> {
        self.json(self.client.post(url("timers")).json(request).timeout(BILL_PATIENCE)).await
    }

    /// Stops an instance now; in words what became of it.
    ///
    /// # Errors
    /// When the service cannot be asked, or declines in words.
    pub async fn stop_now(&self, request: &StopRequest) -> Result<String, ControlError> {
        self.json(self.client.post(url("stops")).json(request).timeout(ACT_PATIENCE)).await
    }

    /// Starts an instance now; in words what became of it.
    ///
    /// # Errors
    /// When the service cannot be asked, or declines in words.
    pub async fn start_now(&self, request: &StartRequest) -> Result<String, ControlError> {
        self.json(self.client.post(url("starts")).json(request).timeout(ACT_PATIENCE)).await
    }

    /// Has something that is about to be done with an instance written down.
    ///
    /// # Errors
    /// When the service cannot be asked, or declines in words.
    pub async fn begin(&self, wish: &Undertaking) -> Result<Begun, ControlError> {
        self.json(self.client.post(url("operations")).json(wish).timeout(ACT_PATIENCE)).await
    }

    /// Tells that it left, or may have.
    ///
    /// # Errors
    /// When the service cannot be asked, or knows no such operation.
    pub async fn has_left(&self, id: &str) -> Result<(), ControlError> {
        self.json(self.client.post(operation(id, "sent")?)).await
    }

    /// Tells how it ended.
    ///
    /// # Errors
    /// When the service cannot be asked, or knows no such operation.
    pub async fn has_ended(&self, id: &str, result: OperationResult) -> Result<(), ControlError> {
        self.json(self.client.post(operation(id, "end")?).json(&OperationEnd { result })).await
    }

    /// Has a stop that is under way settled by looking: how the last one ended, none while it goes on.
    ///
    /// # Errors
    /// When the service cannot be asked, or cannot look.
    pub async fn settle_stop(&self, instance: &InstanceId) -> Result<Option<StopResult>, ControlError> {
        self.json(self.client.post(url("settle")).json(instance).timeout(ACT_PATIENCE)).await
    }

    /// Says something to the proposal to delete an instance.
    ///
    /// # Errors
    /// When the service cannot be asked, or declines in words.
    pub async fn answer(&self, request: &ProposalRequest) -> Result<Proposal, ControlError> {
        self.json(self.client.post(url("proposals")).json(request)).await
    }

    /// Compares the ledger with Azure's bill now.
    ///
    /// # Errors
    /// When the service cannot be asked, or has no bill to compare with.
    pub async fn reconcile(&self) -> Result<Reconciliation, ControlError> {
        self.json(self.client.post(url("reconcile")).timeout(BILL_PATIENCE)).await
    }

    /// Asks for a sweep now.
    ///
    /// # Errors
    /// When the service cannot be asked.
    pub async fn nudge(&self) -> Result<(), ControlError> {
        self.done(self.client.post(url("nudge"))).await
    }

    async fn json<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ControlError> {
        Ok(answered(request.send().await?).await?.json().await?)
    }

    async fn done(&self, request: RequestBuilder) -> Result<(), ControlError> {
        answered(request.send().await?).await.map(|_| ())
    }
}

/// The host is never looked up: every connection goes to the socket.
fn url(route: &str) -> String {
    format!("http://lightsout/v1/{route}")
}

fn address(route: &str) -> Result<url::Url, ControlError> {
    url::Url::parse(&url(route)).map_err(|cause| ControlError::Unexpected { code: 0, words: cause.to_string() })
}

fn operation(id: &str, what: &str) -> Result<url::Url, ControlError> {
    let mut url = address("operations")?;
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.push(id).push(what);
    }
    Ok(url)
}

async fn answered(response: Response) -> Result<Response, ControlError> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let words = response.text().await.unwrap_or_default();
    let words = serde_json::from_str::<Problem>(&words).map_or(words, |problem| problem.error);
    match status {
        StatusCode::CONFLICT => Err(ControlError::Declined(Declined(words))),
        other => Err(ControlError::Unexpected { code: other.as_u16(), words }),
    }
}

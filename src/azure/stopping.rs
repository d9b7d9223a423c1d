//! Stopping: the one POST that a permit allows, and asking how it went.

use super::error::{Act, AzureError};
use super::fleet::{Azure, unreadable};
use super::sending::Answer;
use super::throttle::Urgency;
use super::transport::{Ask, Gate};
use super::usage::operation;
use super::wire::OperationStatus;
use super::words::clean;
use crate::facts::WorkspaceFacts;

use crate::ports::{Clock, Fault, FaultKind, LastWord, OperationHandle, OperationState, StopInstances, StopPermit};
use crate::units::SubscriptionId;

impl<C: Clock> Azure<C> {
    /// The operation to follow: the status document when there is one, else the place, else none (fault 19).
    /// The stop was taken whatever the links say: one that leads elsewhere is only not followed.
    pub(super) fn handle(&self, answer: &Answer, subscription: &SubscriptionId) -> Option<OperationHandle> {
        let styles = [("azure-asyncoperation", false), ("location", true)];
        let (link, by_location) = styles.into_iter().find_map(|(name, style)| Some((answer.header(name)?, style)))?;
        match self.line.origin.pin(link, subscription) {
            Ok(url) => Some(OperationHandle { url: url.url().as_str().to_owned(), by_location }),
            Err(why) => {
                self.line.usage.foreign(&why);
                None
            }
        }
    }

    async fn send_stop(
        &self,
        workspace: &WorkspaceFacts,
        permit: StopPermit,
        last_word: LastWord<'_>,
    ) -> Result<Option<OperationHandle>, AzureError> {
        let id = &permit.step().instance;
        let lane = Self::lane(workspace);
        let url = self.at(id.workspace(), &["computes", id.name(), "stop"]);
        let ask = Ask::new(operation::STOP, &url, &lane, Urgency::Urgent);
        let answer = self.line.post(ask, Gate { looked_at: permit.looked_at(), last_word }).await?;
        Ok(self.handle(&answer, &lane.subscription))
    }

    async fn ask_after(
        &self,
        workspace: &WorkspaceFacts,
        handle: &OperationHandle,
    ) -> Result<OperationState, AzureError> {
        let lane = Self::lane(workspace);
        let url =
            self.line.origin.pin(&handle.url, &lane.subscription).inspect_err(|why| self.line.usage.foreign(why))?;
        let ask = Ask::new(operation::STATUS, &url, &lane, Urgency::Normal);
        if handle.by_location {
            return match self.line.get(ask).await {
                Ok(answer) if answer.status == 202 => Ok(OperationState::InProgress),
                Ok(_) => Ok(OperationState::Succeeded),
                // The final answer of this style is the operation's own: a refusal means that it failed.
                Err(AzureError::Answered { status: 400 | 409 | 412 | 422, code, message, .. }) => {
                    Ok(OperationState::Failed { code, message })
                }
                Err(error) => Err(error),
            };
        }
        let answer = self.line.get(ask).await?;
        if answer.status == 202 && answer.body.is_empty() {
            return Ok(OperationState::InProgress);
        }
        let status: OperationStatus = serde_json::from_slice(answer.json()?).map_err(|error| unreadable(&error))?;
        state(status)
    }
}

/// The document of an operation alone, for the fuzzer; none when it is none.
#[cfg(any(test, fuzzing))]
pub(super) fn read_status(body: &[u8]) -> Option<OperationState> {
    state(serde_json::from_slice(body).ok()?).ok()
}

/// Terminal words are three; anything else is still going on.
fn state(wire: OperationStatus) -> Result<OperationState, AzureError> {
    let word = wire.status.ok_or_else(|| AzureError::Unreadable("it has no status".to_owned()))?;
    let is = |name: &str| word.eq_ignore_ascii_case(name);
    if is("Succeeded") {
        return Ok(OperationState::Succeeded);
    }
    if !(is("Failed") || is("Canceled") || is("Cancelled")) {
        return Ok(OperationState::InProgress);
    }
    let error = wire.error.unwrap_or_default();
    let code = error.code.filter(|code| !code.is_empty()).unwrap_or(word);
    Ok(OperationState::Failed { code: clean(&code), message: clean(error.message.as_deref().unwrap_or_default()) })
}

impl<C: Clock> StopInstances for Azure<C> {
    async fn stop(
        &self,
        workspace: &WorkspaceFacts,
        permit: StopPermit,
        last_word: LastWord<'_>,
    ) -> Result<Option<OperationHandle>, Fault> {
        let id = permit.step().instance.clone();
        let doing = format!("stop instance {} of workspace {}", id.name(), id.workspace().name());
        if *id.workspace() != workspace.id {
            return Err(Fault::new(
                FaultKind::Refused,
                format!("{doing}: the permit is for another workspace than {}", workspace.id.name()),
            ));
        }
        self.send_stop(workspace, permit, last_word).await.map_err(|error| error.fault(Act::Stop, doing))
    }

    async fn operation(&self, workspace: &WorkspaceFacts, handle: &OperationHandle) -> Result<OperationState, Fault> {
        let found = self.ask_after(workspace, handle).await;
        found.map_err(|error| {
            error.fault(Act::Read, format!("ask after an operation in workspace {}", workspace.id.name()))
        })
    }
}

//! Starting, restarting, creating and deleting: the one request that a permit allows.

use super::allow::OperationLeave;
use super::create;
use super::error::{Act, AzureError};
use super::fleet::Azure;
use super::throttle::Urgency;
use super::transport::{Ask, Gate};
use super::usage::operation;
use crate::facts::{Verb, WorkspaceFacts};
use crate::ports::{Clock, Fault, FaultKind, LastWord, OperateInstances, OperationHandle, OperationPermit};

impl<C: Clock> Azure<C> {
    async fn send_operation(
        &self,
        workspace: &WorkspaceFacts,
        permit: OperationPermit,
        last_word: LastWord<'_>,
    ) -> Result<Option<OperationHandle>, AzureError> {
        let (verb, lane) = (permit.verb(), Self::lane(workspace));
        let name = match verb {
            Verb::Create => operation::CREATE,
            Verb::Start => operation::START,
            Verb::Restart => operation::RESTART,
            Verb::Delete => operation::DELETE,
        };
        let url = self.operation_url(verb, permit.instance());
        let body = match (verb, permit.new_instance()) {
            (Verb::Create, Some(new)) => create::body(new).to_string(),
            (Verb::Create, None) => return Err(AzureError::NotAllowed("creating what nobody described")),
            (Verb::Start | Verb::Restart | Verb::Delete, _) => String::new(),
        };
        // stops go first
        let ask = Ask::new(name, &url, &lane, Urgency::Normal).with_body(&body);
        let gate = Gate { looked_at: permit.looked_at(), last_word };
        let answer = self.line.operate(ask, gate, OperationLeave::of(&permit)).await?;
        Ok(self.handle(&answer, &lane.subscription))
    }
}

impl<C: Clock> OperateInstances for Azure<C> {
    async fn operate(
        &self,
        workspace: &WorkspaceFacts,
        permit: OperationPermit,
        last_word: LastWord<'_>,
    ) -> Result<Option<OperationHandle>, Fault> {
        let id = permit.instance().clone();
        let doing = format!("{} instance {} of workspace {}", permit.verb().label(), id.name(), id.workspace().name());
        if *id.workspace() != workspace.id {
            let words = format!("{doing}: the permit is for another workspace than {}", workspace.id.name());
            return Err(Fault::new(FaultKind::Refused, words));
        }
        self.send_operation(workspace, permit, last_word).await.map_err(|error| error.fault(Act::Stop, doing))
    }
}

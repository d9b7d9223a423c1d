//! Starting, restarting and deleting: the one request that a permit allows.

use super::allow::OperationLeave;
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
        let id = permit.instance();
        let lane = Self::lane(workspace);
        let at = |below: &[&str]| self.at(id.workspace(), below);
        let (name, url) = match permit.verb() {
            Verb::Create => return Err(AzureError::NotAllowed("creating a compute")),
            Verb::Start => (operation::START, at(&["computes", id.name(), "start"])),
            Verb::Restart => (operation::RESTART, at(&["computes", id.name(), "restart"])),
            Verb::Delete => {
                (operation::DELETE, at(&["computes", id.name()]).with("underlyingResourceAction", "Delete"))
            }
        };
        // stops go first
        let ask = Ask::new(name, &url, &lane, Urgency::Normal);
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

//! Setting the idle timer of an instance: the one POST that a timer's permit allows, and never a PUT, which would overwrite it.

use super::allow::TimerLeave;
use super::error::{Act, AzureError};
use super::fleet::Azure;
use super::throttle::Urgency;
use super::transport::{Ask, Gate};
use super::usage::operation;
use crate::facts::WorkspaceFacts;
use crate::ports::{Clock, Fault, FaultKind, LastWord, SetTimers, TimerPermit};
use crate::units::Span;

/// An idle time in Azure's words: `PT60M`.
fn iso(span: Span) -> String {
    format!("PT{}M", span.as_secs().div_ceil(60))
}

impl<C: Clock> Azure<C> {
    async fn send_timer(
        &self,
        workspace: &WorkspaceFacts,
        permit: TimerPermit,
        last_word: LastWord<'_>,
    ) -> Result<(), AzureError> {
        let id = permit.instance();
        let lane = Self::lane(workspace);
        let below = ["computes", id.name(), "updateIdleShutdownSetting"];
        let url = self.at_version(id.workspace(), &below, &self.options.timer_api_version);
        let body = format!("{{\"idleTimeBeforeShutdown\":\"{}\"}}", iso(permit.to()));
        // stops go first
        let ask = Ask::new(operation::TIMER, &url, &lane, Urgency::Normal).with_body(&body);
        let gate = Gate { looked_at: permit.looked_at(), last_word };
        self.line.set_timer(ask, gate, TimerLeave::of(&permit)).await.map(drop)
    }
}

impl<C: Clock> SetTimers for Azure<C> {
    async fn set_timer(
        &self,
        workspace: &WorkspaceFacts,
        permit: TimerPermit,
        last_word: LastWord<'_>,
    ) -> Result<(), Fault> {
        let id = permit.instance().clone();
        let doing = format!("set the idle timer of instance {} of workspace {}", id.name(), id.workspace().name());
        if *id.workspace() != workspace.id {
            let words = format!("{doing}: the permit is for another workspace than {}", workspace.id.name());
            return Err(Fault::new(FaultKind::Refused, words));
        }
        self.send_timer(workspace, permit, last_word).await.map_err(|error| error.fault(Act::Stop, doing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn idle_times_are_written_as_azure_writes_them() {
        assert_eq!(iso(Span::minutes(60)), "PT60M");
        assert_eq!(iso(Span::hours(72)), "PT4320M");
    }
}

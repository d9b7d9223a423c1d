//! What people and faces ask of a running engine: holds, acknowledgements, decisions, a sweep now.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::state::{Engine, State};
use crate::facts::{Hold, InstanceFacts, Proposal};
use crate::policy::{Forecast, Policy, forecast};
use crate::ports::{
    ApiUse, AuditLine, Control, Declined, Fault, HoldRequest, ProposalRequest, StartRequest, StopRequest, TimerRequest,
    World,
};
use crate::report::{Explanation, FleetView, HoldOffer, Reconciliation, TimersTold};
use crate::rules::{Verdict, evaluate, native, start, terms_of};
use crate::units::{InstanceId, PolicyId};

/// Why a request could not be carried out.
pub type ControlError = Declined;

impl<W: World> Control for Engine<W> {
    fn view(&self) -> Arc<FleetView> {
        self.fleet_view()
    }

    fn api_use(&self) -> ApiUse {
        self.world.api_use()
    }

    async fn hold(&self, request: HoldRequest) -> Result<Hold, Declined> {
        self.is_here(&request.instance)?;
        self.held(request).await
    }

    async fn offer(&self, instance: String) -> Result<HoldOffer, Declined> {
        self.is_here(&instance)?;
        self.offered(&instance).await
    }

    async fn offers(&self, instances: Vec<InstanceId>) -> Result<Vec<Option<HoldOffer>>, Declined> {
        self.offered_all(&instances).await
    }

    async fn stop_now(&self, request: StopRequest) -> Result<String, Declined> {
        self.is_here(&request.instance)?;
        self.stopped_now(request).await
    }

    async fn start_now(&self, request: StartRequest) -> Result<String, Declined> {
        self.is_here(&request.instance)?;
        self.started_now(request).await
    }

    async fn answer(&self, request: ProposalRequest) -> Result<Proposal, Declined> {
        self.is_here(&request.instance)?;
        self.answered(request).await
    }

    fn show(&self) {
        self.publish(self.world.now());
    }

    async fn lift(&self, hold: String, by: String) -> Result<(), Declined> {
        self.is_here(&hold)?;
        self.lifted(&hold, &by).await
    }

    async fn acknowledge(&self, policy: PolicyId, by: String) -> Result<(), Declined> {
        let _one_at_a_time = self.adopting.lock().await;
        let found = self.lock().policies.get(&policy).map(|policy| (policy.id.clone(), policy.revision.clone()));
        let (id, revision) =
            found.ok_or_else(|| Declined(format!("there is no policy `{policy}`; `lightsout status` lists them")))?;
        if !self.world.acknowledge(&id, &revision).await.map_err(declined)? {
            return Err(Declined(format!("policy `{id}` has nothing to acknowledge")));
        }
        let now = self.world.now();
        let line = AuditLine {
            at: now,
            who: by,
            what: "acknowledge".to_owned(),
            target: id.to_string(),
            why: format!("revision {revision}"),
        };
        self.world.audit(&line).await.map_err(declined)?;
        if let Some(mark) = self.lock().marks.get_mut(&id) {
            mark.acknowledged = true;
        }
        self.publish(now);
        Ok(())
    }

    async fn set_timers(&self, request: TimerRequest) -> Result<TimersTold, Declined> {
        request.instance.as_ref().map_or(Ok(()), |instance| self.is_here(instance))?;
        self.set_for(&request).await
    }

    async fn decision(&self, instance: String, at: Option<Timestamp>) -> Result<Value, Declined> {
        self.is_here(&instance)?;
        let now = self.world.now();
        let id = self.lock().find(&instance)?;
        let told = match at.filter(|at| *at < now) {
            Some(past) => self.recorded(&id, past).await?,
            None => self.explained(&id, at.unwrap_or(now))?,
        };
        serde_json::to_value(told)
            .map_err(|error| Declined(format!("the decision could not be written as JSON: {error}")))
    }

    async fn reconcile(&self) -> Result<Reconciliation, Declined> {
        self.leads_or_tells()?;
        if self.options.reconciling.is_none() {
            let words = "there is no bill to compare with; name its source in [reconcile]";
            return Err(Declined(words.to_owned()));
        }
        let told = Self::reconcile(self).await.map_err(declined)?;
        told.ok_or_else(|| Declined("no day is old enough to be compared yet".to_owned()))
    }

    fn forecasts(&self, from: Timestamp, days: u32) -> Vec<Forecast> {
        let policies = self.lock().policies.policies.clone();
        policies.iter().map(|policy| forecast(policy, from, days)).collect()
    }

    fn nudge(&self) {
        for place in self.lock().places.values_mut() {
            place.tried_at = None;
        }
        self.nudged.notify_one();
    }
}

impl<W: World> Engine<W> {
    /// The decision in force at a past instant, as the journal holds it.
    async fn recorded(&self, id: &InstanceId, at: Timestamp) -> Result<Explanation, Declined> {
        let row = self.world.decision(id, at).await.map_err(declined)?;
        let row = row.ok_or_else(|| Declined(format!("nothing is recorded of {} at {at}", id.name())))?;
        let broken = |error: serde_json::Error| {
            Declined(format!("the record of {} at {} cannot be read: {error}", id.name(), row.at))
        };
        let facts: InstanceFacts = serde_json::from_str(&row.facts).map_err(broken)?;
        let verdict: Verdict = serde_json::from_str(&row.verdict).map_err(broken)?;
        let policy = self.lock().policies.get(&verdict.under.policy).cloned();
        let same = policy.filter(|policy| policy.revision == verdict.under.revision);
        Ok(Explanation {
            zone: zone_of(same.as_ref()),
            mode: same.map(|policy| policy.mode),
            evidence: row.evidence(),
            facts: Arc::new(facts),
            verdict: Arc::new(verdict),
            history: None,
            terms: Vec::new(),
            hold: None,
            native: Vec::new(),
            start: None,
            refusals: Vec::new(),
            deletion: None,
            recorded: true,
        })
    }

    /// What would be decided at an instant on today's facts.
    fn explained(&self, id: &InstanceId, at: Timestamp) -> Result<Explanation, Declined> {
        let freeze = self.world.freeze();
        let state = self.lock();
        let policy =
            state.policy_of(id.workspace()).ok_or_else(|| Declined(format!("no policy governs {}", id.name())))?;
        let entry = state.places.get(id.workspace()).and_then(|place| place.entries.get(id));
        let entry = entry.ok_or_else(|| Declined(format!("{} is not known", id.name())))?;
        let moment = state.moment(&policy, at);
        let verdict = evaluate(&moment, &entry.facts, entry.evidence(), &entry.history, &freeze);
        let mut told = Explanation::new(entry.dated(), Arc::new(verdict), terms_of(&policy, &entry.facts));
        told.zone = zone_of(Some(&policy));
        told.mode = Some(policy.mode);
        told.history = Some(entry.history.clone());
        told.evidence = entry.evidence.clone();
        told.hold = entry.history.hold_at(at).cloned();
        told.native = native(&moment, &entry.facts, entry.evidence(), &entry.history);
        let rate = state.prices.rate(&entry.facts.size, &entry.facts.region);
        told.start = start(&moment, &entry.facts, &entry.history, rate);
        told.deletion = state.deletion_words(entry, &policy, at);
        told.refusals = entry.held_back.into_iter().collect();
        Ok(told)
    }

    pub(super) async fn note(&self, line: AuditLine) -> Result<(), Declined> {
        self.world.audit(&line).await.map_err(declined)
    }

    /// Has the instance's workspace decided anew, and shows the change at once.
    pub(super) fn changed(&self, id: &InstanceId) {
        if let Some(place) = self.lock().places.get_mut(id.workspace()) {
            place.tried_at = None;
            place.pace.press();
        }
        self.publish(self.world.now());
        self.nudged.notify_one();
    }
}

fn zone_of(policy: Option<&Arc<Policy>>) -> Option<String> {
    policy?.hours().map(|hours| hours.zone_name().to_owned())
}

impl State {
    /// An instance by its name, or its full ARM id.
    pub(super) fn find(&self, wanted: &str) -> Result<InstanceId, Declined> {
        let all = || self.places.values().flat_map(|place| place.entries.keys());
        if wanted.starts_with('/') {
            let id = InstanceId::parse(wanted).map_err(|error| Declined(error.to_string()))?;
            return all()
                .find(|known| **known == id)
                .cloned()
                .ok_or_else(|| Declined(format!("{wanted} is not known")));
        }
        let matching = self.named(wanted);
        match matching.as_slice() {
            [one] => Ok(one.clone()),
            [] => Err(Declined(format!("no instance is called `{wanted}`; `lightsout status` lists them"))),
            all => Err(several(wanted, &all.iter().map(ToString::to_string).collect::<Vec<_>>())),
        }
    }

    /// Every instance here that is called so.
    pub(super) fn named(&self, wanted: &str) -> Vec<InstanceId> {
        let all = self.places.values().flat_map(|place| place.entries.keys());
        all.filter(|id| is_named(id, wanted)).cloned().collect()
    }
}

/// Whether it is called so: by its name, behind its workspace's or alone.
pub(super) fn is_named(id: &InstanceId, wanted: &str) -> bool {
    let (workspace, name) = wanted.split_once('/').map_or((None, wanted), |(workspace, name)| (Some(workspace), name));
    id.name().eq_ignore_ascii_case(name) && workspace.is_none_or(|one| id.workspace().name().eq_ignore_ascii_case(one))
}

/// Whoever asks has to say which one.
pub(super) fn several(wanted: &str, ids: &[String]) -> Declined {
    let ids = ids.join(", ");
    Declined(format!("several instances are called `{wanted}`; say WORKSPACE/NAME or the full id: {ids}"))
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function in map_err")]
pub(super) fn declined(fault: Fault) -> Declined {
    Declined(format!("{}; {}", fault.words(), fault.kind.remedy()))
}

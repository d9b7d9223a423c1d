//! What people want of an instance reaches the replica that decides about it, whichever replica they ask.

mod answering;
mod asked;
mod beats;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::Instant;

use super::leadership::Leadership;
use super::outside::Outside;
use crate::engine::{Engine, Whose};
use crate::facts::{Hold, OperationResult, Proposal, StopResult};
use crate::policy::Forecast;
use crate::ports::{
    ApiUse, Begun, Clock, Control, Declined, HoldRequest, ProposalRequest, StartRequest, StopRequest, TimerRequest,
    Undertaking, Undertakings,
};
use crate::report::{FleetView, HoldOffer, Reconciliation, TimersTold, Unread};
use crate::store::StoreError;
use crate::units::{InstanceId, PolicyId};
pub(in crate::cli) use answering::answer_for_ever;
use asked::{Asked, Told, Undertakes};
pub(in crate::cli) use beats::pass_on_heartbeats;

/// From one look for an answer to the next.
const LOOK: Duration = Duration::from_millis(200);
/// What is not taken up by then is taken back.
const TAKEN_UP: Duration = Duration::from_secs(8);
/// What a replica answers from memory and journal.
const SOON: Duration = Duration::from_secs(12);
/// Azure is looked at first, and may ask to wait.
const ACTS: Duration = Duration::from_secs(80);
/// Bills may be asked for first, and many timers be set.
const LONG: Duration = Duration::from_secs(900);

/// The engine, and the way to those of the other replicas.
pub struct Relay<C> {
    engine: Arc<Engine<Outside<C>>>,
    /// None where nobody shares the fleet.
    way: Option<Arc<Leadership>>,
    /// Operations that another replica began for whoever asked here: who has to be told what becomes of them.
    begun: Mutex<BTreeMap<String, String>>,
}

impl<C> std::fmt::Debug for Relay<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay").field("way", &self.way).finish_non_exhaustive()
    }
}

impl<C: Clock + 'static> Relay<C> {
    /// Of an engine and, where a fleet is shared, its replica's membership.
    #[must_use]
    pub fn new(engine: Arc<Engine<Outside<C>>>, way: Option<Arc<Leadership>>) -> Arc<Self> {
        Arc::new(Self { engine, way, begun: Mutex::default() })
    }

    /// The engine of this process.
    #[must_use]
    pub const fn engine(&self) -> &Arc<Engine<Outside<C>>> {
        &self.engine
    }

    /// Who has to be asked, and the way there; none where it is this replica.
    fn elsewhere(&self, what: &Whose<'_>) -> Result<Option<(String, &Leadership)>, Declined> {
        let holder = self.engine.whose(what)?;
        Ok(holder.zip(self.way.as_deref()))
    }

    /// Asks there, and waits for the answer.
    async fn ask<T: DeserializeOwned>(
        &self,
        (holder, way): (String, &Leadership),
        asked: &Asked,
        patience: Duration,
    ) -> Result<T, Declined> {
        let lost = |error: StoreError| Declined(format!("the replica {holder} could not be asked: {error}"));
        let body = serde_json::to_string(asked).map_err(|error| Declined(error.to_string()))?;
        let (id, lease, began) = (ulid::Ulid::generate().to_string(), way.lease(), Instant::now());
        lease.ask(&id, &holder, &body).await.map_err(lost)?;
        let mut may_take_back = true;
        loop {
            tokio::time::sleep(LOOK).await;
            let answer = match lease.answer_to(&id).await {
                Ok(answer) => answer,
                // with whoever was asked its requests are gone
                Err(StoreError::Absent(_)) => {
                    let words = "is gone, and may have done it before; see what became of it before you ask again";
                    return Err(Declined(format!("the replica {holder} {words}")));
                }
                // it is asked, and will be answered: only that could not be read
                Err(_) => None,
            };
            if let Some(answer) = answer {
                let garbled = |error: serde_json::Error| {
                    Declined(format!(
                        "the answer of the replica {holder} cannot be read; is it of another version? {error}"
                    ))
                };
                let Told(told) = serde_json::from_str(&answer).map_err(garbled)?;
                return told.and_then(|value| serde_json::from_value(value).map_err(garbled));
            }
            if may_take_back && began.elapsed() > TAKEN_UP {
                may_take_back = false;
                if lease.take_back(&id).await.unwrap_or(false) {
                    let words = "did not take it up, and nothing was done; ask again in a minute";
                    return Err(Declined(format!("the replica {holder} {words}")));
                }
            }
            if began.elapsed() > patience {
                let words = "has not answered yet; see what became of it before you ask again";
                return Err(Declined(format!("the replica {holder} {words}")));
            }
        }
    }

    fn began(&self, id: &str) -> Option<String> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    fn to_whoever_began(&self, id: &str) -> Option<(String, &Leadership)> {
        self.began(id).zip(self.way.as_deref())
    }
}

impl<C: Clock + 'static> Control for Relay<C> {
    fn view(&self) -> Arc<FleetView> {
        self.engine.view()
    }

    fn api_use(&self) -> ApiUse {
        self.engine.api_use()
    }

    async fn offer(&self, instance: String) -> Result<HoldOffer, Declined> {
        match self.elsewhere(&Whose::Instance(&instance))? {
            Some(there) => self.ask(there, &Asked::Offer(instance), SOON).await,
            None => self.engine.offer(instance).await,
        }
    }

    async fn offers(&self, instances: Vec<InstanceId>) -> Result<Vec<Option<HoldOffer>>, Declined> {
        let mut offers = self.engine.offers(instances.clone()).await?;
        let mut by_holder: BTreeMap<String, Vec<InstanceId>> = BTreeMap::new();
        for id in &instances {
            if let Some((holder, _)) = self.elsewhere(&Whose::Workspace(id.workspace()))? {
                by_holder.entry(holder).or_default().push(id.clone());
            }
        }
        for (holder, ids) in by_holder {
            let Some(way) = self.way.as_deref() else { continue };
            let theirs: Vec<Option<HoldOffer>> = self.ask((holder, way), &Asked::Offers(ids), SOON).await?;
            for theirs in theirs.into_iter().flatten() {
                let at = instances.iter().position(|id| *id == theirs.instance);
                if let Some(offer) = at.and_then(|at| offers.get_mut(at)) {
                    *offer = Some(theirs);
                }
            }
        }
        Ok(offers)
    }

    async fn hold(&self, request: HoldRequest) -> Result<Hold, Declined> {
        match self.elsewhere(&Whose::Instance(&request.instance))? {
            Some(there) => self.ask(there, &Asked::Hold(request), SOON).await,
            None => self.engine.hold(request).await,
        }
    }

    async fn stop_now(&self, request: StopRequest) -> Result<String, Declined> {
        match self.elsewhere(&Whose::Instance(&request.instance))? {
            Some(there) => self.ask(there, &Asked::Stop(request), ACTS).await,
            None => self.engine.stop_now(request).await,
        }
    }

    async fn start_now(&self, request: StartRequest) -> Result<String, Declined> {
        match self.elsewhere(&Whose::Instance(&request.instance))? {
            Some(there) => self.ask(there, &Asked::Start(request), ACTS).await,
            None => self.engine.start_now(request).await,
        }
    }

    async fn answer(&self, request: ProposalRequest) -> Result<Proposal, Declined> {
        match self.elsewhere(&Whose::Instance(&request.instance))? {
            Some(there) => self.ask(there, &Asked::Answer(request), SOON).await,
            None => self.engine.answer(request).await,
        }
    }

    fn show(&self) {
        self.engine.show();
    }

    async fn lift(&self, hold: String, by: String) -> Result<(), Declined> {
        match self.elsewhere(&Whose::Instance(&hold))? {
            Some(there) => self.ask(there, &Asked::Lift { hold, by }, SOON).await,
            None => self.engine.lift(hold, by).await,
        }
    }

    async fn acknowledge(&self, policy: PolicyId, by: String) -> Result<(), Declined> {
        // it is written down for all, and each goes by it from its next sweep on
        self.engine.acknowledge(policy, by).await
    }

    async fn decision(&self, instance: String, at: Option<Timestamp>) -> Result<Value, Declined> {
        match self.elsewhere(&Whose::Instance(&instance))? {
            Some(there) => self.ask(there, &Asked::Decision { instance, at }, SOON).await,
            None => self.engine.decision(instance, at).await,
        }
    }

    async fn set_timers(&self, request: TimerRequest) -> Result<TimersTold, Declined> {
        let of_one = request.instance.clone();
        if let Some(instance) = &of_one {
            return match self.elsewhere(&Whose::Instance(instance))? {
                Some(there) => self.ask(there, &Asked::Timers(request), LONG).await,
                None => self.engine.set_timers(request).await,
            };
        }
        let mut all = self.engine.set_timers(request.clone()).await?;
        for (holder, way) in self.engine.others().into_iter().filter_map(|holder| Some((holder, self.way.as_deref()?)))
        {
            let theirs: TimersTold = self.ask((holder, way), &Asked::Timers(request.clone()), LONG).await?;
            all.lines.extend(theirs.lines);
            all.left = all.left.saturating_add(theirs.left);
        }
        all.unread = Unread::all(&self.engine.fleet_view());
        Ok(all)
    }

    async fn reconcile(&self) -> Result<Reconciliation, Declined> {
        match self.elsewhere(&Whose::Fleet)? {
            Some(there) => self.ask(there, &Asked::Reconcile, LONG).await,
            None => Control::reconcile(&*self.engine).await,
        }
    }

    fn forecasts(&self, from: Timestamp, days: u32) -> Vec<Forecast> {
        self.engine.forecasts(from, days)
    }

    fn nudge(&self) {
        self.engine.nudge();
        let Some(way) = &self.way else { return };
        for holder in self.engine.others() {
            let way = way.clone();
            tokio::spawn(async move {
                let Ok(body) = serde_json::to_string(&Asked::Nudge) else { return };
                let asked = way.lease().ask(&ulid::Ulid::generate().to_string(), &holder, &body).await;
                if let Err(error) = asked {
                    tracing::warn!("the replica {holder} could not be asked to sweep: {error}");
                }
            });
        }
    }
}

impl<C: Clock + 'static> Undertakings for Relay<C> {
    async fn begin(&self, wish: Undertaking) -> Result<Begun, Declined> {
        let Some(there) = self.elsewhere(&Whose::Workspace(wish.instance.workspace()))? else {
            return self.engine.begin(wish).await;
        };
        let holder = there.0.clone();
        let begun: Begun = self.ask(there, &Asked::Undertakes(Undertakes::Begin(wish)), ACTS).await?;
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).insert(begun.id.clone(), holder);
        Ok(begun)
    }

    async fn has_left(&self, id: String) -> Result<(), Declined> {
        match self.to_whoever_began(&id) {
            Some(there) => self.ask(there, &Asked::Undertakes(Undertakes::HasLeft(id)), SOON).await,
            None => self.engine.has_left(id).await,
        }
    }

    async fn has_ended(&self, id: String, result: OperationResult) -> Result<(), Declined> {
        let Some(there) = self.to_whoever_began(&id) else { return self.engine.has_ended(id, result).await };
        self.ask::<()>(there, &Asked::Undertakes(Undertakes::HasEnded { id: id.clone(), result }), SOON).await?;
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        Ok(())
    }

    async fn settle_stop(&self, instance: InstanceId) -> Result<Option<StopResult>, Declined> {
        match self.elsewhere(&Whose::Workspace(instance.workspace()))? {
            Some(there) => self.ask(there, &Asked::Undertakes(Undertakes::SettleStop(instance)), ACTS).await,
            None => self.engine.settle_stop(instance).await,
        }
    }
}

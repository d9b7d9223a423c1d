//! What people and faces ask of a running engine: holds, acknowledgements, decisions, a sweep now.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::state::{Engine, State};
use crate::facts::{Hold, InstanceFacts};
use crate::policy::{HoldTerms, Policy};
use crate::ports::{ApiUse, AuditLine, Control, Declined, Fault, HoldRequest, TimerRequest, World};
use crate::report::{Explanation, FleetView, Reconciliation, TimersTold};
use crate::rules::{Verdict, evaluate, native, terms_of};
use crate::units::{InstanceId, PolicyId, Span};

/// Why a request could not be carried out.
pub type ControlError = Declined;

impl<W: World> Control for Engine<W> {
    fn view(&self) -> Arc<FleetView> {
        self.last_view()
    }

    fn api_use(&self) -> ApiUse {
        self.world.api_use()
    }

    async fn hold(&self, request: HoldRequest) -> Result<Hold, Declined> {
        let now = self.world.now();
        let (id, created, terms) = self.lock().holdable(&request.instance)?;
        let length = Span::seconds(request.seconds);
        if request.seconds == 0 || length > terms.max {
            return Err(Declined(format!("a hold of {} lasts at most {}; asked for {length}", id.name(), terms.max)));
        }
        let week = now.checked_sub(SignedDuration::from_hours(24 * 7)).unwrap_or(Timestamp::MIN);
        let made = self.world.holds_since(&id, week).await.map_err(declined)?;
        if made >= terms.per_week {
            return Err(Declined(format!(
                "{} was held {made} times in seven days, the policy allows {}",
                id.name(),
                terms.per_week
            )));
        }
        let until = now
            .checked_add(length.duration())
            .map_err(|_| Declined("a hold that long cannot be reckoned with".to_owned()))?;
        let until = Timestamp::from_second(until.as_second()).unwrap_or(until); // people read it
        let hold = Hold {
            id: hold_id(now),
            instance: id.clone(),
            created,
            until,
            by: request.by,
            reason: request.reason,
            made_at: now,
        };
        self.world.hold(&hold).await.map_err(declined)?;
        self.note(AuditLine {
            at: now,
            who: hold.by.clone(),
            what: "hold".to_owned(),
            target: id.to_string(),
            why: format!("until {until}: {}", hold.reason),
        })
        .await?;
        {
            let mut state = self.lock();
            match state.history_mut(&id) {
                Some(history) => history.holds.push(hold.clone()),
                // gone meanwhile: it waits for its return
                None => state.waiting.push(hold.clone()),
            }
        }
        self.changed(&id);
        Ok(hold)
    }

    async fn lift(&self, hold: String, by: String) -> Result<(), Declined> {
        let now = self.world.now();
        let holds = self.lock().holds_named(&hold, now)?;
        for found in &holds {
            // one that ended meanwhile needs no lifting
            if !self.world.lift(&found.id, &by, now).await.map_err(declined)? {
                continue;
            }
            let (who, why) = (by.clone(), format!("hold {} until {}", found.id, found.until));
            self.note(AuditLine { at: now, who, what: "lift".to_owned(), target: found.instance.to_string(), why })
                .await?;
            if let Some(history) = self.lock().history_mut(&found.instance) {
                history.holds.iter_mut().filter(|one| one.id == found.id).for_each(|one| one.until = now);
            }
        }
        holds.iter().for_each(|found| self.changed(&found.instance));
        Ok(())
    }

    async fn acknowledge(&self, policy: PolicyId, by: String) -> Result<(), Declined> {
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
        self.set_for(&request).await
    }

    async fn decision(&self, instance: String, at: Option<Timestamp>) -> Result<Value, Declined> {
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
        if self.options.reconciling.is_none() {
            let words = "there is no bill to compare with; name its source in [reconcile]";
            return Err(Declined(words.to_owned()));
        }
        let told = Self::reconcile(self).await.map_err(declined)?;
        told.ok_or_else(|| Declined("no day is old enough to be compared yet".to_owned()))
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
            refusals: Vec::new(),
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
        told.refusals = entry.held_back.into_iter().collect();
        Ok(told)
    }

    async fn note(&self, line: AuditLine) -> Result<(), Declined> {
        self.world.audit(&line).await.map_err(declined)
    }

    /// Has the instance's workspace decided anew, and shows the change at once.
    pub(super) fn changed(&self, id: &InstanceId) {
        if let Some(place) = self.lock().places.get_mut(id.workspace()) {
            place.tried_at = None;
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
        let (workspace, name) =
            wanted.split_once('/').map_or((None, wanted), |(workspace, name)| (Some(workspace), name));
        let fits = |id: &&InstanceId| {
            id.name().eq_ignore_ascii_case(name)
                && workspace.is_none_or(|one| id.workspace().name().eq_ignore_ascii_case(one))
        };
        let matching: Vec<&InstanceId> = all().filter(fits).collect();
        match matching.as_slice() {
            [one] => Ok((*one).clone()),
            [] => Err(Declined(format!("no instance is called `{wanted}`; `lightsout status` lists them"))),
            several => {
                let ids: Vec<String> = several.iter().map(ToString::to_string).collect();
                Err(Declined(format!(
                    "several instances are called `{wanted}`; say WORKSPACE/NAME or the full id: {}",
                    ids.join(", ")
                )))
            }
        }
    }

    fn holdable(&self, wanted: &str) -> Result<(InstanceId, crate::facts::Created, HoldTerms), Declined> {
        let id = self.find(wanted)?;
        let entry = self.places.get(id.workspace()).and_then(|place| place.entries.get(&id));
        let entry = entry.ok_or_else(|| Declined(format!("`{wanted}` is not known")))?;
        let policy = self
            .policy_of(id.workspace())
            .ok_or_else(|| Declined(format!("no policy governs {}, so nothing stops it", id.name())))?;
        let terms = terms_of(&policy, &entry.facts).hold;
        Ok((id, entry.facts.created, terms))
    }

    /// The hold of that id, or every hold in force on the instance of that name.
    fn holds_named(&self, wanted: &str, now: Timestamp) -> Result<Vec<Hold>, Declined> {
        let entries = || self.places.values().flat_map(|place| place.entries.values());
        if let Some(hold) =
            entries().flat_map(|entry| &entry.history.holds).find(|hold| hold.id == wanted && now < hold.until)
        {
            return Ok(vec![hold.clone()]);
        }
        let id = self.find(wanted)?;
        let entry = entries().find(|entry| entry.facts.id == id);
        let holds: Vec<Hold> =
            entry.into_iter().flat_map(|entry| &entry.history.holds).filter(|hold| now < hold.until).cloned().collect();
        if holds.is_empty() { Err(Declined(format!("{} is not held", id.name()))) } else { Ok(holds) }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function in map_err")]
fn declined(fault: Fault) -> Declined {
    Declined(format!("{}; {}", fault.words(), fault.kind.remedy()))
}

fn hold_id(at: Timestamp) -> String {
    let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
    ulid::Ulid::from_parts(millis, fastrand::u128(..)).to_string().to_ascii_lowercase()
}

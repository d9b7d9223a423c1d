//! What people and faces ask of a running engine: holds, acknowledgements, decisions, a sweep now.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::state::{Engine, State};
use crate::facts::Hold;
use crate::policy::HoldTerms;
use crate::ports::{ApiUse, AuditLine, Control, Declined, Fault, HoldRequest, World};
use crate::report::FleetView;
use crate::rules::{Moment, evaluate, terms_of};
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
            return Err(Declined(format!(
                "a hold of {} lasts at most {}; asked for {length}",
                id.name(),
                terms.max
            )));
        }
        let week = now
            .checked_sub(SignedDuration::from_hours(24 * 7))
            .unwrap_or(Timestamp::MIN);
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
        if let Some(history) = self.lock().history_mut(&id) {
            history.holds.push(hold.clone());
        }
        self.changed(&id);
        Ok(hold)
    }

    async fn lift(&self, hold: String, by: String) -> Result<(), Declined> {
        let now = self.world.now();
        let found = self.lock().hold_named(&hold, now)?;
        if !self
            .world
            .lift(&found.id, &by, now)
            .await
            .map_err(declined)?
        {
            return Err(Declined(format!(
                "hold {} is not in force any more",
                found.id
            )));
        }
        let why = format!("hold until {}", found.until);
        self.note(AuditLine {
            at: now,
            who: by,
            what: "lift".to_owned(),
            target: found.instance.to_string(),
            why,
        })
        .await?;
        if let Some(history) = self.lock().history_mut(&found.instance) {
            history
                .holds
                .iter_mut()
                .filter(|one| one.id == found.id)
                .for_each(|one| one.until = now);
        }
        self.changed(&found.instance);
        Ok(())
    }

    async fn acknowledge(&self, policy: PolicyId, by: String) -> Result<(), Declined> {
        let found = self
            .lock()
            .policies
            .get(&policy)
            .map(|policy| (policy.id.clone(), policy.revision.clone()));
        let (id, revision) = found.ok_or_else(|| {
            Declined(format!(
                "there is no policy `{policy}`; `lightsout status` lists them"
            ))
        })?;
        if !self
            .world
            .acknowledge(&id, &revision)
            .await
            .map_err(declined)?
        {
            return Err(Declined(format!(
                "policy `{id}` has nothing to acknowledge"
            )));
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

    async fn decision(&self, instance: String, at: Timestamp) -> Result<Value, Declined> {
        let now = self.world.now();
        let id = self.lock().find(&instance)?;
        if at < now {
            let row = self.world.decision(&id, at).await.map_err(declined)?;
            let row = row
                .ok_or_else(|| Declined(format!("nothing is recorded of {} at {at}", id.name())))?;
            let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap_or(Value::Null);
            return Ok(
                json!({ "recorded_at": row.at, "verdict": parse(&row.verdict), "facts": parse(&row.facts) }),
            );
        }
        let freeze = self.world.freeze();
        let mut state = self.lock();
        let policy = state
            .policy_of(id.workspace())
            .ok_or_else(|| Declined(format!("no policy governs {}", id.name())))?;
        let history = state.history_mut(&id).cloned().unwrap_or_default();
        let entry = state
            .places
            .get(id.workspace())
            .and_then(|place| place.entries.get(&id));
        let facts = entry
            .map(|entry| entry.facts.clone())
            .ok_or_else(|| Declined(format!("{} is not known", id.name())))?;
        let verdict = evaluate(&Moment::new(&policy, at), &facts, &history, &freeze);
        let terms = terms_of(&policy, &facts);
        let zone = policy.hours().map(|hours| hours.zone_name().to_owned());
        let origins: std::collections::BTreeMap<&str, String> = terms
            .origins
            .iter()
            .map(|(key, origin)| (*key, origin.to_string()))
            .collect();
        let refusals: Vec<&str> = state
            .last
            .refused
            .iter()
            .filter(|(step, _)| step.instance == id)
            .map(|(_, refusal)| refusal.words())
            .collect();
        Ok(json!({
            "verdict": verdict, "facts": &*facts, "history": history, "origins": origins, "zone": zone,
            "policy": { "name": policy.id, "file": policy.file, "revision": policy.revision, "mode": policy.mode },
            "refusals": refusals,
        }))
    }

    fn nudge(&self) {
        for place in self.lock().places.values_mut() {
            place.tried_at = None;
        }
        self.nudged.notify_one();
    }
}

impl<W: World> Engine<W> {
    async fn note(&self, line: AuditLine) -> Result<(), Declined> {
        self.world.audit(&line).await.map_err(declined)
    }

    /// Has the instance's workspace decided anew, and shows the change at once.
    fn changed(&self, id: &InstanceId) {
        if let Some(place) = self.lock().places.get_mut(id.workspace()) {
            place.tried_at = None;
        }
        self.publish(self.world.now());
        self.nudged.notify_one();
    }
}

impl State {
    /// An instance by its name, or its full ARM id.
    fn find(&self, wanted: &str) -> Result<InstanceId, Declined> {
        let all = || self.places.values().flat_map(|place| place.entries.keys());
        if wanted.starts_with('/') {
            let id = InstanceId::parse(wanted).map_err(|error| Declined(error.to_string()))?;
            return all()
                .find(|known| **known == id)
                .cloned()
                .ok_or_else(|| Declined(format!("{wanted} is not known")));
        }
        let matching: Vec<&InstanceId> = all()
            .filter(|id| id.name().eq_ignore_ascii_case(wanted))
            .collect();
        match matching.as_slice() {
            [one] => Ok((*one).clone()),
            [] => Err(Declined(format!(
                "no instance is called `{wanted}`; `lightsout status` lists them"
            ))),
            several => {
                let ids: Vec<String> = several.iter().map(ToString::to_string).collect();
                Err(Declined(format!(
                    "several instances are called `{wanted}`; give the full id: {}",
                    ids.join(", ")
                )))
            }
        }
    }

    fn holdable(
        &self,
        wanted: &str,
    ) -> Result<(InstanceId, crate::facts::Created, HoldTerms), Declined> {
        let id = self.find(wanted)?;
        let entry = self
            .places
            .get(id.workspace())
            .and_then(|place| place.entries.get(&id));
        let entry = entry.ok_or_else(|| Declined(format!("`{wanted}` is not known")))?;
        let policy = self.policy_of(id.workspace()).ok_or_else(|| {
            Declined(format!(
                "no policy governs {}, so nothing stops it",
                id.name()
            ))
        })?;
        let terms = terms_of(&policy, &entry.facts).hold;
        Ok((id, entry.facts.created, terms))
    }

    fn hold_named(&self, wanted: &str, now: Timestamp) -> Result<Hold, Declined> {
        let entries = || {
            self.places
                .values()
                .flat_map(|place| place.entries.values())
        };
        if let Some(hold) = entries()
            .flat_map(|entry| &entry.history.holds)
            .find(|hold| hold.id == wanted && now < hold.until)
        {
            return Ok(hold.clone());
        }
        let id = self.find(wanted)?;
        let held = entries()
            .find(|entry| entry.facts.id == id)
            .and_then(|entry| entry.history.hold_at(now));
        held.cloned()
            .ok_or_else(|| Declined(format!("{} is not held", id.name())))
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "used as a function in map_err"
)]
fn declined(fault: Fault) -> Declined {
    Declined(format!("{}; {}", fault.words(), fault.kind.remedy()))
}

fn hold_id(at: Timestamp) -> String {
    let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
    ulid::Ulid::from_parts(millis, fastrand::u128(..))
        .to_string()
        .to_ascii_lowercase()
}

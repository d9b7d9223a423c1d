//! Stopping an instance now, since a person wants it: the same look, intent, last word and verification as every stop.

use std::sync::Arc;

use super::act::{Acted, Look};
use super::control::declined;
use super::log;
use super::state::Engine;
use crate::facts::{PowerState, Source, StopKey};
use crate::guard::{Refusal, Wanted, held, on_request};
use crate::plan::{Expected, Step};
use crate::ports::{AuditLine, Declined, StopRequest, SweepRecord, World};
use crate::report::{Outcome, words};
use crate::rules::Ground;

impl<W: World> Engine<W> {
    /// Stops it, or says why not. What it avoids is nobody's saving of ours: a person stopped it (C9).
    pub(super) async fn stopped_now(&self, request: StopRequest) -> Result<String, Declined> {
        let id = self.lock().find(&request.instance)?;
        let name = id.name().to_owned();
        let refused = |(refusal, why): (Refusal, String)| {
            // what the look found says it all
            let found = refusal == Refusal::NoLongerDue;
            let words = if found { why } else { format!("{} ({why})", refusal.words()) };
            Declined(format!("{name} was not stopped: {words}"))
        };
        self.stop_settled_before(&id).await?;
        let mut acted = Acted::default();
        let look = self.look(&id, &mut acted).await.map_err(refused)?;
        held(&look.history, look.now).map_err(refused)?;
        if request.life.is_some_and(|life| !life.may_be(look.fresh.created)) {
            return Err(Declined(format!("{name} was deleted and made anew since; this is another one")));
        }
        if look.verdict.findings.iter().any(|finding| finding.ground == Ground::Exempt) {
            let words = "it is exempt by its tag or its policy, which Lightsout never goes against; stop it in Azure";
            return Err(Declined(format!("{name} was not stopped: {words}")));
        }
        if look.history.open.is_some() {
            return Err(Declined(format!("{name} is being stopped already")));
        }
        let wanted = Wanted {
            step: step_of(&look),
            mode: look.policy.mode,
            fresh: &look.fresh,
            in_use: use_of(&look).filter(|_| !request.even_if_in_use),
            freeze: &look.freeze,
            now: look.now,
        };
        let permit = on_request(wanted).map_err(refused)?;
        let line = AuditLine {
            at: look.now,
            who: request.by,
            what: "stop_now".to_owned(),
            target: id.to_string(),
            why: request.reason,
        };
        self.world.audit(&line).await.map_err(declined)?;
        let outcome = self.send(permit, &look.workspace, &look.fresh, &mut acted).await;
        self.write_down(acted).await;
        self.changed(&id);
        match outcome {
            Outcome::Accepted => Ok(format!("Azure was asked to stop {name}; it is looked at until it is off")),
            Outcome::Unclear { words } => Ok(format!("{name} may be being stopped: {words}")),
            Outcome::AlreadyStopped => Ok(format!("{name} is off already")),
            Outcome::Dropped { refusal, words } => Err(refused((refusal, words))),
            Outcome::Failed { words, .. } => Err(Declined(format!("{name} could not be stopped: {words}"))),
        }
    }
}

impl<W: World> Engine<W> {
    /// What was seen on the way, and what there is to tell of it; with the next sweep's record where it cannot be written now.
    pub(super) async fn write_down(&self, acted: Acted) {
        let record = SweepRecord {
            at: Some(self.world.now()),
            accounts: self.accounts_of(&acted.sightings),
            sightings: acted.sightings,
            messages: self.fanned(acted.messages),
            ..SweepRecord::default()
        };
        if record.sightings.is_empty() && record.messages.is_empty() {
            return;
        }
        if let Err(fault) = self.world.record(&record).await {
            log::fault(&fault);
            self.keep_for_later(record);
        }
    }
}

fn step_of(look: &Look) -> Step {
    let (fresh, policy) = (&look.fresh, &look.policy);
    Step {
        instance: fresh.id.clone(),
        created: fresh.created,
        policy: policy.id.clone(),
        revision: policy.revision.clone(),
        ground: Ground::Asked,
        key: StopKey(Arc::from(format!("asked/{}/{}", policy.id.as_str().to_ascii_lowercase(), look.now))),
        due_at: look.now,
        stop_at: look.now,
        expected: Expected::of(fresh),
        observed_at: fresh.observed_at,
        size: fresh.size.clone(),
        counterfactual: None,
    }
}

/// Who uses it, as far as anybody tells.
fn use_of(look: &Look) -> Option<String> {
    if look.fresh.state == PowerState::JobRunning {
        return Some(Source::Job.words().to_owned());
    }
    look.evidence.busy().next().map(|track| words::clean(&track.words))
}

//! Holds to stay off: who is away, or done with a machine for now, has nothing start it when its hours begin.
//!
//! They cost nothing and keep nothing on, so that the policy's caps, which are for holds that do, do not count them.

use jiff::Timestamp;

use super::holds::hold_id;
use super::state::{Engine, State};
use crate::facts::{Hold, InstanceFacts};
use crate::ports::{Declined, HoldRequest, World};
use crate::units::Span;

/// The longest: who is away for longer asks again.
const LONGEST: Span = Span::hours(24 * 92);

impl<W: World> Engine<W> {
    /// Makes one. The caller sees to it that holds are made one after the other.
    pub(super) async fn held_off(&self, request: HoldRequest) -> Result<Hold, Declined> {
        let now = self.world.now();
        let facts = self.lock().startable(&request.instance)?;
        let (name, length) = (facts.id.name(), Span::seconds(request.seconds));
        if request.seconds == 0 || length > LONGEST {
            return Err(Declined(format!("{name} is held off for {LONGEST} at most; asked for {length}")));
        }
        if request.life.is_some_and(|life| !life.may_be(facts.created)) {
            return Err(Declined(format!("{name} was deleted and made anew since; this is another one")));
        }
        let until = now
            .checked_add(length.duration())
            .map_err(|_| Declined("a hold that long cannot be reckoned with".to_owned()))?;
        let until = Timestamp::from_second(until.as_second()).unwrap_or(until); // people read it
        let payer = facts.owner.name().map(str::to_owned).unwrap_or_else(|| facts.id.to_string()).to_lowercase();
        let hold = Hold {
            id: hold_id(now),
            instance: facts.id.clone(),
            created: facts.created,
            until,
            by: request.by,
            reason: request.reason,
            made_at: now,
            price: None,
            payer: payer.into(),
            link: request.link,
            off: true,
        };
        self.put(hold, "to stay off").await
    }
}

impl State {
    /// An instance that a policy may start, as last seen; others need no hold to stay off.
    fn startable(&self, wanted: &str) -> Result<std::sync::Arc<InstanceFacts>, Declined> {
        let id = self.find(wanted)?;
        let entry = self.places.get(id.workspace()).and_then(|place| place.entries.get(&id));
        let entry = entry.ok_or_else(|| Declined(format!("{} is not known", id.name())))?;
        let starts = self.policy_of(id.workspace()).is_some_and(|policy| policy.start.is_some());
        let facts = entry.facts.clone();
        starts
            .then_some(facts)
            .ok_or_else(|| Declined(format!("no policy starts {}, so it stays off anyway", id.name())))
    }
}

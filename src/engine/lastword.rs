//! The last word before a stop leaves: freeze switch, policy and holds as they are at that moment (G12).

use super::state::Engine;
use crate::guard::{Refusal, held};
use crate::plan::{StartStep, Step};
use crate::ports::World;

impl<W: World> Engine<W> {
    /// Whether a stop may still leave; if not, why. Asked after every wait, so that what people decide meanwhile counts.
    pub(super) fn last_word(&self, step: &Step) -> Result<(), (Refusal, String)> {
        if let Some(why) = self.world.freeze().why() {
            return Err((Refusal::Frozen, why.to_owned()));
        }
        let now = self.world.now();
        let mut state = self.lock();
        let policy = state.policy_of(step.instance.workspace());
        if !policy.is_some_and(|policy| policy.id == step.policy && policy.revision == step.revision) {
            return Err((Refusal::PolicyChanged, "the policy changed since the plan was made".to_owned()));
        }
        let history = state.history_mut(&step.instance);
        let history = history.ok_or_else(|| (Refusal::NoLongerDue, "it is gone".to_owned()))?;
        held(history, now)
    }

    /// Whether a start may still leave; if not, why.
    pub(super) fn last_word_on_start(&self, step: &StartStep) -> Result<(), (Refusal, String)> {
        if let Some(why) = self.world.freeze().why() {
            return Err((Refusal::Frozen, why.to_owned()));
        }
        let now = self.world.now();
        if now > step.let_go_at {
            return Err((Refusal::NoLongerDue, format!("its hours began at {}, too long ago", step.edge_at)));
        }
        let mut state = self.lock();
        let policy = state.policy_of(step.instance.workspace());
        if !policy.is_some_and(|policy| policy.id == step.policy && policy.revision == step.revision) {
            return Err((Refusal::PolicyChanged, "the policy changed since the plan was made".to_owned()));
        }
        let history = state.history_mut(&step.instance);
        let history = history.ok_or_else(|| (Refusal::NoLongerDue, "it is gone".to_owned()))?;
        history.held_off_at(now).map_or(Ok(()), |hold| {
            Err((Refusal::NoLongerDue, format!("it is to stay off until {}, as {} wants it", hold.until, hold.by)))
        })
    }
}

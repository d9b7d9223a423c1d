//! Replicas beside this one: what they show of their parts of the fleet, and who decides about what is not decided about here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::control::{is_named, several};
use super::proposals::operation_key;
use super::state::Engine;
use crate::facts::{OperationResult, SHARDS, Shard, Share, UNSENT, Verb};
use crate::ports::{Arrival, Declined, Fault, OperationRow, World};
use crate::report::{FaultLine, FleetView, SweepReport};
use crate::units::{InstanceId, WorkspaceId};

/// What somebody wants something of.
#[derive(Debug, Clone, Copy)]
pub enum Whose<'a> {
    /// Of what there is once in a fleet.
    Fleet,
    /// Of a workspace.
    Workspace(&'a WorkspaceId),
    /// Of an instance, by the name or id as a person wrote it, or by the id of its hold.
    Instance(&'a str),
}

/// What is known of the others.
#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    holders: BTreeMap<Shard, String>,
    views: BTreeMap<String, Arc<FleetView>>,
    /// Their parts and the own one, as last put together; none while there is nothing to put together.
    fleet: Option<Arc<FleetView>>,
}

impl<W: World> Engine<W> {
    /// Takes over what other replicas show, and who has which shard. Views of those who have none any more are forgotten.
    pub fn hear_elsewhere(&self, holders: BTreeMap<Shard, String>, views: Vec<(String, FleetView)>) {
        {
            let mut elsewhere = self.elsewhere.write().unwrap_or_else(PoisonError::into_inner);
            let before = elsewhere.views.len();
            elsewhere.views.retain(|holder, _| holders.values().any(|one| one == holder));
            elsewhere.holders = holders;
            if views.is_empty() && elsewhere.views.len() == before {
                return;
            }
            elsewhere.views.extend(views.into_iter().map(|(holder, view)| (holder, Arc::new(view))));
        }
        self.show_together();
    }

    /// The whole fleet, as every face shows it.
    pub fn fleet_view(&self) -> Arc<FleetView> {
        let together = self.elsewhere.read().unwrap_or_else(PoisonError::into_inner).fleet.clone();
        together.unwrap_or_else(|| self.last_view())
    }

    /// Puts the own part and the others' together.
    pub(super) fn show_together(&self) {
        let mut elsewhere = self.elsewhere.write().unwrap_or_else(PoisonError::into_inner);
        let own = self.last_view();
        let is_whole = own.part.shards >= SHARDS;
        let fleet = (!is_whole).then(|| own.together(elsewhere.views.values().map(|view| &**view)));
        elsewhere.fleet = fleet.map(Arc::new);
    }

    /// What other replicas show.
    pub(super) fn others_show(&self) -> Vec<Arc<FleetView>> {
        self.elsewhere.read().unwrap_or_else(PoisonError::into_inner).views.values().cloned().collect()
    }

    /// The part of the fleet that is decided about here.
    pub fn share(&self) -> Share {
        self.lock().share.clone()
    }

    /// True where what is done once for the fleet is done here.
    pub(super) fn leads(&self) -> bool {
        self.lock().share.leads()
    }

    /// Which other replica has to be asked; none where it is this one.
    ///
    /// # Errors
    /// While it is nobody's, and where several are called so.
    pub fn whose(&self, what: &Whose<'_>) -> Result<Option<String>, Declined> {
        let shard = match what {
            Whose::Fleet => Some(Shard::LEAD),
            Whose::Workspace(workspace) => Some(Shard::of(workspace)),
            Whose::Instance(wanted) => self.found_elsewhere(wanted)?.map(|workspace| Shard::of(&workspace)),
        };
        let Some(shard) = shard.filter(|shard| !self.lock().share.shards().contains(shard)) else { return Ok(None) };
        let elsewhere = self.elsewhere.read().unwrap_or_else(PoisonError::into_inner);
        let holder = elsewhere.holders.get(&shard).cloned();
        let words = "it is being handed from one replica to another; ask again in a minute";
        holder.map(Some).ok_or_else(|| Declined(words.to_owned()))
    }

    /// Who decides about anything beside this replica.
    pub fn others(&self) -> BTreeSet<String> {
        let share = self.share();
        let elsewhere = self.elsewhere.read().unwrap_or_else(PoisonError::into_inner);
        let others = elsewhere.holders.iter().filter(|(shard, _)| !share.shards().contains(shard));
        others.map(|(_, holder)| holder.clone()).collect()
    }

    fn is_ours(&self, what: &Whose<'_>) -> Result<(), Declined> {
        self.whose(what)?
            .map_or(Ok(()), |holder| Err(Declined(format!("the replica {holder} decides about it; ask there"))))
    }

    /// Refuses what only whoever leads can do.
    pub(super) fn leads_or_tells(&self) -> Result<(), Declined> {
        self.is_ours(&Whose::Fleet)
    }

    /// Refuses what only another replica can do or tell: about an instance of its part, by the name or id as a person wrote it, or
    /// about a hold, by its id.
    pub(super) fn is_here(&self, instance: &str) -> Result<(), Declined> {
        self.is_ours(&Whose::Instance(instance))
    }

    /// Refuses what only whoever decides about a workspace can do.
    pub(super) fn has(&self, workspace: &WorkspaceId) -> Result<(), Declined> {
        self.is_ours(&Whose::Workspace(workspace))
    }

    /// The workspace of the one instance that is meant, where another replica shows it; none where it is here, or nowhere: then it
    /// is said here why.
    fn found_elsewhere(&self, wanted: &str) -> Result<Option<WorkspaceId>, Declined> {
        if wanted.starts_with('/') {
            let id = InstanceId::parse(wanted).map_err(|error| Declined(error.to_string()))?;
            return Ok(Some(id.workspace().clone()));
        }
        let views = self.others_show();
        let rooms = views.iter().flat_map(|view| view.workspaces.values());
        let all = rooms.flat_map(|room| room.instances.iter().map(|one| (&one.facts.id, &one.holds)));
        let mut meant: BTreeSet<InstanceId> = self.lock().named(wanted).into_iter().collect();
        let here = !meant.is_empty();
        meant.extend(
            all.filter(|(id, holds)| is_named(id, wanted) || holds.iter().any(|one| *one.id == *wanted))
                .map(|(id, _)| id.clone()),
        );
        let mut meant = meant.into_iter();
        match (meant.next(), meant.next()) {
            (Some(one), None) => Ok(Some(one.workspace().clone()).filter(|_| !here)),
            (None, _) => Ok(None),
            (Some(one), Some(another)) => {
                let ids: Vec<String> = [one, another].into_iter().chain(meant).map(|id| id.to_string()).collect();
                Err(several(wanted, &ids))
            }
        }
    }
}

/// What is told twice is known by then: clocks of replicas may be so far apart, and a message be written down so late.
const TWICE: SignedDuration = SignedDuration::from_mins(2);
/// What arrived longer ago announced what is over.
const BEHIND: SignedDuration = SignedDuration::from_hours(48);
/// It is asked no more often.
const PAUSE: SignedDuration = SignedDuration::from_secs(5);
/// Deletions of the last day count.
const DAY: SignedDuration = SignedDuration::from_hours(24);

impl<W: World> Engine<W> {
    /// Takes in what others did on behalf of this replica: messages that arrived, policies that were acknowledged.
    pub(super) async fn catch_up(&self, now: Timestamp, report: &mut SweepReport) {
        let Some(since) = self.lock().heard_until else { return };
        // sweeps that follow at once need not ask each time
        if since <= now && now.duration_since(since) < PAUSE {
            return;
        }
        if let Err(fault) = self.catch_up_since(since, now).await {
            report.faults.push(FaultLine { workspace: None, label: fault.kind.label(), words: fault.words() });
        }
    }

    async fn catch_up_since(&self, since: Timestamp, now: Timestamp) -> Result<(), Fault> {
        let from = before(since.max(before(now, BEHIND)), TWICE);
        for Arrival { message, at } in self.world.arrived(from).await? {
            self.note_delivery(&message).await?;
            self.remember_delivery(&message, at);
        }
        let marks = self.world.policy_marks().await?;
        let mut state = self.lock();
        for (policy, mark) in marks {
            if let Some(known) = state.marks.get_mut(&policy).filter(|known| known.revision == mark.revision) {
                *known = mark;
            }
        }
        state.heard_until = Some(now);
        Ok(())
    }

    /// Counts what others deleted in the last day of that of which the fleet deletes so many, right before another is: of two that do
    /// so at the same moment each may miss the other.
    pub(super) async fn count_deleted_elsewhere(&self, now: Timestamp) -> Result<(), Fault> {
        if self.lock().heard_until.is_none() {
            return Ok(());
        }
        let rows = self.world.operations(before(now, DAY)).await?;
        let shown = self.others_show();
        let proposals = || shown.iter().flat_map(|view| view.proposals.iter());
        let policy_of = |key: &str| {
            let its = proposals().find(|one| *key == *operation_key(&one.id));
            its.map(|one| one.policy.clone())
        };
        let counts = |row: &OperationRow| {
            let unsent = matches!(&row.ended, Some((_, OperationResult::Dropped(why))) if why != UNSENT);
            row.intent.verb == Verb::Delete && row.intent.key.starts_with("stopped/") && !unsent
        };
        let mut state = self.lock();
        let elsewhere = rows.into_iter().filter(|row| !state.share.has(row.intent.instance.workspace()));
        state.deleted_elsewhere = elsewhere.filter(counts).map(|row| policy_of(&row.intent.key)).collect();
        Ok(())
    }
}

fn before(at: Timestamp, length: SignedDuration) -> Timestamp {
    at.checked_sub(length).unwrap_or(Timestamp::MIN)
}

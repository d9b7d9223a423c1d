//! What the journal remembers, read at the start and whenever a part of the fleet comes to this replica; and letting go of a part.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::book::{Place, Rule};
use super::state::{Engine, State, rule_for};
use super::undertake::Known;
use crate::facts::{OpenIntent, Proposal, Shard, Share, SourceSet, Tags, WorkspaceFacts};
use crate::ports::{Fault, Recall, SweepRecord, World};
use crate::units::{InstanceId, WorkspaceId};

/// So often it is looked whether what a person had sent is written down, before a part is handed over all the same.
const ACTS_END: u32 = 100;

/// All that is remembered of instances.
struct Remembered {
    recall: Recall,
    operations: Vec<Known>,
    proposals: Vec<Proposal>,
}

impl<W: World> Engine<W> {
    /// Reads the journal: what was seen and done before, and the stops that were under way.
    ///
    /// # Errors
    /// When the journal cannot be read; nothing may be stopped then.
    pub async fn recall(&self) -> Result<(), Fault> {
        let remembered = self.remembered().await?;
        let prices = Arc::new(self.world.prices().await?);
        let mut state = self.lock();
        let recall = &remembered.recall;
        state.prices = prices;
        // while everything is frozen no edge is noted: a mark after it says that it was lifted
        let lifted = |until: Timestamp| recall.evaluated.values().any(|at| *at >= until);
        state.was_frozen = recall.frozen.is_some_and(|(_, until)| !lifted(until));
        state.frozen = recall.frozen;
        state.marks.clone_from(&recall.revisions);
        state.recall_files();
        state.evaluated.clone_from(&recall.evaluated);
        let share = state.share.clone();
        state.remember(remembered, |workspace| share.has(workspace), self.options.sources);
        Ok(())
    }

    /// This process is one of several replicas: until it has taken up a part of the fleet it decides about nothing.
    pub fn shares(&self) {
        self.lock().share = Share::none();
    }

    /// Decides from now on about these shards as well. What comes with them is remembered as the journal has it, and agents have
    /// the time that they have after a start. Whoever had them has handed them over, or can write no more.
    ///
    /// # Errors
    /// When the journal cannot be read: then everything is as before.
    pub async fn take_up(&self, shards: &BTreeSet<Shard>) -> Result<(), Fault> {
        let remembered = self.remembered().await?;
        let now = self.world.now();
        {
            let mut state = self.lock();
            let share = state.share.with(shards);
            let before = std::mem::replace(&mut state.share, share.clone());
            let is_new = |workspace: &WorkspaceId| share.has(workspace) && !before.has(workspace);
            state.remember(remembered, is_new, self.options.sources);
            state.welcome(is_new, now);
        }
        self.publish(now);
        self.nudged.notify_one();
        Ok(())
    }

    /// Among how many replicas the fleet is divided: each has its own part of every cap.
    pub fn shared_among(&self, sharers: NonZeroU32) {
        let mut state = self.lock();
        state.share = state.share.clone().among(sharers);
    }

    /// Decides from now on no more about these shards: once this is through, another replica can take them up. It waits for the
    /// sweep that goes on, for a hold that is being made, for a stop that a person has sent, and where who tells people changes for
    /// the message that is on its way.
    ///
    /// # Errors
    /// When what only this process knows of them could not be written down: then everything is as before.
    pub async fn hand_over(&self, shards: &BTreeSet<Shard>) -> Result<(), Fault> {
        let _no_sweep = self.sweeping.lock().await;
        let _no_hold = self.holding.lock().await;
        let _no_delivery = if shards.contains(&Shard::LEAD) { Some(self.delivering.write().await) } else { None };
        // a stop that a person had sent is written down first, where that does not take for ever
        for _ in 0..ACTS_END {
            let is_in_hand = |id: &InstanceId| shards.contains(&Shard::of(id.workspace()));
            if !self.lock().in_hand.iter().any(is_in_hand) {
                break;
            }
            self.world.sleep(SignedDuration::from_millis(200)).await;
        }
        let now = self.world.now();
        let record = {
            let mut state = self.lock();
            let in_use = state.use_to_write();
            let left = std::mem::take(&mut state.unwritten);
            SweepRecord { at: Some(now), in_use, ..left }
        };
        if let Err(fault) = self.world.record(&record).await {
            self.keep_for_later(record);
            return Err(fault);
        }
        self.lock().part_with(shards);
        self.publish(now);
        Ok(())
    }

    async fn remembered(&self) -> Result<Remembered, Fault> {
        let recall = self.world.recall(self.world.now()).await?;
        let proposals = self.recalled_proposals().await?;
        let operations = self.recalled_operations(&proposals).await?;
        Ok(Remembered { recall, operations, proposals })
    }
}

impl State {
    /// Takes in what is remembered of some workspaces.
    fn remember(&mut self, remembered: Remembered, is_its: impl Fn(&WorkspaceId) -> bool, sources: SourceSet) {
        let Remembered { recall, operations, proposals } = remembered;
        self.operations.extend(operations.into_iter().filter(|one| is_its(one.row.intent.instance.workspace())));
        // the newest of a proposal is the last
        self.operations.sort_by(|a, b| (a.row.intent.at, &a.row.intent.id).cmp(&(b.row.intent.at, &b.row.intent.id)));
        self.proposals.extend(proposals.into_iter().filter(|one| is_its(one.instance.workspace())));
        let mut orphans: Vec<_> = recall.open.into_iter().filter(|one| is_its(one.instance.workspace())).collect();
        let instances = recall.instances.into_iter().filter(|(id, _)| is_its(id.workspace()));
        for (id, mut remembered) in instances {
            let open = orphans
                .iter()
                .position(|o| o.instance == id && o.created == remembered.facts.created)
                .map(|at| orphans.remove(at));
            remembered.history.open = open
                .map(|o| Box::new(OpenIntent { id: o.id, key: o.key, intended_at: o.intended_at, sent_at: o.sent_at }));
            self.count_remembered(&id, &remembered.history);
            let workspace = id.workspace().clone();
            let place = self.places.entry(workspace.clone()).or_insert_with(|| {
                let facts =
                    WorkspaceFacts { id: workspace, region: remembered.facts.region.clone(), tags: Tags::default() };
                Place::new(facts, Rule::Ungoverned)
            });
            place.remember(id, remembered);
        }
        self.orphans.extend(orphans);
        self.waiting.extend(recall.holds.into_iter().filter(|hold| is_its(hold.instance.workspace())));
        let in_use = recall.in_use.into_iter().filter(|one| is_its(one.instance.workspace()));
        self.recall_use(in_use.collect(), sources);
        self.recall_timers(&recall.timers, is_its);
    }

    /// Takes its own of what was listed as others', and says when they came.
    fn welcome(&mut self, is_new: impl Fn(&WorkspaceId) -> bool, now: Timestamp) {
        let listed: Vec<WorkspaceFacts> =
            self.others.extract_if(.., |id, _| is_new(id)).map(|(_, facts)| facts).collect();
        let named = listed;
        let listed: BTreeSet<WorkspaceId> = named.iter().map(|facts| facts.id.clone()).collect();
        for facts in named {
            let rule = rule_for(&self.policies, &facts);
            let place =
                self.places.entry(facts.id.clone()).or_insert_with(|| Place::new(facts.clone(), Rule::Ungoverned));
            (place.facts, place.rule) = (facts, rule);
        }
        for (_, place) in self.places.iter_mut().filter(|(id, _)| is_new(id)) {
            place.taken_at = Some(now);
        }
        // what was not listed yet is looked for at once
        if self.places.iter().any(|(id, place)| is_new(id) && !listed.contains(&place.facts.id))
            || self.places.is_empty()
        {
            self.discovered_at = None;
        }
        self.heard_until = Some(Timestamp::MIN);
        self.count_instances();
    }

    /// Forgets what is in them.
    fn part_with(&mut self, shards: &BTreeSet<Shard>) {
        let share = self.share.without(shards);
        let stays = |workspace: &WorkspaceId| share.has(workspace);
        let parted = self.places.extract_if(.., |id, _| !stays(id));
        self.others.extend(parted.map(|(id, place)| (id, place.facts)));
        self.lost.retain(|id, _| stays(id));
        self.operations.retain(|known| stays(known.row.intent.instance.workspace()));
        self.proposals.retain(|one| stays(one.instance.workspace()));
        self.orphans.retain(|one| stays(one.instance.workspace()));
        self.waiting.retain(|hold| stays(hold.instance.workspace()));
        self.starts_noted.retain(|id, _| stays(id.workspace()));
        self.timers_tried.retain(|id, _| stays(id.workspace()));
        self.would_delete.retain(|id| stays(id.workspace()));
        let known: BTreeSet<String> = self.open_intents().map(str::to_owned).collect();
        self.handles.retain(|intent, _| known.contains(intent));
        self.unclear.retain(|intent| known.contains(intent));
        self.share = share;
        self.count_instances();
    }

    fn open_intents(&self) -> impl Iterator<Item = &str> {
        let entries = self.places.values().flat_map(|place| place.entries.values());
        entries.filter_map(|entry| Some(entry.history.open.as_ref()?.id.as_str()))
    }

    /// A part that came or went is no drop of the fleet (G6).
    fn count_instances(&mut self) {
        self.instances_before = self.instances();
    }

    /// Instances that the last readings have.
    pub(super) fn instances(&self) -> usize {
        self.places.values().flat_map(|place| place.entries.values()).filter(|entry| !entry.absent).count()
    }
}

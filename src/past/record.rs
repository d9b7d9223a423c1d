//! A whole record: every life of every instance, each with what happened to it in the order in which it happened.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::parts::{Credit, Decided, Heard, Metered, StateChange, Told, TriedStart, TriedStop};
use crate::facts::{Created, InstanceFacts, MadeHold};
use crate::units::InstanceId;

/// One life of an instance's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Life {
    /// Its ARM id.
    pub id: InstanceId,
    /// When it was created.
    pub created: Created,
    /// Everything Azure said of it, each time that it was another thing; the first at or before anything else.
    pub facts: Vec<Arc<InstanceFacts>>,
    /// States and operations.
    pub states: Vec<StateChange>,
    /// What sources said of its use.
    pub heard: Vec<Heard>,
    /// Decisions.
    pub decided: Vec<Decided>,
    /// Warnings.
    pub told: Vec<Told>,
    /// Stops.
    pub stops: Vec<TriedStop>,
    /// Starts at the beginning of hours.
    pub starts: Vec<TriedStart>,
    /// Holds.
    pub holds: Vec<MadeHold>,
    /// Metered time.
    pub metered: Vec<Metered>,
    /// Credits.
    pub credits: Vec<Credit>,
}

impl Life {
    /// One of which nothing is known yet.
    #[must_use]
    pub const fn new(id: InstanceId, created: Created) -> Self {
        Self {
            id,
            created,
            facts: Vec::new(),
            states: Vec::new(),
            heard: Vec::new(),
            decided: Vec::new(),
            told: Vec::new(),
            stops: Vec::new(),
            starts: Vec::new(),
            holds: Vec::new(),
            metered: Vec::new(),
            credits: Vec::new(),
        }
    }

    fn sort(&mut self) {
        self.facts.sort_by_key(|facts| facts.observed_at);
        self.states.sort_by_key(|change| change.at);
        self.heard.sort_by_key(|heard| heard.at);
        self.decided.sort_by_key(|decided| decided.at);
        self.told.sort();
        self.stops.sort_by_key(|stop| stop.asked_at);
        self.starts.sort_by_key(|start| start.asked_at);
        self.holds.sort_by(|a, b| (a.hold.made_at, &a.hold.id).cmp(&(b.hold.made_at, &b.hold.id)));
        self.metered.sort_by_key(|metered| (metered.interval.from.at, metered.interval.to.at));
        self.credits.sort_by_key(|credit| (credit.interval.from.at, credit.interval.to.at));
    }

    /// What both say, each thing once.
    fn join(&mut self, other: Self) {
        self.facts.extend(other.facts);
        self.states.extend(other.states);
        self.heard.extend(other.heard);
        self.decided.extend(other.decided);
        self.told.extend(other.told);
        self.stops.extend(other.stops);
        self.starts.extend(other.starts);
        self.holds.extend(other.holds);
        self.metered.extend(other.metered);
        self.credits.extend(other.credits);
        self.sort();
        self.once();
    }

    /// Of what two exports tell of the same thing the later word holds: the end of a stop, of a hold, of a stretch.
    fn once(&mut self) {
        self.facts.dedup();
        self.states.dedup();
        self.heard.dedup();
        self.decided.dedup();
        last_of(&mut self.told, |told| (told.at, told.key.clone()));
        last_of(&mut self.stops, |stop| (stop.asked_at, stop.key.clone()));
        last_of(&mut self.starts, |start| (start.asked_at, start.key.clone()));
        last_of(&mut self.holds, |hold| hold.hold.id.clone());
        last_of(&mut self.metered, |metered| metered.interval.from.at);
        last_of(&mut self.credits, |credit| (credit.interval.from.at, credit.key.clone()));
    }
}

/// Of rows beside each other with one key the last.
fn last_of<T, K: PartialEq>(rows: &mut Vec<T>, key: impl Fn(&T) -> K) {
    rows.reverse();
    rows.dedup_by(|a, b| key(a) == key(b));
    rows.reverse();
}

/// A whole record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// The first instant of which anything is recorded.
    pub from: Timestamp,
    /// When anybody last looked.
    pub to: Timestamp,
    /// Every life, in the order of ids.
    pub lives: Vec<Life>,
}

impl Past {
    /// Of lives in any order, with what happened to each in any order.
    #[must_use]
    pub fn new(from: Timestamp, to: Timestamp, lives: Vec<Life>) -> Self {
        let mut lives = lives;
        lives.iter_mut().for_each(Life::sort);
        lives.sort_by(|a, b| (&a.id, a.created).cmp(&(&b.id, b.created)));
        Self { from, to, lives }
    }

    /// Of several records of one fleet, such as one export a month; those that overlap count once. None of none.
    #[must_use]
    pub fn joined(all: Vec<Self>) -> Option<Self> {
        let from = all.iter().map(|past| past.from).min()?;
        let to = all.iter().map(|past| past.to).max()?;
        let mut all = all;
        all.sort_by_key(|past| (past.to, past.from));
        let mut lives: BTreeMap<(InstanceId, Created), Life> = BTreeMap::new();
        for life in all.into_iter().flat_map(|past| past.lives) {
            match lives.get_mut(&(life.id.clone(), life.created)) {
                Some(known) => known.join(life),
                None => drop(lives.insert((life.id.clone(), life.created), life)),
            }
        }
        Some(Self::new(from, to, lives.into_values().collect()))
    }
}

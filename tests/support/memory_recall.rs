//! What the journal in memory tells a process that begins, or one that others do something for.

use super::*;

impl Memory {
    /// All that goes on after a restart.
    pub(super) fn recalled(&self, now: Timestamp) -> Recall {
        let memory = self;
        let now = memory.seen.values().max().map_or(now, |last| now.min(*last));
        let mut instances = BTreeMap::new();
        for (id, created) in &memory.present {
            let Some(life) = memory.lives.get(&(id.clone(), *created)).filter(|life| !life.is_gone) else { continue };
            let last_seen = memory.seen.get(id.workspace()).map_or(life.seen_at, |at| life.seen_at.max(*at));
            let history = memory.history(id, *created, &life.history, now);
            let absent = life.absent_at.zip(memory.seen.get(id.workspace())).is_some_and(|(at, seen)| at >= *seen);
            instances.insert(id.clone(), Remembered { facts: life.facts.clone(), last_seen, absent, history });
        }
        let same = |row: &&InUse| instances.get(&row.instance).is_some_and(|known| known.facts.created == row.created);
        let in_use = memory.in_use.values().filter(same).cloned().collect();
        let holds = memory.held(now, |hold| !instances.contains_key(&hold.instance));
        let is_timer = |line: &&AuditLine| line.what == AuditLine::TIMER && line.at >= ago(now, 48);
        Recall {
            timers: memory.audits.iter().filter(is_timer).cloned().collect(),
            holds,
            instances,
            open: memory.open(),
            evaluated: memory.evaluated.clone(),
            revisions: memory.revisions.clone(),
            frozen: memory.frozen,
            in_use,
        }
    }

    /// Messages that announce a deadline and arrived after an instant, in the order in which they did.
    pub(super) fn arrived(&self, since: Timestamp) -> Vec<Arrival> {
        let arrived = self.posts.values().filter_map(|post| {
            let at = post.delivered_at.filter(|at| *at > since)?;
            post.message.notice.as_ref()?;
            Some(Arrival { message: post.message.clone(), at })
        });
        let mut arrived: Vec<Arrival> = arrived.collect();
        arrived.sort_by(|a, b| (a.at, &a.message.id).cmp(&(b.at, &b.message.id)));
        arrived
    }
}

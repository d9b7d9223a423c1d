//! What a sweep writes before it acts: sightings, verdicts that changed, notices. Without it nothing is stopped (fault 40).

use std::sync::Arc;

use jiff::Timestamp;
use thin_vec::ThinVec;

use super::book::Changes;
use super::log;
use super::settle::Settled;
use super::state::Engine;
use crate::facts::{NoticeState, PastNotice};
use crate::plan::Notice;
use crate::policy::Mode;
use crate::ports::{Accounts, Decision, Fault, Message, MessageKind, SweepRecord, World};
use crate::report::SweepReport;
use crate::rules::Verdict;
use crate::units::{PolicyId, WorkspaceId};

/// Notices kept in memory an instance.
const NOTICES_KEPT: usize = 16;

/// Rows of one kind that are kept while the journal cannot be written: a sighting is never made again, so that a few of
/// each instance of a large fleet have room; they share their facts with what is held anyway.
const UNWRITTEN_KEPT: usize = 400_000;

/// What was left over, then what is new; moved, since a first sweep's rows are many.
fn joined<T>(mut left: Vec<T>, new: Vec<T>) -> Vec<T> {
    if left.is_empty() {
        return new;
    }
    left.extend(new);
    left
}

/// The same for what goes beside. Of an instance that is in both the new word holds.
fn joined_accounts(mut left: Accounts, new: Accounts) -> Accounts {
    left.unseen.retain(|(id, _)| !new.seen_again.contains(id));
    left.seen_again.retain(|id| !new.unseen.iter().any(|(unseen, _)| unseen == id));
    left.teams.extend(new.teams);
    left.terms.extend(new.terms);
    Accounts {
        terms: left.terms,
        teams: left.teams,
        unseen: joined(left.unseen, new.unseen),
        seen_again: joined(left.seen_again, new.seen_again),
        would: joined(left.would, new.would),
        // those that were not written are reckoned anew
        marks: new.marks,
        rules: new.rules,
        clock_trouble: new.clock_trouble,
    }
}

fn newest<T>(rows: &mut Vec<T>) {
    let excess = rows.len().saturating_sub(UNWRITTEN_KEPT);
    rows.drain(..excess);
}

/// Forgets the oldest, but of each deadline the first stays: how long its delivery was postponed counts from there (G9).
fn forget_notices(notices: &mut ThinVec<PastNotice>) {
    while notices.len() > NOTICES_KEPT {
        let again = |at: &usize| {
            let (before, rest) = notices.split_at(*at);
            rest.first().is_some_and(|one| before.iter().any(|first| first.key.stop == one.key.stop))
        };
        let place = (1..notices.len()).find(again).unwrap_or(0);
        notices.remove(place);
    }
}

/// Everything a sweep found before acting.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) changes: Changes,
    pub(super) read: Vec<WorkspaceId>,
    pub(super) settled: Settled,
    pub(super) decisions: Vec<Decision>,
    pub(super) evaluated: Vec<PolicyId>,
    /// Stops that are newly due under policies that only observe.
    pub(super) would: Vec<Arc<Verdict>>,
    /// Disks that fill up.
    pub(super) filling: Vec<Message>,
}

impl<W: World> Engine<W> {
    /// Writes it, and remembers the notices. In observe mode nobody is told anything.
    pub(super) async fn record(
        &self,
        mut found: Found,
        notices: Vec<Notice>,
        now: Timestamp,
        report: &mut SweepReport,
    ) -> Result<(), Fault> {
        let notices: Vec<Notice> = notices.into_iter().filter(|notice| self.enforces(&notice.policy)).collect();
        let mut messages: Vec<Message> = notices.iter().map(|notice| Message::warning(notice, now)).collect();
        messages.extend(found.settled.messages);
        messages.extend(found.filling);
        // levels are reckoned meanwhile as well: a mark and its message go together
        let reached = self.lock().budgets.reached.clone();
        messages.extend(reached.iter().filter_map(|(_, message)| message.clone()));
        let news = self.lock().told.news.clone();
        messages.extend(news.iter().cloned());
        let marks = reached.iter().map(|(mark, _)| mark.clone()).collect();
        let accounts = Accounts { marks, ..self.accounts(&mut found.changes, &found.read, &found.would) };
        let mut left = std::mem::take(&mut self.lock().unwritten);
        left.gone.retain(|(id, _)| !found.changes.sightings.iter().any(|seen| seen.facts.id == *id));
        let in_use = self.lock().use_to_write();
        let record = SweepRecord {
            at: Some(now),
            in_use,
            seen: found.read.into_iter().map(|workspace| (workspace, now)).collect(),
            sightings: joined(left.sightings, found.changes.sightings),
            gone: joined(left.gone, found.changes.gone),
            decisions: joined(left.decisions, found.decisions),
            messages: self.fanned(joined(left.messages, messages)),
            settled: joined(left.settled, found.settled.ended),
            evaluated: found.evaluated,
            absent: found.changes.absent,
            frozen: self.lock().frozen_now(),
            accounts: joined_accounts(left.accounts, accounts),
        };
        self.pass("recording");
        if let Err(fault) = self.world.record(&record).await {
            self.keep_for_later(record);
            return Err(fault);
        }
        self.pass("recorded");
        let mut state = self.lock();
        log::levels(&reached);
        state.budgets.reached.retain(|one| !reached.contains(one));
        state.told.news.retain(|one| !news.contains(one));
        for notice in &notices {
            let Some(history) = state.history_mut(&notice.instance) else {
                continue;
            };
            if !history.notices.iter().any(|past| past.key == notice.key) {
                history.notices.push(PastNotice {
                    key: notice.key.clone(),
                    recorded_at: now,
                    state: NoticeState::Recorded,
                });
                forget_notices(&mut history.notices);
            }
        }
        report.notices = notices;
        Ok(())
    }

    /// Each message with whom it goes to and when, once for each channel there is.
    pub(super) fn fanned(&self, messages: Vec<Message>) -> Vec<Message> {
        let channels = self.world.channels();
        let (people, accounting) = (&self.options.telling.people, &self.options.accounting);
        let state = self.lock();
        let addressed = messages.into_iter().map(|message| match message.channel {
            // left over from a record that could not be written: it has gone this way
            Some(_) => message,
            None => state.addressed(message, people, accounting),
        });
        // what is one person's business goes to nobody else, and waits for no channel
        let personal: Vec<&str> = channels.iter().copied().filter(|name| self.world.is_personal(name)).collect();
        let for_each = addressed.flat_map(|message| match message.kind == MessageKind::Digest {
            true if personal.is_empty() => Vec::new(),
            true => message.for_each_channel(&personal),
            false => message.for_each_channel(&channels),
        });
        let is_read =
            |message: &Message| message.channel.as_deref().is_some_and(|name| self.world.is_read_by_people(name));
        let in_time =
            |message: Message| if is_read(&message) { self.options.telling.in_time(message) } else { message };
        for_each.map(in_time).collect()
    }

    /// What was seen and settled goes with the next record; warnings and news of budgets and disks do not, since they are made anew.
    pub(super) fn keep_for_later(&self, mut record: SweepRecord) {
        // whether use goes on is looked at again when it is written
        self.lock().use_changed.extend(record.in_use.drain(..).map(|row| row.instance));
        record.messages.retain(|message| {
            matches!(message.kind, MessageKind::Stopped | MessageKind::StopFailed | MessageKind::StartFailed)
        });
        newest(&mut record.sightings);
        newest(&mut record.gone);
        newest(&mut record.decisions);
        newest(&mut record.messages);
        newest(&mut record.accounts.would);
        newest(&mut record.accounts.unseen);
        newest(&mut record.accounts.seen_again);
        let mut state = self.lock();
        // it is written by the next sweep, which is not to wait for quiet workspaces
        state.places.values_mut().for_each(|place| place.pace.hurry());
        let later = std::mem::take(&mut state.unwritten);
        record.sightings.extend(later.sightings);
        record.messages.extend(later.messages);
        record.accounts = joined_accounts(record.accounts, later.accounts);
        state.unwritten = SweepRecord {
            at: None,
            seen: Vec::new(),
            evaluated: Vec::new(),
            absent: Vec::new(),
            frozen: None,
            ..record
        };
    }

    fn enforces(&self, policy: &PolicyId) -> bool {
        self.lock().policies.get(policy).is_some_and(|policy| policy.mode == Mode::Enforce)
    }
}

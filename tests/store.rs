//! The SQLite journal: the conformance of every journal, and what is SQLite's own.
#![expect(clippy::unwrap_used, reason = "helpers of tests: a panic is the failure")]

#[path = "support/journal_conformance.rs"]
mod journal_conformance;

use std::path::PathBuf;

use journal_conformance::Bench;
use lightsout::store::Store;

struct Sqlite {
    root: tempfile::TempDir,
}

impl Sqlite {
    fn new() -> Self {
        Self { root: tempfile::tempdir().unwrap() }
    }

    fn dir(&self) -> PathBuf {
        self.root.path().join("journal")
    }
}

impl Bench for Sqlite {
    type Journal = Store;

    async fn open(&self) -> Store {
        Store::open(&self.dir()).await.unwrap()
    }
}

journal_conformance!(
    Sqlite::new(),
    an_empty_journal_recalls_nothing,
    instances_come_back_as_they_were_seen,
    what_is_gone_is_not_recalled_until_it_is_seen_again,
    a_name_used_again_inherits_nothing,
    a_hold_stands_where_nobody_knows_the_life,
    one_open_stop_an_instance_and_one_stop_a_reason,
    racing_intents_leave_one,
    a_stop_goes_from_intended_to_sent_to_its_end,
    a_clock_that_went_back_ends_nothing_before_it_began,
    a_sweep_is_written_whole_or_not_at_all,
    the_outbox_keeps_a_message_until_it_is_confirmed,
    holds_last_until_they_end_or_are_lifted,
    what_is_long_past_is_not_recalled,
    evaluation_never_goes_back,
    a_revision_is_marked_when_it_replaces_another,
    the_decision_in_force_is_found,
    audit_lines_are_taken,
    a_first_sweep_of_100_000_is_one_record,
);

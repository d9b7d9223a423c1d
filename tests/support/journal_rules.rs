//! The list of what every journal must do, for each store to run.

/// Every rule, each a function that takes a bench: `$then!(BENCH, RULE, …)`.
#[macro_export]
macro_rules! journal_rules {
    ($then:ident, $bench:expr) => {
        $crate::$then!(
            $bench,
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
            a_hold_waits_for_its_instance,
            holds_last_until_they_end_or_are_lifted,
            absence_and_freeze_outlast_a_process,
            what_is_long_past_is_not_recalled,
            evaluation_never_goes_back,
            a_revision_is_marked_when_it_replaces_another,
            the_decision_in_force_is_found,
            audit_lines_are_taken,
            a_notice_on_two_channels_is_one,
            what_arrived_is_told_by_when_it_did,
            each_channel_has_its_own_messages,
            a_message_is_due_when_it_says,
            a_first_sweep_of_100_000_is_one_record,
            one_open_operation_an_instance_and_one_done_a_reason,
            operations_come_back_as_they_were_written,
            stops_go_before_operations,
        );
    };
}

/// Makes one test of every rule.
#[macro_export]
macro_rules! a_test_each {
    ($bench:expr, $($rule:ident),+ $(,)?) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $rule() {
            $crate::journal_conformance::$rule(&$bench).await;
        })+
    };
}

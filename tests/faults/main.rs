//! The 45 faults of RULES 4.3 over real sockets: each number, and the tests that show its row's behaviour.
//!
//! What can be shown of the client alone stands in `tests/arm.rs`, of channels in `tests/webhook.rs`, of prices in
//! `tests/prices.rs`. Here is what concerns the whole program: the real binary against a simulated Azure that is spoilt.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that cannot go on fails")]

#[path = "../support/allowed.rs"]
mod allowed;
#[path = "../support/estate.rs"]
mod estate;
#[path = "../support/named.rs"]
mod named;
#[path = "operations.rs"]
mod operations;
#[path = "process.rs"]
mod process;
#[path = "../support/program.rs"]
mod program;
#[path = "readings.rs"]
mod readings;
#[path = "refused.rs"]
mod refused;
#[path = "../support/service.rs"]
mod service;
#[path = "site.rs"]
mod site;

use std::collections::BTreeSet;

/// Each fault, and the tests that show what its row asks for, as `file::test`.
const TABLE: &[(u8, &[&str])] = &[
    (1, &["tests/arm/waits.rs::a_429_rests_its_bucket_and_no_other"]),
    (2, &["tests/arm/waits.rs::every_odd_retry_after_is_clamped"]),
    (
        3,
        &[
            "tests/arm/stops.rs::a_throttled_stop_is_not_sent_again",
            "tests/faults/refused.rs::fault_03_a_throttled_stop_is_sent_again_after_another_look",
        ],
    ),
    (
        4,
        &[
            "tests/arm/waits.rs::bursts_of_5xx_end_after_four_tries",
            "tests/faults/refused.rs::fault_04_a_workspace_that_fails_is_unknown_and_the_others_go_on",
        ],
    ),
    (5, &["tests/arm/answers.rs::a_dripping_answer_frees_its_slot"]),
    (6, &["tests/arm/answers.rs::silence_ends_at_the_deadline"]),
    (7, &["tests/arm/answers.rs::a_cut_off_page_is_no_page"]),
    (8, &["tests/arm/answers.rs::what_is_not_json_is_refused"]),
    (9, &["tests/arm/answers.rs::deep_and_huge_answers_are_bounded"]),
    (10, &["tests/arm/pages.rs::loops_end"]),
    (
        11,
        &["tests/arm/origins.rs::no_bearer_leaves_the_origin", "tests/arm/origins.rs::operation_links_are_pinned_too"],
    ),
    (12, &["tests/arm/pages.rs::a_relative_link_is_followed_with_our_version"]),
    (13, &["tests/arm/tokens.rs::one_refresh_one_retry_then_rest"]),
    (
        14,
        &[
            "tests/arm/tokens.rs::a_failing_token_endpoint_is_not_hammered",
            "tests/faults/refused.rs::fault_14_without_a_token_nothing_is_asked_and_nothing_is_stopped",
        ],
    ),
    (
        15,
        &[
            "tests/arm/answers.rs::one_forbidden_workspace_is_only_itself",
            "tests/faults/refused.rs::fault_15_one_forbidden_workspace_is_only_itself_and_all_of_them_are_the_breaker",
        ],
    ),
    (
        16,
        &[
            "tests/arm/stops.rs::refusals_are_classified",
            "tests/faults/operations.rs::fault_16_what_is_gone_is_not_stopped_and_its_time_ends_where_it_was_seen",
        ],
    ),
    (
        17,
        &[
            "tests/arm/stops.rs::refusals_are_classified",
            "tests/faults/refused.rs::fault_17_a_conflict_is_read_again_and_not_sent_again_at_once",
        ],
    ),
    (
        18,
        &[
            "tests/arm/stops.rs::refusals_are_classified",
            "tests/faults/refused.rs::fault_18_permanent_refusals_are_not_retried_and_count",
        ],
    ),
    (
        19,
        &[
            "tests/arm/stops.rs::both_styles_and_neither",
            "tests/faults/operations.rs::fault_19_an_operation_without_a_name_is_followed_by_looking",
        ],
    ),
    (
        20,
        &[
            "tests/arm/stops.rs::an_operation_is_asked_after",
            "tests/faults/operations.rs::fault_20_an_operation_that_failed_is_counted_rests_and_is_told",
        ],
    ),
    // that it is called out after half an hour is `tests/scenarios/s18_one_stop_at_a_time.txt`
    (21, &["tests/faults/operations.rs::fault_21_an_operation_that_never_ends_is_looked_at_and_never_sent_again"]),
    (
        22,
        &[
            "tests/arm/stops.rs::an_operation_that_succeeded_does_not_make_it_stopped",
            "tests/faults/operations.rs::fault_22_the_instance_counts_and_not_what_its_operation_says",
        ],
    ),
    (23, &["tests/faults/operations.rs::fault_23_who_starts_again_after_a_stop_is_left_alone"]),
    (24, &["tests/faults/readings.rs::fault_24_a_look_that_contradicts_the_list_stops_nothing"]),
    (25, &["tests/faults/readings.rs::fault_25_an_order_that_goes_back_is_no_news"]),
    (26, &["tests/arm/items.rs::twice_is_once"]),
    (27, &["tests/faults/readings.rs::fault_27_absent_from_one_list_is_not_gone"]),
    (
        28,
        &[
            "tests/arm/items.rs::a_name_used_again_is_another_instance",
            "tests/faults/readings.rs::fault_28_another_life_of_a_name_inherits_no_hold",
        ],
    ),
    (
        29,
        &[
            "tests/arm/items.rs::unknown_words_are_kept_and_never_acted_on",
            "tests/faults/readings.rs::fault_29_words_that_are_not_known_are_never_acted_on",
        ],
    ),
    (30, &["tests/arm/items.rs::one_bad_item_costs_itself"]),
    (
        31,
        &[
            "tests/arm/items.rs::times_that_cannot_be_true_are_not_believed",
            "tests/faults/readings.rs::fault_31_times_that_cannot_be_stop_nothing",
        ],
    ),
    (
        32,
        &[
            "tests/arm/names.rs::a_name_that_leads_nowhere_is_looked_up_again",
            "tests/arm/names.rs::a_name_that_leads_elsewhere_is_followed",
            "tests/arm/names.rs::a_stop_whose_name_is_gone_did_nothing",
        ],
    ),
    (
        33,
        &[
            "tests/arm/stops.rs::a_reset_after_sending_is_unclear",
            "tests/faults/operations.rs::fault_33_an_answer_that_was_lost_is_settled_by_looking",
        ],
    ),
    (
        34,
        &[
            "tests/arm/tls.rs::every_bad_certificate_fails_closed",
            "tests/faults/process.rs::fault_34_without_a_sound_greeting_nothing_is_said",
        ],
    ),
    (35, &["tests/arm/answers.rs::portals_and_proxies_are_named"]),
    (
        36,
        &[
            "tests/arm/answers.rs::a_connection_closed_each_time_is_only_slower",
            "tests/arm/http2.rs::a_read_that_was_reset_is_made_again",
            "tests/arm/http2.rs::a_stop_that_was_reset_is_unclear_and_never_sent_again",
        ],
    ),
    (37, &["tests/arm/answers.rs::huge_headers_are_refused"]),
    // a stall is `tests/scenarios/s13_suspended.txt`
    (
        38,
        &[
            "tests/faults/process.rs::fault_38_ten_minutes_ahead",
            "tests/faults/process.rs::fault_38_a_day_and_an_hour_ahead",
            "tests/faults/process.rs::fault_38_an_hour_back",
            "tests/faults/process.rs::fault_38_three_days_back",
        ],
    ),
    (
        39,
        &[
            "tests/arm/answers.rs::azures_clock_is_heard",
            "tests/faults/readings.rs::fault_39_azures_clock_far_from_ours_holds_every_stop",
        ],
    ),
    (
        40,
        &[
            "tests/crash.rs::f40_a_disk_that_fails_to_keep_loses_and_doubles_nothing",
            "src/store/tests.rs::a_corrupt_page_is_named_and_a_file_that_is_no_database_refused",
        ],
    ),
    (
        42,
        &[
            "tests/webhook.rs::a_channel_that_is_down_or_silent_or_garbled_is_a_fault_without_its_path",
            "tests/webhook.rs::only_a_status_of_200_to_299_confirms",
            "tests/webhook.rs::the_same_message_again_has_the_same_key_and_an_odd_one_a_digest",
        ],
    ),
    (
        43,
        &[
            "tests/faults/process.rs::fault_43_told_to_end_in_each_state_it_ends_and_nothing_is_doubled",
            "tests/faults/process.rs::fault_43_a_thousand_machines_fit_into_64_mib",
            "tests/crash.rs::l5_killed_after_the_answer_it_is_stopped_once",
            "tests/cli/once.rs::f43_few_open_files_stop_nothing_in_silence",
        ],
    ),
    (
        44,
        &[
            "tests/faults/process.rs::fault_44_a_storm_of_reloads_ends_with_the_last_whole_file",
            "tests/settings_watch.rs::a_config_map_whose_link_is_swapped_is_told",
        ],
    ),
    (
        45,
        &[
            "tests/prices/list.rs::fault_45_what_cannot_be_a_price_is_said_of_its_size_alone",
            "tests/prices/sandbox.rs::fault_45_each_list_may_fail_alone",
        ],
    ),
];

/// Those that cannot happen yet: there is no PostgreSQL (41).
const NOT_YET: [u8; 1] = [41];

#[test]
fn all_45_numbers_stand_and_each_names_tests_that_are_there() {
    let numbers: Vec<u8> = TABLE.iter().map(|(number, _)| *number).chain(NOT_YET).collect();
    let once: BTreeSet<u8> = numbers.iter().copied().collect();
    assert_eq!((numbers.len(), once), (45, (1..=45).collect()), "every fault once");
    let missing: Vec<String> = TABLE
        .iter()
        .flat_map(|(number, tests)| tests.iter().map(move |test| (number, test)))
        .filter_map(|(number, test)| Some(format!("fault {number}: {}", named::missing(test)?)))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(TABLE.iter().all(|(_, tests)| !tests.is_empty()));
}

/// Every test here that carries a number stands in the row of that number.
#[test]
fn every_numbered_test_stands_in_its_row() {
    for file in ["operations.rs", "process.rs", "readings.rs", "refused.rs"] {
        for test in named::tests_of(&format!("tests/faults/{file}")) {
            let number: u8 = test.strip_prefix("fault_").unwrap().get(..2).unwrap().parse().unwrap();
            let row = TABLE.iter().find(|(row, _)| *row == number).unwrap();
            assert!(row.1.contains(&format!("tests/faults/{file}::{test}").as_str()), "{file}: {test}");
        }
    }
}

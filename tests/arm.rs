//! Azure over a real socket: what it may answer, and what may go wrong on the way (RULES 4.3, I1, I2, I10).
//!
//! Each test that exercises a fault of the catalogue carries its number; `the_catalogue_is_covered` counts them,
//! and names the suites that exercise the others.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails"
)]

#[path = "arm/answers.rs"]
mod answers;
#[path = "arm/http2.rs"]
mod http2;
#[path = "arm/items.rs"]
mod items;
#[path = "arm/names.rs"]
mod names;
#[path = "arm/origins.rs"]
mod origins;
#[path = "arm/pages.rs"]
mod pages;
#[path = "arm/permit.rs"]
mod permit;
#[path = "arm/probes.rs"]
mod probes;
#[path = "arm/stops.rs"]
mod stops;
#[path = "arm/timers.rs"]
mod timers;
#[path = "arm/tls.rs"]
mod tls;
#[path = "arm/tokens.rs"]
mod tokens;
#[path = "arm/waits.rs"]
mod waits;
#[path = "arm/world.rs"]
mod world;

use std::collections::BTreeSet;
use std::path::Path;

/// The faults of RULES 4.3 that this suite exercises, each with the test that does.
const COVERED: &[(u8, &str)] = &[
    (1, "waits::a_429_rests_its_bucket_and_no_other"),
    (2, "waits::every_odd_retry_after_is_clamped"),
    (3, "stops::a_throttled_stop_is_not_sent_again"),
    (4, "waits::bursts_of_5xx_end_after_four_tries"),
    (5, "answers::a_dripping_answer_frees_its_slot"),
    (6, "answers::silence_ends_at_the_deadline"),
    (7, "answers::a_cut_off_page_is_no_page"),
    (8, "answers::what_is_not_json_is_refused"),
    (9, "answers::deep_and_huge_answers_are_bounded"),
    (10, "pages::loops_end"),
    (11, "origins::no_bearer_leaves_the_origin"),
    (12, "pages::a_relative_link_is_followed_with_our_version"),
    (13, "tokens::one_refresh_one_retry_then_rest"),
    (14, "tokens::a_failing_token_endpoint_is_not_hammered"),
    (15, "answers::one_forbidden_workspace_is_only_itself"),
    (16, "stops::refusals_are_classified"),
    (17, "stops::refusals_are_classified"),
    (18, "stops::refusals_are_classified"),
    (19, "stops::both_styles_and_neither"),
    (20, "stops::an_operation_is_asked_after"),
    (21, "stops::an_operation_is_asked_after"),
    (22, "stops::an_operation_that_succeeded_does_not_make_it_stopped"),
    (26, "items::twice_is_once"),
    (28, "items::a_name_used_again_is_another_instance"),
    (29, "items::unknown_words_are_kept_and_never_acted_on"),
    (30, "items::one_bad_item_costs_itself"),
    (31, "items::times_that_cannot_be_true_are_not_believed"),
    (32, "names::a_name_that_leads_nowhere_is_looked_up_again"),
    (32, "names::a_name_server_that_never_answers_ends_with_the_connection_deadline"),
    (32, "names::a_name_that_leads_elsewhere_is_followed"),
    (32, "names::a_stop_whose_name_is_gone_did_nothing"),
    (32, "tls::a_name_that_does_not_resolve"),
    (33, "stops::a_reset_after_sending_is_unclear"),
    (34, "tls::every_bad_certificate_fails_closed"),
    (35, "answers::portals_and_proxies_are_named"),
    (36, "answers::a_connection_closed_each_time_is_only_slower"),
    (36, "http2::a_goodbye_between_requests_costs_only_a_new_connection"),
    (36, "http2::a_read_that_was_reset_is_made_again"),
    (36, "http2::a_stop_that_was_reset_is_unclear_and_never_sent_again"),
    (37, "answers::huge_headers_are_refused"),
    (39, "answers::azures_clock_is_heard"),
];

/// Those that another suite exercises, with its file and words of it; beside those above where the engine is what matters.
const ELSEWHERE: &[(u8, &str, &str)] = &[
    (3, "scenarios/f03_throttled.txt", "Fault 3"),
    (16, "scenarios/f16_gone_while_stopping.txt", "Fault 16"),
    (17, "scenarios/f17_disk_full.txt", "Azure refuses to stop it"),
    (20, "scenarios/f20_operation_failed.txt", "Fault 20"),
    (22, "scenarios/f22_still_running.txt", "Fault 22"),
    (23, "scenarios/s09_start_while_stopping.txt", "fault 23"),
    (24, "scenarios/g10_operation.txt", "between ci-a start ci-a"),
    (25, "scenarios/f25_stale_list.txt", "Fault 25"),
    (27, "scenarios/f27_absent_once.txt", "Fault 27"),
    (27, "scenarios/g06_shrunken_list.txt", "fault 27"),
    (28, "scenarios/f28_recreated.txt", "Fault 28"),
    (33, "scenarios/f33_lost_answer.txt", "Fault 33"),
    (38, "scenarios/s11_forward_jump.txt", "S11"),
    (38, "scenarios/s12_backward_jump.txt", "S12"),
    (38, "scenarios/s13_suspended.txt", "S13"),
    (39, "scenarios/s11_azure_disagrees.txt", "S11"),
    (40, "scenarios/f40_journal_down.txt", "Fault 40"),
    (42, "webhook.rs", "fn a_channel_that_is_down_or_silent_or_garbled_is_a_fault_without_its_path("),
    (43, "crash.rs", "fn l5_killed_after_the_answer_it_is_stopped_once("),
    (43, "cli/once.rs", "fn f43_few_open_files_stop_nothing_in_silence("),
    (43, "service/reload.rs", "fn sighup_loads_and_sigterm_drains("),
    (44, "settings_watch.rs", "fn a_file_written_in_pieces_is_told_when_it_is_whole("),
    (45, "prices.rs", "fault 45"),
];

/// Those that cannot happen yet: there is no PostgreSQL (41).
const NOT_YET: [u8; 1] = [41];

#[test]
fn the_catalogue_is_covered() {
    let mut named: Vec<_> = COVERED.to_vec();
    named.sort_unstable();
    named.dedup();
    assert_eq!(named.len(), COVERED.len(), "each once");
    let elsewhere = ELSEWHERE.iter().map(|(number, _, _)| *number);
    let faults: BTreeSet<u8> = COVERED.iter().map(|(number, _)| *number).chain(elsewhere).chain(NOT_YET).collect();
    assert_eq!(faults, (1..=45).collect(), "every fault of the catalogue, and no other");
    let sources = [
        include_str!("arm/answers.rs"),
        include_str!("arm/http2.rs"),
        include_str!("arm/items.rs"),
        include_str!("arm/names.rs"),
        include_str!("arm/origins.rs"),
        include_str!("arm/pages.rs"),
        include_str!("arm/stops.rs"),
        include_str!("arm/tls.rs"),
        include_str!("arm/tokens.rs"),
        include_str!("arm/waits.rs"),
    ]
    .concat();
    for (number, test) in COVERED {
        let name = test.rsplit("::").next().unwrap();
        assert!(sources.contains(&format!("fn {name}(")), "fault {number} names a test that is not there: {test}");
    }
    for (number, file, words) in ELSEWHERE {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(file);
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(text.contains(words), "fault {number} names words that are not there: {file}: {words}");
    }
}

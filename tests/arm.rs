//! Azure over a real socket: what it may answer, and what may go wrong on the way (RULES 4.3, I1, I2, I10).
//!
//! Each test that exercises a fault of the catalogue carries its number; `the_catalogue_is_covered` counts them.
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
#[path = "arm/tls.rs"]
mod tls;
#[path = "arm/tokens.rs"]
mod tokens;
#[path = "arm/waits.rs"]
mod waits;
#[path = "arm/world.rs"]
mod world;

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
    (32, "tls::a_name_that_does_not_resolve"),
    (33, "stops::a_reset_after_sending_is_unclear"),
    (34, "tls::every_bad_certificate_fails_closed"),
    (35, "answers::portals_and_proxies_are_named"),
    (36, "answers::a_connection_closed_each_time_is_only_slower"),
    (37, "answers::huge_headers_are_refused"),
    (39, "answers::azures_clock_is_heard"),
];

#[test]
fn the_catalogue_is_covered() {
    let faults: std::collections::BTreeSet<u8> = COVERED.iter().map(|(number, _)| *number).collect();
    assert_eq!(faults.len(), COVERED.len(), "each once");
    assert!(faults.len() >= 30 && faults.iter().all(|n| (1..=45).contains(n)));
    let sources = [
        include_str!("arm/answers.rs"),
        include_str!("arm/items.rs"),
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
}

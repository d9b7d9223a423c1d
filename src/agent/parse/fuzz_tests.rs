//! Whatever is written there, the parsers read it or say that they cannot; none panics, and none takes noise for quiet.

use proptest::prelude::*;

use super::*;

/// A list of cards as drivers print it.
fn cards() -> impl Strategy<Value = Vec<String>> {
    let figure = "([0-9]|[1-9][0-9]|100)( %)?|\\[N/A\\]|ERR!|\\[Unknown Error\\]";
    let mode = prop_oneof![Just(String::new()), "(, (Enabled|Disabled|\\[N/A\\]))"];
    prop::collection::vec((0_u32..16, figure, mode), 0..6)
        .prop_map(|cards| cards.into_iter().map(|(index, figure, mode)| format!("{index}, {figure}{mode}")).collect())
}

/// What a driver, a shell or a cut pipe may write where a card should stand.
fn no_card() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("Failed to initialize NVML: Driver/library version mismatch".to_owned()),
        Just("Unable to determine the device handle for GPU 0000:00:00.0: Unknown Error".to_owned()),
        "[A-Za-z\\[][ -~]{0,30}",
        "[0-9]{1,3}",
        "[0-9]{1,3},",
        "[0-9]{1,3}, (1[0-9]{2}[0-9]|[a-z]{1,8}|-[0-9])",
        "[0-9]{1,2}, [0-9]{1,2}, [a-z0-9]{1,8}",
        "[0-9]{1,2}, [0-9]{1,2}, Disabled, [ -~]{0,9}",
    ]
}

/// A list as Jupyter writes it, of kernels or of terminals.
fn list() -> impl Strategy<Value = Vec<String>> {
    let state = "busy|idle|starting";
    let item = (0_u32..99, state, 0_u32..3).prop_map(|(id, state, pages)| {
        format!("{{\"id\": \"k{id}\", \"name\": \"{id}\", \"execution_state\": \"{state}\", \"connections\": {pages}}}")
    });
    prop::collection::vec(item, 0..5)
}

/// What may stand in such a list and is neither a kernel nor a terminal, or is no JSON at all.
fn no_item() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "null",
        "7",
        "\"busy\"",
        "[]",
        "{}",
        "{\"id\": 5, \"name\": 5}",
        "{\"id\": null, \"name\": null}",
        "{\"id\": \"k\", \"name\": [], \"connections\": -1}",
        "{\"id\": \"k\", \"name\": \"1\", \"last_activity\": \"yesterday\"}",
        "{\"id\": \"k\", \"name\": \"1\"",
        "<html>",
        "",
    ])
    .prop_map(str::to_owned)
}

/// Text that is nearly right: pieces of real output, cut and mixed.
fn nearly() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("1 (a) S 1 1 1 0 -1 4194560 1 0 0 0 5 5 1 1 20 0 1 0 77 0 0".to_owned()),
        Just("cpu  1 2 3 4 5 6 7 8 9 10\n".to_owned()),
        Just("   8 0 sda 10 0 100 5 20 0 200 9 0 8 14\n".to_owned()),
        Just("0, [N/A], Enabled\n".to_owned()),
        Just("1, 5 %, Disabled\n".to_owned()),
        Just("[{\"id\": \"a\", \"name\": \"1\"}]".to_owned()),
        Just("{\"id\": \"a\", \"execution_state\": \"busy\", \"connections\": 1}".to_owned()),
        Just("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n".to_owned()),
        "[ -~\\n]{0,20}",
        any::<i64>().prop_map(|number| number.to_string()),
        Just("18446744073709551615 ".to_owned()),
        ".{0,6}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_makes_a_parser_panic(text in nearly()) {
        let bytes = text.as_bytes();
        drop((process_stat(&text), real_uid(&text), container(&text), kept_apart(&text), of_session(&text), command_line(bytes)));
        drop((machine_ticks(&text), disk_bytes(&text), mounts(&text), people(&text), logins(bytes)));
        drop((gpus(&text), compute_pids(&text), kernels(bytes), terminals(bytes), names(bytes), runtime_file(bytes)));
    }

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..1_200)) {
        drop((command_line(&bytes), logins(&bytes), kernels(&bytes), names(&bytes), runtime_file(&bytes)));
    }

    #[test]
    fn a_busy_card_in_any_list_is_seen(before in 0_u8..4, percent in 5_u8..=100, mode in "(Enabled|Disabled|\\[N/A\\])") {
        let mut text: String = (0..before).map(|index| format!("{index}, 0, {mode}\n")).collect();
        text.push_str(&format!("{before}, {percent} %, {mode}\n"));
        let found = gpus(&text).unwrap();
        prop_assert_eq!(found.len(), usize::from(before) + 1);
        prop_assert_eq!(found.last().map(|gpu| gpu.use_of), Some(Gauge::Percent(percent)));
    }

    #[test]
    fn a_list_of_cards_with_anything_else_in_it_is_none(lines in cards(), odd in no_card(), at in any::<prop::sample::Index>()) {
        let whole = lines.join("\n");
        prop_assert_eq!(gpus(&whole).map(|cards| cards.len()), Ok(lines.len()), "{}", whole);
        let mut spoilt = lines;
        spoilt.insert(at.index(spoilt.len() + 1), odd);
        let spoilt = spoilt.join("\n");
        prop_assert!(gpus(&spoilt).is_err(), "{}", spoilt);
    }

    #[test]
    fn a_list_of_kernels_or_terminals_with_anything_else_in_it_is_none(
        items in list(), odd in no_item(), at in any::<prop::sample::Index>(), after in "[!-~]{1,9}"
    ) {
        let whole = format!("[{}]", items.join(", "));
        let count = |text: &str| (kernels(text.as_bytes()).map(|all| all.len()).ok(), terminals(text.as_bytes()).map(|all| all.len()).ok());
        prop_assert_eq!(count(&whole), (Some(items.len()), Some(items.len())));
        for cut in 0..whole.len() {
            prop_assert_eq!(count(&whole[..cut]), (None, None), "{}", &whole[..cut]);
        }
        for noise in [format!("{whole}{after}"), format!("{after}{whole}"), format!("{{\"kernels\": {whole}}}")] {
            // A list before or after a list is not one either.
            prop_assert_eq!(count(&noise), (None, None), "{}", noise);
        }
        let mut spoilt = items;
        let place = at.index(spoilt.len() + 1);
        // Nothing at all is an empty list when it stands alone.
        let odd = if odd.is_empty() && spoilt.is_empty() { ",".to_owned() } else { odd };
        spoilt.insert(place, odd);
        let spoilt = format!("[{}]", spoilt.join(", "));
        prop_assert_eq!(count(&spoilt), (None, None), "{}", spoilt);
    }

    /// By another reader's judgement: what is taken has exactly as many members as the text has, and none of them is noise.
    #[test]
    fn what_is_taken_of_nearly_right_text_is_all_of_it(text in nearly()) {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        if let Ok(cards) = gpus(&text) {
            let plain = |line: &str| line.trim().starts_with(|c: char| c.is_ascii_digit() || c == '+') && line.contains(',');
            prop_assert!(lines.clone().all(plain), "{}", text);
            prop_assert_eq!(cards.len(), lines.count());
        }
        let json: Option<Vec<serde_json::Map<String, serde_json::Value>>> = serde_json::from_str(&text).ok();
        let named = |key: &str| json.as_ref().filter(|all| all.iter().all(|one| one.get(key).is_some_and(serde_json::Value::is_string)));
        if let Ok(all) = kernels(text.as_bytes()) {
            prop_assert_eq!(Some(all.len()), named("id").map(Vec::len));
        }
        if let Ok(all) = terminals(text.as_bytes()) {
            prop_assert_eq!(Some(all.len()), named("name").map(Vec::len));
        }
    }
}

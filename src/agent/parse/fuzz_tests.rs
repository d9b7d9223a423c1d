//! Whatever is written there, the parsers read it or say that they cannot; none panics, and none takes noise for quiet.

use proptest::prelude::*;

use super::*;

/// Text that is nearly right: pieces of real output, cut and mixed.
fn nearly() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("1 (a) S 1 1 1 0 -1 4194560 1 0 0 0 5 5 1 1 20 0 1 0 77 0 0".to_owned()),
        Just("cpu  1 2 3 4 5 6 7 8 9 10\n".to_owned()),
        Just("   8 0 sda 10 0 100 5 20 0 200 9 0 8 14\n".to_owned()),
        Just("0, [N/A], Enabled\n".to_owned()),
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
}

//! What a window's text means, and what is said of a wrong one.

use super::*;
use crate::schedule::{DateRange, EdgeKey};

/// Each text, and the text that the window writes of itself.
#[test]
fn texts_and_what_they_mean() {
    for (text, canonical) in [
        ("Mon-Fri 08:00-20:00", "Mon-Fri 08:00-20:00"),
        ("mon-fri 8:00-20:00", "Mon-Fri 08:00-20:00"),
        ("MONDAY - friday   08:00 - 20:00", "Mon-Fri 08:00-20:00"),
        ("Mon\u{2013}Fri 08:00\u{2013}20:00", "Mon-Fri 08:00-20:00"),
        ("Sun 22:00-06:00", "Sun 22:00-06:00"),
        ("Mon,Wed 09:00-12:30", "Mon,Wed 09:00-12:30"),
        ("Mon, Wed , fri 09:00-12:30", "Mon,Wed,Fri 09:00-12:30"),
        ("Sat-Mon 10:00-14:00", "Mon,Sat,Sun 10:00-14:00"),
        ("Fri-Tue,Wed 10:00-14:00", "Mon-Wed,Fri-Sun 10:00-14:00"),
        ("daily 07:00-19:00", "daily 07:00-19:00"),
        ("Mon-Sun 07:00-19:00", "daily 07:00-19:00"),
        ("Daily", "daily 00:00-24:00"),
        ("Mon-Fri", "Mon-Fri 00:00-24:00"),
        ("Mon-Fri 00:00-24:00", "Mon-Fri 00:00-24:00"),
        ("Mon 18:00-24:00", "Mon 18:00-24:00"),
        ("Mon 18:00-00:00", "Mon 18:00-24:00"),
        ("Mon 00:00-06:00", "Mon 00:00-06:00"),
        ("Thu 23:59-00:01", "Thu 23:59-00:01"),
    ] {
        let window: WeeklyWindow = text.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(window.to_string(), canonical, "{text}");
        assert_eq!(canonical.parse(), Ok(window), "{text}");
        let json = serde_json::to_string(&window).unwrap();
        assert_eq!(serde_json::from_str::<WeeklyWindow>(&json).unwrap(), window);
    }
}

/// Each wrong text, the problem named, and a word that the help must hold.
#[test]
fn wrong_texts_are_told_what_to_write() {
    for (text, problem, help) in [
        ("", "it is empty", "Mon-Fri 08:00-20:00"),
        ("   ", "it is empty", "Mon-Fri 08:00-20:00"),
        ("08:00-20:00", "it names no day", "daily 08:00-20:00"),
        ("Mon-Fri 8-20", "\"8\" is not a time", "HH:MM"),
        ("Mon-Fri 8am-6pm", "\"8am\" is not a time", "24-hour"),
        ("Mon-Fri 08:00", "\"08:00\" is one time, not two", "08:00-20:00"),
        ("Mon-Fri 08:00-", "\"\" is not a time", "HH:MM"),
        ("Mon-Fri 08:00-20:60", "there is no time \"20:60\" in a day", "23:59"),
        ("Mon-Fri 08:00-24:01", "there is no time \"24:01\" in a day", "24:00"),
        ("Mon-Fri 24:00-06:00", "it starts at 24:00", "next day at 00:00"),
        ("Mon-Fri 08:00:00-20:00:00", "\"08:00:00\" is not a time", "HH:MM"),
        ("Sat 12:00-23:59:60", "\"23:59:60\" is not a time", "HH:MM"),
        ("Mon-Fri +8:00-20:00", "\"+8:00\" is not a time", "HH:MM"),
        ("Mon-Fri 08:0-20:00", "\"08:0\" is not a time", "HH:MM"),
        ("Mon-Fri 08:00-08:00", "it starts and ends at the same time", "00:00-24:00"),
        ("Mon-Fri 00:00-00:00", "it starts and ends at the same time", "00:00-24:00"),
        ("Mo-Fr 08:00-20:00", "\"Mo\" is not a day", "Mon Tue"),
        ("weekdays 08:00-20:00", "\"weekdays\" is not a day", "Mon Tue"),
        ("Mon-Mon 08:00-20:00", "the range \"Mon-Mon\" starts and ends on the same day", "daily"),
        ("Mon,,Wed 08:00-20:00", "a day is missing beside a comma or dash", "Mon,Wed"),
        ("Mon-Wed-Fri 08:00-20:00", "\"Wed-Fri\" is not a day", "Mon Tue"),
        ("Mon-Fri 08:00-12:00 13:00-17:00", "\"13:00-17:00\" is more than days and times", "list of strings"),
        ("Mon-Fri 08:00-20:00 Europe/Berlin", "\"Europe/Berlin\" is more than days and times", "one window"),
    ] {
        let error = text.parse::<WeeklyWindow>().expect_err(text);
        assert_eq!(error.problem(), problem, "{text}");
        assert!(error.help().contains(help), "{text}: {}", error.help());
        assert_eq!(error.to_string(), format!("\"{text}\" is not a weekly window: {problem}"));
    }
}

#[test]
fn no_text_of_bytes_panics() {
    for text in ["-", ",", "--", "é", "Mon-é 1\u{ff1a}00-2:00", "daily daily", "\u{2013}", "Mon -", "1", "Mon \u{0}"]
    {
        assert!(text.parse::<WeeklyWindow>().is_err(), "{text:?}");
    }
}

#[test]
fn date_ranges() {
    for text in ["2026-12-25", "2026-12-24..2027-01-02", "2028-02-29"] {
        assert_eq!(text.parse::<DateRange>().unwrap().to_string(), text);
    }
    for (text, problem) in [
        ("2027-02-29", "\"2027-02-29\" is not a date"),
        ("25.12.2026", "\"25.12.2026\" is not a date"),
        ("2026-12-24..", "\"\" is not a date"),
        ("2026-12-25T08:00", "\"2026-12-25T08:00\" is not a date"),
        ("2027-01-02..2026-12-24", "the range ends on 2026-12-24, before it starts on 2027-01-02"),
    ] {
        let error = text.parse::<DateRange>().expect_err(text).to_string();
        assert!(error.starts_with(problem), "{error}");
    }
}

/// S2: keys are stored, so their text is one and the same for ever.
#[test]
fn edge_keys() {
    assert_eq!("2026-11-23/0/off".parse::<EdgeKey>().unwrap().to_string(), "2026-11-23/0/off");
    for text in [
        "",
        "2026-11-23",
        "2026-11-23/0/Off",
        "2026-11-23/00/off",
        "2026-11-23/-1/on",
        "2026-11-23/0/off/",
        "2026-11-31/0/on",
    ] {
        assert!(text.parse::<EdgeKey>().is_err(), "{text}");
    }
}

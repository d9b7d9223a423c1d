//! Calendars as they are exported, and those that must not be half read.

use super::*;

fn calendar(events: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n{}END:VCALENDAR\r\n", events.replace('\n', "\r\n"))
}

fn event(lines: &str) -> String {
    calendar(&format!("BEGIN:VEVENT\nUID:1@example.com\nSUMMARY:Day off\n{lines}\nEND:VEVENT\n"))
}

fn zone() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn dates(text: &str) -> Vec<String> {
    parse_ics(text, &zone())
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
        .iter()
        .map(|(range, _)| range.to_string())
        .collect()
}

fn refused(text: &str) -> String {
    parse_ics(text, &zone()).map(|read| format!("{read:?}")).expect_err(text).to_string()
}

#[test]
fn single_events_cover_the_dates_they_touch() {
    for (lines, expected) in [
        ("DTSTART;VALUE=DATE:20261225", "2026-12-25"),
        ("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261226", "2026-12-25"),
        ("DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20270103", "2026-12-24..2027-01-02"),
        ("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261225", "2026-12-25"),
        ("DTSTART;VALUE=DATE:20280228\nDURATION:P2D", "2028-02-28..2028-02-29"),
        ("DTSTART;VALUE=DATE:20260105\nDURATION:P1W", "2026-01-05..2026-01-11"),
        ("dtstart;value=date:20261225", "2026-12-25"),
        ("DTSTART:20261224T140000\nDTEND:20261224T180000", "2026-12-24"),
        ("DTSTART:20261224T220000\nDTEND:20261225T010000", "2026-12-24..2026-12-25"),
        ("DTSTART:20261224T140000\nDTEND:20261225T000000", "2026-12-24"),
        ("DTSTART:20261224T220000\nDURATION:PT4H", "2026-12-24..2026-12-25"),
        ("DTSTART:20261224T220000", "2026-12-24"),
        // its own wall clock, whatever the zone is called
        ("DTSTART;TZID=America/New_York:20261225T000000\nDTEND;TZID=America/New_York:20261226T000000", "2026-12-25"),
        (
            "DTSTART;TZID=\"W. Europe Standard Time\":20261225T000000\nDTEND;TZID=\"W. Europe Standard Time\":20261226T000000",
            "2026-12-25",
        ),
        // in UTC: by the clock of whoever asks; this is midnight to midnight in Berlin
        ("DTSTART:20261224T230000Z\nDTEND:20261225T230000Z", "2026-12-25"),
        ("DTSTART;VALUE=DATE:20261225\nDESCRIPTION:folded over\n  two lines\\, with a comma", "2026-12-25"),
    ] {
        assert_eq!(dates(&event(lines)), [expected], "{lines}");
    }
}

#[test]
fn yearly_events_come_back() {
    for (lines, count, some) in [
        ("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY", 174, "2056-12-25"),
        ("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25;WKST=MO", 174, "2032-12-25"),
        ("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;COUNT=3", 3, "2028-12-25"),
        ("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;UNTIL=20291225", 4, "2029-12-25"),
        ("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;UNTIL=20291224T225959Z", 3, "2028-12-25"),
        ("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;INTERVAL=2;COUNT=3", 3, "2030-12-25"),
        (
            "DTSTART;VALUE=DATE:20261231\nDTEND;VALUE=DATE:20270102\nRRULE:FREQ=YEARLY;COUNT=2",
            2,
            "2027-12-31..2028-01-01",
        ),
        ("DTSTART;VALUE=DATE:20261126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=3", 3, "2028-11-23"),
        ("DTSTART;VALUE=DATE:20260525\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;COUNT=2", 2, "2027-05-31"),
        ("DTSTART;VALUE=DATE:20260228\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1;COUNT=3", 3, "2028-02-29"),
        // S14: 29 February exists in leap years only
        ("DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY;COUNT=3", 3, "2032-02-29"),
        ("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;COUNT=3\nEXDATE;VALUE=DATE:20271225", 2, "2028-12-25"),
        (
            "DTSTART:20261225T090000\nDTEND:20261225T100000\nRRULE:FREQ=YEARLY;COUNT=2\nEXDATE:20261225T090000",
            1,
            "2027-12-25",
        ),
    ] {
        let found = dates(&event(lines));
        assert_eq!(found.len(), count, "{lines}: {found:?}");
        assert!(found.iter().any(|range| range == some), "{lines}: {found:?}");
    }
    assert!(
        !dates(&event("DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY")).iter().any(|date| date.starts_with("2025"))
    );
}

/// S21: what is not understood is an error that names it; a calendar is never half read.
#[test]
fn events_not_understood_are_named() {
    for (lines, problem) in [
        ("DESCRIPTION:no date", "it has no DTSTART"),
        ("DTSTART;VALUE=DATE:20261325", "\"20261325\" is not a date"),
        ("DTSTART;VALUE=DATE:2026-12-25", "\"2026-12-25\" is not a date"),
        ("DTSTART;VALUE=DATE:20261225\nDTEND;VALUE=DATE:20261224", "it ends before it starts"),
        ("DTSTART:20261225T100000\nDTEND:20261225T090000", "it ends before it starts"),
        ("DTSTART;VALUE=DATE:20261225\nDTEND:20261226T000000", "DTSTART and DTEND must both be"),
        ("DTSTART;VALUE=DATE:20261225\nDURATION:soon", "DURATION \"soon\""),
        ("DTSTART;VALUE=DATE:20261225\nDURATION:-P1D", "it ends before it starts"),
        ("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=WEEKLY", "RRULE FREQ=WEEKLY is not supported"),
        ("DTSTART;VALUE=DATE:20261225\nRRULE:COUNT=2", "RRULE has no FREQ"),
        ("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;BYDAY=FR", "RRULE BYDAY=FR is not supported"),
        ("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;BYDAY=1FR", "RRULE BYDAY without BYMONTH"),
        ("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;BYMONTH=1,7", "RRULE BYMONTH=1,7 is not supported"),
        ("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;BYMONTHDAY=25", "RRULE BYMONTHDAY without BYMONTH"),
        ("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;BYEASTER=1", "RRULE BYEASTER=1 is not supported"),
        ("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;INTERVAL=0", "RRULE INTERVAL=0 is not supported"),
        ("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;COUNT=2;UNTIL=20301225", "RRULE has both COUNT and UNTIL"),
        ("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;COUNT=2;COUNT=3", "RRULE gives COUNT=3 beside another"),
        ("DTSTART;VALUE=DATE:20261225\nRDATE;VALUE=DATE:20271225", "RDATE is not read here"),
        ("DTSTART;VALUE=DATE:20261225\nRECURRENCE-ID:20271225", "RECURRENCE-ID is not read here"),
    ] {
        let error = refused(&event(lines));
        assert!(error.starts_with(&format!("event \"Day off\": {problem}")), "{lines}: {error}");
    }
}

#[test]
fn calendars_cut_off_or_odd_are_refused() {
    let whole = event("DTSTART;VALUE=DATE:20261225");
    for (text, problem) in [
        (String::new(), "line 1: the text is empty"),
        ("\n\n".to_owned(), "line 2: the text is empty"),
        ("<html><body>Sign in</body></html>".to_owned(), "line 1: not of the form NAME:value"),
        ("<a href=\"https://x\">".to_owned(), "line 1: not an iCalendar"),
        ("BEGIN:VCARD\nEND:VCARD".to_owned(), "line 1: not an iCalendar"),
        (whole.replace("END:VCALENDAR\r\n", ""), "line 8: the text ends before END:VCALENDAR"),
        (whole.replace("END:VEVENT\r\n", ""), "line 8: an END that fits no BEGIN"),
        (whole.replace("UID:", "UID"), "line 5: not of the form NAME:value"),
        (format!("{whole}{whole}"), "line 10: text after END:VCALENDAR"),
        ("BEGIN:VCALENDAR\n".repeat(50), "line 9: components nested too deep"),
    ] {
        let error = refused(&text);
        assert!(error.starts_with(problem), "{error}\n{text}");
    }
    // Cut at any line short of the last, it is never read.
    let lines: Vec<&str> = whole.lines().collect();
    for kept in 0..lines.len() {
        refused(&lines[..kept].join("\r\n"));
    }
}

#[test]
fn what_else_a_calendar_holds() {
    let text = calendar(
        "X-WR-CALNAME:Feiertage\nBEGIN:VTIMEZONE\nTZID:Europe/Berlin\nBEGIN:STANDARD\nDTSTART:19701025T030000\n\
         RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n\
         BEGIN:VEVENT\nSUMMARY;LANGUAGE=de:Tag der\n  Arbeit\\; frei\nDTSTART;VALUE=DATE:20260501\nBEGIN:VALARM\n\
         TRIGGER:-P1D\nACTION:DISPLAY\nEND:VALARM\nEND:VEVENT\n\
         BEGIN:VEVENT\nSUMMARY:Called off\nSTATUS:CANCELLED\nDTSTART;VALUE=DATE:20260502\nEND:VEVENT\n\
         BEGIN:VEVENT\nDTSTART;VALUE=DATE:20260503\nEND:VEVENT\n\
         BEGIN:VTODO\nDUE;VALUE=DATE:20260504\nEND:VTODO\n",
    );
    let read = parse_ics(&format!("\u{feff}{text}"), &zone()).unwrap();
    let read: Vec<(String, &str)> = read.iter().map(|(range, name)| (range.to_string(), name.as_str())).collect();
    assert_eq!(read, [("2026-05-01".to_owned(), "Tag der Arbeit; frei"), ("2026-05-03".to_owned(), "unnamed event")]);
    assert_eq!(dates(&calendar("")), Vec::<String>::new());
}

/// The names of events reach terminals and logs.
#[test]
fn names_are_one_short_line() {
    let text = calendar(&format!(
        "BEGIN:VEVENT\nSUMMARY:a\\nb\u{1b}[31m{}\nDTSTART;VALUE=DATE:20260501\nEND:VEVENT\n",
        "x".repeat(500)
    ));
    let name = parse_ics(&text, &zone()).unwrap().remove(0).1;
    assert!(name.chars().count() <= 120 && !name.chars().any(char::is_control), "{name:?}");
    assert!(name.starts_with("a b [31mx"), "{name:?}");
}

//! The cron file: its lines are those of a system crontab.

use super::read;

/// What is wrong with a line of a system crontab, when something is.
fn cron_fault(line: &str) -> Option<String> {
    let bounds = [("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7)];
    let mut words = line.split_whitespace();
    for (field, low, high) in bounds {
        let word = words.next()?;
        for part in word.split(',') {
            let (range, every) = part.split_once('/').unwrap_or((part, "1"));
            let (from, to) = if range == "*" { ("*", "*") } else { range.split_once('-').unwrap_or((range, range)) };
            let fits = |text: &str| text == "*" || text.parse::<u32>().is_ok_and(|n| (low..=high).contains(&n));
            if !fits(from) || !fits(to) || !every.parse::<u32>().is_ok_and(|n| n > 0) {
                return Some(format!("{field}: `{part}`"));
            }
        }
    }
    let user = words.next().unwrap_or_default();
    let command: Vec<&str> = words.collect();
    if user != "lightsout" || command.is_empty() {
        return Some("a user and a command".to_owned());
    }
    // In a crontab an unescaped % ends the command.
    command.iter().any(|word| word.contains('%')).then(|| "% must be escaped".to_owned())
}

#[test]
fn the_cron_file_is_a_system_crontab() {
    let text = read("deploy/lightsout.cron");
    assert!(text.ends_with('\n'), "cron ignores a last line without its end");
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')).collect();
    let (settings, jobs): (Vec<&str>, Vec<&str>) =
        lines.into_iter().partition(|line| line.split_whitespace().next().is_some_and(|word| word.contains('=')));
    assert_eq!(jobs.len(), 2, "{jobs:?}");
    assert!(settings.iter().any(|line| line.starts_with("PATH=") && line.contains("/usr/local/bin")), "{settings:?}");
    for job in jobs {
        assert_eq!(cron_fault(job), None, "{job}");
    }
    for bad in [
        "60 * * * * lightsout x",
        "* 24 * * * lightsout x",
        "*/0 * * * * lightsout x",
        "* * * * * root x",
        "1-99 * * * * lightsout x",
        "* * * * * lightsout",
        "* * * * * lightsout date +%H",
    ] {
        assert!(cron_fault(bad).is_some(), "{bad}");
    }
    for code in ["0 all well", "2 the configuration", "3 some workspaces", "4 a stop failed"] {
        assert!(text.contains(code), "exit code: {code}");
    }
}

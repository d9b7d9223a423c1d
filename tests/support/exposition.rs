//! A small reader of the exposition formats, written apart from the writer, and the lint rules for what it reads.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, unreachable_pub, reason = "test support: a page that cannot be read fails the test")]

use std::collections::{BTreeMap, BTreeSet};

/// A family as read.
#[derive(Debug, Default, Clone)]
pub struct Family {
    pub kind: String,
    pub help: String,
    /// Sample name, labels, value as written.
    pub samples: Vec<(String, BTreeMap<String, String>, String)>,
}

/// Reads a page; panics with the line on anything malformed, doubled or out of place.
pub fn read(page: &str) -> BTreeMap<String, Family> {
    let mut families: BTreeMap<String, Family> = BTreeMap::new();
    let mut current = String::new();
    assert!(page.ends_with('\n'), "the last line must end");
    for line in page.lines().filter(|line| *line != "# EOF") {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            let family = Family { help: help.to_owned(), ..Family::default() };
            assert!(families.insert(name.to_owned(), family).is_none(), "family twice: {line}");
            name.clone_into(&mut current);
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(name, current, "TYPE follows its HELP: {line}");
            kind.clone_into(&mut families.get_mut(name).unwrap().kind);
        } else {
            let sample = sample(line);
            assert!(sample.0.starts_with(&current), "sample outside its family {current}: {line}");
            families.get_mut(&current).unwrap().samples.push(sample);
        }
    }
    families
}

fn sample(line: &str) -> (String, BTreeMap<String, String>, String) {
    let end = line.find(['{', ' ']).unwrap();
    let name = line[..end].to_owned();
    let mut labels = BTreeMap::new();
    let mut rest = &line[end..];
    if let Some(inner) = rest.strip_prefix('{') {
        let mut chars = inner.char_indices().peekable();
        loop {
            let mut label = String::new();
            for (_, c) in chars.by_ref() {
                if c == '=' {
                    break;
                }
                label.push(c);
            }
            assert_eq!(chars.next().map(|(_, c)| c), Some('"'), "{line}");
            let mut value = String::new();
            loop {
                match chars.next().unwrap_or_else(|| panic!("unended label: {line}")).1 {
                    '"' => break,
                    '\\' => value.push(match chars.next().unwrap().1 {
                        'n' => '\n',
                        c @ ('\\' | '"') => c,
                        other => panic!("escape \\{other}: {line}"),
                    }),
                    c => value.push(c),
                }
            }
            assert!(labels.insert(label, value).is_none(), "label twice: {line}");
            match chars.next().unwrap() {
                (_, ',') => {}
                (place, '}') => {
                    rest = &inner[place + 1..];
                    break;
                }
                (_, other) => panic!("{other} after a label: {line}"),
            }
        }
    }
    let value = rest.strip_prefix(' ').unwrap_or_else(|| panic!("no value: {line}")).to_owned();
    assert!(value == "+Inf" || value.parse::<f64>().is_ok(), "value: {line}");
    (name, labels, value)
}

/// The rules of good names (promtool's, and ours on labels), as findings in words.
pub fn lint(families: &BTreeMap<String, Family>) -> Vec<String> {
    let mut findings = Vec::new();
    for (name, family) in families {
        let mut rule = |broken: bool, words: &str| {
            if broken {
                findings.push(format!("{name}: {words}"));
            }
        };
        rule(family.help.is_empty(), "no help");
        rule((family.kind == "counter") != name.ends_with("_total"), "exactly counters end in _total");
        rule(name.contains("__") || name.chars().any(|c| !c.is_ascii_lowercase() && c != '_' && !c.is_ascii_digit()), "odd letters");
        let units = ["milliseconds", "minutes", "hours", "days", "percent", "kilobytes", "megabytes", "_ms", "_count", "_sum", "_bucket"];
        rule(units.iter().any(|unit| name.ends_with(unit) || name.ends_with(&format!("{unit}_total"))), "not a base unit");
        rule(["gauge", "counter", "histogram"].iter().any(|kind| name.contains(kind)), "its kind in its name");
        let mut seen = BTreeSet::new();
        for (sample, labels, _) in &family.samples {
            rule(!seen.insert((sample, labels)), "a series twice");
            rule(labels.values().any(|value| value.contains('@')), "a person in a label");
            rule(labels.values().any(|value| value.chars().any(char::is_control)), "a control character in a label");
        }
    }
    findings
}

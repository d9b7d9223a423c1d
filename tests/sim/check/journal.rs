//! What the journal says afterwards, read on its own: rows of intents, warnings and the wire, and nothing of how they came.

use std::collections::BTreeMap;

use super::Breach;
use super::rows::Row;

/// Every breach in the rows of a journal (`attempt`, `message`) beside those of what happened outside (`wire`, `clock`).
pub(crate) fn check_journal(journal: &[String], outside: &[String]) -> Vec<Breach> {
    let mut found = Vec::new();
    let attempts: Vec<Row<'_>> = rows(journal, "attempt");
    found.extend(one_at_a_time(&attempts));
    found.extend(carried_out_once(&attempts));
    let wires = rows(outside, "wire");
    found.extend(intended(&attempts, &wires));
    found.extend(announced(&rows(journal, "message"), &wires, &rows(outside, "clock")));
    found
}

fn rows<'a>(lines: &'a [String], kind: &str) -> Vec<Row<'a>> {
    lines.iter().filter_map(|line| Row::read(line)).filter(|row| row.kind == kind).collect()
}

fn breach(row: &Row<'_>, rule: &'static str, what: &str) -> Breach {
    Breach { at: row.at, rule, of: row.text("i").to_owned(), what: format!("the journal has it {what}") }
}

/// One stop of a machine at a time (S18): a second one is not begun before the first has ended.
fn one_at_a_time(attempts: &[Row<'_>]) -> Vec<Breach> {
    let mut open: BTreeMap<&str, i64> = BTreeMap::new();
    let mut found = Vec::new();
    for row in attempts {
        let ended = if row.text("ended").is_empty() { i64::MAX } else { row.number("ended") };
        // by a clock that was put back a stop may begin before the last one ended: the rows stand in the order of writing
        if open.get(row.text("i")).is_some_and(|until| *until == i64::MAX) {
            found.push(breach(row, "S18", "begun while another stop of it was under way"));
        }
        open.insert(row.text("i"), ended);
    }
    found
}

/// A reason is carried out once (I4).
fn carried_out_once(attempts: &[Row<'_>]) -> Vec<Breach> {
    let mut done: BTreeMap<(&str, &str, &str), ()> = BTreeMap::new();
    let mut found = Vec::new();
    for row in attempts.iter().filter(|row| matches!(row.text("result"), "stopped" | "started_again")) {
        if done.insert((row.text("i"), row.text("life"), row.text("key")), ()).is_some() {
            found.push(breach(row, "I4", "carried out twice for one reason"));
        }
    }
    found
}

/// Every POST has an attempt of its own, written before it (I2).
fn intended(attempts: &[Row<'_>], wires: &[Row<'_>]) -> Vec<Breach> {
    let mut free: BTreeMap<(&str, &str), Vec<i64>> = BTreeMap::new();
    for row in attempts {
        free.entry((row.text("i"), row.text("key"))).or_default().push(row.at);
    }
    let mut found = Vec::new();
    for wire in wires.iter().filter(|wire| wire.text("verb") == "stop") {
        let its = free.get_mut(&(wire.text("i"), wire.text("key")));
        let at = its.as_ref().and_then(|its| its.iter().position(|at| *at <= wire.number("wall")));
        match its.zip(at) {
            Some((its, at)) => drop(its.remove(at)),
            None => found.push(breach(wire, "I2", "nowhere that it was to be sent")),
        }
    }
    found
}

/// Every POST that no person asked for was announced in time, as far as the journal's own times tell (I6).
fn announced(messages: &[Row<'_>], wires: &[Row<'_>], clocks: &[Row<'_>]) -> Vec<Breach> {
    let mut of: BTreeMap<(&str, &str), Vec<&Row<'_>>> = BTreeMap::new();
    for row in messages {
        of.entry((row.text("i"), row.text("key"))).or_default().push(row);
    }
    let stepped = |at: i64| clocks.iter().any(|clock| (0..3 * 3_600_000).contains(&(at - clock.at)));
    let mut found = Vec::new();
    for wire in wires.iter().filter(|wire| wire.text("verb") == "stop" && wire.text("ground") != "asked") {
        let wall = wire.number("wall");
        let its = of.get(&(wire.text("i"), wire.text("key")));
        let early = |row: &&&Row<'_>| row.at < wall && row.number("stop") <= wall;
        if !stepped(wire.at) && its.is_none_or(|its| !its.iter().any(|row| early(&row))) {
            found.push(breach(wire, "I6", "nowhere that it was announced"));
        }
    }
    found
}

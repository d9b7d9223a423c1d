//! A replay for a person at a terminal.

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::search::Found;
use super::{between, money, saved};
use crate::cli::render::Look;
use crate::cli::statement::{hours, money as costs};
use crate::replay::{Checked, Compared, Figures, Hurt, InstanceReplay, Knee, Regret, Replay, Spread, Worked};
use crate::report::words;

/// Hurt people that are listed by name.
const HURT_MAX: usize = 40;

fn count(spread: &Spread<Figures>, of: fn(&Figures) -> u32) -> String {
    between(of(&spread.least).to_string(), of(&spread.most).to_string())
}

/// What is told of each figure: its name, what happened, what would have.
pub(super) fn lines(compared: &Compared) -> Vec<[String; 3]> {
    let Compared { happened, replayed } = compared;
    let cost = |of: fn(&Figures) -> &crate::ledger::Costs| {
        money(&Spread { least: of(&replayed.least), most: of(&replayed.most) })
    };
    let line = |name: &str, did: String, would: String| [name.to_owned(), did, would];
    let saving = saved(compared);
    vec![
        line("stops", happened.stops.to_string(), count(replayed, |one| one.stops)),
        line("warnings", happened.warnings.to_string(), count(replayed, |one| one.warnings)),
        line("regrets", happened.regrets.to_string(), count(replayed, |one| one.regrets)),
        line(
            "running time",
            hours(happened.running_seconds),
            between(hours(replayed.least.running_seconds), hours(replayed.most.running_seconds)),
        ),
        line("running cost", costs(&happened.cost), cost(|one| &one.cost)),
        line("avoided by stops (est.)", costs(&happened.avoided), cost(|one| &one.avoided)),
        line(
            "cheaper than what happened by",
            "-".to_owned(),
            money(&Spread { least: &saving.least, most: &saving.most }),
        ),
    ]
}

/// The instances with the greatest difference first, and those without any left out.
pub(super) fn by_difference(replay: &Replay, top: Option<usize>) -> Vec<&InstanceReplay> {
    let weight = |one: &InstanceReplay| {
        let saving = saved(&one.figures);
        let most = saving.least.iter().chain(saving.most.iter()).map(|cost| cost.exact().unsigned_abs()).max();
        (most.unwrap_or(0), one.figures.replayed.most.stops.abs_diff(one.figures.happened.stops))
    };
    let mut all: Vec<&InstanceReplay> = replay.instances.iter().filter(|one| differs(one)).collect();
    all.sort_by_key(|one| std::cmp::Reverse(weight(one)));
    all.truncate(top.unwrap_or(usize::MAX));
    all
}

fn differs(one: &InstanceReplay) -> bool {
    let Compared { happened, replayed } = &one.figures;
    *happened != replayed.least || *happened != replayed.most
}

pub(super) const HEADER: [&str; 8] =
    ["instance", "owner", "policy", "stops", "warnings", "regrets", "running cost", "cheaper by"];

pub(super) fn row(one: &InstanceReplay) -> Vec<String> {
    let Compared { happened, replayed } = &one.figures;
    let to = |did: u32, would: String| if did.to_string() == would { would } else { format!("{did} → {would}") };
    let saving = saved(&one.figures);
    vec![
        format!("{}/{}", one.instance.workspace().name(), one.instance.name()),
        one.owner.as_deref().unwrap_or("-").to_owned(),
        one.policy.as_deref().unwrap_or("none").to_owned(),
        to(happened.stops, count(replayed, |one| one.stops)),
        to(happened.warnings, count(replayed, |one| one.warnings)),
        to(happened.regrets, count(replayed, |one| one.regrets)),
        money(&Spread { least: &replayed.least.cost, most: &replayed.most.cost }),
        money(&Spread { least: &saving.least, most: &saving.most }),
    ]
}

pub(super) const HURT_HEADER: [&str; 6] = ["stop", "instance", "owner", "ground", "what then", "known"];

pub(super) fn hurt_row(hurt: &Hurt) -> Vec<String> {
    let (then, known) = match &hurt.stop.regret {
        Regret::None => ("nothing".to_owned(), "certain"),
        Regret::Certain { at, worked } => {
            let how = match worked {
                Worked::Seen { source, words } => format!("{}: {words}", source.label()),
                Worked::Held { by } => format!("{by} held it"),
                Worked::Started => "it was started again".to_owned(),
            };
            (format!("{} min later {how}", at.duration_since(hurt.stop.at).as_mins()), "certain")
        }
        Regret::Possible { from } => (format!("nobody knows from {from:.0} on"), "possible"),
    };
    let known = if hurt.stop.happened { format!("{known}, and it happened") } else { known.to_owned() };
    vec![
        format!("{:.0}", hurt.stop.at),
        format!("{}/{}", hurt.instance.workspace().name(), hurt.instance.name()),
        hurt.owner.as_deref().unwrap_or("-").to_owned(),
        hurt.stop.ground.label().replace('_', " "),
        then,
        known,
    ]
}

/// Which policies, over which time.
pub(super) fn title(replay: &Replay, tried: &str) -> String {
    format!("Replay of {}, {}", words::clean(tried), span(replay.from, replay.to))
}

/// Whole days by their dates, the last one included; anything else by its instants.
#[must_use]
pub fn span(from: Timestamp, to: Timestamp) -> String {
    let day = |at: Timestamp| Some(at.to_zoned(TimeZone::UTC)).filter(|at| at.time() == Time::midnight());
    match (day(from), day(to).and_then(|to| to.yesterday().ok())) {
        (Some(from), Some(last)) if from.date() == last.date() => format!("{} (UTC)", last.date()),
        (Some(from), Some(last)) => format!("{} to {} (UTC)", from.date(), last.date()),
        (_, _) => format!("{from:.0} to {to:.0}"),
    }
}

/// The replay as text.
#[must_use]
pub fn text(replay: &Replay, tried: &str, (look, top): (&Look, Option<usize>)) -> String {
    let mut text = format!("{}\n\n", look.paint.strong(&title(replay, tried)));
    let rows: Vec<Vec<String>> = lines(&replay.total).into_iter().map(Vec::from).collect();
    text.push_str(&look.figures(&["", "happened", "replayed"], &rows));
    let shown = by_difference(replay, top);
    let all = replay.instances.len();
    text.push_str(&format!(
        "\n{}\n",
        look.paint.strong(&format!("{} of {all} machines fare otherwise", by_difference(replay, None).len()))
    ));
    if !shown.is_empty() {
        let rows: Vec<Vec<String>> = shown.into_iter().map(row).collect();
        text.push_str(&look.table(&HEADER, &rows));
    }
    hurt(&mut text, replay, look);
    if !replay.held_back.is_empty() {
        let counts: Vec<String> = replay.held_back.iter().map(|(word, count)| format!("{word} {count}")).collect();
        text.push_str(&format!("\nHeld back by the guard: {}\n", counts.join(", ")));
    }
    differences(&mut text, &replay.checked, look);
    notes(&mut text, &replay.notes, look);
    text
}

fn hurt(text: &mut String, replay: &Replay, look: &Look) {
    let (all, listed) = (replay.hurt.len(), replay.hurt.len().min(HURT_MAX));
    if all == 0 {
        text.push_str(&format!(
            "\n{}\n",
            look.paint.strong("Nobody would have been hurt: no work within half an hour after a stop")
        ));
        return;
    }
    let heading = if listed < all {
        format!("Whom it would have hurt (the first {listed} of {all})")
    } else {
        "Whom it would have hurt".to_owned()
    };
    text.push_str(&format!("\n{}\n", look.paint.strong(&heading)));
    let rows: Vec<Vec<String>> = replay.hurt.iter().take(HURT_MAX).map(hurt_row).collect();
    text.push_str(&look.table(&HURT_HEADER, &rows));
}

fn differences(text: &mut String, checked: &Checked, look: &Look) {
    if checked.differences.is_empty() {
        return;
    }
    text.push_str(&format!("\n{}\n", look.paint.strong("Decisions of the record that come out otherwise")));
    let rows = checked.differences.iter().take(20).map(|one| {
        let name = format!("{}/{}", one.instance.workspace().name(), one.instance.name());
        vec![format!("{:.0}", one.at), name, one.recorded.clone(), one.replayed.clone(), one.why.to_owned()]
    });
    let rows: Vec<Vec<String>> = rows.collect();
    text.push_str(&look.table(&["at", "instance", "recorded", "replayed", "why"], &rows));
}

fn notes(text: &mut String, notes: &[String], look: &Look) {
    text.push_str(&format!("\n{}\n", look.paint.strong("What this means, and what it does not")));
    notes.iter().for_each(|note| text.push_str(&format!("  {}\n", words::clean(note))));
}

pub(super) const TRIED_HEADER: [&str; 6] = ["value", "stops", "warnings", "regrets", "running cost", "cheaper by"];

/// One row for each combination of values.
pub(super) fn tried_rows(found: &Found) -> Vec<Vec<String>> {
    let mark = |place: usize| {
        let at = |knee: &Knee| *knee == Knee::At { place };
        match (at(&found.knee_least), at(&found.knee_most)) {
            (true, true) => " *",
            (true, false) => " * (least)",
            (false, true) => " * (most)",
            (false, false) => "",
        }
    };
    let one = |(place, tried): (usize, &super::search::Tried)| {
        let replayed = &tried.figures.replayed;
        let saving = saved(&tried.figures);
        vec![
            format!("{}{}", tried.name, mark(place)),
            count(replayed, |one| one.stops),
            count(replayed, |one| one.warnings),
            count(replayed, |one| one.regrets),
            money(&Spread { least: &replayed.least.cost, most: &replayed.most.cost }),
            money(&Spread { least: &saving.least, most: &saving.most }),
        ]
    };
    found.tried.iter().enumerate().map(one).collect()
}

/// Where the knee is, and what is meant by it.
pub(super) fn knee_words(found: &Found) -> String {
    let of = |knee: &Knee| match knee {
        Knee::At { place } => found.tried.get(*place).map_or_else(String::new, |tried| tried.name.clone()),
        Knee::None { why } => format!("nowhere ({why})"),
    };
    let (least, most) = (of(&found.knee_least), of(&found.knee_most));
    let found = match &found.knee_least {
        Knee::None { why } if least == most => format!("There is no knee: {why}."),
        Knee::At { .. } | Knee::None { .. } if least == most => format!("The knee is at {least}."),
        Knee::At { .. } | Knee::None { .. } => {
            format!("The knee is at {least} by the least, and at {most} by the most.")
        }
    };
    format!(
        "{found} A knee is the value, among those that no other beats in both money and regrets, that lies furthest below the straight \
         line from the cheapest to the one with the fewest regrets, both axes drawn to one length."
    )
    .replace("at nowhere", "nowhere")
}

/// A search as text.
#[must_use]
pub fn search_text(found: &Found, heading: &str, look: &Look) -> String {
    let mut text = format!("{}\n\n", look.paint.strong(&words::clean(heading)));
    if let Some(first) = found.tried.first() {
        let happened = &first.figures.happened;
        text.push_str(&format!(
            "What happened: {} stops, {} regrets, {}\n\n",
            happened.stops,
            happened.regrets,
            costs(&happened.cost)
        ));
    }
    text.push_str(&look.figures(&TRIED_HEADER, &tried_rows(found)));
    text.push_str(&format!("\n{}\n", knee_words(found)));
    notes(&mut text, &found.notes, look);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_of_days_is_said_by_its_dates() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let said = |from: &str, to: &str| span(at(from), at(to));
        assert_eq!(said("2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"), "2026-11-01 to 2026-11-30 (UTC)");
        assert_eq!(said("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"), "2026-11-01 (UTC)");
        assert_eq!(
            said("2026-11-01T00:00:00Z", "2026-11-02T09:30:00Z"),
            "2026-11-01T00:00:00Z to 2026-11-02T09:30:00Z"
        );
    }
}

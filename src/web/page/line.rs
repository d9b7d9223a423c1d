//! What an instance did, as a picture: its states, the use that was seen, and what happened, on a line of a thousand parts.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::shown::{Clocks, When};
use crate::facts::{Evidence, Use};
use crate::ports::{Happening, HappeningKind};

/// A mark on the axis.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::web) struct Tick {
    /// Where, of a thousand.
    pub(in crate::web) x: i128,
    /// What stands there.
    pub(in crate::web) label: String,
}

/// A stretch of time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::web) struct Span {
    /// Where it begins, of a thousand.
    pub(in crate::web) x: i128,
    /// How long it is, of a thousand.
    pub(in crate::web) width: i128,
    /// In words.
    pub(in crate::web) title: String,
}

/// A stretch in one state.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::web) struct StateSpan {
    /// Where and how long.
    #[serde(flatten)]
    pub(in crate::web) span: Span,
    /// `running`, `stopped`, `changing` or `unknown`.
    pub(in crate::web) state: &'static str,
}

/// What one source saw.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::web) struct Lane {
    /// The source.
    pub(in crate::web) source: String,
    /// When it saw use.
    pub(in crate::web) spans: Vec<Span>,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::web) struct Mark {
    /// Where, of a thousand.
    pub(in crate::web) x: i128,
    /// `warning`, `stop`, `hold`, `start` or `decision`.
    pub(in crate::web) kind: &'static str,
    /// In words.
    pub(in crate::web) title: String,
    /// When.
    pub(in crate::web) at: When,
}

/// The picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::web) struct Timeline {
    /// Its beginning.
    pub(in crate::web) from: When,
    /// Its end.
    pub(in crate::web) until: When,
    /// The axis.
    pub(in crate::web) ticks: Vec<Tick>,
    /// States.
    pub(in crate::web) states: Vec<StateSpan>,
    /// Use.
    pub(in crate::web) activity: Vec<Lane>,
    /// What happened.
    pub(in crate::web) marks: Vec<Mark>,
}

/// The time that a picture covers.
#[derive(Debug, Clone, Copy)]
struct Frame {
    from: Timestamp,
    until: Timestamp,
}

impl Frame {
    fn x(self, at: Timestamp) -> i128 {
        let whole = self.until.duration_since(self.from).as_secs().max(1);
        let part = at.duration_since(self.from).as_secs().clamp(0, whole);
        i128::from(part).saturating_mul(1_000).checked_div(i128::from(whole)).unwrap_or(0)
    }

    fn span(self, from: Timestamp, to: Timestamp, title: String) -> Option<Span> {
        (to > self.from && from < self.until).then(|| {
            let x = self.x(from);
            Span { x, width: self.x(to).saturating_sub(x).max(1), title }
        })
    }
}

/// The state of a label of the journal's, in the page's words.
fn state_of(label: &str) -> &'static str {
    match label {
        "running" | "job_running" => "running",
        "stopped" => "stopped",
        "changing" => "changing",
        _ => "unknown",
    }
}

/// The picture of what happened from an instant on.
#[must_use]
pub(in crate::web) fn timeline(
    happened: &[Happening],
    evidence: &Evidence,
    from: Timestamp,
    clocks: &Clocks,
) -> Timeline {
    let frame = Frame { from, until: clocks.now };
    let told = |at: Timestamp| clocks.when(at).text;
    let changes: Vec<(Timestamp, &str)> =
        happened.iter().filter_map(|one| Some((one.at, one.state.as_deref()?))).collect();
    let ends = changes.iter().skip(1).map(|(at, _)| *at).chain([clocks.now]);
    let states = changes.iter().zip(ends).filter_map(|((at, label), end)| {
        let state = state_of(label);
        let title = format!("{} from {} to {}", label.replace('_', " "), told(*at), told(end));
        Some(StateSpan { span: frame.span(*at, end, title)?, state })
    });
    Timeline {
        from: clocks.when(from),
        until: clocks.when(clocks.now),
        ticks: ticks(frame, clocks),
        states: states.collect(),
        activity: lanes(frame, evidence, clocks),
        marks: happened.iter().filter(|one| one.at >= from).filter_map(|one| mark(frame, one, clocks)).collect(),
    }
}

/// One at the beginning of each day by the policy's clock.
fn ticks(frame: Frame, clocks: &Clocks) -> Vec<Tick> {
    let zone = clocks.zone.clone().unwrap_or(jiff::tz::TimeZone::UTC);
    let mut day = frame.from.to_zoned(zone);
    let mut ticks = Vec::new();
    while let Ok(next) = day.tomorrow().and_then(|next| next.start_of_day()) {
        if next.timestamp() >= frame.until || ticks.len() >= 40 {
            break;
        }
        ticks.push(Tick { x: frame.x(next.timestamp()), label: next.strftime("%a %-d").to_string() });
        day = next;
    }
    ticks
}

/// What each source saw: use lies where it watched, and ends with the last moment of it.
fn lanes(frame: Frame, evidence: &Evidence, clocks: &Clocks) -> Vec<Lane> {
    let told = |at: Timestamp| clocks.when(at).text;
    let lane = |track: &crate::facts::Track| {
        let last = if track.now == Use::Busy { Some(track.as_of) } else { track.last_busy.known() };
        let spans = last.and_then(|last| {
            // how long use went on is told by no account; the newest moment of it is
            let from = last.checked_sub(SignedDuration::from_mins(10)).unwrap_or(last);
            frame.span(from, last, format!("last in use {}: {}", told(last), crate::report::words::clean(&track.words)))
        });
        Lane { source: track.source.label().to_owned(), spans: spans.into_iter().collect() }
    };
    evidence.tracks.iter().map(lane).collect()
}

fn mark(frame: Frame, happened: &Happening, clocks: &Clocks) -> Option<Mark> {
    let started = happened.state.as_deref().is_some_and(|state| state_of(state) == "running");
    let kind = match happened.kind {
        HappeningKind::Warning => "warning",
        HappeningKind::Stop => "stop",
        HappeningKind::Hold => "hold",
        HappeningKind::State if started => "start",
        HappeningKind::State | HappeningKind::Lift | HappeningKind::Message => return None,
        HappeningKind::Decision => "decision",
    };
    let at = clocks.when(happened.at);
    Some(Mark { x: frame.x(happened.at), kind, title: format!("{}: {}", at.text, happened.words), at })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-11-{text}:00Z").parse().unwrap()
    }

    fn state(when: &str, state: &str) -> Happening {
        Happening {
            at: at(when),
            kind: HappeningKind::State,
            words: format!("became {state}"),
            who: None,
            state: Some(state.to_owned()),
        }
    }

    #[test]
    fn states_fill_the_line_from_where_it_begins() {
        let happened = [state("19T08:00", "running"), state("21T12:00", "stopped"), state("24T00:00", "job_running")];
        let clocks = Clocks::utc(at("26T00:00"));
        let line = timeline(&happened, Evidence::NONE, at("20T00:00"), &clocks);
        let spans: Vec<(i128, i128, &str)> =
            line.states.iter().map(|one| (one.span.x, one.span.width, one.state)).collect();
        assert_eq!(spans, [(0, 250, "running"), (250, 416, "stopped"), (666, 334, "running")]);
        assert_eq!(line.ticks.first().map(|tick| (tick.x, tick.label.as_str())), Some((166, "Sat 21")));
        assert_eq!(
            line.marks.iter().map(|mark| mark.kind).collect::<Vec<_>>(),
            ["start"],
            "what was before is no mark"
        );
    }
}

//! Asking every distinct question once, and giving each instance its account.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};

use super::account::{Grid, by_name};
use super::error::{PromqlError, SetupError};
use super::names::Names;
use super::options::PromqlOptions;
use super::server::{Doctored, Server};
use super::wire::Answer;
use crate::facts::{Source, SourceSet, Use};
use crate::policy::PromqlQuestion;
use crate::ports::{Fault, FaultKind, Heard, Question, Witness};
use crate::units::{InstanceId, Span};

/// Questions under way at once: a server has other things to do.
const AT_ONCE: usize = 4;
/// For all of them; well within what the engine waits.
const WITHIN: Duration = Duration::from_secs(30);
/// How finely the expression is looked at between two points.
const FINE: &str = "15s";
/// Steps from which one is chosen, in seconds: up to two minutes, so that the quiet of an ordinary window is fresh enough to
/// count; longer where a window would have more than a thousand points.
const STEP_MIN: i64 = 30;
const STEP_USUAL_MAX: i64 = 120;
const STEP_MAX: i64 = 300;
/// Points that a series should have, and may have.
const POINTS: i64 = 120;
const POINTS_MAX: i64 = 1000;
/// Prometheus answers no more than 11,000 points a series.
const POINTS_LIMIT: i64 = 10_000;

/// Prometheus, as a witness.
pub struct Promql {
    server: Server,
    names: Mutex<Names>,
}

impl std::fmt::Debug for Promql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Promql").finish_non_exhaustive()
    }
}

/// One distinct question, and for whom it is asked.
struct Group {
    question: Arc<PromqlQuestion>,
    window: Span,
    instances: Vec<InstanceId>,
}

/// The step for a window, and how much of the window can be asked for.
fn steps(window: Span, doubt: SignedDuration) -> (i64, i64) {
    let wanted = i64::from(window.as_secs());
    let rounded = |seconds: i64| seconds.div_euclid(15).saturating_mul(15);
    let usual = rounded(wanted.div_euclid(POINTS)).clamp(STEP_MIN, STEP_USUAL_MAX);
    let long = rounded(wanted.div_euclid(POINTS_MAX)).clamp(STEP_MIN, STEP_MAX);
    let step = usual.max(long);
    // the end that is not believed, and the time between a sweep and a second look
    let slack = doubt.as_secs().saturating_add(step.saturating_mul(3)).saturating_add(300);
    let points = wanted.saturating_add(slack).div_euclid(step).saturating_add(1);
    // whole steps: the last point is the present itself
    (step, points.min(POINTS_LIMIT).saturating_mul(step))
}

impl Promql {
    /// Sets up the way to the server; sends nothing.
    ///
    /// # Errors
    /// When the options break a rule or a file of theirs cannot be read.
    pub fn new(options: PromqlOptions) -> Result<Self, SetupError> {
        Ok(Self { server: Server::new(options)?, names: Mutex::default() })
    }

    /// Asks a question as of `now`, once: whether the server is there, the expression is one, and its series have the label.
    ///
    /// # Errors
    /// What is wrong, as a fault.
    pub async fn doctor(&self, question: &PromqlQuestion, now: Timestamp) -> Result<Doctored, Fault> {
        let form = [("query", question.query.to_string()), ("time", seconds(now))];
        let answer = self.server.ask("query", &form, &question.label).await;
        let answer = answer.map_err(|error| error.fault("ask Prometheus"))?;
        let labelled = answer.series.iter().filter(|series| series.value.is_some()).count();
        Ok(Doctored { series: answer.series.len(), labelled })
    }

    async fn one(&self, group: &Group, now: Timestamp) -> Heard {
        let doing =
            || format!("ask Prometheus about {} instance(s) with `{}`", group.instances.len(), short(&group.question));
        let (step, reach) = steps(group.window, self.server.lookback());
        let (step, reach) = (SignedDuration::from_secs(step), SignedDuration::from_secs(reach));
        // on a grid that does not move with the hour of asking: the same use is seen at the same point by every sweep
        let now = Timestamp::from_second(now.as_second().div_euclid(step.as_secs()).saturating_mul(step.as_secs()));
        let now = now.unwrap_or(Timestamp::UNIX_EPOCH);
        let from = now.checked_sub(reach).unwrap_or(Timestamp::UNIX_EPOCH);
        // a comment at the expression's end must not swallow the bracket
        let query = format!("max_over_time((\n{}\n)[{}s:{FINE}])", group.question.query, step.as_secs());
        let step_text = step.as_secs().to_string();
        let form = [("query", query), ("start", seconds(from)), ("end", seconds(now)), ("step", step_text)];
        match self.server.ask("query_range", &form, &group.question.label).await {
            Ok(answer) => self.heard(group, answer, Grid { step, lookback: self.server.lookback(), now }, doing),
            Err(error) => failed(error.fault(doing())),
        }
    }

    fn heard(&self, group: &Group, answer: Answer, grid: Grid, doing: impl Fn() -> String) -> Heard {
        let mut heard = Heard::default();
        let names = by_name(&answer.series, grid.now);
        let known = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shared = Vec::new();
        for id in &group.instances {
            let name = id.name().to_ascii_lowercase();
            let Some(points) = names.get(&name) else { continue };
            let namesakes = known.count(&name);
            let track = if namesakes > 1 {
                shared.push(name);
                points.shared(&group.question.label, namesakes)
            } else {
                points.track(&group.question.label, grid)
            };
            // of an answer that is not whole use alone is believed
            let track = track.filter(|track| answer.cut.is_none() || track.now == Use::Busy);
            heard.tracks.extend(track.map(|track| (id.clone(), track)));
        }
        if let Some(why) = answer.cut {
            heard.faults.push((Source::Promql, PromqlError::Partial(why).fault(doing())));
        }
        if let Some(first) = shared.first() {
            let problem = format!(
                "tell {} instance(s) apart by the label {}, such as {first}: others have the same name, so that quiet counts for none",
                shared.len(),
                group.question.label
            );
            heard.faults.push((Source::Promql, Fault::new(FaultKind::Garbled, problem)));
        }
        heard
    }
}

impl Witness for Promql {
    fn sources(&self) -> SourceSet {
        SourceSet::NONE.with(Source::Promql)
    }

    fn meet(&self, instances: &[InstanceId], now: Timestamp) {
        self.names.lock().unwrap_or_else(PoisonError::into_inner).note(instances.iter(), now);
    }

    async fn ask(&self, questions: &[Question], now: Timestamp) -> Heard {
        let asked = questions.iter().map(|question| &question.instance);
        self.names.lock().unwrap_or_else(PoisonError::into_inner).note(asked, now);
        let asked =
            futures_util::stream::iter(groups(questions)).map(|group| async move { self.one(&group, now).await });
        let mut all = Heard::default();
        let mut asked = std::pin::pin!(asked.buffer_unordered(AT_ONCE));
        let whole = async {
            while let Some(heard) = asked.next().await {
                all = std::mem::take(&mut all).and(heard);
            }
        };
        if tokio::time::timeout(WITHIN, whole).await.is_err() {
            let problem = "ask Prometheus everything in time: its answers are slow, or the policies ask many questions";
            all = all.and(failed(Fault::new(FaultKind::Unreachable, problem)));
        }
        all
    }
}

fn failed(fault: Fault) -> Heard {
    Heard { faults: vec![(Source::Promql, fault)], ..Heard::default() }
}

/// Each distinct question once, over the longest window that anyone asks for.
fn groups(questions: &[Question]) -> Vec<Group> {
    let mut groups: BTreeMap<(&str, &str), Group> = BTreeMap::new();
    for question in questions {
        let Some(asked) = &question.promql else { continue };
        let group = groups.entry((&asked.query, &asked.label)).or_insert_with(|| Group {
            question: Arc::clone(asked),
            window: question.window,
            instances: Vec::new(),
        });
        group.window = group.window.max(question.window);
        group.instances.push(question.instance.clone());
    }
    groups.into_values().collect()
}

/// An instant as Prometheus reads it.
fn seconds(at: Timestamp) -> String {
    let millis = at.as_millisecond();
    format!("{}.{:03}", millis.div_euclid(1000), millis.rem_euclid(1000))
}

/// The beginning of an expression, on one line.
fn short(question: &PromqlQuestion) -> String {
    let line = question.query.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = line.chars().take(60).collect();
    if cut == line { cut } else { format!("{cut}…") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_has_some_hundred_points_and_quiet_that_is_fresh() {
        let doubt = SignedDuration::from_mins(5);
        for (window, step) in [
            (Span::minutes(5), 30),
            (Span::minutes(30), 30),
            (Span::minutes(90), 45),
            (Span::hours(4), 120),
            (Span::hours(24), 120),
            (Span::hours(48), 165),
            (Span::hours(24 * 30), 300),
        ] {
            let (found, reach) = steps(window, doubt);
            assert_eq!(found, step, "{window}");
            assert!(reach / found <= POINTS_LIMIT);
            let believed = reach - doubt.as_secs() - found;
            assert!(window > Span::hours(24 * 20) || believed >= i64::from(window.as_secs()), "{window} is reached");
        }
    }

    #[test]
    fn instants_as_prometheus_reads_them() {
        assert_eq!(seconds("2026-11-02T10:00:00.0421Z".parse().unwrap()), "1793613600.042");
        assert_eq!(seconds(Timestamp::UNIX_EPOCH), "0.000");
    }
}
